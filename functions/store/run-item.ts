// A run as an item: `run` holds everything that is served, as JSON; `sample` what aggregation reads, projected into the
// order index so that summarising a host never reads raw lines.

import { isBackend } from "../../shared/model/backends.ts";
import type { Run } from "../../shared/model/run.ts";
import { decodeSample, encodeSample } from "../../shared/summary/sample-codec.ts";
import type { RunSample } from "../../shared/summary/types.ts";
import { type Item, ItemFault, keyItem, optionalTextOf, textOf } from "./item.ts";
import { bucketOf, runKey, runOrder, timeOrder, timePartition, withdrawnOrder } from "./keys.ts";

/** The item of a run that is not there yet; one that was exported may have been withdrawn. */
export function runItem(run: Run, sample: RunSample): Item {
  const order = runOrder(run.backend, run.stratum, run.finished_at, run.id);
  return {
    ...keyItem(runKey(run.fleet, run.id)),
    ord: { S: run.withdrawn_at === null ? order : withdrawnOrder(order) },
    tpk: { S: timePartition(run.fleet, bucketOf(run.fleet, run.host)) },
    tsk: { S: timeOrder(run.finished_at, run.id, run.backend) },
    sample: { S: encodeSample(sample) },
    run: { S: JSON.stringify(run) },
    ...(run.withdrawn_at === null ? {} : { withdrawn: { S: run.withdrawn_at } }),
  };
}

/** The run of an item; `withdrawn` is an attribute of its own because it is the one thing that changes. */
export function runOfItem(item: Item): Run {
  // Written by runItem from a Run; a store that others write into is refused as a whole by its rights, not here.
  const run = JSON.parse(textOf(item, "run")) as Run;
  return { ...run, withdrawn_at: optionalTextOf(item, "withdrawn") };
}

/** The sample of an order index entry: `backend#stratum#finishedAt#id` beside the projected sample. */
export function sampleOfEntry(entry: Item): RunSample {
  const order = textOf(entry, "ord");
  const [backend, stratum, finishedAt, id] = order.split("#");
  if (
    backend === undefined ||
    !isBackend(backend) ||
    stratum === undefined ||
    finishedAt === undefined ||
    id === undefined
  ) {
    throw new ItemFault(`order entry ${order} is not backend#stratum#finishedAt#id`);
  }
  return { id, finished_at: finishedAt, backend, stratum, ...decodeSample(textOf(entry, "sample")) };
}
