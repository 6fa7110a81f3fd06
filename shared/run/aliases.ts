// The words people use for a backend, as data: every slug and every alias of xen-backends.md, section 1.1, with what a word
// implies and what else it may mean. `resolution.ts` decides which backend an ambiguous word means on a given host.

import { BACKENDS, type Backend, type ImageFormat, type Storage } from "./backends.ts";
import type { ConfigRow } from "./resolution.ts";
import { quoted } from "./text.ts";

/** What a word means. */
export interface Alias {
  /** The slug that is stored unless the facts of the host decide differently. */
  readonly backend: Backend;
  readonly image_format?: ImageFormat;
  readonly storage?: Storage;
  /** The row of the resolution table in which a toolstack and a Xen version look the word up. */
  readonly row?: ConfigRow;
  /** Other possible meanings; present exactly for ambiguous words, which are stored as `declared`. */
  readonly may_also_be?: readonly Backend[];
  /** Which fact settles an ambiguous word. */
  readonly settled_by?: string;
  /** Something the sender should know about the word. */
  readonly note?: string;
}

interface AliasGroup extends Alias {
  readonly words: readonly string[];
}

const HOST_FACTS = "toolstack and xen_version";

const GROUPS: readonly AliasGroup[] = [
  {
    backend: "loop",
    words: ["loop", "loopback", "loop-back", "loopdev", "losetup", "blkback-file", "phy-file"],
    image_format: "raw",
    storage: "file",
  },
  {
    backend: "loop",
    words: ["file"],
    image_format: "raw",
    storage: "file",
    row: "file",
    may_also_be: ["blktap1", "blktap2", "qdisk", "tapdisk3"],
    settled_by: HOST_FACTS,
  },
  { backend: "phy", words: ["blkback", "xen-blkback", "block", "raw-device"] },
  { backend: "phy", words: ["vbd"], row: "vbd", may_also_be: ["loop", "blktap2"], settled_by: "storage" },
  { backend: "phy", words: ["lvm", "lv", "lvm2"], storage: "lvm" },
  { backend: "phy", words: ["lvm-thin"], storage: "lvm-thin" },
  { backend: "phy", words: ["partition"], storage: "partition" },
  { backend: "phy", words: ["iscsi"], storage: "iscsi" },
  { backend: "phy", words: ["drbd"], storage: "drbd" },
  { backend: "phy", words: ["md"], storage: "md" },
  { backend: "phy", words: ["zvol"], storage: "zvol" },
  { backend: "phy", words: ["krbd"], storage: "rbd" },
  { backend: "phy", words: ["nbd"], storage: "nbd" },
  {
    backend: "blktap1",
    words: ["tap", "blktap"],
    row: "tap:aio",
    may_also_be: ["blktap2", "tapdisk3", "qdisk", "loop"],
    settled_by: HOST_FACTS,
  },
  {
    backend: "blktap1",
    words: ["tap:aio"],
    image_format: "raw",
    row: "tap:aio",
    may_also_be: ["blktap2", "tapdisk3", "qdisk", "loop"],
    settled_by: HOST_FACTS,
  },
  {
    backend: "blktap1",
    words: ["tap:qcow"],
    image_format: "qcow",
    row: "qcow2",
    may_also_be: ["blktap2", "qdisk", "tapdisk3"],
    settled_by: HOST_FACTS,
  },
  { backend: "blktap1", words: ["blktap-1"] },
  { backend: "blktap1", words: ["tap:qcow2"], image_format: "qcow2", row: "qcow2" },
  { backend: "blktap1", words: ["tap:sync"], image_format: "raw" },
  { backend: "blktap1", words: ["tap:ram"], image_format: "ram" },
  { backend: "blktap1", words: ["tap:vmdk"], image_format: "vmdk" },
  { backend: "blktap1", words: ["tap:ioemu"] },
  { backend: "blktap2", words: ["tap2"], row: "tap2:aio" },
  { backend: "blktap2", words: ["tap2:aio"], image_format: "raw", row: "tap2:aio" },
  { backend: "blktap2", words: ["tap:vhd", "tap2:vhd"], image_format: "vhd", row: "vhd" },
  { backend: "blktap2", words: ["tap:tapdisk", "tapdisk2", "blktap-2"] },
  { backend: "blktap2", words: ["tap:tapdisk:aio"], image_format: "raw" },
  { backend: "blktap2", words: ["tap:tapdisk:vhd"], image_format: "vhd" },
  {
    backend: "tapdisk3",
    words: ["tapdisk-3", "vbd3", "blktap3", "tapback", "xenserver", "xcp", "xcp-ng", "xapi", "smapiv1", "tap-ctl"],
  },
  {
    backend: "tapdisk3",
    words: ["tapdisk"],
    row: "tapdisk",
    may_also_be: ["blktap1", "blktap2"],
    settled_by: HOST_FACTS,
  },
  { backend: "qdisk", words: ["q-disk", "qemu", "qemu-qdisk", "xen-qdisk", "xen_disk", "xen-block", "vdi", "qemu-dp"] },
  { backend: "qdisk", words: ["qed"], image_format: "qed" },
  {
    backend: "qdisk",
    words: ["qcow2"],
    image_format: "qcow2",
    row: "qcow2",
    may_also_be: ["blktap1", "blktap2", "tapdisk3"],
    settled_by: HOST_FACTS,
  },
  {
    backend: "qdisk",
    words: ["rbd"],
    storage: "rbd",
    may_also_be: ["phy"],
    settled_by: "backend=krbd for a mapped /dev/rbdN, or backend=qdisk for an image that QEMU opens",
  },
  { backend: "virtio", words: ["virtio-blk", "virtio_disk", "standalone", "vhost-user-blk"] },
  {
    backend: "virtio",
    words: ["vhost"],
    note: 'No Xen guest is served by vhost in the host kernel, so "vhost" is stored as virtio; check what serves the disk.',
  },
  { backend: "emulated", words: ["ioemu", "ide", "sata", "ahci", "scsi", "hvm"] },
  { backend: "vnd", words: ["netbsd-file"] },
  { backend: "file-direct", words: ["freebsd-file"] },
  // Words that name an image format and not the backend.
  {
    backend: "unknown",
    words: ["aio"],
    image_format: "raw",
    row: "tap:aio",
    may_also_be: ["blktap1", "blktap2", "tapdisk3", "qdisk", "loop"],
    settled_by: HOST_FACTS,
  },
  {
    backend: "unknown",
    words: ["raw", "img"],
    image_format: "raw",
    row: "raw",
    may_also_be: ["loop", "qdisk", "blktap2", "tapdisk3"],
    settled_by: HOST_FACTS,
  },
  {
    backend: "unknown",
    words: ["vhd"],
    image_format: "vhd",
    row: "vhd",
    may_also_be: ["blktap2", "tapdisk3", "qdisk"],
    settled_by: HOST_FACTS,
  },
];

/**
 * Normalizes a word for the comparison of aliases: lower case, `-`, `_` and `:` alike, without surrounding spaces and
 * without a separator at its end (the `tap:aio:` of a configuration file).
 */
export function normalizeWord(word: string): string {
  return word.trim().toLowerCase().replace(/[-_:]/g, "-").replace(/-$/, "");
}

/** A disk in a guest's configuration, `tap:aio:/x.img`: one of the prefixes of the resolution table, and a path. */
const SPECIFICATION = /^\s*((?:file|phy|tap2?)(?::[a-z0-9]+)*):\//i;

const BY_WORD: ReadonlyMap<string, Alias> = new Map<string, Alias>([
  ...BACKENDS.map((backend): [string, Alias] => [backend, { backend }]),
  ...GROUPS.flatMap(({ words, ...alias }) => words.map((word): [string, Alias] => [normalizeWord(word), alias])),
]);

/**
 * Finds what a word means, in any spelling variant; null for a word that is neither a slug nor an alias. A whole disk
 * specification with the path of a file or device means the same as its prefix.
 */
export function findAlias(word: string): Alias | null {
  return BY_WORD.get(normalizeWord(SPECIFICATION.exec(word)?.[1] ?? word)) ?? null;
}

/** The aliases of a slug as people write them, and whether each may also mean another backend; for documentation. */
export function listAliases(backend: Backend): readonly { readonly word: string; readonly ambiguous: boolean }[] {
  return GROUPS.filter((group) => group.backend === backend).flatMap(({ words, may_also_be }) =>
    words.filter((word) => word !== backend).map((word) => ({ word, ambiguous: may_also_be !== undefined })),
  );
}

/** The message for a word that is no backend; `name` is the key or parameter it was sent in. */
export function unknownBackendText(name: string, word: string): string {
  return `${name}: expected a backend such as ${BACKENDS.join(", ")}, or an alias of one of them, found ${quoted(word)}`;
}
