// What leaves as comma-separated values must come back from any reader of RFC 4180, and must not run in a spreadsheet.

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { csvRecord, harmlessField } from "../../shared/render/csv.ts";
import { RUNS_CSV_HEAD, runCsv } from "../../shared/render/runs-csv.ts";
import { readCsv, readTable } from "../support/csv.ts";
import { runOf } from "../support/runs.ts";

test.each([
  [["a", "b"], "a,b\r\n"],
  [["", ""], ",\r\n"],
  [["a,b", 'say "x"'], '"a,b","say ""x"""\r\n'],
  [["two\nlines", "\r"], '"two\nlines","\r"\r\n'],
  [[" a ", "é"], " a ,é\r\n"],
])("%j is the record %j", (fields, record) => {
  expect(csvRecord(fields)).toBe(record);
});

test("any fields come back as they were", () => {
  const fields = fc.array(fc.string({ unit: fc.constantFrom("a", '"', ",", "\r", "\n", "=", "é") }), { minLength: 2 });
  fc.assert(
    fc.property(fc.array(fields), (records) => {
      expect(readCsv(records.map(csvRecord).join(""))).toEqual(records);
    }),
  );
});

test.each([
  ["=1+1", "'=1+1"],
  ["+1", "'+1"],
  ["-host", "'-host"],
  ["@SUM(A1)", "'@SUM(A1)"],
  ["\t=1", "'\t=1"],
  ["\r=1", "'\r=1"],
  ["'quoted", "''quoted"],
  ["dom0-fra-1", "dom0-fra-1"],
  ["a=1", "a=1"],
  ["", ""],
])("a spreadsheet takes %j for text, as %j", (text, field) => {
  expect(harmlessField(text)).toBe(field);
  expect(field.replace(/^'/, "")).toBe(text);
});

test("a run names its measurements by metric, and leaves out what nobody knows", () => {
  const rates = { putc: 25_511, seeks: ">16384" as const };
  const [row] = readTable(
    RUNS_CSV_HEAD + runCsv(runOf({ number: 1, rates, cached: ["C1", "C2"], facts: { site: "fra" } })),
  );
  expect(row).toMatchObject({
    host: "h1",
    backend: "loop",
    stratum: "v1/2G/8k/16",
    finished_at: "2026-11-01T00:00:00.000Z",
    withdrawn_at: "",
    client_run: "",
    verdict: "probably-cached",
    decided_by: "C1 C2",
    putc_rate: "25511",
    putc_cpu: "10",
    putc_latency_us: "",
    putc_lower_bound: "",
    seeks_rate: "",
    seeks_lower_bound: "16384",
    getc_rate: "",
    facts: '{"site":"fra"}',
    raw: '"raw 1"',
  });
});

test("the columns stay where they are, for whoever counts them", () => {
  const [head = []] = readCsv(RUNS_CSV_HEAD);
  expect(head).toHaveLength(12 + 12 * 4 + 3);
  expect(head.slice(0, 16).join(" ")).toBe(
    "id fleet host vm backend stratum finished_at received_at withdrawn_at client_run verdict decided_by putc_rate putc_cpu putc_latency_us putc_lower_bound",
  );
  expect(head.slice(-3)).toEqual(["facts", "raw_encoding", "raw"]);
});

test("no cell of a hostile run is a formula, and its line comes back byte for byte", () => {
  const raw = '=cmd|"/C calc"!A1,\r\n+++++,\u0000é';
  const run = { ...runOf({ number: 1, host: "=h", raw }), vm: "@vm", client_run: "-1", fleet: "f" };
  const text = RUNS_CSV_HEAD + runCsv(run);
  const [row] = readTable(text);
  expect(
    readCsv(text)
      .flat()
      .filter((cell) => /^[=+\-@\t\r]/.test(cell)),
  ).toEqual([]);
  expect(JSON.parse(row?.["raw"] ?? "")).toBe(raw);
  expect(row).toMatchObject({ host: "'=h", vm: "'@vm", client_run: "'-1" });
});
