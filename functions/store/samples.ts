// Samples: what aggregation reads of runs. They are projected into the order index, so that the newest of a group are one short
// range, read consistently, and no raw line is read for them.

import { TABLE } from "../../shared/deployment.ts";
import { decodeSample } from "../../shared/summary/sample-codec.ts";
import type { RunSample } from "../../shared/summary/types.ts";
import { type Item, ItemFault, textOf } from "./item.ts";
import { runsOfHost } from "./keys.ts";
import { runPlaceOf } from "./run-place.ts";
import { queryItems, type Table } from "./table.ts";

/** The newest `limit` samples of a host's backend and stratum with `from <= finished_at < to`, newest first. */
export async function readSamples(
  table: Table,
  group: { fleet: string; host: string; backend: string; stratum: string },
  window: { from: string; to: string },
  limit: number,
): Promise<RunSample[]> {
  const prefix = `${group.backend}#${group.stratum}#`;
  const samples: RunSample[] = [];
  const query = {
    IndexName: TABLE.orderIndex.name,
    KeyConditionExpression: "pk = :pk AND ord BETWEEN :from AND :to",
    // `to` itself is outside: no time is equal to it, for times are longer than the prefixes in a window.
    ExpressionAttributeValues: {
      ":pk": { S: runsOfHost(group.fleet, group.host) },
      ":from": { S: prefix + window.from },
      ":to": { S: prefix + window.to },
    },
    ScanIndexForward: false,
    ConsistentRead: true,
    Limit: limit,
  };
  for await (const entry of queryItems(table, query)) {
    samples.push(sampleOfEntry(entry));
    if (samples.length === limit) break;
  }
  return samples;
}

/** The sample of an entry of the order index. Throws ItemFault. */
function sampleOfEntry(entry: Item): RunSample {
  const place = runPlaceOf(entry);
  try {
    return { ...place, ...decodeSample(textOf(entry, "sample")) };
  } catch (error) {
    if (error instanceof ItemFault) throw error;
    throw new ItemFault(`the sample of run ${place.id} cannot be read`, { cause: error });
  }
}
