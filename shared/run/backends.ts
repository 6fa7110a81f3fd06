// Backends: the software in Dom0 that serves a guest's disk, as slugs, and what else identifies a virtual disk: its image
// format, the storage below it, the cache mode, the toolstack and the Xen release of its host. All of it is plain data;
// `aliases.ts` has the words people use for backends, `resolution.ts` decides between them.
// Source: xen-backends.md, section 1.1.

/** The slugs, in the order of the table in xen-backends.md, section 1.1. */
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

// The other dimensions of a virtual disk. They are separate from the slug, because several backends serve one image format,
// and one backend serves several formats from several kinds of storage.

/** How the image is laid out; `none` is a block device without an image. */
export const IMAGE_FORMATS = ["raw", "vhd", "qcow", "qcow2", "vmdk", "qed", "ram", "none"] as const;

export type ImageFormat = (typeof IMAGE_FORMATS)[number];

/** What the virtual disk is stored on in Dom0. */
export const STORAGES = [
  "file",
  "lvm",
  "lvm-thin",
  "partition",
  "disk",
  "md",
  "iscsi",
  "nfs",
  "smb",
  "rbd",
  "drbd",
  "zvol",
  "nbd",
  "dm-other",
  "unknown",
] as const;

export type Storage = (typeof STORAGES)[number];

/** The storages that are a block device in Dom0, so that no image file and no loop device is involved. */
export const BLOCK_STORAGES: ReadonlySet<string> = new Set<Storage>([
  "lvm",
  "lvm-thin",
  "partition",
  "disk",
  "md",
  "iscsi",
  "rbd",
  "drbd",
  "zvol",
  "nbd",
  "dm-other",
]);

/** Whether Dom0's page cache is in the data path. `direct-read-cached`: only the read-only parents of a VHD chain are. */
export const CACHE_MODES = ["buffered", "direct", "direct-read-cached", "unknown"] as const;

/** How the backend was determined, best evidence first. */
export const BACKEND_EVIDENCE = ["xenstore", "sysfs", "toolstack", "config-file", "declared"] as const;

// Toolstack and Xen release of the host decide what a word in a guest's configuration means.

export type Toolstack = "xl" | "xend" | "xapi" | "other";

/** Every accepted word, in lower case, and the toolstack it names. `other` covers layers above an unknown toolstack. */
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

const TOOLSTACK_BY_WORD: ReadonlyMap<string, Toolstack> = new Map(Object.entries(TOOLSTACK_WORDS));

/** Parses the name of a toolstack in any case; null for an unknown word. */
export function parseToolstack(word: string): Toolstack | null {
  return TOOLSTACK_BY_WORD.get(word.trim().toLowerCase()) ?? null;
}

/**
 * Parses a Xen version to its release as one ordered integer, major x 1000 + minor: `4.17.7` gives 4017, `4.2-unstable` gives 4002.
 * A leading `xen`, as in `xen-4.1-amd64`, is skipped. Null if the text does not start with a release.
 */
export function parseXenRelease(version: string): number | null {
  const [, major, minor] = /^\s*(?:xen[ -]?)?(\d{1,3})\.(\d{1,3})(?!\d)/i.exec(version) ?? [];
  return major === undefined || minor === undefined ? null : Number(major) * 1000 + Number(minor);
}
