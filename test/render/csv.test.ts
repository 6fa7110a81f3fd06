// What leaves as comma-separated values must come back from any reader of RFC 4180, and must not run in a spreadsheet.

import * as fc from "fast-check";
import { expect, test } from "vitest";
import { csv, csvRecord } from "../../shared/render/csv.ts";
import { runRecords } from "../../shared/report/records.ts";
import type { Run } from "../../shared/run/run.ts";
import { readCsv, readTable, textOfField } from "../support/csv.ts";
import { runOf } from "../support/runs.ts";

test.each([
  [["a", "b"], "a,b\r\n"],
  [["", null, undefined], ",,\r\n"],
  [["a,b", 'say "x"'], '"a,b","say ""x"""\r\n'],
  [["two\nlines", "x\r"], '"two\nlines","x\r"\r\n'],
  [["a;=1+1", "b\t=1"], '"a;\'=1+1","b\t\'=1"\r\n'],
  [[" a ", "é"], " a ,é\r\n"],
  [[0.1 + 0.2, -1, 1e-9, true], "0.30000000000000004,-1,1e-9,true\r\n"],
])("%j is the record %j", (fields, record) => {
  expect(csvRecord(fields)).toBe(record);
});

test("any texts come back as they were", () => {
  const text = fc.string({ unit: fc.constantFrom("a", '"', ",", ";", "\r", "\n", "\t", "=", "'", " ", "é") });
  const fields = fc.array(text, { minLength: 2 });
  fc.assert(
    fc.property(fc.array(fields), (records) => {
      const read = readCsv(records.map(csvRecord).join(""));
      expect(read.map((record) => record.map(textOfField))).toEqual(records);
    }),
  );
});

test("any number comes back as the same number", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
      expect(Number(readCsv(csvRecord([number]))[0]?.[0])).toBe(number + 0);
    }),
  );
});

test.each(["=1+1", "+1", "-host", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠A1", "'quoted"])(
  "a spreadsheet takes %j for text",
  (text) => {
    const [[field = ""] = []] = readCsv(csvRecord([text, "x"]));
    expect(field).toMatch(/^'/);
    expect(textOfField(field)).toBe(text);
  },
);

test.each([
  ["a;=1+1;b", "a;'=1+1;b"],
  ["a; =1", "a;' =1"],
  ['a;"=1+1', "a;'\"=1+1"],
  ["\t=1", "'\t'=1"],
  ["a\n@b\r-c", "a\n'@b\r'-c"],
  ["a;'b", "a;''b"],
  ["a;b;c", "a;b;c"],
])("%j is written as %j, for where a semicolon or a tab parts fields", (text, field) => {
  expect(readCsv(csvRecord([text, "x"]))).toEqual([[field, "x"]]);
});

test("wherever a spreadsheet splits a line, no part of it begins a formula", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "=", "-", "＠", '"', ",", ";", "\t", "\n", "\r", " ", "'") });
  fc.assert(
    fc.property(text, (host) => {
      const parts = csvRecord(["x", host]).split(/[;\t\r\n]/);
      expect(parts.filter((part) => /^[ "]*[=\-＠]/.test(part))).toEqual([]);
    }),
  );
});

test.each(["dom0-fra-1", "a=1", ""])("%j is left as it is", (text) => {
  expect(readCsv(csvRecord([text, "x"]))).toEqual([[text, "x"]]);
});

const csvOf = (run: Run) => csv(runRecords([run]));

test("a run names its measurements by metric, and leaves out what nobody knows", () => {
  const rates = { putc: 25_511, seeks: ">16384" as const };
  const [row] = readTable(csvOf(runOf({ number: 1, rates, cached: ["C1", "C2"], facts: { site: "fra" } })));
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

test("the facts of a run and its line are JSON without a semicolon that a spreadsheet could split at", () => {
  const run = runOf({ number: 1, raw: "a;=1+1;b", facts: { "label.x": "a;=1+1;b" } });
  const text = csvOf(run);
  expect(text).not.toContain(";");
  const [row] = readTable(text);
  expect(JSON.parse(row?.["raw"] ?? "")).toBe("a;=1+1;b");
  expect(JSON.parse(row?.["facts"] ?? "")).toEqual({ "label.x": "a;=1+1;b" });
});

test("the columns of runs stay where they are, for programs that count them", () => {
  const [head = []] = readCsv(csv(runRecords([])));
  expect(head).toHaveLength(12 + 12 * 4 + 4 + 3);
  expect(head.slice(0, 16).join(" ")).toBe(
    "id fleet host vm backend stratum finished_at received_at withdrawn_at client_run verdict decided_by putc_rate putc_cpu putc_latency_us putc_lower_bound",
  );
  expect(head.slice(-7)).toEqual([
    "withdrawn_reason",
    "relabeled_from",
    "sent_by_token_id",
    "sent_by_label",
    "facts",
    "raw_encoding",
    "raw",
  ]);
});

test("no cell of a hostile run is a formula, and its line comes back byte for byte", () => {
  const raw = '=cmd|"/C calc"!A1,\r\n+++++,\u0000é';
  const run = { ...runOf({ number: 1, host: "=h", raw }), vm: "@vm", client_run: "-1", fleet: "f" };
  const text = csvOf(run);
  const [row] = readTable(text);
  expect(
    readCsv(text)
      .flat()
      .filter((cell) => /^[=+\-@\t\r]/.test(cell)),
  ).toEqual([]);
  expect(JSON.parse(row?.["raw"] ?? "")).toBe(raw);
  expect(row).toMatchObject({ host: "'=h", vm: "'@vm", client_run: "'-1" });
});
