// Uploads that are large, odd or simultaneous: what an attacker sends, and what 3 000 hosts send at midnight.

import { afterAll, beforeAll, expect, test } from "vitest";
import type { Receipt } from "../../../functions/service/upload/receipt.ts";
import type { Comparison } from "../../../shared/compare/comparison.ts";
import type { Run } from "../../../shared/run/run.ts";
import { asJson, jsonOf, type Refusal } from "../../support/answer.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { BLKTAP, LOOP } from "../../support/fixtures.ts";
import { makeTestService, type TestService } from "../../support/service.ts";

let engine: TestEngine;
let service: TestService;

beforeAll(async () => {
  engine = await startTestEngine();
  service = await makeTestService(await engine.newTable());
});
afterAll(() => engine.stop());

/** Processor time of this process, so that it is the work that is limited and not the machine, whatever else it does. */
const secondsOf = async (work: () => Promise<unknown>): Promise<number> => {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
};

test("the same body from 20 clients at once, 5 times each, is one run each and counts once", async () => {
  const service = await makeTestService(await engine.newTable());
  const body = `# backend: loop\n${LOOP}\n# backend: blktap\n${BLKTAP}\n`;
  const client = async () => {
    const receipts: Receipt[] = [];
    while (receipts.length < 5) {
      const answer = await service.post(body, "?host=dom0-1&run=nightly-1", asJson);
      // A client that is told to slow down tries again, as the agent does.
      if (answer.status === 429) await answer.body?.cancel();
      else receipts.push(await jsonOf<Receipt>(answer, answer.status === 201 ? 201 : 200));
    }
    return receipts;
  };
  const receipts = (await Promise.all(Array.from({ length: 20 }, client))).flat();
  expect(receipts).toHaveLength(100);
  expect(new Set(receipts.map(({ results }) => results.map(({ id }) => id).join())).size).toBe(1);
  expect(receipts.reduce((sum, { stored }) => sum + stored, 0)).toBe(2);
  expect(receipts.reduce((sum, { duplicate }) => sum + duplicate, 0)).toBe(198);
  expect(
    service.faults.filter((fault) => !String(fault).includes("slow_down") && !String(fault).includes("busy")),
  ).toEqual([]);

  await service.aggregate();
  const comparison = await jsonOf<Comparison>(service.send("/v1/compare?baseline=loop&candidate=blktap"), 200);
  expect([comparison.runs, comparison.fleet.metrics.putc?.hosts]).toEqual([2, 1]);
  expect(await jsonOf(service.send("/v1/status"), 200)).toMatchObject({ runs: 2, hosts: 1, pending_hosts: 0 });
  const { runs } = await jsonOf<{ runs: Run[] }>(service.send("/v1/runs"), 200);
  expect(runs).toHaveLength(2);
});

test("10 000 directives take no time, however many results stand between them", async () => {
  // Each `label.k<n>` a hundred times over, a result behind every tenth: time must grow with the lines, not with their square.
  const lines = Array.from({ length: 9_990 }, (_, index) =>
    index % 1_000 === 999 ? LOOP.replace("25511", String(40_000 + index)) : `# label.k${index % 100}: ${index}`,
  );
  const seconds = await secondsOf(async () => {
    const receipt = await jsonOf<Receipt>(service.post(lines.join("\n"), "?backend=loop", asJson), 201);
    expect(receipt.stored).toBe(9);
    const run = await jsonOf<Run>(service.send(receipt.results[8]?.url ?? ""), 200);
    // Line 9 000 is the last result; k98 was last set by the directive before it.
    expect(run.facts["label.k98"]).toBe("8998");
  });
  expect(seconds).toBeLessThan(3);
});

test("more labels than a run can hold are refused at once, before the store has to", async () => {
  const labels = (count: number) => Array.from({ length: count }, (_, index) => `# label.k${index}: v\n`).join("");
  const line = LOOP.replace("25511", "50000");
  const seconds = await secondsOf(async () => {
    const { error } = await jsonOf<Refusal>(service.post(labels(9_999) + line, "?backend=loop", asJson), 400);
    expect(error.issues?.[0]).toMatchObject({ line: 101, field: "label.k100", code: "too_many_labels" });
    expect(error.issues).toHaveLength(100);
  });
  expect(seconds).toBeLessThan(2);
  await jsonOf(service.post(labels(100) + line, "?backend=loop", asJson), 201);
});

test("the most that can be said of a run fits its item", async () => {
  // Of four bytes each: with their keys a few bytes less than a run may have.
  const value = "\u{1f4be}".repeat(100);
  const facts = ["disk_model", "image_fs", "cpu_model", "dom0_kernel", "site", "hardware", "guest_fs", "os_version"];
  const said = [
    ...facts.map((key) => `# ${key}: ${value}`),
    ...Array.from({ length: 16 }, (_, index) => `# label.${String(index).padEnd(40, "x")}: v`),
  ].join("\n");
  const name = "\u4e2d".repeat(16_000);
  const body = `${said}\n${LOOP.replace("vm101", name)}\n`;
  const receipt = await jsonOf<Receipt>(service.post(body, "?backend=loop&host=h&vm=v", asJson), 201);
  const run = await jsonOf<Run>(service.send(receipt.results[0]?.url ?? ""), 200);
  expect(run.bonnie.machine).toBe(name);
});

test("a line longer than any result is quarantined, cut, with its length; it cannot be retried", async () => {
  const body = `${LOOP.replace("vm101", "\u4e2d".repeat(60_000))}\n${LOOP.replace("25511", "51000")}\n`;
  const receipt = await jsonOf<Receipt>(service.post(body, "?backend=loop&host=h&vm=v", asJson), 422);
  expect(receipt).toMatchObject({ stored: 1, rejected: 1 });
  const id = receipt.issues[0]?.quarantine_id;
  const { lines } = await jsonOf<{ lines: { id: string; raw: string; raw_length: number }[] }>(
    service.send("/v1/quarantine"),
    200,
  );
  const line = lines.find((candidate) => candidate.id === id);
  expect([line?.raw.length, line?.raw_length]).toEqual([32_768, LOOP.length - 5 + 60_000]);
  const { error } = await jsonOf<Refusal>(service.send(`/v1/quarantine/${id}/retry`, { method: "POST" }), 400);
  expect(error.message).toContain("only 32768");
});

test("control characters by the thousand fit the quarantine", async () => {
  const body = `${"\u0001".repeat(1_000_000)}${",".repeat(26)}`;
  expect(await jsonOf<Receipt>(service.post(body, "?backend=loop", asJson), 422)).toMatchObject({ rejected: 1 });
});

test("thousands of faults answer with the first hundred, a megabyte of key with its beginning", async () => {
  const many = await service.post(`${`# ${"abcdefgh".repeat(10)}: x\n`.repeat(9_999)}${LOOP}`, "?backend=loop");
  expect([many.status, (await many.text()).length < 40_000]).toEqual([400, true]);
  const long = await service.post(`# ${"a".repeat(1_000_000)}: x\n${LOOP}`, "?backend=loop");
  expect([long.status, (await long.text()).length < 2_000]).toEqual([400, true]);
});

test("10 000 results in one body are stored in seconds, and every one is acknowledged", async () => {
  const service = await makeTestService(await engine.newTable());
  const short = "h,,,,,,,,,,,,,,16,5000,9,+++++,+++,+++++,+++,+++++,+++,+++++,+++,+++++,+++";
  const lines = Array.from({ length: 10_000 }, (_, index) => short.replace("5000", String(10_000 + index)));
  const seconds = await secondsOf(async () => {
    const receipt = await jsonOf<Receipt>(service.post(lines.join("\n"), "?backend=loop&host=h", asJson), 201);
    expect([receipt.stored, receipt.results.length]).toEqual([10_000, 10_000]);
    expect(new Set(receipt.results.map(({ id }) => id)).size).toBe(10_000);
  });
  expect(seconds).toBeLessThan(40);
});

test("names of an object's own machinery are ordinary names", async () => {
  for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
    const body = LOOP.replace("vm101", name);
    const receipt = await jsonOf<Receipt>(
      service.post(body, `?backend=loop&label.${name.toLowerCase()}=1`, asJson),
      201,
    );
    const run = await jsonOf<Run>(service.send(receipt.results[0]?.url ?? ""), 200);
    expect(run).toMatchObject({ host: name, facts: { [`label.${name.toLowerCase()}`]: "1" } });
  }
  expect(({} as Record<string, unknown>)["1"]).toBeUndefined();
});
