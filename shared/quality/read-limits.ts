// What a medium can deliver at most (xen-backends.md, section 5, C5).

import type { Evidence } from "./evidence.ts";
import { rotatingDisks } from "./wording.ts";

/** A limit of the block-read rate. `sure`: the medium is known, not just guessed from one fact. */
interface ReadLimit {
  readonly kps: number;
  readonly sure: boolean;
  readonly what: string;
}

/** K/s of one rotating disk. */
const ROTATING_DISK = 300_000;

/** K/s of a link. SATA links are one per disk, network links one for all. */
const LINKS: ReadonlyMap<string, { readonly kps: number; readonly perDisk: boolean; readonly name: string }> = new Map([
  ["sata-3g", { kps: 300_000, perDisk: true, name: "SATA at 3 Gb/s" }],
  ["sata-6g", { kps: 600_000, perDisk: true, name: "SATA at 6 Gb/s" }],
  ["1gbe", { kps: 120_000, perDisk: false, name: "1 Gb/s Ethernet" }],
  ["10gbe", { kps: 1_200_000, perDisk: false, name: "10 Gb/s Ethernet" }],
]);

/** A read this many times the uncached reference of the same storage is not explained by the medium. */
const OVER_REFERENCE = 3;

/** The limits that the facts imply, sure ones first. Several disks deliver at most as many times the rate of one. */
export function readLimits({
  storageLink,
  rotational,
  spindles,
  referenceReadKps,
}: Pick<Evidence, "storageLink" | "rotational" | "spindles" | "referenceReadKps">): readonly ReadLimit[] {
  const disks = spindles ?? 1;
  const limits: ReadLimit[] = [];
  const link = LINKS.get(storageLink ?? "");
  if (link !== undefined) {
    limits.push({ kps: link.kps * (link.perDisk ? disks : 1), sure: true, what: `what ${link.name} carries` });
  }
  if (rotational) {
    const what = `what ${rotatingDisks(spindles)} can read`;
    limits.push({ kps: ROTATING_DISK * disks, sure: spindles !== null, what });
  }
  if (referenceReadKps !== null) {
    const what = `${OVER_REFERENCE} times the uncached read rate of this storage`;
    limits.push({ kps: OVER_REFERENCE * referenceReadKps, sure: false, what });
  }
  return limits;
}
