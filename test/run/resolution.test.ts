import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normalizeWord, unknownBackendText } from "../../shared/run/aliases.ts";
import { BACKENDS } from "../../shared/run/backends.ts";
import { type BackendContext, resolveBackend } from "../../shared/run/resolution.ts";

// The alias table of xen-backends.md, section 1.1, retyped here: slug, aliases (a star marks an ambiguous one).
const TABLE: readonly (readonly [slug: string, words: string])[] = [
  ["loop", "loop loopback loop-back loopdev losetup blkback-file phy-file file*"],
  ["phy", "phy blkback xen-blkback vbd* block raw-device partition lvm lv lvm2 lvm-thin iscsi drbd md zvol krbd nbd"],
  ["blktap1", "blktap1 tap* blktap* tap:aio* tap:sync tap:ram tap:qcow* tap:qcow2 tap:vmdk tap:ioemu blktap-1"],
  ["blktap2", "blktap2 tap2 tap2:aio tap2:vhd tap:tapdisk tap:tapdisk:aio tap:tapdisk:vhd tapdisk2 tap:vhd blktap-2"],
  ["tapdisk3", "tapdisk3 tapdisk-3 vbd3 blktap3 tapback tapdisk* xenserver xcp xcp-ng xapi smapiv1 tap-ctl"],
  ["qdisk", "qdisk q-disk qemu qemu-qdisk xen-qdisk xen_disk xen-block qcow2* qed vdi rbd* qemu-dp"],
  ["virtio", "virtio virtio-blk virtio_disk virtio-disk standalone vhost-user-blk vhost"],
  ["emulated", "emulated ioemu ide sata ahci scsi hvm"],
  ["vnd", "vnd netbsd-file"],
  ["file-direct", "file-direct freebsd-file"],
  ["other", "other"],
  ["unknown", "unknown"],
];

const WORDS = TABLE.flatMap(([slug, words]) =>
  words.split(" ").map((word) => ({ slug, word: word.replace("*", ""), ambiguous: word.endsWith("*") })),
);

function spellings(word: string): string[] {
  const separators = ["-", "_", ":"].map((separator) => word.replace(/[-_:]/g, separator));
  const capital = word.charAt(0).toUpperCase() + word.slice(1);
  return [...separators, word.toUpperCase(), capital, `  ${word}\t`, ` ${word.toUpperCase().replace(/[-:]/g, "_")} `];
}

describe("a word for a backend is resolved in every spelling", () => {
  it.each(WORDS)("$word -> $slug", ({ slug, word, ambiguous }) => {
    for (const spelling of [word, ...spellings(word)]) {
      const resolution = resolveBackend(spelling);
      expect(resolution?.backend, spelling).toBe(slug);
      expect(resolution?.evidence, spelling).toBe(ambiguous ? "declared" : undefined);
      expect(resolution?.warnings.length, spelling).toBe(ambiguous || word === "vhost" ? 1 : 0);
    }
  });

  it("covers every slug, so that every slug is accepted", () => {
    expect(TABLE.map(([slug]) => slug)).toEqual([...BACKENDS]);
  });

  it.each([
    ["tap:aio:", "blktap1"],
    ["phy:", "phy"],
    ["file:", "loop"],
  ])("the prefix %s as copied from a configuration file is %s", (word, slug) => {
    expect(resolveBackend(word)?.backend).toBe(slug);
  });

  // The first column of the resolution table, as a configuration file contains it.
  it.each([
    ["file:/srv/x.img", "loop", "raw"],
    ["tap:aio:/srv/x.img", "blktap1", "raw"],
    ["TAP:AIO:/srv/x.img,xvda,w", "blktap1", "raw"],
    ["tap2:aio:/srv/x.img", "blktap2", "raw"],
    ["tap:qcow2:/srv/x.qcow2", "blktap1", "qcow2"],
    ["tap:tapdisk:vhd:/srv/x.vhd", "blktap2", "vhd"],
    ["phy:/dev/vg/lv", "phy", undefined],
    [" phy:/dev/vg/lv ", "phy", undefined],
  ])("the whole disk %s resolves by its prefix: %s", (word, slug, format) => {
    const resolution = resolveBackend(word);
    expect([resolution?.backend, resolution?.image_format]).toEqual([slug, format]);
    const host = { toolstack: "xl", xen_version: "4.17.7" };
    const prefix = word.trim().slice(0, word.trim().indexOf(":/"));
    expect(resolveBackend(word, host)?.backend).toBe(resolveBackend(prefix, host)?.backend);
  });

  it.each([
    "",
    "   ",
    "zfs",
    "loop2",
    "loop back",
    "blktap4",
    "__proto__",
    "constructor",
    "toString",
    "/srv/x.img",
    "nfs:/srv/x.img",
    "lvm:/dev/vg/lv",
    "tap:nonsense:/srv/x.img",
  ])("%j names no backend and is rejected, not guessed", (word) => {
    expect(resolveBackend(word)).toBeNull();
  });

  it("lists the slugs in the message for an unknown word", () => {
    expect(unknownBackendText("baseline", "nonsense")).toBe(
      'baseline: expected a backend such as loop, phy, blktap1, blktap2, tapdisk3, qdisk, virtio, emulated, vnd, file-direct, other, unknown, or an alias of one of them, found "nonsense"',
    );
  });
});

describe("what a word implies about format and storage is kept", () => {
  it.each([
    ["loop", "raw", "file"],
    ["losetup", "raw", "file"],
    ["file", "raw", "file"],
    ["lvm", undefined, "lvm"],
    ["lv", undefined, "lvm"],
    ["lvm2", undefined, "lvm"],
    ["lvm-thin", undefined, "lvm-thin"],
    ["partition", undefined, "partition"],
    ["iscsi", undefined, "iscsi"],
    ["drbd", undefined, "drbd"],
    ["md", undefined, "md"],
    ["zvol", undefined, "zvol"],
    ["krbd", undefined, "rbd"],
    ["nbd", undefined, "nbd"],
    ["phy", undefined, undefined],
    ["tap:aio", "raw", undefined],
    ["tap:sync", "raw", undefined],
    ["tap:ram", "ram", undefined],
    ["tap:qcow", "qcow", undefined],
    ["tap:qcow2", "qcow2", undefined],
    ["tap:vmdk", "vmdk", undefined],
    ["tap:ioemu", undefined, undefined],
    ["tap2:aio", "raw", undefined],
    ["tap2:vhd", "vhd", undefined],
    ["tap:tapdisk:aio", "raw", undefined],
    ["tap:tapdisk:vhd", "vhd", undefined],
    ["tap:vhd", "vhd", undefined],
    ["qcow2", "qcow2", undefined],
    ["qed", "qed", undefined],
    ["rbd", undefined, "rbd"],
    ["aio", "raw", undefined],
    ["raw", "raw", undefined],
    ["img", "raw", undefined],
    ["vhd", "vhd", undefined],
  ])("%s implies format %s and storage %s", (word, format, storage) => {
    const resolution = resolveBackend(word);
    expect([resolution?.image_format, resolution?.storage]).toEqual([format, storage]);
  });
});

// The resolution table, retyped: one host for each end of each column, and the outcome of each row.
// "a|b": a if its driver is there, else b. "-": the words do not exist there.
const HOSTS: readonly (readonly [toolstack: string, versions: readonly string[]])[] = [
  ["xend", ["3.0.3", "3.4.3"]],
  ["xm", ["4.0.0", "4.0-rc1"]],
  ["xend", ["4.1", "4.4.4"]],
  ["xl", ["4.0.4"]],
  ["libxl", ["4.1.6.1"]],
  ["xl", ["4.2.0", "4.3.4"]],
  ["xl", ["4.4.1", "4.5.5"]],
  ["xl", ["4.6.0", "4.8.5", "4.17.7", "4.18.2"]],
  ["xl", ["4.19.0", "4.20.1", "5.0"]],
];
const ROWS: Readonly<Record<string, string>> = {
  file: "loop loop loop blktap2|blktap1 blktap2|qdisk blktap2|qdisk qdisk loop loop",
  "tap:aio": "blktap1 blktap2|blktap1 blktap1 blktap2|blktap1 blktap2|qdisk blktap2|qdisk qdisk loop loop",
  tap: "blktap1 blktap2|blktap1 blktap1 blktap2|blktap1 blktap2|qdisk blktap2|qdisk qdisk loop loop",
  blktap: "blktap1 blktap2|blktap1 blktap1 blktap2|blktap1 blktap2|qdisk blktap2|qdisk qdisk loop loop",
  aio: "blktap1 blktap2|blktap1 blktap1 blktap2|blktap1 blktap2|qdisk blktap2|qdisk qdisk loop loop",
  "tap2:aio": "- - blktap2 blktap2|blktap1 blktap2|qdisk blktap2|qdisk qdisk loop loop",
  raw: "- - - - - blktap2|qdisk qdisk loop loop",
  img: "- - - - - blktap2|qdisk qdisk loop loop",
  phy: "phy phy phy phy phy phy phy phy phy",
  qcow2: "blktap1 blktap1 blktap1 blktap2|blktap1 qdisk qdisk qdisk qdisk qdisk",
  "tap:qcow2": "blktap1 blktap1 blktap1 blktap2|blktap1 qdisk qdisk qdisk qdisk qdisk",
  "tap:qcow": "blktap1 blktap1 blktap1 blktap2|blktap1 qdisk qdisk qdisk qdisk qdisk",
  vhd: "- blktap2 blktap2 blktap2 blktap2 blktap2|qdisk qdisk qdisk qdisk|tapdisk3",
  "tap:vhd": "- blktap2 blktap2 blktap2 blktap2 blktap2|qdisk qdisk qdisk qdisk|tapdisk3",
};

const CELLS = Object.entries(ROWS).flatMap(([word, row]) =>
  row.split(" ").flatMap((cell, column) => {
    const [toolstack, versions] = HOSTS[column]!;
    return versions.map((xen_version) => ({ word, toolstack, xen_version, cell }));
  }),
);

describe("the same word means what the host's toolstack turns it into", () => {
  it.each(CELLS)("$word on $toolstack $xen_version -> $cell", ({ word, toolstack, xen_version, cell }) => {
    const resolution = resolveBackend(word, { toolstack, xen_version });
    const alone = resolveBackend(word);
    if (cell === "-") return expect(resolution).toEqual(alone);
    const [first, other] = cell.split("|");
    expect(resolution?.backend).toBe(first);
    expect(resolution?.evidence).toBe(other === undefined ? undefined : "declared");
    if (other !== undefined) expect(resolution?.warnings.join()).toContain(other);
    expect([resolution?.image_format, resolution?.storage]).toEqual([alone?.image_format, alone?.storage]);
  });

  it("warns the sender if the host serves the word with another backend", () => {
    expect(resolveBackend("tap:aio", { toolstack: "xl", xen_version: "4.17.7" })?.warnings).toEqual([
      '"tap:aio" under xl 4.17.7 is served by loop; stored as loop.',
    ]);
    expect(resolveBackend("file", { toolstack: "xl", xen_version: "4.17.7" })?.warnings).toEqual([]);
  });

  it.each(["aio", "vhd", "qcow2", "tapdisk", "raw", "tap:aio", "blktap"])(
    "%s on xapi is tapdisk3 since 6.5",
    (word) => {
      for (const context of [{ toolstack: "xapi" }, { toolstack: "xe", xen_version: "4.4.1" }]) {
        expect(resolveBackend(word, context)?.backend).toBe("tapdisk3");
        expect(resolveBackend(word, context)?.evidence).toBeUndefined();
      }
    },
  );

  it("vhd on XenServer 5.6 to 6.2 (Xen 3.4 to 4.1) is blktap2", () => {
    expect(resolveBackend("vhd", { toolstack: "xapi", xen_version: "4.1.5" })?.backend).toBe("blktap2");
  });

  it.each([
    ["xend", "3.4.3", "blktap1"],
    ["xl", "4.3", "blktap2"],
    ["xl", "4.20", "tapdisk3"],
  ])("tapdisk on %s %s is %s", (toolstack, xen_version, backend) => {
    expect(resolveBackend("tapdisk", { toolstack, xen_version })?.backend).toBe(backend);
  });

  const undecided: readonly (readonly [string, BackendContext])[] = [
    ["toolstack only", { toolstack: "xl" }],
    ["version only", { xen_version: "4.17.7" }],
    ["xend on a Xen that no longer has it", { toolstack: "xend", xen_version: "4.17" }],
    ["an unknown toolstack", { toolstack: "libvirt", xen_version: "4.17" }],
    ["a version that is none", { toolstack: "xl", xen_version: "unstable" }],
  ];
  it.each(undecided)("with %s an ambiguous word stays declared", (_, context) => {
    expect(resolveBackend("file", context)).toEqual(resolveBackend("file"));
    expect(resolveBackend("file", context)?.evidence).toBe("declared");
  });

  it("the warning lists the possible meanings and what to send", () => {
    expect(resolveBackend("blktap")?.warnings).toEqual([
      '"blktap" may also mean blktap2, tapdisk3, qdisk, loop; stored as blktap1. ' +
        "Send toolstack and xen_version, or the slug itself, to settle it.",
    ]);
    expect(resolveBackend("vhd")).toEqual({
      backend: "unknown",
      image_format: "vhd",
      evidence: "declared",
      warnings: [
        '"vhd" names an image format, which may be served by blktap2, tapdisk3, qdisk; stored as unknown. ' +
          "Send toolstack and xen_version, or the slug itself, to settle it.",
      ],
    });
  });

  it("a format fact picks the row for a bare prefix", () => {
    const xl = { toolstack: "xl", xen_version: "4.17" };
    expect(resolveBackend("tap", { ...xl, image_format: "qcow2" })?.backend).toBe("qdisk");
    expect(resolveBackend("tap", { toolstack: "xend", xen_version: "4.0", image_format: "vhd" })?.backend).toBe(
      "blktap2",
    );
  });

  it("a block device under xl is phy, regardless of the prefix", () => {
    const onLvm = { toolstack: "xl", xen_version: "4.17", storage: "lvm" };
    expect(resolveBackend("tap:aio", onLvm)?.backend).toBe("phy");
    expect(resolveBackend("qcow2", onLvm)?.backend).toBe("qdisk");
  });

  it("vbd is phy for certain on a block device, and a guess on anything else", () => {
    expect(resolveBackend("vbd", { storage: "lvm" })).toEqual({ backend: "phy", warnings: [] });
    expect(resolveBackend("vbd", { storage: "file", toolstack: "xl", xen_version: "4.17" })?.evidence).toBe("declared");
  });
});

describe("for any input", () => {
  const context = fc.record(
    {
      toolstack: fc.constantFrom("xl", "xend", "xapi", "other", "zz"),
      xen_version: fc.oneof(fc.constantFrom("3.1", "4.0", "4.2", "4.6", "4.19"), fc.string()),
      image_format: fc.constantFrom("raw", "vhd", "qcow2", "none"),
      storage: fc.constantFrom("file", "lvm", "nfs"),
    },
    { requiredKeys: [] },
  );

  it("never throws, and a guess always comes with a warning", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.constantFrom(...WORDS.map(({ word }) => word))), context, (word, given) => {
        const resolution = resolveBackend(word, given);
        if (resolution === null) return;
        expect(BACKENDS).toContain(resolution.backend);
        if (resolution.evidence === "declared") expect(resolution.warnings.length).toBeGreaterThan(0);
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it("a slug is never turned into another backend, whatever the facts", () => {
    fc.assert(
      fc.property(fc.constantFrom(...BACKENDS), context, (slug, given) => {
        expect(resolveBackend(slug, given)?.backend).toBe(slug);
        expect(resolveBackend(slug, given)?.evidence).toBeUndefined();
      }),
      { seed: 2 },
    );
  });

  it("normalizing is idempotent", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-zA-Z0-9_:-]{0,12}[a-z0-9]$/), (word) => {
        expect(normalizeWord(normalizeWord(word))).toBe(normalizeWord(word));
      }),
      { seed: 3 },
    );
  });
});
