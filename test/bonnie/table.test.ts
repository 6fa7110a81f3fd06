import { describe, expect, it } from "vitest";
import { readBonnie } from "../../shared/bonnie/reader.ts";
import { fixture, issueOf, resultOf, V197 } from "./reading.ts";

const V1_HEAD = `Version 1.03e       ------Sequential Output------ --Sequential Input- --Random-
                    -Per Chr- --Block-- -Rewrite- -Per Chr- --Block-- --Seeks--
Machine        Size K/sec %CP K/sec %CP K/sec %CP K/sec %CP K/sec %CP  /sec %CP
`;
const V1_FILES = `                    ------Sequential Create------ --------Random Create--------
                    -Create-- --Read--- -Delete-- -Create-- --Read--- -Delete--
              files  /sec %CP  /sec %CP  /sec %CP  /sec %CP  /sec %CP  /sec %CP
                 16 +++++ +++ +++++ +++ +++++ +++ +++++ +++ +++++ +++ +++++ +++
`;
const V1_ROW = "ubuntu           8G 51234  91 65284  18 39589   8 48765  90 96293   8  7511   6\n";
const V1_TABLE = V1_HEAD + V1_ROW + V1_FILES;

const V2_HEAD = `Version 2.00a       ------Sequential Output------ --Sequential Input- --Random-
                    -Per Chr- --Block-- -Rewrite- -Per Chr- --Block-- --Seeks--
Name:Size etc        /sec %CP  /sec %CP  /sec %CP  /sec %CP  /sec %CP  /sec %CP
`;
const V2_ROW = "vm101        1G:64k 2608k  87  243m  72  1.6g  34 2932k  65 +++++ +++ +++++ +++\n";
const V2_LATENCIES = "Latency             46014us   50335us   23347us   69211us    2184us   34543us\n";

const V19_TABLE = `Version  1.97       ------Sequential Output------ --Sequential Input- --Random-
Concurrency   1     -Per Chr- --Block-- -Rewrite- -Per Chr- --Block-- --Seeks--
Machine        Size K/sec %CP K/sec %CP K/sec %CP K/sec %CP K/sec %CP  /sec %CP
cc3550           8G   864  99 77866   7 72051   8  2947  99 235458  14  9676 125
Latency             14345us    2216ms     749ms    4939us     131ms    1748us
Version  1.97       ------Sequential Create------ --------Random Create--------
cc3550              -Create-- --Read--- -Delete-- -Create-- --Read--- -Delete--
              files  /sec %CP  /sec %CP  /sec %CP  /sec %CP  /sec %CP  /sec %CP
                 16 +++++ +++ +++++ +++ +++++ +++ +++++ +++ +++++ +++ +++++ +++
Latency              2205us     881us     689us     668us      23us     981us
`;

describe("tables of 1.0x", () => {
  it("all tests, seeks from 1000 on without a decimal", () => {
    const { setup, metrics, raw } = resultOf(V1_TABLE);
    expect(raw).toBe(V1_TABLE.trimEnd());
    expect(setup).toMatchObject({ format: "v1", source: "text", bonnie_version: "1.03e", machine: "ubuntu" });
    expect(setup).toMatchObject({ file_size_kib: 8 * 1048576, chunk_size_bytes: 8192, seek_count: null });
    expect(metrics.putc).toMatchObject({ rate: 51234, cpu: 91 });
    expect(metrics.seeks).toMatchObject({ rate: 7511, cpu: 6 });
    expect(metrics.ran_delete).toMatchObject({ censored: true, lower_bound: 32768 });
  });

  it("-f: eight values are the tests without putc and getc", () => {
    const row = "ubuntu           8G           65284  18 39589   8           96293   8  7511   6\n";
    const { metrics } = resultOf(V1_HEAD + row + V1_FILES);
    expect([metrics.putc, metrics.getc]).toEqual([null, null]);
    expect(metrics.put_block?.rate).toBe(65284);
    expect(metrics.rewrite?.rate).toBe(39589);
    expect(metrics.get_block?.rate).toBe(96293);
    expect(metrics.seeks?.rate).toBe(7511);
  });

  it("rates of six and seven digits push the row to the right", () => {
    const row = "ubuntu           8G 151234  91 1065284  18 39589   8 48765  90 2096293  99 249.1   0\n";
    const { metrics } = resultOf(V1_HEAD + row);
    expect([metrics.put_block?.rate, metrics.get_block?.rate, metrics.seeks?.rate]).toEqual([1065284, 2096293, 249.1]);
  });

  it.each([
    ["a name with spaces", "my web server    8G", "my web server", 8192],
    ["no name", "                 8G", "", 8192],
    ["a truncated name", "dom0.example.or 64G", "dom0.example.or", 8192],
    ["a name with a comma", "vm,101           8G", "vm,101", 8192],
    ["a name that looks like a size", "8G               8G", "8G", 8192],
    ["a chunk size", "ubuntu       8G:64k", "ubuntu", 65536],
    ["a small chunk size", "ubuntu     8200M:512", "ubuntu", 512],
  ])("%s", (_, front, machine, chunk) => {
    const { setup } = resultOf(V1_HEAD.replace("  Size ", "Size:chnk ".slice(0, 7)) + V1_ROW.replace(/^.{19}/, front));
    expect([setup.machine, setup.chunk_size_bytes]).toEqual([machine, chunk]);
  });

  it("-n 0: a table that ends with the first half", () => {
    expect(resultOf(V1_HEAD + V1_ROW).setup.files).toBeNull();
  });

  it("-s 0: the second half begins with the version, and the name is below it", () => {
    const text = V1_FILES.replace(/^ {20}/, "Version 1.03e       ").replace(
      "\n                    ",
      "\nmy vm               ",
    );
    const { setup, metrics } = resultOf(text);
    expect(setup).toMatchObject({
      bonnie_version: "1.03e",
      machine: "my vm",
      file_size_kib: null,
      chunk_size_bytes: null,
    });
    expect(metrics.seeks).toBeNull();
    expect(metrics.seq_create?.lower_bound).toBe(32768);
  });

  it.each([
    ["files:max:min", "16:1000:16/64", { thousands: 16, max_size: 1000, min_size: 16, num_dirs: 64 }],
    ["files:max", "16:1000", { thousands: 16, max_size: 1000, min_size: 0, num_dirs: 1 }],
    ["files:max", "16:1000/8", { thousands: 16, max_size: 1000, min_size: 0, num_dirs: 8 }],
    ["files", "64:symlink", { thousands: 64, max_size: "symlink", min_size: null, num_dirs: 1 }],
  ])("%s %s", (heading, files, expected) => {
    const half = V1_FILES.replace("files", heading).replace(" 16 +", ` ${files} +`);
    expect(resultOf(V1_HEAD + V1_ROW + half).setup.files).toEqual(expected);
  });

  it("a %CP that no machine reaches is kept with a warning", () => {
    const { metrics, warnings } = resultOf(V1_TABLE.replace("  18 ", " 999 "));
    expect([metrics.put_block?.cpu, warnings.map((warning) => warning.split(" has")[0])]).toEqual([
      999,
      ["impossible_cpu: put_block"],
    ]);
  });

  it("a label joined to the machine name is part of it as read, and named", () => {
    for (const label of ["a:  ", "a: "]) {
      const { setup, prefix } = resultOf(V1_TABLE.replace("ubuntu    ", `${label}ubuntu `));
      expect([setup.machine, prefix]).toEqual([`${label}ubuntu`, { kind: "label", text: label }]);
    }
  });

  // 1.00 to 1.00e required a whole second and did 8000 seeks: 8 GiB/s, 8000/s, 16384 files/s instead of twice that.
  it.each(["1.00", "1.00a", "1.00e"])("%s: the bound of +++++ is half as high, for 8000 seeks", (version) => {
    const text = V1_TABLE.replace("1.03e", version.padStart(5))
      .replace("7511   6", "+++++ +++")
      .replace("65284  18", "+++++ +++");
    const { setup, metrics } = resultOf(text);
    expect([setup.bonnie_version, setup.seek_count]).toEqual([version, null]);
    expect(metrics.put_block?.lower_bound).toBe(8 * 1048576);
    expect(metrics.seeks?.lower_bound).toBe(8000);
    expect(metrics.ran_delete?.lower_bound).toBe(16384);
    expect(resultOf(text.replace("39589", "8388608")).metrics.rewrite?.rate).toBe(8388608);
    expect(issueOf(text.replace("39589", "8388609"))).toMatchObject({ code: "above_bound", field: "rewrite" });
    expect(issueOf(V1_TABLE.replace("1.03e", version.padStart(5)).replace(" 7511", "8001")).code).toBe("above_bound");
  });

  it.each(["1.00f", "1.00h", "1.01a", "1.04"])("%s: the bound of +++++ is the usual one", (version) => {
    const { metrics } = resultOf(V1_TABLE.replace("1.03e", version.padStart(5)).replace("7511   6", "+++++ +++"));
    expect([metrics.seeks?.lower_bound, metrics.ran_delete?.lower_bound]).toEqual([16384, 32768]);
  });

  it("two tables in a row are two results, each with its own lines", () => {
    const { entries } = readBonnie(`${V1_TABLE}\n${V1_TABLE}`);
    expect(entries.map((entry) => entry.kind === "result" && entry.result.line)).toEqual([1, 10]);
  });

  it("line ends, trailing spaces and blank lines between do not make another run", () => {
    const lines = V1_TABLE.trimEnd().split("\n");
    const { raw } = resultOf(lines.join(" \r\n\r\n"));
    expect(raw).toBe(resultOf(V1_TABLE).raw);
    expect(readBonnie(lines.join("\n\n")).ignored.blank).toBe(lines.length - 1);
  });
});

describe("tables of 1.92b to 1.97", () => {
  it("have latencies and a concurrency", () => {
    const { setup, metrics } = resultOf(V19_TABLE);
    const csv = resultOf(V197);
    expect(metrics).toEqual(csv.metrics);
    expect(setup).toEqual({ ...csv.setup, source: "text", format_version: null, seed: null });
  });

  it("with -f: four latencies belong to the four tests", () => {
    const text = V19_TABLE.replace("   864  99 ", "           ")
      .replace("  2947  99 ", "           ")
      .replace("Latency             14345us", "Latency                    ")
      .replace("    4939us ", "           ");
    const { metrics } = resultOf(text);
    expect([metrics.putc, metrics.getc]).toEqual([null, null]);
    expect(metrics.put_block?.latency_us).toBe(2_216_000);
    expect(metrics.get_block?.latency_us).toBe(131_000);
  });

  it("the longer of the two names is taken, since the first may be truncated", () => {
    const text = V19_TABLE.replace("cc3550           8G", "cc3550.example.o 8G").replace(
      "cc3550       ",
      "cc3550.example.org ",
    );
    expect(resultOf(text).setup.machine).toBe("cc3550.example.org");
  });

  it("halves of two machines are not one run", () => {
    const text = V19_TABLE.replace("cc3550              -", "other               -");
    expect(issueOf(text)).toMatchObject({ line: 1, code: "bad_table" });
  });

  it("without lines of latencies there are none", () => {
    expect(resultOf(V19_TABLE.replace(/^Latency.*\n/gm, "")).metrics.seeks?.latency_us).toBeNull();
  });
});

describe("tables of 1.98 to 2.00a", () => {
  it("rates with units are K/s, with the precision of the last digit", () => {
    const { setup, metrics } = resultOf(V2_HEAD + V2_ROW + V2_LATENCIES);
    expect(setup).toMatchObject({ machine: "vm101", chunk_size_bytes: 65536, seek_count: 8192, seek_procs: null });
    // 243 x 1024; 1.6 x 1048576 = 1677721.6
    expect([metrics.putc?.rate, metrics.put_block?.rate, metrics.rewrite?.rate]).toEqual([2608, 248832, 1677722]);
    expect(metrics.get_block).toMatchObject({ censored: true, lower_bound: 2097152, latency_us: 2184 });
  });

  it.each([
    ["vm101         4G::4", "vm101", 4, 8192, 4, 8192],
    ["vm101 2G:16k::204800", "vm101", 2, 16384, 1, 204800],
    ["64G:4k::65536", "", 64, 4096, 1, 65536],
    ["vm101            1G", "vm101", 1, 8192, 1, 8192],
  ])("%s", (front, machine, gib, chunk, concurrency, seeks) => {
    const { setup } = resultOf(V2_HEAD + V2_ROW.replace("vm101        1G:64k", front));
    expect(setup).toMatchObject({ machine, concurrency });
    expect(setup).toMatchObject({ file_size_kib: gib * 1048576, chunk_size_bytes: chunk, seek_count: seeks });
  });

  it("a rate that rounding put above the largest possible one is that one", () => {
    // 1500 MiB x 2048 = 3072000 K/s = 2.93g; 2.9g and 3.0g are 3040870 and 3145728 K/s.
    const row = V2_ROW.replace("1G:64k", "1500M ").replace("1.6g", "3.0g");
    expect(resultOf(V2_HEAD + row).metrics.rewrite?.rate).toBe(3072000);
    expect(issueOf(V2_HEAD + row.replace("3.0g", "3.1g")).code).toBe("above_bound");
  });

  it("0k is rejected: a converter prints it for +++++", () => {
    expect(issueOf(V2_HEAD + V2_ROW.replace("+++++ +++", "   0k   0"))).toMatchObject({
      code: "bad_number",
      field: "get_block",
    });
  });

  it.each([
    ["the same line", {}, 0],
    ["another machine", { 2: "vm102" }, 1],
    ["a machine name that goes on", { 2: "vm101.example.org" }, 0],
    ["its machine name removed", { 2: "" }, 0],
    ["its machine name removed and another rate", { 2: "", 11: "249856" }, 1],
    ["another file size", { 5: "2G" }, 1],
    ["another program", { 1: "2.00" }, 1],
    ["another %CP", { 12: "73" }, 1],
    ["another latency", { 39: "50336us" }, 1],
    ["a rate within the last digit", { 11: "249855" }, 0],
    ["a rate outside the last digit", { 11: "249856" }, 1],
    ["a measured rate for a censored one", { 17: "1234567", 18: "99" }, 1],
  ])("next to a CSV line with %s", (_, changes, tables) => {
    const [line = ""] = fixture("run-200a-partial.csv").split("\n");
    const fields = line.split(",").map((field, index) => (changes as Record<number, string>)[index] ?? field);
    const table = V2_HEAD + V2_ROW.replace("1G:64k", "    1G") + V2_LATENCIES;
    const { entries, ignored } = readBonnie(`${fields.join(",")}\n${table}`);
    expect(entries.filter((entry) => entry.kind === "result" && entry.result.setup.source === "text")).toHaveLength(
      tables,
    );
    expect(ignored.table).toBe(tables === 0 ? 5 : 0);
  });
});

describe("a table copied from a web page, with no-break spaces, reads as the table itself", () => {
  it.each([
    ["1.0x", V1_TABLE],
    ["1.97", V19_TABLE],
    ["2.00a", V2_HEAD + V2_ROW + V2_LATENCIES],
  ])("of %s", (_, table) => {
    const { setup, metrics } = resultOf(table);
    for (const copy of [table.replaceAll(" ", "\u00A0"), table.replaceAll("  ", "\u00A0 ")]) {
      expect(resultOf(copy)).toMatchObject({ setup, metrics });
    }
  });

  it("and is not stored in addition to its CSV line", () => {
    const { entries, ignored } = readBonnie(fixture("run-200a-nonquiet.log").replaceAll(" ", "\u00A0"));
    expect([entries.map((entry) => entry.kind), ignored.table]).toEqual([["result"], 10]);
  });

  it("a row without its heading is an issue, not ignored", () => {
    expect(issueOf(V2_ROW.replaceAll(" ", "\u00A0")).code).toBe("bad_table");
  });
});

describe("a table that cannot be read is one issue, at the line and word that is wrong", () => {
  it.each([
    ["a value too few", V1_TABLE.replace("  7511   6", "  7511"), 4, 1, "bad_table"],
    ["a value too many", V1_TABLE.replace("  7511   6", "  7511   6 1"), 4, 1, "bad_table"],
    ["no size", V1_TABLE.replace(" 8G ", " xx "), 4, 1, "bad_table"],
    ["a file row too short", V1_TABLE.replace(/ \+\+\+\n$/, "\n"), 8, 1, "bad_table"],
    ["no row at all", V1_HEAD, 1, 1, "bad_table"],
    ["a bad rate", V1_TABLE.replace("65284", "6528x"), 4, 31, "bad_number"],
    ["a censored rate with a %CP", V1_TABLE.replace("+++++ +++", "+++++  99"), 8, 28, "bad_pair"],
    ["a rate above its bound", V1_TABLE.replace("65284", "99965284"), 4, 31, "above_bound"],
    ["a bad number of files", V1_TABLE.replace("  16 +", " 1x6 +"), 8, 17, "bad_files"],
    ["a bad chunk size", V1_TABLE.replace("    8G", "8G:48k"), 4, 14, "bad_size"],
    ["a latency too few", V19_TABLE.replace("    1748us", ""), 5, 1, "bad_table"],
    ["a bad latency", V19_TABLE.replace("  1748us", "  1748ns"), 5, 72, "bad_number"],
    ["a latency above its test", V19_TABLE.replace("   1748us", "   1748ms"), 5, 72, "latency_above_elapsed"],
    ["an old version", V19_TABLE.replaceAll(" 1.97", "1.92a"), 1, 1, "unsupported_format"],
    ["an unknown version", V19_TABLE.replaceAll("1.97", "3.00"), 1, 1, "unsupported_format"],
    ["a control character", V1_TABLE.replace("ubuntu", "ub\u0007ntu"), 4, 3, "control_character"],
  ])("%s", (_, text, line, column, code) => {
    expect(issueOf(text)).toMatchObject({ line, column, code });
  });

  it("a row that was wrapped after a pair of values is joined again", () => {
    const { metrics, raw } = resultOf(V1_TABLE.replace(" 39589", "\n39589"));
    expect(metrics).toEqual(resultOf(V1_TABLE).metrics);
    expect(raw.split("\n")).toHaveLength(9);
  });

  it.each([
    ["a row", V1_TABLE.split("\n")[3] ?? ""],
    ["the second half of a wrapped row", " 39589  79 65284  10 23347   9 65529  77 84028   7"],
    ["a row of 2.00, with units", V2_ROW.trimEnd()],
    ["a row of files", "                 16 29488  79 +++++ +++ +++++ +++ +++++ +++ +++++ +++ +++++ +++"],
  ])("without its heading: %s", (_, row) => {
    expect(issueOf(row).code).toBe("bad_table");
  });

  it.each([
    ["vmstat", " 1  0      0 123456  12345 234567    0    0     5    10   20   30  1  1 98  0  0"],
    ["vmstat of old", " 1  0  0 123456 12345 234567 0 0 5 10 20 30 1 1 98 0"],
    ["xentop", "vm101 --b---  1234  0.5 1048576  6.2 1048576  6.2  1  1 200 300 1 0 4000 5000 60000 70000 0"],
    ["xentop of Dom0", "Domain-0 -----r 9876 12.5 2097152 12.5 no limit n/a 4 0 0 0 0 0 0 0 0 0 0"],
    ["/proc/diskstats", "   8       0 sda 1234 12 45678 900 2345 34 56789 1200 0 800 2100"],
    ["/proc/stat", "cpu  1234 0 567 8910111 11 0 12 0 0 0"],
    ["df -k -i", "/dev/xvda1 655360 123456 531904 19% 10485760 5242880 5242880 50% /"],
    ["free -k", "Mem:       24000000     1000000     2000000       10000     1000000    20000000"],
  ])("output of %s next to a result is ignored, and the upload is accepted", (_, row) => {
    const { entries, ignored } = readBonnie(`${row}\n${V197}\n`);
    expect([entries.map(({ kind }) => kind), ignored.other]).toEqual([["result"], 1]);
  });

  it("the whole table is kept for the quarantine, so that it can be read again", () => {
    const text = V1_TABLE.replace("65284", "6528x");
    expect(issueOf(text).raw).toBe(text.trimEnd());
  });

  it("a heading without its row does not consume the CSV line below it", () => {
    const { entries } = readBonnie(`${V1_HEAD}${V197}\n`);
    expect(entries.map((entry) => entry.kind)).toEqual(["issue", "result"]);
  });
});
