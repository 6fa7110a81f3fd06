// What an operator can do about a verdict (xen-backends.md, section 5, the text under the table).

import type { Backend } from "../run/backends.ts";
import type { Quality } from "../run/run.ts";

/** Sentences to print below a verdict; none for `clean`. */
export function adviceFor(verdict: Quality["verdict"], backend: Backend): readonly string[] {
  if (verdict === "clean") return [];
  if (verdict === "not-assessed") return ["Send dom0_mem_mb and cache_mode with the run, so that it can be cleared."];
  const advice = [
    "Run again with a test file of at least twice the memory of Dom0 or of the guest, whichever is larger.",
    "Or give the guest little memory and Dom0 a small, fixed dom0_mem.",
    "Options of Bonnie++: -b shows the durable write rate; -D goes past the guest's cache only, not past Dom0's.",
  ];
  return backend === "loop"
    ? ["Switch the loop device to direct I/O (losetup --direct-io=on, Linux 4.4 or later) and compare.", ...advice]
    : advice;
}
