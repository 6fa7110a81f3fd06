import { describe, expect, it } from "vitest";
import {
  BLKTAP,
  FAST_200,
  issueOf,
  LOOP,
  NO_FILES_200,
  NO_IO_200,
  resultOf,
  V196,
  V197,
  V200,
  withFields,
} from "./reading.ts";

describe("v1: valid values are read as printed", () => {
  it.each([
    ["2064M", 2064 * 1024, 8192],
    ["6G", 6 * 1024 * 1024, 8192],
    ["20000M", 20000 * 1024, 8192],
    ["3G:64k", 3 * 1024 * 1024, 65536],
    ["2064M:512", 2064 * 1024, 512],
    ["2064M:256", 2064 * 1024, 256],
    ["2064M:1024k", 2064 * 1024, 1048576],
  ])("file size %s", (size, kib, chunk) => {
    const { setup } = resultOf(withFields(BLKTAP, { 1: size }));
    expect([setup.file_size_kib, setup.chunk_size_bytes]).toEqual([kib, chunk]);
  });

  it.each([
    ["16", 16, null, null, 1],
    ["16:1000:16/64", 16, 1000, 16, 64],
    ["50:250000:0/1000", 50, 250000, 0, 1000],
    ["16:1000:0", 16, 1000, 0, 1],
    ["64:link", 64, "link", null, 1],
    ["64:symlink/8", 64, "symlink", null, 8],
    ["16/4", 16, null, null, 4],
  ])("number of files %s", (files, thousands, max_size, min_size, num_dirs) => {
    const { setup } = resultOf(withFields(BLKTAP, { 14: files }));
    expect(setup.files).toEqual({ thousands, max_size, min_size, num_dirs });
  });

  it.each(["", "vm 101", '"quoted"', "a:b/c", "dom0: vm1", "a:", "<b>x</b>", "1.97", "2", "größe", "a\tb"])(
    "machine name %j, taken raw",
    (name) => {
      expect(resultOf(withFields(BLKTAP, { 0: name })).setup.machine).toBe(name);
    },
  );

  it("a run without file tests (-n 0)", () => {
    const line = `${BLKTAP.split(",").slice(0, 14).join(",")},,,,,,,,,,,,,`;
    const { setup, metrics } = resultOf(line);
    expect(setup.files).toBeNull();
    expect(metrics.seq_create).toBeNull();
    expect(metrics.seeks?.rate).toBe(249.1);
  });

  it("a run without tests of the big file (-s 0)", () => {
    const line = `vm101,,,,,,,,,,,,,,${BLKTAP.split(",").slice(14).join(",")}`;
    const { setup, metrics } = resultOf(line);
    expect([setup.file_size_kib, setup.chunk_size_bytes]).toEqual([null, null]);
    expect(metrics.seeks).toBeNull();
    expect(metrics.seq_create?.rate).toBe(29488);
  });

  it("a run without byte tests (-f)", () => {
    const { metrics } = resultOf(withFields(BLKTAP, { 2: "", 3: "", 8: "", 9: "" }));
    expect([metrics.putc, metrics.getc]).toEqual([null, null]);
    expect(metrics.put_block?.rate).toBe(93549);
  });

  it("zeros are values, and a rate of zero gives a warning", () => {
    const { metrics, warnings } = resultOf(withFields(BLKTAP, { 4: "0", 5: "0", 12: "0.0" }));
    expect(metrics.put_block).toEqual({ rate: 0, cpu: 0, latency_us: null, censored: false });
    expect(metrics.seeks?.rate).toBe(0);
    expect(warnings.map((warning) => warning.split(" is")[0])).toEqual(["zero_rate: put_block", "zero_rate: seeks"]);
  });
});

describe("v1: a field that Bonnie++ cannot have printed is an issue that points at it", () => {
  it.each([
    [1, "2064", "bad_size", "file_size"],
    [1, "2064K", "bad_size", "file_size"],
    [1, "0M", "bad_size", "file_size"],
    [1, "02064M", "bad_size", "file_size"],
    [1, "2064M:", "bad_size", "file_size"],
    [1, "2064M:48k", "bad_size", "file_size"],
    [1, "2064M:128", "bad_size", "file_size"],
    [1, "2064M:2048k", "bad_size", "file_size"],
    [1, "2064M:1m", "bad_size", "file_size"],
    [1, "2064M:8k:8", "bad_size", "file_size"],
    [1, "99999999999999G", "bad_size", "file_size"],
    [2, "12x", "bad_number", "putc"],
    [2, "+12", "bad_number", "putc"],
    [2, "012", "bad_number", "putc"],
    [2, "1e4", "bad_number", "putc"],
    [2, "0x1f", "bad_number", "putc"],
    [2, "NaN", "bad_number", "putc"],
    [2, "1 234", "bad_number", "putc"],
    [2, " 1234", "bad_number", "putc"],
    [2, "12.5", "bad_number", "putc"],
    [2, "++++", "bad_number", "putc"],
    [2, "++++++", "bad_number", "putc"],
    [2, "1234567890123456", "bad_number", "putc"],
    [2, "-1234", "negative_number", "putc"],
    [3, "9,6".replace(",", "."), "bad_number", "putc_cpu"],
    [3, "++", "bad_number", "putc_cpu"],
    [2, "+++++", "bad_pair", "putc"],
    [3, "+++", "bad_pair", "putc"],
    [2, "", "bad_pair", "putc"],
    [3, "", "bad_pair", "putc"],
    [12, "249", "bad_number", "seeks"],
    [12, "249.", "bad_number", "seeks"],
    [12, "249.15", "bad_number", "seeks"],
    [12, ".5", "bad_number", "seeks"],
    [12, "-249.1", "negative_number", "seeks"],
    [14, "0", "bad_files", "num_files"],
    [14, "16:", "bad_files", "num_files"],
    [14, "16:1000", "bad_files", "num_files"],
    [14, "16:1000:16/", "bad_files", "num_files"],
    [14, "16:1000:16:4", "bad_files", "num_files"],
    [14, "16:hard", "bad_files", "num_files"],
    [14, "16:link:0", "bad_files", "num_files"],
    [14, "16/4/2", "bad_files", "num_files"],
    [14, "16/0", "bad_files", "num_files"],
  ])("field %i as %j", (index, value, code, field) => {
    const line = withFields(BLKTAP, { [index]: value });
    const issue = issueOf(line);
    expect(issue).toMatchObject({ line: 1, field, code, raw: line });
    // The issue of a pair points at its rate.
    expect(issue.column).toBe(code === "bad_pair" && index === 3 ? 2 : index);
    expect(issue.text).toContain("expected");
    expect(issue.text).toContain("found");
  });

  it("the text of an issue names what was expected and what was found", () => {
    expect(issueOf(withFields(BLKTAP, { 2: "12x" })).text).toBe(
      'expected a rate in whole numbers or +++++, found "12x"',
    );
    expect(issueOf(withFields(BLKTAP, { 2: "-12" })).text).toContain("2 TiB");
  });

  it("long values are truncated, so that no message grows with the damage", () => {
    expect(issueOf(withFields(BLKTAP, { 2: "9".repeat(5000) })).text.length).toBeLessThan(150);
  });
});

describe("v2: the formats are distinguished by count and first field", () => {
  it.each(["1.92b", "1.93c", "1.94", "1.95", "1.96", "1.97"])("format %s with 48 fields is read", (version) => {
    expect(resultOf(withFields(V197, { 0: version })).setup.format_version).toBe(version);
  });

  it("the format version and the program version may differ", () => {
    const { setup } = resultOf(withFields(V197, { 0: "1.92b", 1: "1.93" }));
    expect([setup.format_version, setup.bonnie_version]).toEqual(["1.92b", "1.93"]);
  });

  it.each([
    ["1.99 with 48 fields", withFields(V197, { 0: "1.99" }), "unsupported_format"],
    ["2.01 with 50 fields", withFields(V200, { 0: "2.01" }), "unsupported_format"],
    ["1.98 with 48 fields", withFields(V197, { 0: "1.98" }), "field_count"],
    ["1.97 with 50 fields", withFields(V200, { 0: "1.97" }), "field_count"],
    ["1.97 with 47 fields", V197.split(",").slice(0, 47).join(","), "field_count"],
    ["a comma in the name of a v2 line", V197.replace("cc3550", "cc,3550"), "field_count"],
    ["a comma in the name of a 50-field line", V200.replace("vm101", 'vm,101 "x"'), "field_count"],
    ["a comma in the name of a v1 line", LOOP.replace("vm101", "vm,101"), "field_count"],
    ["old format 2", ["2", ...V197.split(",").slice(1, 40)].join(","), "unsupported_format"],
    ["old format 1.91c", ["1.91c", ...V197.split(",").slice(1, 45)].join(","), "unsupported_format"],
    ["old format 1.92a with 46 fields", ["1.92a", ...V197.split(",").slice(1, 46)].join(","), "unsupported_format"],
    ["a v2 line truncated to 27 fields", V197.split(",").slice(0, 27).join(","), "bad_size"],
    ["a header by hand with 27 fields", `Machine,Size${",Rate,CPU".repeat(12)},Files`, "bad_size"],
    ["26 commas", ",".repeat(26), "no_test"],
  ])("%s is rejected", (_, line, code) => {
    // The version is field 0, the size field 1; an issue with the whole line points at its first character.
    expect(issueOf(line)).toMatchObject({ line: 1, column: code === "unsupported_format" ? 0 : 1, code });
  });

  it.each([
    ["a v1 line", LOOP.replaceAll(",", ";")],
    ["a v2 line", V197.replaceAll(",", ";")],
    ["a line with decimal commas", BLKTAP.replaceAll(",", ";").replace("249.1", "249,1")],
    ["the beginning of a line", LOOP.replaceAll(",", ";").slice(0, 60)],
  ])("%s with semicolons: the text says that commas are expected", (_, line) => {
    expect(issueOf(line)).toMatchObject({
      code: "field_count",
      column: 1,
      text: "expected fields separated by commas, as Bonnie++ prints them, found semicolons",
    });
  });

  it("semicolons in a machine name do not separate fields", () => {
    expect(resultOf(LOOP.replace("vm101", "a;b;c;d;e;f;g;h;i;j")).setup.machine).toBe("a;b;c;d;e;f;g;h;i;j");
    expect(issueOf(`${LOOP.replace("vm101", "a;b;c;d;e;f;g;h;i;j;k")},`).text).toMatch(/^expected 27 fields/);
  });

  it("a v1 machine may be called 1.97: the count decides", () => {
    expect(resultOf(withFields(LOOP, { 0: "1.97" })).setup).toMatchObject({ format: "v1", machine: "1.97" });
  });

  it("chunk sizes of 48-field lines are read, an empty one is 8192", () => {
    const chunk = (value: string) => resultOf(withFields(V197, { 6: value })).setup.chunk_size_bytes;
    expect(["", "512", "4k", "64k", "1m"].map(chunk)).toEqual([8192, 512, 4096, 65536, 1048576]);
  });

  it("seeks and seekers of 50-field lines are read", () => {
    const { setup, metrics } = resultOf(withFields(NO_FILES_200, { 7: "204800", 8: "8", 19: "114540", 20: "360" }));
    expect([setup.seek_count, setup.seek_procs]).toEqual([204800, 8]);
    expect(metrics.seeks).toMatchObject({ rate: 114540, cpu: 360 });
    // 204800 seeks in 0.5 s
    expect(resultOf(withFields(NO_FILES_200, { 7: "204800" })).metrics.seeks?.lower_bound).toBe(409600);
  });

  it("the seed is text: it may be the name of the file of -Z", () => {
    expect(resultOf(withFields(FAST_200, { 4: "rand.dat" })).setup.seed).toBe("rand.dat");
  });

  it.each([
    ["132s", 132_000_000],
    ["61883ms", 61_883_000],
    ["99999us", 99_999],
    ["0us", 0],
  ])("latency %s is normalized to microseconds", (text, us) => {
    // 24 GiB at 192 435 K/s take 130 s; at 1 K/s any latency fits.
    expect(resultOf(withFields(V196, { 9: "1", 37: text })).metrics.put_block?.latency_us).toBe(us);
  });

  it("an empty latency next to a rate is null, with a warning: it was exactly 0 or is lost", () => {
    const { metrics, warnings } = resultOf(withFields(V197, { 46: "" }));
    expect(metrics.ran_stat?.latency_us).toBeNull();
    expect(warnings).toEqual(["no_latency: ran_stat was run but has no latency."]);
  });

  it("a file of 2 TiB gives a warning, since its rates are counted in 32 bits", () => {
    expect(resultOf(withFields(V197, { 5: "2047G" })).warnings).toEqual([]);
    const [warning] = resultOf(withFields(V197, { 5: "2048G" })).warnings;
    expect(warning).toMatch(/^size_overflow: /);
  });

  it("an empty last latency is like any other: all fields are there, so nothing was truncated", () => {
    for (const line of [V196, V197, V200]) {
      const last = line.split(",").length - 1;
      const { metrics, warnings } = resultOf(withFields(line, { [last]: "" }));
      expect(metrics.ran_delete?.latency_us).toBeNull();
      expect(warnings).toEqual(["no_latency: ran_delete was run but has no latency."]);
    }
  });

  it.each([
    ["v1", LOOP, 0],
    ["48 fields", V197, 2],
    ["50 fields", V200, 2],
  ])("%s: a label joined to the machine name is part of it as read, and named", (_, line, index) => {
    for (const label of [
      "cfq1:    ",
      "cfq1:  ",
      "results/a.log:\t ",
      "a: b:  ",
      "dom0-1: ",
      "a.csv:",
      "a.csv:12:",
      "12:",
    ]) {
      const { setup, prefix } = resultOf(withFields(line, { [index]: `${label}vm101` }));
      expect(setup.machine).toBe(`${label}vm101`);
      expect(prefix?.kind).toBe("label");
      expect(label).toContain(prefix?.text);
    }
    for (const name of ["nas/a", "vm:1", "my vm", "rack 7: dom0/3", "rack 7", "a:b c/d", "[fe80::1]", "vm (old)"]) {
      const result = resultOf(withFields(line, { [index]: name }));
      expect([result.setup.machine, result.prefix]).toEqual([name, undefined]);
    }
  });

  it.each([
    [1, "2.00a+x", "bad_version", "bonnie_version"],
    [1, "", "bad_version", "bonnie_version"],
    [3, "0", "bad_number", "concurrency"],
    [3, "201", "bad_number", "concurrency"],
    [3, "", "bad_number", "concurrency"],
    [5, "8G:64k", "bad_size", "file_size"],
    [6, "48k", "bad_size", "io_chunk_size"],
    [6, "64K", "bad_size", "io_chunk_size"],
    [17, "967", "bad_number", "seeks"],
    [17, "9676.0", "bad_number", "seeks"],
    [20, "hard", "bad_files", "max_size"],
    [21, "16", "bad_files", "min_size"],
    [22, "4", "bad_files", "file_chunk_size"],
    [23, "0", "bad_files", "num_dirs"],
    [19, "16:1000:16", "bad_files", "num_files"],
    [36, "14345", "bad_number", "putc_latency"],
    [36, "14.3ms", "bad_number", "putc_latency"],
    [36, "14345ns", "bad_number", "putc_latency"],
    [36, "s", "bad_number", "putc_latency"],
    [47, "981u", "bad_number", "ran_delete_latency"],
  ])("48 fields: field %i as %j is rejected", (index, value, code, field) => {
    expect(issueOf(withFields(V197, { [index]: value }))).toMatchObject({ code, field, column: index });
  });

  it.each([
    [6, "64k", "inconsistent_setup", "io_chunk_size"],
    [7, "", "bad_number", "seek_count"],
    [8, "", "bad_number", "seek_procs"],
    [8, "0", "bad_number", "seek_procs"],
    [24, "4", "bad_files", "file_chunk_size"],
  ])("50 fields: field %i as %j is rejected", (index, value, code, field) => {
    expect(issueOf(withFields(V200, { [index]: value }))).toMatchObject({ code, field, column: index });
  });

  it("50 fields: seeks without a file size are rejected", () => {
    expect(issueOf(withFields(NO_IO_200, { 7: "8192" }))).toMatchObject({ code: "inconsistent_setup", column: 7 });
  });
});

describe("the lost comma of 1.92b to 1.96", () => {
  const files = V196.split(",").slice(19);
  const lost = ["1.96", "1.96", "devback1", "1", "1373282064", ...Array(13).fill(""), ...files];
  for (let latency = 35; latency < 41; latency += 1) lost[latency] = "";
  const line = lost.join(",");

  it("is repaired if the tests of the big file are all empty", () => {
    expect(lost).toHaveLength(47);
    const { setup, metrics, raw } = resultOf(line);
    expect(raw).toBe(line);
    expect(setup).toMatchObject({ machine: "devback1", file_size_kib: null, files: { thousands: 16 } });
    expect(metrics.putc).toBeNull();
    expect(metrics.seq_create).toMatchObject({ rate: 23295, cpu: 46, latency_us: 5985 });
    expect(metrics.ran_delete?.latency_us).toBe(259);
  });

  it("is counted as a field in the column of a later issue", () => {
    // Field 23 of 47 is seq_create, which has the number 24 in the layout of 48.
    expect(issueOf(withFields(line, { 23: "12x" }))).toMatchObject({ column: 24, field: "seq_create" });
  });

  it.each(["1.97", "1.98"])("is not repaired in format %s, which does not lose it", (version) => {
    expect(issueOf(withFields(line, { 0: version })).code).toBe("field_count");
  });

  it.each(Array.from({ length: 13 }, (_, index) => index + 5))("is not repaired if field %i has a value", (at) => {
    expect(issueOf(withFields(line, { [at]: "1" })).code).toBe("field_count");
  });

  it("a line without its last latency also has 47 fields and is rejected", () => {
    expect(issueOf(V196.split(",").slice(0, 47).join(",")).code).toBe("field_count");
  });
});
