// A run as an item: `run` holds what is served and the key does not say, `sum` a checksum of it; `sample` what aggregation
// reads, projected into the order index so that summarising a host never reads raw lines.

import { hash } from "node:crypto";
import { AppError } from "../../shared/errors.ts";
import type { Run } from "../../shared/run/run.ts";
import { decodeRun, encodeRun } from "../../shared/run/run-codec.ts";
import type { UnreadableRun } from "../../shared/ports.ts";
import { encodeSample } from "../../shared/summary/sample-codec.ts";
import type { RunSample } from "../../shared/summary/types.ts";
import { type Item, keyItem, optionalTextOf, textOf } from "./item.ts";
import { bucketOf, runKey, runOrder, runsOfHost, timeOrder, timePartition, withdrawnOrder } from "./keys.ts";
import { runPlaceOf } from "./run-place.ts";

/** The item of a run that is not there yet; one that was exported may have been withdrawn. */
export function runItem(run: Run, sample: RunSample): Item {
  const text = encodeRun(run);
  return {
    ...keyItem(runKey(run.fleet, run.id)),
    ...derivedOf(run, sample),
    run: { S: text },
    sum: { S: checksum(text) },
    ...(run.withdrawn_at === null ? {} : { withdrawn: { S: run.withdrawn_at } }),
  };
}

/** What stands beside a run in its item and follows from it: its places in the indexes, and its sample. */
export function derivedOf(
  run: Run,
  sample: RunSample,
): Readonly<Record<"ord" | "tpk" | "tsk" | "sample", { S: string }>> {
  const order = runOrder(run.backend, run.stratum, run.finished_at, run.id);
  return {
    ord: { S: run.withdrawn_at === null ? order : withdrawnOrder(order) },
    tpk: { S: timePartition(run.fleet, bucketOf(run.fleet, run.host)) },
    tsk: { S: timeOrder(run.finished_at, run.id, run.backend) },
    sample: { S: encodeSample(sample) },
  };
}

/** 66 bits: what chance changes in a stored text is found, and the item hardly grows. */
const checksum = (text: string): string => hash("sha256", text, "base64url").slice(0, 11);

/** Whether the text of a run is still what was written. Null for a run that was stored before there were checksums. */
export function isAsWritten(item: Item): boolean | null {
  const sum = optionalTextOf(item, "sum");
  return sum === null ? null : sum === checksum(textOf(item, "run"));
}

/** The refusal of a run that cannot be read; it names the run, and its cause says why. */
export class RunFault extends AppError implements UnreadableRun {
  readonly id: string;
  readonly host: string | null;

  constructor(item: Item, reason: unknown) {
    const id = textOf(item, "sk");
    const host = hostIn(item);
    const of = host === null ? "a host whose name cannot be read" : `host ${JSON.stringify(host)}`;
    // The message may be for somebody who must not hear of the host.
    super("unreadable", `run ${id} is stored, but cannot be read; the log says why`, {
      cause: new Error(`run ${id} of ${of}: ${reason instanceof Error ? reason.message : String(reason)}`),
    });
    this.id = id;
    this.host = host;
  }

  get reason(): string {
    return this.cause instanceof Error ? this.cause.message : this.message;
  }
}

/** The host of a run that cannot be read as a whole: the name in its text that belongs to its key; null for none. */
function hostIn(item: Item): string | null {
  const [, fleet = ""] = textOf(item, "pk").split("#");
  const [, name] = /"host":("(?:[^"\\]|\\.)*")/.exec(optionalTextOf(item, "run") ?? "") ?? [];
  try {
    const host: unknown = JSON.parse(name ?? "null");
    return typeof host === "string" && runsOfHost(fleet, host) === textOf(item, "pk") ? host : null;
  } catch {
    return null;
  }
}

/** The run of an item; `withdrawn` is an attribute of its own because it is the one thing that changes. Throws RunFault. */
export function runOfItem(item: Item): Run {
  try {
    return { ...decodeRun(textOf(item, "run"), runPlaceOf(item)), withdrawn_at: optionalTextOf(item, "withdrawn") };
  } catch (error) {
    throw new RunFault(item, error);
  }
}

/** The runs of items, and apart those that cannot be read. */
export function runsOfItems(items: readonly Item[]): { readonly runs: Run[]; readonly unreadable: RunFault[] } {
  const runs: Run[] = [];
  const unreadable: RunFault[] = [];
  for (const item of items) {
    try {
      runs.push(runOfItem(item));
    } catch (error) {
      if (!(error instanceof RunFault)) throw error;
      unreadable.push(error);
    }
  }
  return { runs, unreadable };
}
