// What logs write in front of lines. The prefixes are from real outputs of the tools named, or from their documentation. When one
// of these fails, a host is stored under a time stamp, or one run from a log and from curl is two.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findInner } from "../../shared/bonnie/prefix.ts";
import { readBonnie } from "../../shared/bonnie/reader.ts";
import { fixture, HEADER_200, issueOf, LOOP, REAL_LINES, resultOf, resultsOf, V197, withFields } from "./reading.ts";

fc.configureGlobal({ seed: 2026 });

const LOG_PREFIXES = [
  ["Jenkins, timestamper", "[2026-11-22T10:15:00.123Z] "],
  ["Jenkins, short times", "10:15:00  "],
  ["Jenkins, elapsed times", "00:00:12.345  "],
  ["kernel-like clock", "[   12.345678] "],
  ["epoch in brackets", "[1796119415] "],
  ["epoch in brackets with a fraction", "[1796119415.272201] "],
  ["avocado", "2017-12-06 11:25:05,159 process          L0421 DEBUG| [stdout] "],
  ["avocado, without its tag", "2017-12-06 11:25:05,159 process          L0421 INFO | "],
  ["syslog file", "Nov 22 10:15:00 dom0-1 bonnie[123]: "],
  ["syslog file, one-digit day, no process", "Dec  1 10:15:00 dom0-1 root: "],
  ["logger -s", "<13>Dec  1 10:03:34 bonnie: "],
  ["logger -s -i", "<13>Dec  1 10:03:34 bonnie[27215]: "],
  [
    "logger -s --rfc5424",
    '<13>1 2026-12-01T10:03:35.010803+00:00 vm bonnie - - [timeQuality tzKnown="1" isSynced="0"] ',
  ],
  [
    "logger -s -i --rfc5424",
    '<13>1 2026-12-01T10:03:35.022967+00:00 vm root 27217 - [timeQuality tzKnown="1" isSynced="0"] ',
  ],
  ["journalctl", "Nov 22 10:15:00 dom0-1 bonnie++[4711]: "],
  ["journalctl -o short-iso", "2026-11-22T10:15:00+0100 dom0-1 bonnie++[4711]: "],
  ["journalctl -o short-iso-precise", "2026-11-22T10:15:00.123456+01:00 dom0-1 bonnie++[4711]: "],
  ["journalctl -o short-full", "Sun 2026-11-22 10:15:00 UTC dom0-1 bonnie++[4711]: "],
  ["journalctl -o short-monotonic", "[12345.678901] dom0-1 bonnie++[4711]: "],
  ["journalctl -o short-unix", "1796119415.272201 dom0-1 bonnie++[4711]: "],
  ["a tag alone", "bonnie[123]: "],
  ["docker compose", "bench-1  | "],
  ["docker compose in color", "\u001b[36mbench-1  | \u001b[0m"],
  ["docker compose v2 in color", "\u001b[36mbench-1  |\u001b[0m "],
  ["kubectl logs --timestamps", "2026-11-22T10:15:00.123456789Z "],
  ["kubectl logs --prefix", "[pod/bench-x7x9p/bonnie] "],
  ["kubectl logs --prefix --timestamps", "[pod/bench-x7x9p/bonnie] 2026-11-22T10:15:00.123456789Z "],
  ["containerd", "2026-11-22T10:15:00.123456789Z stdout F "],
  ["GitHub Actions", "2026-11-22T10:15:00.1234567Z "],
  ["GitLab", "2026-11-22T10:15:00.123456Z 00O "],
  ["Heroku", "2026-11-22T10:15:00.123456+00:00 app[bench.1]: "],
  ["moreutils ts", "Dec 01 10:03:35 "],
  ["moreutils ts -s", "00:00:00 "],
  ["moreutils ts with a date", "2026-12-01 10:03:35.207751 "],
  ["moreutils ts %.s", "1796119415.272201 "],
  ["moreutils ts -i %.s", "0.000009 "],
  ["Python's logging", "INFO:root:"],
  ["Python's logging with a time", "2026-12-01 10:03:40,538 INFO "],
  ["Python's logging with a time and a name", "2026-12-01 10:03:40,538 - root - INFO - "],
  ["Python's logging with a process", "2026-12-01 10:03:40,538 [28683] INFO: "],
  ["pytest, captured log", "WARNING  root:test_bonnie.py:4 "],
  ["pytest, an error", "E         + "],
  ["Go's log", "2026/11/22 10:15:00 "],
  ["date", "Sun Nov 22 10:15:00 UTC 2026 "],
  ["a YAML list", "  - "],
] as const;

/** What Bonnie++ printed, as a result: without what depends on where it was. */
const valuesOf = ({ setup, metrics, warnings }: ReturnType<typeof resultOf>) => ({ setup, metrics, warnings });

describe("the prefixes of logs", () => {
  it.each(LOG_PREFIXES)("%s", (_, prefix) => {
    for (const line of REAL_LINES) {
      const result = resultOf(prefix + line);
      expect(valuesOf(result)).toEqual(valuesOf(resultOf(line)));
      expect(result.prefix).toEqual({ kind: "log", text: prefix.trimStart() });
      expect([result.raw, result.printed]).toEqual([(prefix + line).trim(), line]);
      // A stored line is read again like the first time.
      expect(resultOf(result.raw)).toEqual(result);
    }
    expect(readBonnie(prefix + HEADER_200)).toMatchObject({ entries: [], ignored: { header: 1 } });
  });

  it.each(LOG_PREFIXES)("%s: a table", (_, prefix) => {
    for (const name of ["seed-loop.txt", "run-200a-concurrency4.txt"]) {
      const plain = fixture(name).trimEnd();
      const sent = plain.replace(/^/gm, prefix);
      const result = resultOf(sent);
      expect(valuesOf(result)).toEqual(valuesOf(resultOf(plain)));
      expect(result.raw).toBe(resultOf(plain).raw.replace(/^/gm, prefix));
      expect(result.printed).toBe(resultOf(plain).printed);
      expect(result.prefix?.kind).toBe("log");
      expect(resultOf(result.raw)).toEqual(result);
    }
  });

  it.each(LOG_PREFIXES)("%s: a line that is cut at a border of its fields is one issue", (_, prefix) => {
    for (const line of [LOOP, V197]) {
      for (const { index } of line.matchAll(/,/g)) {
        expect(resultsOf(prefix + line.slice(0, index))).toEqual([]);
        // With all fields, an empty last latency is a warning.
        if (index < line.lastIndexOf(",")) expect(resultsOf(prefix + line.slice(0, index + 1))).toEqual([]);
      }
      const cut = prefix + line.split(",", 20).join(",");
      expect(issueOf(cut)).toMatchObject({ line: 1, raw: cut });
    }
  });

  it("a log with a run as a table and as a line has it once", () => {
    const log = (fixture("seed-loop.txt") + fixture("seed-loop.csv")).trimEnd().replace(/^/gm, "bench-1  | ");
    expect(resultOf(log).printed).toBe(LOOP);
  });

  it("several lines of one log share what they have in common", () => {
    const lines = [LOOP, withFields(LOOP, { 2: "25512" }), LOOP.replace("vm101", "vm102"), V197];
    const log = lines.map((line, index) => `[2026-11-22T10:15:0${index}.123Z] ${line}`);
    expect(resultsOf(log.join("\n")).map(valuesOf)).toEqual(lines.map((line) => valuesOf(resultOf(line))));
  });

  it("Ansible's list of lines", () => {
    const sent = `ok: [dom0-1] => {\n    "bonnie.stdout_lines": [\n        "${LOOP}",\n        "${V197}"\n    ]\n}`;
    const results = resultsOf(sent);
    expect(results.map(({ printed, prefix }) => [printed, prefix?.kind])).toEqual([
      [LOOP, "log"],
      [V197, "log"],
    ]);
    expect(results.map(({ raw }) => raw)).toEqual([`"${LOOP}",`, `"${V197}"`]);
    expect(resultOf(`    "msg": "${V197}"`).printed).toBe(V197);
    // With an escape in it, the line is not what the string shows.
    expect(issueOf(`"${withFields(V197, { 2: 'a\\"b' })}",`).code).toBe("field_count");
  });

  it("a label in front of a v2 line is not part of its name", () => {
    for (const label of ["cfq1:    ", "dom0-1: ", "a.csv:", "a.csv:12:", "my label: "]) {
      const result = resultOf(label + V197);
      expect(result).toMatchObject({ prefix: { kind: "label", text: label }, printed: V197, raw: label + V197 });
      expect(valuesOf(result)).toEqual(valuesOf(resultOf(V197)));
    }
  });

  it("pdsh: a table keeps the label in its name, as its line does", () => {
    const sent = (fixture("seed-loop.txt") + fixture("seed-loop.csv")).trimEnd().replace(/^/gm, "dom0-1: ");
    expect(resultOf(sent).setup.machine).toBe("dom0-1: vm101");
    const table = resultOf(fixture("seed-loop.txt").trimEnd().replace(/^/gm, "dom0-1: "));
    expect(table.setup.machine).toBe("dom0-1: vm101");
    expect(table.prefix?.kind).toBe("label");
  });

  it.each(["bench-1  | ", "dom0-1: ", "Nov 22 10:15:00 dom0-1 bonnie[1]: "])(
    "tables of two writers that are mixed are not read as one: %s",
    (prefix) => {
      const [first, second] = [fixture("seed-loop.txt"), fixture("seed-blktap.txt")].map((text, index) =>
        text
          .trimEnd()
          .replace(/^/gm, index === 0 ? prefix : prefix.replace("-1", "-2"))
          .split("\n"),
      );
      for (const size of [1, 2, 3]) {
        const mixed: string[] = [];
        for (let at = 0; at < 8; at += size) {
          mixed.push(...(first?.slice(at, at + size) ?? []), ...(second?.slice(at, at + size) ?? []));
        }
        const { entries } = readBonnie(mixed.join("\n"));
        expect(entries.map(({ kind }) => kind)).not.toContain("result");
        expect(entries.length).toBeGreaterThan(0);
      }
    },
  );

  it("an issue behind a prefix has the columns of the line as received", () => {
    const bad = withFields(LOOP, { 4: "12x" });
    expect(issueOf(`[10:15:00] ${bad}`)).toMatchObject({ column: 4, field: "put_block", raw: `[10:15:00] ${bad}` });
    // The comma of the time is in front of field 0.
    expect(issueOf(`2026-12-01 10:03:40,538 INFO ${bad}`)).toMatchObject({ column: 5, field: "put_block" });
    const table = fixture("seed-loop.txt").replace("18075", "180x5").trimEnd();
    expect(issueOf(table.replace(/^/gm, "bench-1  | ")).column).toBe(issueOf(table).column + 11);
  });

  it("escape sequences in any other place are control characters", () => {
    for (const line of [`\u001b[36m${LOOP}`, LOOP.replace("2064M", "\u001b[1m2064M"), `bench |\u001b[2J ${LOOP}`]) {
      expect(issueOf(line).code).toBe("control_character");
    }
    expect(resultOf(`\u001b[36mbench |\u001b[0m \u001b[1m${LOOP}\u001b[0m`).printed).toBe(LOOP);
  });

  it("names without a space are never taken for prefixes", () => {
    const name = fc.string({ unit: fc.constantFrom(..."ab0123456789[]()<>:|-+.TZ"), minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(name, (text) => {
        fc.pre(!/^[>#]/.test(text) && !/^(?:[^\s:]+\.\w+:|\d+:)/.test(text));
        const result = resultOf(LOOP.replace("vm101", text));
        expect(result.setup.machine).toBe(text);
        expect(result.prefix).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  it("looking for a prefix takes time proportional to the line at most", () => {
    for (const piece of [
      "[",
      "[a] ",
      "a: ",
      "1:",
      ": ",
      '"',
      "\u001b[0m",
      "<13>",
      "12:00:00 ",
      "a| ",
      " ",
      "Nov 22 ",
    ]) {
      const text = piece.repeat(Math.ceil(1_000_000 / piece.length));
      expect(() => findInner(text)).not.toThrow();
      expect(readBonnie(LOOP.replace("vm101", text)).entries).toHaveLength(1);
      expect(readBonnie(V197.replace("1.97", `${text}1.97`)).entries).toHaveLength(1);
    }
  });
});
