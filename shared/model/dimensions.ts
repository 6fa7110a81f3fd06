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
