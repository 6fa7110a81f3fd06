// Reparsing after an update: what this version parses from a line replaces what an older one did, in the run itself and in all
// statistics.

import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { auditFleet } from "../../functions/service/audit.ts";
import { auditRun } from "../../functions/service/audit-runs.ts";
import { reparseFleet } from "../../functions/service/rebuild.ts";
import { readUpload } from "../../functions/service/upload/upload.ts";
import { makeChangeableRuns } from "../../functions/store/runs/run-changes.ts";
import { makeRunStore, replaceRun, runId, runItem } from "../../functions/store/runs/runs.ts";
import { makeCellStore } from "../../functions/store/statistics/cells.ts";
import { makeFleetScan } from "../../functions/store/statistics/fleet-scan.ts";
import type { Table } from "../../functions/store/table/table.ts";
import { readBonnie } from "../../shared/bonnie/reader.ts";
import { type NewRun, toSample } from "../../shared/cells/sample.ts";
import type { Run } from "../../shared/run/run.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { fixture } from "../support/fixtures.ts";
import { aggregateAll } from "./play.ts";

let engine: TestEngine;
let table: Table;
beforeAll(async () => {
  engine = await startTestEngine();
});
beforeEach(async () => {
  table = await engine.newTable();
});
afterAll(() => engine.stop());

const FLEET = "default";
const NOW = "2026-11-22T10:00:00.000Z";
const FUTURE = "finished_in_future: finished is more than a day after the time of receipt; is a clock wrong?";

/** The sample line on loop, as this version parses it. */
function fresh(run: string): Run {
  const parameters = { backend: "loop", host: "h1", run, finished: "2026-11-01T00:00:00Z", dom0_mem_mb: "4096" };
  const envelope = { fleet: FLEET, receivedAt: NOW, encoding: "utf-8", parameters, sentBy: null } as const;
  const [uploaded] = readUpload(readBonnie(fixture("seed-loop.csv")), envelope).runs;
  if (uploaded === undefined) throw new Error("the seed was not read");
  return uploaded.run;
}

/** The same run as an older version would have stored it. */
const asReadBefore = (run: Run): Run => ({
  ...run,
  parser_version: 0,
  stratum: "v1/1G/8k/16",
  metrics: { ...run.metrics, put_block: null },
  quality: { verdict: "not-assessed", reasons: [], decided_by: [] },
  warnings: ["zero_rate: putc is 0, less than one unit a second.", FUTURE],
});

const store = (run: Run) => makeRunStore(table).add([{ run, sample: toSample(run) }]);
const readAgain = () =>
  reparseFleet(
    {
      scan: makeFleetScan(table),
      replaceRun: (before: Run, after: NewRun, at: string) => replaceRun(table, before, after, at),
      clock: () => Date.parse(NOW),
    },
    FLEET,
    () => undefined,
  );

async function strata(): Promise<string[]> {
  const cells = await makeCellStore(table).open({ fleet: FLEET, periods: ["all"], filters: {} });
  return [...(await cells.read("backend", "loop")).views.all.keys()];
}

test("a run that an older version parsed differently is parsed, assessed and counted as this version does", async () => {
  const run = fresh("a");
  await store(asReadBefore(run));
  await aggregateAll(table, FLEET);
  expect(await strata()).toEqual(["ALL", "v1/1G/8k/16"]);
  expect(await readAgain()).toEqual({ runs: 1, changed: 1, unreadable: [], damaged: [] });
  await aggregateAll(table, FLEET);
  // The warning about the time stays; the one about a zero rate was wrong.
  expect(await makeRunStore(table).get(FLEET, run.id)).toEqual({ ...run, warnings: [FUTURE] });
  expect(run.quality.verdict).toBe("probably-cached");
  expect(await strata()).toEqual(["ALL", run.stratum]);
  expect(await auditFleet(makeFleetScan(table), FLEET)).toMatchObject({ differences: [], pendingHosts: 0 });
});

test("runs that parse as before are not touched, so reparsing makes no host pending without need", async () => {
  await store(fresh("a"));
  await store(fresh("b"));
  await aggregateAll(table, FLEET);
  expect(await readAgain()).toEqual({ runs: 2, changed: 0, unreadable: [], damaged: [] });
  expect(await auditFleet(makeFleetScan(table), FLEET)).toMatchObject({ pendingHosts: 0 });
});

test("runs from logs and mails parse as before, and the audit knows their ids, also without checksums", async () => {
  const [line, text] = [fixture("seed-loop.csv").trimEnd(), fixture("seed-blktap.txt").trimEnd()];
  const upload = [
    `[2026-11-22T10:15:00.123Z] ${line}`,
    `${line.slice(0, 40)} \r\n${line.slice(40, 80)}\r\n${line.slice(80)}`.replace("vm101", "vm102"),
    `cfq1:    ${line}`,
    text.replace(/^/gm, "bench-1  | "),
  ].join("\n\n");
  const parameters = { backend: "loop", host: "h1" };
  const request = { fleet: FLEET, receivedAt: NOW, encoding: "utf-8", parameters, sentBy: null } as const;
  const { runs } = readUpload(readBonnie(upload), request);
  expect(runs).toHaveLength(4);
  for (const { run } of runs) await store({ ...run, parser_version: 3 });
  await aggregateAll(table, FLEET);
  expect(await readAgain()).toEqual({ runs: 4, changed: 4, unreadable: [], damaged: [] });
  for (const { run } of runs) {
    expect(await makeRunStore(table).get(FLEET, run.id)).toEqual(run);
    const { sum: _, ...item } = runItem(run, 1);
    expect(auditRun(item)).toMatchObject({ isIntact: true, differences: [], outdated: null });
    const { sum: __, ...other } = runItem({ ...run, raw: run.raw.replace("2064M", "2065M") }, 1);
    expect(auditRun(other).isIntact).toBe(false);
  }
  expect(await readAgain()).toMatchObject({ changed: 0 });
  await aggregateAll(table, FLEET);
  expect(await auditFleet(makeFleetScan(table), FLEET)).toMatchObject({ differences: [], pendingHosts: 0 });
});

test("a withdrawn run is reparsed and stays withdrawn", async () => {
  const run = fresh("a");
  await store(asReadBefore(run));
  await makeChangeableRuns(table).withdraw(FLEET, run.id, NOW);
  expect(await readAgain()).toMatchObject({ changed: 1 });
  await aggregateAll(table, FLEET);
  expect(await makeRunStore(table).get(FLEET, run.id)).toMatchObject({
    parser_version: run.parser_version,
    withdrawn_at: NOW,
  });
  expect(await strata()).toEqual([]);
  expect(await auditFleet(makeFleetScan(table), FLEET)).toMatchObject({ differences: [], pendingHosts: 0 });
});

test("a line that is not a result to this version is reported, and its run stays as it was", async () => {
  const before = { ...fresh("a"), raw: "loop,2G" };
  const identity = {
    ...before,
    run: before.client_run,
    finished: null,
    line: before.raw,
    encoding: before.raw_encoding,
  };
  const run = { ...before, id: runId(identity) };
  await store(run);
  expect(await readAgain()).toEqual({ runs: 1, changed: 0, unreadable: [run.id], damaged: [] });
  expect(await makeRunStore(table).get(FLEET, run.id)).toEqual(run);
});
