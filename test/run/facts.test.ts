import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FACTS, parseFact } from "../../shared/run/facts.ts";

// Every key of the contract and of xen-backends.md, sections 1 to 3, retyped, and the four that rules C3, C5 and C10 need.
const KEYS =
  `image_format storage cache_mode backend_evidence toolstack xen_version dom0_mem_mb guest_mem_mb guest_vcpus
  disk_model rotational dom0_kernel site hardware dom0_mem_avail_mb file_size_mb disk_write_cache storage_stack image_fs
  image_fs_opts image_sparse io_scheduler readahead_kb dom0_distro dom0_vcpus dom0_pinned dom0_weight cpu_model cpu_mhz
  host_cpus persistent indirect_segments queues ring_page_order guest_kernel guest_fs guest_fs_opts guest_io_scheduler
  guest_type os_version other_guests_running dom0_load1 run_index bonnie_version bonnie_flags driver_domain backend_domid
  device_read_ratio spindles storage_link reference_read_kps first_run_read_kps`.split(/\s+/);

describe("every fact of the contract can be sent", () => {
  it("the registry has exactly these keys, each once and described", () => {
    expect(FACTS.map((fact) => fact.key).sort()).toEqual([...KEYS].sort());
    expect(FACTS.filter((fact) => !/^[A-Z0-9].*\.$/.test(fact.description.replace(/ \.\.\.$/, ".")))).toEqual([]);
  });

  it.each([
    ["image_format", "QCOW2", "qcow2"],
    ["image_format", "none", "none"],
    ["storage", "lvm-thin", "lvm-thin"],
    ["cache_mode", "direct-read-cached", "direct-read-cached"],
    ["backend_evidence", "config-file", "config-file"],
    ["toolstack", "libxl", "xl"],
    ["toolstack", "xm", "xend"],
    ["toolstack", "xe", "xapi"],
    ["toolstack", "qubes", "other"],
    ["guest_type", "pvh", "PVH"],
    ["storage_link", "SATA-3G", "sata-3g"],
    ["rotational", "1", true],
    ["rotational", "No", false],
    ["image_sparse", "TRUE", true],
    ["dom0_pinned", "0", false],
    ["dom0_mem_mb", " 2048 ", 2048],
    ["backend_domid", "0", 0],
    ["run_index", "1", 1],
    ["cpu_mhz", "2266.747", 2266.747],
    ["dom0_load1", "0.00", 0],
    ["dom0_load1", "-0", 0],
    ["device_read_ratio", "1e-05", 0.00001],
    ["xen_version", "4.17.7", "4.17.7"],
    ["disk_model", '  ATA "ST3500" <b>, ä € 😀 ', 'ATA "ST3500" <b>, ä € 😀'],
    ["label.rack", "a7", "a7"],
    ["label.a_b.c-9", "x", "x"],
    [`label.${"x".repeat(40)}`, "y", "y"],
  ])("%s: %s is kept as %j", (key, sent, value) => {
    expect(parseFact(key, sent)).toEqual({ key, value });
  });
});

it("200 characters are counted as code points, outside the basic plane too", () => {
  expect(parseFact("site", "😀".repeat(200))).toEqual({ key: "site", value: "😀".repeat(200) });
  expect(parseFact("site", "😀".repeat(201))).toMatchObject({ code: "bad_value" });
});

describe("a wrong fact is rejected with what was expected and found", () => {
  it.each([
    ["dom0_mem_mb", "2G", 'dom0_mem_mb: expected a whole number from 1 to 1099511627776, found "2G"'],
    ["dom0_mem_mb", "0", 'dom0_mem_mb: expected a whole number from 1 to 1099511627776, found "0"'],
    ["dom0_mem_mb", "1.5", 'dom0_mem_mb: expected a whole number from 1 to 1099511627776, found "1.5"'],
    ["dom0_mem_mb", "", 'dom0_mem_mb: expected a whole number from 1 to 1099511627776, found ""'],
    ["backend_domid", "32752", 'backend_domid: expected a whole number from 0 to 32751, found "32752"'],
    ["dom0_weight", "65536", 'dom0_weight: expected a whole number from 1 to 65535, found "65536"'],
    ["dom0_load1", "0,5", 'dom0_load1: expected a number from 0 to 1000000, found "0,5"'],
    ["dom0_load1", "Infinity", 'dom0_load1: expected a number from 0 to 1000000, found "Infinity"'],
    ["dom0_load1", "0x10", 'dom0_load1: expected a number from 0 to 1000000, found "0x10"'],
    ["dom0_load1", "-1", 'dom0_load1: expected a number from 0 to 1000000, found "-1"'],
    ["rotational", "maybe", 'rotational: expected one of yes, true, 1, no, false, 0, found "maybe"'],
    ["guest_type", "KVM", 'guest_type: expected one of pv, pvh, hvm, found "KVM"'],
    [
      "cache_mode",
      "constructor",
      'cache_mode: expected one of buffered, direct, direct-read-cached, unknown, found "constructor"',
    ],
    ["site", "", 'site: expected text of 1 to 200 characters, none of them invisible or a control character, found ""'],
    [
      "site",
      "a\u0007b",
      'site: expected text of 1 to 200 characters, none of them invisible or a control character, found "a b" (character 2 is U+0007)',
    ],
    [
      "site",
      "x".repeat(201),
      `site: expected text of 1 to 200 characters, none of them invisible or a control character, found "${"x".repeat(59)}…"`,
    ],
  ])("%s: %j", (key, sent, text) => {
    expect(parseFact(key, sent)).toEqual({ code: "bad_value", text });
  });

  it.each([
    ["dom0_men_mb", 'unknown key "dom0_men_mb": expected dom0_mem_mb, or label.dom0_men_mb for a fact of your own'],
    ["dom0-mem-mb", 'unknown key "dom0-mem-mb": expected dom0_mem_mb, or label.dom0-mem-mb for a fact of your own'],
    ["Toolstack", 'unknown key "Toolstack": expected toolstack, or label.<name> for a fact of your own'],
    ["hots", 'unknown key "hots": expected host, or label.hots for a fact of your own'],
    ["rack", 'unknown key "rack": send it as label.rack to keep it'],
    ["__proto__", 'unknown key "__proto__": send it as label.__proto__ to keep it'],
    ["label.Rack 7", 'unknown key "label.Rack 7": after "label." come 1 to 40 characters of a-z 0-9 _ . -'],
    ["label.", 'unknown key "label.": after "label." come 1 to 40 characters of a-z 0-9 _ . -'],
  ])("unknown key %s is named, with the remedy", (key, text) => {
    expect(parseFact(key, "x")).toEqual({ code: "unknown_key", text });
  });

  it("never throws, and never keeps a control character or an infinite number", () => {
    const key = fc.oneof(fc.string(), fc.constantFrom(...KEYS, "label.x"));
    const value = fc.oneof(fc.string({ unit: "binary" }), fc.double().map(String), fc.constantFrom("yes", "xl", "PV"));
    fc.assert(
      fc.property(key, value, (k, v) => {
        const parsed = parseFact(k, v);
        if ("code" in parsed) expect(parsed.text.length).toBeLessThan(500);
        else if (typeof parsed.value === "number") expect(Number.isFinite(parsed.value)).toBe(true);
        else if (typeof parsed.value === "string") expect(parsed.value).not.toMatch(/\p{Cc}/u);
      }),
      { seed: 1, numRuns: 1000 },
    );
  });
});
