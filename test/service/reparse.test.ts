// Reparsing after an update: what an older version made of a line gives way to what this one reads, for the run itself and for
// every statistic it is in.

import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { auditFleet } from "../../functions/service/audit.ts";
import { reparseFleet } from "../../functions/service/reparse.ts";
import { readUpload } from "../../functions/service/upload.ts";
import { makeCellStore } from "../../functions/store/cells.ts";
import { makeRunStore, runId } from "../../functions/store/runs.ts";
import type { Table } from "../../functions/store/table.ts";
import { readBonnie } from "../../shared/bonnie/reader.ts";
import { toSample } from "../../shared/cells/sample.ts";
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

/** The seed's line over loop, as this version reads it. */
function fresh(run: string): Run {
  const parameters = { backend: "loop", host: "h1", run, finished: "2026-11-01T00:00:00Z", dom0_mem_mb: "4096" };
  const envelope = { fleet: FLEET, receivedAt: NOW, encoding: "utf-8", parameters } as const;
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
    table,
    FLEET,
    () => Date.parse(NOW),
    () => undefined,
  );

async function strata(): Promise<string[]> {
  const cells = await makeCellStore(table).open({ fleet: FLEET, periods: ["all"], filters: {} });
  return [...(await cells.read("backend", "loop")).views.all.keys()];
}

test("a run that an older version read differently is read, judged and counted as this version does", async () => {
  const run = fresh("a");
  await store(asReadBefore(run));
  await aggregateAll(table, FLEET);
  expect(await strata()).toEqual(["ALL", "v1/1G/8k/16"]);
  expect(await readAgain()).toEqual({ runs: 1, changed: 1, unreadable: [], damaged: [] });
  await aggregateAll(table, FLEET);
  // What was said about the time stays a warning; that of a zero rate was wrong.
  expect(await makeRunStore(table).get(FLEET, run.id)).toEqual({ ...run, warnings: [FUTURE] });
  expect(run.quality.verdict).toBe("probably-cached");
  expect(await strata()).toEqual(["ALL", run.stratum]);
  expect(await auditFleet(table, FLEET)).toMatchObject({ differences: [], pendingHostCount: 0 });
});

test("runs that read as before are not touched, so that rereading a fleet marks nothing for nothing", async () => {
  await store(fresh("a"));
  await store(fresh("b"));
  await aggregateAll(table, FLEET);
  expect(await readAgain()).toEqual({ runs: 2, changed: 0, unreadable: [], damaged: [] });
  expect(await auditFleet(table, FLEET)).toMatchObject({ pendingHostCount: 0 });
});

test("a withdrawn run is reparse and stays withdrawn", async () => {
  const run = fresh("a");
  await store(asReadBefore(run));
  await makeRunStore(table).withdraw(FLEET, run.id, NOW);
  expect(await readAgain()).toMatchObject({ changed: 1 });
  await aggregateAll(table, FLEET);
  expect(await makeRunStore(table).get(FLEET, run.id)).toMatchObject({
    parser_version: run.parser_version,
    withdrawn_at: NOW,
  });
  expect(await strata()).toEqual([]);
  expect(await auditFleet(table, FLEET)).toMatchObject({ differences: [], pendingHostCount: 0 });
});

test("a line that is no result to this version is named, and its run stays as it was", async () => {
  const line = { ...fresh("a"), raw: "loop,2G" };
  const identity = { ...line, run: line.client_run, finished: null, encoding: line.raw_encoding };
  const run = { ...line, id: runId(identity) };
  await store(run);
  expect(await readAgain()).toEqual({ runs: 1, changed: 0, unreadable: [run.id], damaged: [] });
  expect(await makeRunStore(table).get(FLEET, run.id)).toEqual(run);
});
