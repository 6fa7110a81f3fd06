// The toolstack that manages a host. It decides what a word of a guest's configuration means (xen-backends.md, section 1.1).

export type Toolstack = "xl" | "xend" | "xapi" | "other";

/** Every accepted word, in lower case, and the toolstack it names. `other` covers layers that do not say which one is below. */
export const TOOLSTACK_WORDS: Readonly<Record<string, Toolstack>> = {
  xl: "xl",
  libxl: "xl",
  xm: "xend",
  xend: "xend",
  xapi: "xapi",
  xe: "xapi",
  xenserver: "xapi",
  "xcp-ng": "xapi",
  libvirt: "other",
  qubes: "other",
  other: "other",
};

const BY_WORD: ReadonlyMap<string, Toolstack> = new Map(Object.entries(TOOLSTACK_WORDS));

/** The toolstack a word names, whatever its case; null for a word that names none. */
export function toolstackOf(word: string): Toolstack | null {
  return BY_WORD.get(word.trim().toLowerCase()) ?? null;
}
