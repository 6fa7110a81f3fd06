// Backends: who moves the bytes of a guest disk. (Aliases and their resolution live beside this file.)

// Xen versions, as far as backends depend on them: the release, major and minor.

/**
 * A Xen release as one ordered integer, major x 1000 + minor: `4.17.7` gives 4017, `4.2-unstable` gives 4002.
 * A leading `xen`, as in `xen-4.1-amd64`, is passed over. Null when the text does not start with a release.
 */
export function xenRelease(version: string): number | null {
  const [, major, minor] = /^\s*(?:xen[ -]?)?(\d{1,3})\.(\d{1,3})(?!\d)/i.exec(version) ?? [];
  return major === undefined || minor === undefined ? null : Number(major) * 1000 + Number(minor);
}

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

// The dimensions of a virtual disk beside its backend (xen-backends.md, section 1.1). They are kept apart from the slug,
// because one format is served by several backends, and one backend serves several formats from several kinds of storage.

/** How the image is laid out; `none` is a block device without an image. */
export const IMAGE_FORMATS = ["raw", "vhd", "qcow", "qcow2", "vmdk", "qed", "ram", "none"] as const;

export type ImageFormat = (typeof IMAGE_FORMATS)[number];

/** What lies underneath the virtual disk in Dom0. */
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

/** The storages that Dom0 sees as a block device, so that no image file and no loop device is involved. */
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

/** Where the knowledge of the backend comes from, best first. */
export const BACKEND_EVIDENCE = ["xenstore", "sysfs", "toolstack", "config-file", "declared"] as const;

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
