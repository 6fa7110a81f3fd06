// Backends: who moves the bytes of a guest disk. (Aliases and their resolution live beside this file.)

/** The slugs of xen-backends.md, section 1.1, in the order of that table. */
export const BACKENDS = [
  "loop",
  "phy",
  "blktap1",
  "blktap2",
  "tapdisk3",
  "qdisk",
  "virtio",
  "emulated",
  "vnd",
  "file-direct",
  "other",
  "unknown",
] as const;

export type Backend = (typeof BACKENDS)[number];

/** Whether `text` is one of the slugs. */
export function isBackend(text: string): text is Backend {
  return (BACKENDS as readonly string[]).includes(text);
}
