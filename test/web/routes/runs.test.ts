// GET /v1/runs/{id}: a run reads back as the values in its line.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Receipt } from "../../../functions/service/upload/receipt.ts";
import { METRIC_NAMES } from "../../../shared/run/metrics.ts";
import type { Run } from "../../../shared/run/run.ts";
import { asJson, jsonOf, type Refusal, textOf } from "../../support/answer.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { fixture, LOOP } from "../../support/fixtures.ts";
import { makeTestService, type TestService } from "../../support/service.ts";

let engine: TestEngine;
let service: TestService;

beforeAll(async () => {
  engine = await startTestEngine();
  service = await makeTestService(await engine.newTable());
});
afterAll(() => engine.stop());

/** Posts a fixture for a host that nobody has posted for; its runs as they read back. */
let hosts = 0;
const runsOf = async (name: string): Promise<Run[]> => {
  hosts += 1;
  const receipt = await jsonOf<Receipt>(service.post(fixture(name), `?backend=loop&host=h${hosts}`, asJson), 201);
  return Promise.all(receipt.results.map(({ url }) => jsonOf<Run>(service.send(url), 200)));
};

/** Where the twelve rates, each followed by its %CP, stand in a line, counted from 0; and its latencies. */
function columnsOf(line: string): { rates: number[]; latencies: number[] } {
  const version = line.split(",")[0] ?? "";
  // v1: name, size, IO, files. v2: seven columns of setup (nine from 1.98 on), IO, five of the file tests, files, latencies.
  const first = /^1\.9[67]$/.test(version) ? 7 : version === "1.98" ? 9 : 2;
  const files = first + 12 + (first === 2 ? 1 : 5);
  const every2nd = (from: number) => Array.from({ length: 6 }, (_, index) => from + 2 * index);
  return {
    rates: [...every2nd(first), ...every2nd(files)],
    latencies: first === 2 ? [] : Array.from({ length: 12 }, (_, index) => files + 12 + index),
  };
}

const MICROSECONDS: Record<string, number> = { us: 1, ms: 1_000, s: 1_000_000 };

function latencyOf(field: string | undefined): number | null {
  const [, digits, unit = ""] = /^(\d+)(us|ms|s)$/.exec(field ?? "") ?? [];
  return digits === undefined ? null : Number(digits) * (MICROSECONDS[unit] ?? Number.NaN);
}

describe.each([
  "seed-loop.csv",
  "seed-blktap.csv",
  "public-19x.csv",
  "run-200a-partial.csv",
  "run-200a-x2-fast.csv",
  "run-200a-concurrency4.csv",
])("200: %s", (name) => {
  test("every rate, %CP, latency and hole is the one in the line, and .txt is the line", async () => {
    const runs = await runsOf(name);
    const lines = fixture(name)
      .trimEnd()
      .split("\n")
      .filter((line) => !line.startsWith("format_version"));
    expect(runs.map(({ raw }) => raw)).toEqual(lines);
    for (const [index, run] of runs.entries()) {
      const line = lines[index] ?? "";
      const fields = line.split(",");
      const { rates, latencies } = columnsOf(line);
      for (const [place, metric] of METRIC_NAMES.entries()) {
        const [rate, cpu] = fields.slice(rates[place], (rates[place] ?? 0) + 2);
        const measured = run.metrics[metric];
        if (rate === "") {
          expect(measured, metric).toBeNull();
          continue;
        }
        expect(measured, metric).toEqual({
          rate: rate === "+++++" ? null : Number(rate),
          cpu: cpu === "+++" ? null : Number(cpu),
          latency_us: latencyOf(fields[latencies[place] ?? -1]),
          censored: rate === "+++++",
          ...(rate === "+++++" ? { lower_bound: expect.any(Number) } : {}),
        });
      }
      expect(await textOf(service.send(`/v1/runs/${run.id}.txt`), 200)).toBe(`${line}\n`);
      expect(await textOf(service.send(`/v1/runs/${run.id}`, { headers: { Accept: "text/plain" } }), 200)).toBe(
        `${line}\n`,
      );
    }
  });
});

test.each(["seed-loop", "seed-blktap"])("%s.txt, the text table of the line, has the same rates", async (name) => {
  const [table] = await runsOf(`${name}.txt`);
  const [csv] = await runsOf(`${name}.csv`);
  const ratesOf = (run: Run | undefined) => METRIC_NAMES.map((metric) => run?.metrics[metric]?.rate);
  expect(ratesOf(table)).toEqual(ratesOf(csv));
  expect(table?.bonnie).toMatchObject({ source: "text", bonnie_version: "1.03c" });
});

test("run-200a-concurrency4.txt: file rates of a 2.00 table are unknown, never the wrong ones it prints", async () => {
  const [run] = await runsOf("run-200a-concurrency4.txt");
  expect(run?.metrics.seq_create).toMatchObject({ rate: null, censored: false });
  expect(run?.metrics.seq_stat).toMatchObject({ censored: true });
  expect(run?.metrics.putc?.rate).toBe(2663);
});

test("run-200a-nonquiet.log: of everything in one stream, the one CSV line", async () => {
  const [run, ...more] = await runsOf("run-200a-nonquiet.log");
  expect(more).toEqual([]);
  expect(run?.raw).toBe(fixture("run-200a-nonquiet.log").trimEnd().split("\n").at(-1));
});

test("the seed's loop run has exactly the shape of the contract, bounds by work over half a second", async () => {
  const [run] = await runsOf("seed-loop.csv");
  expect(run).toEqual({
    id: expect.stringMatching(/^[0-9a-f]{48}$/),
    fleet: "default",
    host: `h${hosts}`,
    vm: "vm101",
    backend: "loop",
    stratum: "v1/2G/8k/16",
    finished_at: "2026-11-22T10:00:00.000Z",
    received_at: "2026-11-22T10:00:00.000Z",
    raw: LOOP,
    raw_encoding: "utf-8",
    parser_version: expect.any(Number),
    client_run: null,
    facts: expect.objectContaining({ backend_evidence: "declared" }),
    bonnie: {
      format: "v1",
      source: "csv",
      format_version: null,
      bonnie_version: null,
      machine: "vm101",
      concurrency: null,
      seed: null,
      // 2064M
      file_size_kib: 2_113_536,
      chunk_size_bytes: 8192,
      seek_count: null,
      seek_procs: null,
      files: { thousands: 16, max_size: null, min_size: null, num_dirs: 1 },
    },
    metrics: expect.objectContaining({
      putc: { rate: 25_511, cpu: 35, latency_us: null, censored: false },
      // 8192 seeks, and 16 * 1024 files, in less than half a second.
      seeks: { rate: null, cpu: null, latency_us: null, censored: true, lower_bound: 16_384 },
      ran_delete: { rate: null, cpu: null, latency_us: null, censored: true, lower_bound: 32_768 },
    }),
    quality: {
      verdict: "probably-cached",
      reasons: expect.any(Array),
      decided_by: expect.arrayContaining(["C1", "C2"]),
    },
    warnings: expect.any(Array),
    sent_by: { token_id: expect.any(String), label: null },
    withdrawn_at: null,
  });
});

test("404: another fleet's run is not there, nor is one that nobody stored", async () => {
  const [run] = await runsOf("seed-loop.csv");
  const token = await service.token({ scope: "admin", fleet: "other" });
  for (const answer of [
    service.send(`/v1/runs/${run?.id}`, { token }),
    service.send(`/v1/runs/${"0".repeat(48)}`),
    service.send(`/v1/runs/${run?.id.toUpperCase()}X`),
    service.send(`/v1/runs/${"a".repeat(5_000)}`),
    service.send("/v1/runs/__proto__"),
  ]) {
    expect((await jsonOf<Refusal>(answer, 404)).error.message).toBe("this fleet has no run with that id");
  }
});

describe("DELETE /v1/runs/{id}", () => {
  test("200 for an admin: out of all statistics, readable as withdrawn, and again the same", async () => {
    const service = await makeTestService(await engine.newTable());
    const receipt = await jsonOf<Receipt>(service.post(LOOP, "?backend=loop", asJson), 201);
    const url = receipt.results[0]?.url ?? "";
    await service.aggregate();
    expect(await jsonOf(service.send("/v1/status"), 200)).toMatchObject({ runs: 1, hosts: 1 });

    const withdrawn = await jsonOf<{ id: string; withdrawn_at: string }>(service.send(url, { method: "DELETE" }), 200);
    expect(withdrawn).toEqual({ id: receipt.results[0]?.id, withdrawn_at: "2026-11-22T10:00:00.000Z" });
    service.now += 60_000;
    expect(await jsonOf(service.send(url, { method: "DELETE" }), 200)).toEqual(withdrawn);
    expect(await jsonOf(service.send("/v1/status"), 200)).toMatchObject({ pending_hosts: 1 });
    await service.aggregate();

    expect(await jsonOf(service.send("/v1/status"), 200)).toMatchObject({ runs: 0, hosts: 0, pending_hosts: 0 });
    const run = await jsonOf<Run>(service.send(url), 200);
    expect(run).toMatchObject({ raw: LOOP, withdrawn_at: withdrawn.withdrawn_at });
    const { runs } = await jsonOf<{ runs: Run[] }>(service.send("/v1/runs"), 200);
    expect(runs.map(({ withdrawn_at }) => withdrawn_at)).toEqual([withdrawn.withdrawn_at]);

    // The host sends it again, as its retry loop would: it stays out.
    await jsonOf(service.post(LOOP, "?backend=loop", asJson), 200);
    await service.aggregate();
    expect(await jsonOf(service.send("/v1/status"), 200)).toMatchObject({ runs: 0 });
  });

  test("403 and 404: others cannot, and other fleets' runs are not there", async () => {
    const [run] = await runsOf("seed-loop.csv");
    const url = `/v1/runs/${run?.id}`;
    for (const scope of ["read", "ingest"] as const) {
      await jsonOf<Refusal>(service.send(url, { method: "DELETE", token: await service.token({ scope }) }), 403);
    }
    const foreign = await service.token({ scope: "admin", fleet: "other" });
    await jsonOf<Refusal>(service.send(url, { method: "DELETE", token: foreign }), 404);
    await jsonOf<Refusal>(service.send(`/v1/runs/${"a".repeat(3_000)}`, { method: "DELETE" }), 404);
    expect((await jsonOf<Run>(service.send(url), 200)).withdrawn_at).toBeNull();
  });
});
