// The stored text of a run gives the same run back. A field that the codec forgot would be lost: nothing else but the key is
// stored.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PARSER_VERSION, readBonnie } from "../../shared/bonnie/reader.ts";
import { perMetric } from "../../shared/run/metrics.ts";
import type { Measurement, Quality, Run } from "../../shared/run/run.ts";
import { decodeRun, encodeRun } from "../../shared/run/run-codec.ts";
import { computeStratum } from "../../shared/run/stratum.ts";
import { runOf } from "../support/runs.ts";

const again = ({ id, backend, stratum, finished_at, withdrawn_at, ...content }: Run): Run => ({
  ...decodeRun(encodeRun(content), { id, backend, stratum, finished_at, host: content.host }),
  withdrawn_at,
});

const PLAIN = runOf({ number: 1, rates: { putc: 25511, seeks: ">16384" } });

test("a plain run is stored as this text, which existing data folders contain", () => {
  const { id, backend, stratum, finished_at, withdrawn_at, ...content } = PLAIN;
  expect(JSON.parse(encodeRun(content))).toEqual({
    fleet: "default",
    vm: "vm1",
    received_at: "2026-11-22T10:00:00.000Z",
    raw: "raw 1",
    parser_version: 1,
    bonnie: ["v1", "csv", null, null, "vm1", null, null, 2097152, 8192, null, null, [16, null, null, 1]],
    metrics: [
      [25511, 10, null],
      ...[null, null, null, null],
      [null, null, null, 16384],
      ...[null, null, null, null, null, null],
    ],
    quality: ["clean"],
  });
});

test("what a later version has added is skipped: values at the end of a list, metrics, and fields", () => {
  const { id, backend, stratum, finished_at, withdrawn_at, ...content } = { ...PLAIN, quality: cached() };
  const stored = JSON.parse(encodeRun(content));
  const [putc, ...metrics] = stored.metrics;
  const later = {
    ...stored,
    more: { any: 1 },
    bonnie: [...stored.bonnie.slice(0, -1), [...stored.bonnie.at(-1), 5], "more", null],
    metrics: [[...putc, null, 0.5], ...metrics, [1, 2, 3], null],
    quality: [...stored.quality, "more"],
  };
  expect(decodeRun(JSON.stringify(later), { id, backend, stratum, finished_at, host: content.host })).toEqual(
    decodeRun(encodeRun(content), { id, backend, stratum, finished_at, host: content.host }),
  );
});

describe("a run is decoded as it was encoded", () => {
  test.each<[string, Partial<Run>]>([
    ["plain", {}],
    ["with a client's id", { client_run: "r-1" }],
    ["in Latin-1", { raw_encoding: "latin-1", raw: "vm\u00e9,2G" }],
    ["on a host that is its own guest", { vm: "h1" }],
    ["with facts of every kind", { facts: { site: "fra", dom0_mem_mb: 2048, rotational: true, "label.a": "=1" } }],
    ["with warnings", { warnings: ["finished_in_future: ..."] }],
    ["withdrawn", { withdrawn_at: "2026-11-23T00:00:00.000Z" }],
    ["without file tests", { bonnie: { ...PLAIN.bonnie, files: null } }],
    ["with a rate that is not known", { metrics: { ...PLAIN.metrics, seq_stat: unknown() } }],
    [
      "with a rate of zero",
      { metrics: { ...PLAIN.metrics, putc: { rate: 0, cpu: 0, latency_us: 0, censored: false } } },
    ],
    ["cached, with the reasons", { quality: cached() }],
    ["suspect without reasons", { quality: { verdict: "suspect", reasons: [], decided_by: ["C7"] } }],
  ])("%s", (_, change) => {
    const run = { ...PLAIN, ...change };
    expect(again(run)).toEqual(run);
  });

  test("as read from every real sample", () => {
    const folder = join(import.meta.dirname, "../fixtures/bonnie");
    let results = 0;
    for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
      if (!/\.(csv|txt)$/.test(name)) continue;
      for (const entry of readBonnie(readFileSync(join(folder, name), "utf8")).entries) {
        if (entry.kind !== "result") continue;
        const { raw, setup: bonnie, metrics } = entry.result;
        const run = { ...PLAIN, raw, bonnie, metrics, stratum: computeStratum(bonnie), parser_version: PARSER_VERSION };
        expect(again(run)).toEqual(run);
        results += 1;
      }
    }
    expect(results).toBeGreaterThan(10);
  });

  const measurement = fc.option(
    fc.oneof(
      fc.record({
        rate: fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }).filter((rate) => !Object.is(rate, -0)),
        cpu: fc.option(fc.nat()),
        latency_us: fc.option(fc.nat()),
        censored: fc.constant(false),
      }),
      fc.record({
        rate: fc.constant(null),
        cpu: fc.constant(null),
        latency_us: fc.option(fc.nat()),
        censored: fc.constant(true),
        lower_bound: fc.nat(),
      }),
    ),
  );

  test("with any measurements, facts and reasons", () => {
    fc.assert(
      fc.property(
        fc.array(measurement, { minLength: 12, maxLength: 12 }),
        fc.dictionary(fc.string({ minLength: 1 }), fc.oneof(fc.string(), fc.integer(), fc.boolean())),
        fc.string({ unit: "binary" }),
        (measured, facts, raw) => {
          const run = { ...PLAIN, raw, facts, metrics: perMetric((_, index) => measured[index] ?? null) };
          expect(again(run)).toEqual(run);
        },
      ),
    );
  });
});

test("any other text is an error, not a run", () => {
  const place = {
    id: "1",
    backend: "loop",
    stratum: "v1/2G/8k/16",
    finished_at: "2026-11-01T00:00:00.000Z",
    host: "h",
  } as const;
  for (const text of ["", "{}", "[]", "null", '{"fleet":"default"}']) expect(() => decodeRun(text, place)).toThrow();
});

function unknown(): Measurement {
  return { rate: null, cpu: null, latency_us: null, censored: false };
}

function cached(): Quality {
  const reasons = [{ rule: "C1", strength: "strong" as const, text: "reads are as fast as memory" }];
  return { verdict: "probably-cached", reasons, decided_by: ["C1"] };
}
