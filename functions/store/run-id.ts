// Identity: which upload of a line is the same run as another (docs/api.md#post-results). A retry is a duplicate; two true
// repeats with equal bytes are two runs if they carry different `run` ids.

import { hash } from "node:crypto";
import type { Run } from "../../shared/run/run.ts";
import { hostHash } from "./keys.ts";

/** What identifies a run. */
export interface RunIdentity {
  readonly fleet: string;
  readonly host: string;
  readonly vm: string;
  readonly backend: string;
  /** The client's own id of the run, else `finished` as it was sent, else nothing. */
  readonly run: string | null;
  readonly finished: string | null;
  readonly raw: string;
  readonly encoding: "utf-8" | "latin-1";
}

/**
 * The id: 16 hexadecimal digits of the host's hash, by which a store finds the run, then 32 of the SHA-256 over all parts,
 * each with its length in front, so that no two identities are the same bytes.
 */
export function runId({ fleet, host, vm, backend, run, finished, raw, encoding }: RunIdentity): string {
  const discriminator = run === null ? (finished === null ? "" : `finished ${finished}`) : `run ${run}`;
  const said = [fleet, host, vm, backend, discriminator].map((part) => `${Buffer.byteLength(part)}:${part}`).join("");
  const bytes = Buffer.concat([Buffer.from(said), Buffer.from(raw, encoding === "latin-1" ? "latin1" : "utf8")]);
  return hostHash(fleet, host) + hash("sha256", bytes).slice(0, 32);
}

/**
 * Whether a stored run is still the one that its id was made of. Null where that cannot be said: of a time that was sent,
 * the run keeps the time and not how it was written.
 */
export function isIdOf(run: Run): boolean | null {
  const { fleet, host, vm, backend, client_run, finished_at, received_at, raw, raw_encoding: encoding } = run;
  const identity = { fleet, host, vm, backend, run: client_run, finished: null, raw, encoding };
  if (runId(identity) === run.id) return true;
  if (client_run !== null || finished_at === received_at) return false;
  const seconds = String(Date.parse(finished_at) / 1000);
  const usual = [seconds, finished_at.replace(/\.000Z$/, "Z"), finished_at];
  return usual.some((finished) => runId({ ...identity, finished }) === run.id) ? true : null;
}
