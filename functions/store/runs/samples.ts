// Samples in the table: of each run that counts, what aggregation reads of it, in the order of backend, stratum and time. The
// newest samples of a group and period are one short range without raw lines. A sample is written in the transaction that
// stores its run. A withdrawn run has an entry without a sample, which sorts after all others: it is listed, and does not
// count.

import type { RunSample } from "../../../shared/cells/host-values.ts";
import { decodeSample, encodeSample } from "../../../shared/cells/sample.ts";
import { isBackend } from "../../../shared/run/backends.ts";
import type { Run } from "../../../shared/run/run.ts";
import type { RunPlace } from "../../../shared/run/run-codec.ts";
import { type Item, ItemError, itemText, keyItem } from "../table/item.ts";
import { type Key, sampleKey, samplesOfHost, withdrawnKey } from "../table/keys.ts";
import { packedText, packText } from "../table/packed.ts";
import { queryItems, type Table } from "../table/table.ts";

/** The entry of a run: its sample, packed in a form, or for a withdrawn run only its place. */
export function sampleItem(run: Run, sample: RunSample, form: number): Item {
  if (run.withdrawn_at !== null) return keyItem(withdrawnKey(run.fleet, run.host, run));
  return {
    ...keyItem(sampleKey(run.fleet, run.host, run)),
    sample: { B: packText(form, "sample", encodeSample(sample)) },
  };
}

/** Whether an entry is that of a withdrawn run. */
export const isWithdrawnEntry = (entry: Item): boolean => itemText(entry, "sk").startsWith("~");

/**
 * Parses the sort key of an entry: `backend#stratum#finishedAt#id`, after `~` if the run is withdrawn. Throws ItemError for
 * anything else.
 */
export function parseEntryPlace(entry: Item): RunPlace {
  const place = itemText(entry, "sk");
  const [backend, stratum, finished_at, id] = place.replace(/^~/, "").split("#");
  if (
    backend === undefined ||
    !isBackend(backend) ||
    stratum === undefined ||
    finished_at === undefined ||
    id === undefined
  ) {
    throw new ItemError(`sample key ${place} is not backend#stratum#finishedAt#id`);
  }
  return { id, backend, stratum, finished_at };
}

/** The text of the sample of an entry; null for that of a withdrawn run. Throws ItemError if it cannot be unpacked. */
export const sampleText = (entry: Item): string | null =>
  isWithdrawnEntry(entry) ? null : packedText(entry, "sample");

/**
 * The newest `limit` samples of a host's backend and stratum with `from <= finished_at < to`, newest first, read
 * consistently.
 */
export async function readSamples(
  table: Table,
  group: { fleet: string; host: string; backend: string; stratum: string },
  window: { from: string; to: string },
  limit: number,
): Promise<RunSample[]> {
  const prefix = `${group.backend}#${group.stratum}#`;
  const samples: RunSample[] = [];
  const query = {
    KeyConditionExpression: "pk = :pk AND sk BETWEEN :from AND :to",
    // `to` itself is excluded: no time equals it, because times are longer than the prefixes of a window.
    ExpressionAttributeValues: {
      ":pk": { S: samplesOfHost(group.fleet, group.host) },
      ":from": { S: prefix + window.from },
      ":to": { S: prefix + window.to },
    },
    ScanIndexForward: false,
    ConsistentRead: true,
    Limit: limit,
  };
  for await (const entry of queryItems(table, query)) {
    samples.push(parseSample(entry));
    if (samples.length === limit) break;
  }
  return samples;
}

/** The sample of an entry. Throws ItemError. */
function parseSample(entry: Item): RunSample {
  const place = parseEntryPlace(entry);
  try {
    return decodeSample(packedText(entry, "sample"), place);
  } catch (error) {
    throw new ItemError(`the sample of run ${place.id} cannot be read`, { cause: error });
  }
}

/** The key of the entry of a run. */
export const entryKey = (run: Pick<Run, "fleet" | "host" | "withdrawn_at"> & RunPlace): Key =>
  (run.withdrawn_at === null ? sampleKey : withdrawnKey)(run.fleet, run.host, run);
