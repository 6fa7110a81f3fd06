// A run under another backend or host: what its line would have been stored as, had it been sent with that label. In: the
// stored run. Out: a new run with an id of its own, and its sample.

import { isLineWarning } from "../../shared/bonnie/validity.ts";
import { type NewRun, toSample } from "../../shared/cells/sample.ts";
import { AppError } from "../../shared/errors.ts";
import { assessQuality, linesOf } from "../../shared/quality/assess.ts";
import { unknownBackendText } from "../../shared/run/aliases.ts";
import { type BackendResolution, resolveBackend } from "../../shared/run/resolution.ts";
import type { Run } from "../../shared/run/run.ts";
import { normalizeText } from "../../shared/run/text.ts";
import { relabeledId } from "../store/runs/runs.ts";
import { nameRun } from "./upload/host-name.ts";

/** What a run is to be labeled as; what is omitted stays. */
export interface Label {
  /** A slug or an alias. */
  readonly backend?: string | undefined;
  readonly host?: string | undefined;
}

/**
 * The run with another label. Line, facts, times and the token that sent it stay; the cache check is made again, and of another
 * backend nothing is known but that it was declared. Throws `bad_body` for a label that is wrong or that the run has already.
 */
export function relabeled(run: Run, label: Label): NewRun {
  const resolution = label.backend === undefined ? null : resolve(label.backend, run);
  const backend = resolution?.backend ?? run.backend;
  const host = label.host === undefined ? run.host : checkedHost(run, label.host);
  if (backend === run.backend && host === run.host) {
    throw new AppError("bad_body", `the run already has backend ${backend} and host "${host}"`);
  }
  // Without a machine name in the line and without vm=, the guest has the name of the host.
  const vm = run.vm === run.host && normalizeText(run.bonnie.machine) === "" ? host : run.vm;
  const isOther = backend !== run.backend;
  const facts = isOther ? { ...run.facts, backend_evidence: "declared" } : run.facts;
  const { bonnie: setup, metrics } = run;
  const { withdrawn_reason: _, ...kept } = run;
  const after: Run = {
    ...kept,
    id: relabeledId(run, linesOf(run.raw), { backend, host, vm }),
    backend,
    host,
    vm,
    facts,
    quality: assessQuality({ setup, metrics, facts, backend }),
    warnings: resolution === null || !isOther ? run.warnings : relabeledWarnings(run, resolution),
    withdrawn_at: null,
    relabeled_from: run.id,
  };
  return { run: after, sample: toSample(after) };
}

function resolve(word: string, { facts }: Run): BackendResolution {
  const text = (key: string) => (typeof facts[key] === "string" ? facts[key] : undefined);
  const resolution = resolveBackend(word, {
    toolstack: text("toolstack"),
    xen_version: text("xen_version"),
    image_format: text("image_format"),
    storage: text("storage"),
  });
  if (resolution !== null) return resolution;
  throw new AppError("bad_body", unknownBackendText("backend", word), { field: "backend" });
}

function checkedHost({ bonnie: setup }: Run, name: string): string {
  const names = nameRun({ setup }, { host: normalizeText(name), vm: null });
  if ("code" in names) throw new AppError("bad_body", names.text, { field: "host" });
  return names.host;
}

/** Warnings about the word of the old backend are sentences without a code; they no longer hold. */
const CODED = /^[a-z_]+: /;

const relabeledWarnings = ({ warnings }: Run, resolution: BackendResolution): readonly string[] => [
  ...warnings.filter((warning) => isLineWarning(warning) || CODED.test(warning)),
  ...resolution.warnings,
];
