// What wakes the aggregation on AWS: records of the table's stream, which its filter narrows to written work marks, or the
// schedule. Only what is used is checked; the services that send these events add further fields at will.

import * as z from "zod";

const text = z.object({ S: z.string() });

const streamRecord = z.object({
  dynamodb: z.object({ Keys: z.object({ pk: text, sk: text }), SequenceNumber: z.string() }),
});

/** One change of an item, by its key. */
export type StreamRecord = z.output<typeof streamRecord>;

/** An event of either kind: `Records` of the stream, or the standard event of a schedule. */
export const wakeEvent = z.union([
  z.object({ Records: z.array(streamRecord) }),
  z.object({ "detail-type": z.literal("Scheduled Event") }),
]);
