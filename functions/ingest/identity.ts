// Identity: which upload of a line is the same run as another (contract, POST /v1/results). A retry is a duplicate; two true
// repeats with equal bytes are two runs if they carry different `run` ids.

import { hash } from "node:crypto";
import { codeUnitOrder } from "../../shared/model/code-unit-order.ts";
import { hostHash } from "../store/keys.ts";

/** What identifies a run. */
export interface RunIdentity {
  readonly fleet: string;
  readonly host: string;
  readonly vm: string;
  readonly backend: string;
  /** The client's own id of the run, else `finished` as it was sent, else nothing. */
  readonly discriminator: string;
  readonly raw: string;
  readonly encoding: "utf-8" | "latin-1";
}

/**
 * The id: 16 hexadecimal digits of the host's hash, by which a store finds the run, then 32 of the SHA-256 over all parts,
 * each with its length in front, so that no two identities are the same bytes.
 */
export function runId(identity: RunIdentity): string {
  const { fleet, host, vm, backend, discriminator, raw, encoding } = identity;
  const said = [fleet, host, vm, backend, discriminator].map((part) => `${Buffer.byteLength(part)}:${part}`).join("");
  const bytes = Buffer.concat([Buffer.from(said), Buffer.from(raw, encoding === "latin-1" ? "latin1" : "utf8")]);
  return hostHash(fleet, host) + hash("sha256", bytes).slice(0, 32);
}

/** The id of a rejected line: the same line with the same context gets the same one. */
export function quarantineId(fleet: string, raw: string, context: Readonly<Record<string, string>>): string {
  const said = Object.entries(context).sort(([a], [b]) => codeUnitOrder(a, b));
  return hash("sha256", JSON.stringify([fleet, raw, said])).slice(0, 32);
}
