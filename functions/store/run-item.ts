// A run as an item: `run` holds what is served and the key does not say; `sample` what aggregation reads, projected into
// the order index so that summarising a host never reads raw lines.

import type { Run } from "../../shared/model/run.ts";
import { decodeRun, encodeRun } from "../../shared/model/run-codec.ts";
import { encodeSample } from "../../shared/summary/sample-codec.ts";
import type { RunSample } from "../../shared/summary/types.ts";
import { type Item, keyItem, optionalTextOf, textOf } from "./item.ts";
import { bucketOf, runKey, runOrder, timeOrder, timePartition, withdrawnOrder } from "./keys.ts";
import { runPlaceOf } from "./run-place.ts";

/** The item of a run that is not there yet; one that was exported may have been withdrawn. */
export function runItem(run: Run, sample: RunSample): Item {
  const order = runOrder(run.backend, run.stratum, run.finished_at, run.id);
  return {
    ...keyItem(runKey(run.fleet, run.id)),
    ord: { S: run.withdrawn_at === null ? order : withdrawnOrder(order) },
    tpk: { S: timePartition(run.fleet, bucketOf(run.fleet, run.host)) },
    tsk: { S: timeOrder(run.finished_at, run.id, run.backend) },
    sample: { S: encodeSample(sample) },
    run: { S: encodeRun(run) },
    ...(run.withdrawn_at === null ? {} : { withdrawn: { S: run.withdrawn_at } }),
  };
}

/** The run of an item; `withdrawn` is an attribute of its own because it is the one thing that changes. */
export function runOfItem(item: Item): Run {
  return { ...decodeRun(textOf(item, "run"), runPlaceOf(item)), withdrawn_at: optionalTextOf(item, "withdrawn") };
}
