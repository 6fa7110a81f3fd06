// The permissions of each function compared with its requests to the table: too few, and it fails only on AWS; too many, and a
// fault in one function reaches the data of another. The service does all it can do, and every request is held against
// the policies of the template.

import { DeleteItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeAdmission } from "../../functions/service/admission.ts";
import { auditShard } from "../../functions/service/audit-months.ts";
import { makeRasterizer } from "../../functions/service/rasterizer.ts";
import { makeRenderer } from "../../functions/service/renderer.ts";
import { secretHash } from "../../functions/service/tokens.ts";
import { makeUploadLimits } from "../../functions/service/upload/upload-limits.ts";
import { aggregateRecords, sweep } from "../../functions/service/wake-ups.ts";
import { makeActivityStore } from "../../functions/store/fleet/activity.ts";
import { makeSettingsStore } from "../../functions/store/fleet/settings.ts";
import { makeShareStore } from "../../functions/store/fleet/shares.ts";
import { listFleets, makeTokenStore, makeUseStore } from "../../functions/store/fleet/tokens.ts";
import { makePendingHosts } from "../../functions/store/runs/pending-hosts.ts";
import { makeQuarantineStore } from "../../functions/store/runs/quarantine.ts";
import { makeChangeableRuns } from "../../functions/store/runs/run-changes.ts";
import { makeRunStore } from "../../functions/store/runs/runs.ts";
import { makeAuditMarks } from "../../functions/store/statistics/audit-marks.ts";
import { makeCellStore } from "../../functions/store/statistics/cells.ts";
import { makeAggregationStores } from "../../functions/store/statistics/commit.ts";
import { makeFleetScan } from "../../functions/store/statistics/fleet-scan.ts";
import { makeHostCountStore } from "../../functions/store/statistics/host-counts.ts";
import { makeHostStore } from "../../functions/store/statistics/hosts.ts";
import { makeRetiredHostStore } from "../../functions/store/statistics/retired-hosts.ts";
import { makeStatusStore } from "../../functions/store/status.ts";
import { backOff } from "../../functions/store/table/errors.ts";
import { beginFormat, withFormatCheck } from "../../functions/store/table/format.ts";
import { keyItem } from "../../functions/store/table/item.ts";
import {
  cohortPartitions,
  computeShard,
  FORMAT_KEY,
  pendingHostKey,
  summaryKey,
} from "../../functions/store/table/keys.ts";
import { partition, queryAll } from "../../functions/store/table/table.ts";
import { makeHttpApp } from "../../functions/web/http/app.ts";
import { addPageRoutes } from "../../functions/web/pages/app.ts";
import { addRunChangePageRoutes } from "../../functions/web/pages/run-change-routes.ts";
import { addSharePageRoutes } from "../../functions/web/pages/share-routes.ts";
import { addUploadRoute } from "../../functions/web/pages/upload-route.ts";
import { addEmbedRoutes } from "../../functions/web/routes/embed.ts";
import { addIngestRoutes } from "../../functions/web/routes/ingest.ts";
import { addReadRoutes } from "../../functions/web/routes/read.ts";
import { rasterizerFiles } from "../../local/server/render-thread.ts";
import { SHARDS } from "../../shared/deployment.ts";
import { PERIOD_ALL } from "../../shared/run/periods.ts";
import { SUMMARIES } from "../../shared/summaries/registry.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { BLKTAP, LOOP } from "../support/fixtures.ts";
import { type Access, recordedTable } from "./recorded-table.ts";
import { resourcesOf, synthesised } from "./synthesised.ts";

/** The functions that know the table. */
type FunctionName = "ingest" | "read" | "embed" | "aggregate" | "audit";

/** One action on one pattern of partitions that a policy allows. */
interface Allowed {
  readonly action: string;
  readonly index: string | null;
  readonly pattern: string;
}

const template = synthesised("dev");

const statementsOf = (name: FunctionName | "docs") =>
  Object.entries(resourcesOf(template, "AWS::IAM::Policy")).flatMap(([id, { Properties }]) =>
    id.startsWith(`${name}role`) ? Properties.PolicyDocument.Statement : [],
  );

/** What a function may do to items. */
function allowedTo(name: FunctionName): Allowed[] {
  return statementsOf(name).flatMap(({ Action, Resource, Condition }): Allowed[] => {
    const partitions: string[] | undefined = Condition?.["ForAllValues:StringLike"]?.["dynamodb:LeadingKeys"];
    if (partitions === undefined) return [];
    const index = Resource["Fn::Join"]?.[1][1]?.replace("/index/", "") ?? null;
    return [Action].flat().flatMap((action: string) => partitions.map((pattern) => ({ action, index, pattern })));
  });
}

const permits = ({ action, index, pattern }: Allowed, access: Access): boolean =>
  action === `dynamodb:${access.action}` &&
  index === access.index &&
  (pattern.endsWith("*") ? access.partition.startsWith(pattern.slice(0, -1)) : access.partition === pattern);

let engine: TestEngine;
const accesses: Record<FunctionName, Access[]> = { ingest: [], read: [], embed: [], aggregate: [], audit: [] };

beforeAll(async () => {
  engine = await startTestEngine();
  const { name } = await engine.newTable();
  const clock = () => Date.parse("2026-11-22T10:00:00.000Z");
  const log = { request: () => undefined, error: () => undefined };
  const recorded = (of: FunctionName) => withFormatCheck(recordedTable(engine.endpoint, name, accesses[of]));
  const tables = {
    ingest: recorded("ingest"),
    read: recorded("read"),
    embed: recorded("embed"),
    aggregate: recorded("aggregate"),
    audit: recorded("audit"),
    operator: recordedTable(engine.endpoint, name, []),
  };
  const token = { id: "t", fleet: "default", scope: "admin", root: true, hosts: null, expires_at: null, label: null };
  const ingest = makeHttpApp({ clock, log });
  const tokens = makeTokenStore(tables.ingest);
  const quarantine = makeQuarantineStore(tables.ingest);
  // So small that every upload is counted in the table.
  const limits = makeUploadLimits(makeUseStore(tables.ingest), clock, { day: { bytes: 1e5, runs: 1e5 }, cohorts: 10 });
  const ingesting = {
    runs: makeChangeableRuns(tables.ingest),
    quarantine,
    tokens,
    activity: makeActivityStore(tables.ingest),
    hosts: makeRetiredHostStore(tables.ingest),
    settings: makeSettingsStore(tables.ingest, clock),
    clock,
    wake: () => undefined,
    ...limits,
  };
  addIngestRoutes(ingest, ingesting);
  addUploadRoute(ingest, ingesting);
  addRunChangePageRoutes(ingest, ingesting);
  const read = makeHttpApp({ clock, log });
  const reading = {
    runs: makeRunStore(tables.read),
    cells: makeCellStore(tables.read),
    hosts: makeHostStore(tables.read),
    hostCounts: makeHostCountStore(tables.read),
    settings: makeSettingsStore(tables.read, clock),
    pendingHosts: makePendingHosts(tables.read),
    status: makeStatusStore(tables.read),
    tokens: makeTokenStore(tables.read),
    activity: makeActivityStore(tables.read),
    clock,
    admission: makeAdmission(),
    summaries: SUMMARIES,
    exports: makeAdmission(),
    about: { version: "test", engine: "embedded" },
    publicUrl: null,
  } as const;
  addReadRoutes(read, reading);
  addPageRoutes(read, reading);
  const embed = makeHttpApp({ clock, log });
  const renderer = makeRenderer(makeRasterizer(rasterizerFiles));
  const embedding = {
    shares: makeShareStore(tables.embed),
    cells: makeCellStore(tables.embed),
    pendingHosts: makePendingHosts(tables.embed),
    tokens: makeTokenStore(tables.embed),
    activity: makeActivityStore(tables.embed),
    clock,
    admission: makeAdmission(),
    summaries: SUMMARIES,
    renderer,
    linkRenderer: renderer,
    publicUrl: null,
  };
  addEmbedRoutes(embed, embedding);
  addSharePageRoutes(embed, embedding);
  const aggregation = { ...makeAggregationStores(tables.aggregate), clock, backOff };

  // The table as CDK makes it has no format number: the functions look whether it is new.
  await tables.operator.client.send(new DeleteItemCommand({ TableName: name, Key: keyItem(FORMAT_KEY) }));
  for (const [app, path, status] of [
    [ingest, "/v1/tokens", 401],
    [read, "/healthz", 200],
    [embed, `/s/${"0".repeat(32)}.json`, 404],
  ] as const) {
    const headers = { Authorization: "Bearer secret" };
    expect((await app.request(`http://vbdstat.test${path}`, { headers })).status).toBe(status);
  }
  await beginFormat(tables.operator);
  await makeTokenStore(tables.operator).add(
    { ...token, scope: "admin", created_at: "2026-11-22T10:00:00.000Z", revoked_at: null },
    secretHash("secret"),
  );

  const send = async (app: typeof ingest, method: string, path: string, body: string | null = null) => {
    const headers = { Authorization: "Bearer secret", Accept: "application/json" };
    const answer = await app.request(`http://vbdstat.test${path}`, { method, body, headers });
    const text = await answer.text();
    expect([200, 201, 204, 422], `${method} ${path}: ${text}`).toContain(answer.status);
    return text === "" ? {} : JSON.parse(text);
  };

  /** A page, or what a form on it leads to. */
  const show = async (app: typeof ingest, path: string, form: Readonly<Record<string, string>> | null = null) => {
    const headers = { Authorization: "Bearer secret" };
    const post = form === null ? {} : { method: "POST", body: new URLSearchParams(form) };
    const answer = await app.request(`http://vbdstat.test${path}`, { headers, ...post });
    expect([200, 201, 303], `${path}: ${await answer.text()}`).toContain(answer.status);
  };

  const [loop] = (await send(ingest, "POST", "/v1/results?backend=loop&host=h1&site=fra", LOOP)).results;
  const [blktap] = (await send(ingest, "POST", "/v1/results?backend=blktap2&host=h1&site=fra", BLKTAP)).results;
  const { issues } = await send(ingest, "POST", "/v1/results?host=h2", `${LOOP}\n# backend: phy\n${LOOP}`);
  await send(ingest, "POST", "/v1/results?host=h2&backend=qdisk", `${LOOP}\n${BLKTAP}`);
  await send(ingest, "GET", "/v1/quarantine");
  await send(ingest, "POST", `/v1/quarantine/${issues[0].quarantine_id}/retry?backend=loop`);
  const worse = await send(ingest, "POST", "/v1/results?host=h2", `${LOOP}\n# backend: phy\n${LOOP}`);
  await send(ingest, "DELETE", `/v1/quarantine/${worse.issues[0].quarantine_id}`);
  const made = await send(ingest, "POST", "/v1/tokens", JSON.stringify({ scope: "read" }));
  await send(ingest, "GET", "/v1/tokens");
  await send(ingest, "DELETE", `/v1/tokens/${made.id}`);
  await send(ingest, "GET", "/v1/settings");
  await send(ingest, "PUT", "/v1/settings", "{}");

  const keys = pendingHostKey("default", "h1");
  const record = { dynamodb: { Keys: { pk: { S: keys.pk }, sk: { S: keys.sk } }, SequenceNumber: "1" } };
  const pending = await aggregation.pendingHosts.list("default", computeShard("default", "h1"), 1);
  // As before every batch but the first, and after a conflict.
  expect(await aggregation.pendingHosts.refresh(pending)).toEqual(pending);
  await aggregateRecords(aggregation, [record], (error) => expect.fail(String(error)));

  for (const path of [
    "/healthz",
    "/v1/status",
    `/v1/runs/${loop.id}`,
    "/v1/runs",
    "/v1/runs?host=h1",
    "/v1/compare?baseline=loop&candidate=blktap2&site=fra",
    "/v1/hosts",
    "/v1/hosts?order=last_at&silent_since=7d",
    "/v1/hosts/h1",
    "/v1/backends?site=fra",
    "/v1/matrix",
    "/v1/trend?backend=loop&metric=putc",
    "/v1/activity",
  ]) {
    await send(read, "GET", path);
  }
  for (const path of ["/", "/?baseline=loop&candidate=blktap2&site=fra", "/matrix", "/trend", "/hosts", "/hosts/h1"]) {
    await show(read, path);
  }
  for (const path of ["/runs", `/runs/${loop.id}`, "/upload", "/sign-in"]) await show(read, path);
  await show(ingest, "/upload", { output: LOOP, backend: "loop", host: "h1", site: "fra" });

  const question = { baseline: "loop", candidate: "blktap2", site: "fra" };
  for (const frozen of [true, false]) {
    const share = JSON.stringify({ kind: "compare", query: question, frozen });
    const { id } = await send(embed, "POST", "/v1/shares", share);
    await send(embed, "GET", `/s/${id}.json?metrics=putc`);
    await send(embed, "GET", `/s/${id}.json`);
    const look = await embed.request(`http://vbdstat.test/s/${id}.svg?width=400`);
    expect(look.status).toBe(200);
    await send(embed, "GET", `/oembed?url=/s/${id}`);
    await send(embed, "GET", "/v1/shares");
    await send(embed, "DELETE", `/v1/shares/${id}`);
  }
  await send(ingest, "DELETE", "/v1/hosts/h2");
  await show(embed, "/shares", { kind: "compare", query: "baseline=loop&candidate=blktap2", lasts: "frozen" });
  await show(embed, "/shares");
  const listed = await send(embed, "GET", "/v1/shares");
  await show(embed, "/shares/revoke", { id: listed.shares[0].id });
  const shared = JSON.stringify({ kind: "matrix", query: {}, frozen: false });
  await send(embed, "POST", "/v1/shares", shared);

  const sweptClean = async () => {
    const outcome = await sweep(aggregation, (error) => expect.fail(String(error)));
    expect(outcome).toMatchObject({ left: 0, failed: 0 });
  };
  for (const { id } of [loop, blktap]) await send(ingest, "DELETE", `/v1/runs/${id}`);
  await send(ingest, "POST", `/v1/runs/${loop.id}/restore`);
  await send(ingest, "POST", `/v1/runs/${loop.id}/relabel`, JSON.stringify({ backend: "phy", host: "h4" }));
  for (const selection of [{ host: "h4" }, { token_id: "t", from: "2026-11-22", to: "2026-11-23" }]) {
    await send(ingest, "POST", "/v1/runs/withdraw", JSON.stringify(selection));
  }
  await sweptClean();

  // A host that moves to another site with all its backends changes more cells than one transaction may write.
  for (const backend of ["loop", "phy", "blktap1", "blktap2", "tapdisk3", "qdisk", "virtio", "emulated"]) {
    await send(ingest, "POST", `/v1/results?backend=${backend}&host=h3&site=fra&finished=2026-11-01T00:00:00Z`, LOOP);
  }
  await sweptClean();
  await send(ingest, "POST", "/v1/results?backend=loop&host=h3&site=ams&finished=2026-11-02T00:00:00Z", LOOP);
  await sweptClean();
  // A move in several steps leaves the host pending for the next sweep.
  await sweptClean();

  // A cohort that was lost from its list: the audit looks again whether it has hosts.
  for (const cohorts of cohortPartitions({ fleet: "default", generation: "0" }, PERIOD_ALL)) {
    for (const { pk, sk } of await queryAll(tables.operator, partition(cohorts))) {
      if (pk === undefined || sk === undefined) continue;
      await tables.operator.client.send(new DeleteItemCommand({ TableName: name, Key: { pk, sk } }));
    }
  }
  // A sample that was lost: the audit reads the run and its entry again.
  for await (const { pk, sk } of makeFleetScan(tables.operator).entryItems("default", "h2")) {
    if (pk === undefined || sk === undefined) continue;
    await tables.operator.client.send(new DeleteItemCommand({ TableName: name, Key: { pk, sk } }));
  }
  // A host that was lost: the audit asks its runs for its name, and whether it waits to be counted.
  const lost = keyItem(summaryKey({ fleet: "default", generation: "0" }, PERIOD_ALL, "h3"));
  await tables.operator.client.send(new DeleteItemCommand({ TableName: name, Key: lost }));
  // By then the month is closed: the audit marks it in a shard without a difference.
  const nextMonth = () => Date.parse("2026-12-22T10:00:00.000Z");
  for (const fleet of await listFleets(tables.audit)) {
    const deps = { scan: makeFleetScan(tables.audit), marks: makeAuditMarks(tables.audit), clock: nextMonth };
    const used = ["h1", "h2", "h3"].map((host) => computeShard(fleet, host));
    const quiet = Array.from({ length: SHARDS }, (_, shard) => shard).findLast((shard) => !used.includes(shard)) ?? 0;
    const audits = [];
    for (const shard of new Set([0, computeShard(fleet, "h2"), computeShard(fleet, "h3"), quiet])) {
      audits.push(await auditShard(deps, fleet, shard));
    }
    expect(audits.flatMap(({ differences }) => differences).length).toBeGreaterThan(0);
  }
  for (const { client } of Object.values(tables)) client.destroy();
});
afterAll(() => engine.stop());

describe.each(["ingest", "read", "embed", "aggregate", "audit"] as const)("%s", (name) => {
  test("may do all that it does", () => {
    const allowed = allowedTo(name);
    expect(accesses[name].length).toBeGreaterThan(5);
    expect(accesses[name].filter((access) => !allowed.some((one) => permits(one, access)))).toEqual([]);
  });

  test("may do nothing to items that it never does", () => {
    expect(allowedTo(name).filter((one) => !accesses[name].some((access) => permits(one, access)))).toEqual([]);
  });

  test("may do nothing without naming partitions, but for its log, the stream and the dead letters", () => {
    const others = statementsOf(name)
      .filter(({ Condition }) => Condition?.["ForAllValues:StringLike"]?.["dynamodb:LeadingKeys"] === undefined)
      .flatMap(({ Action }) => Action);
    const log = ["logs:CreateLogStream", "logs:PutLogEvents"];
    const stream = ["ListStreams", "DescribeStream", "GetRecords", "GetShardIterator"].map((one) => `dynamodb:${one}`);
    const queue = ["sqs:SendMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl"];
    expect(others.sort()).toEqual((name === "aggregate" ? [...log, ...stream, ...queue] : log).sort());
  });

  test("has one policy, on its own log and this table only, and none of AWS's wide ones", () => {
    expect(JSON.stringify(statementsOf(name).map(({ Resource }) => Resource))).not.toMatch(/"\*"|:\*/);
    const [role] = Object.entries(resourcesOf(template, "AWS::IAM::Role")).filter(([id]) => id.startsWith(name));
    expect(role?.[1].Properties.ManagedPolicyArns).toBeUndefined();
  });
});

test("docs may write to its log, and knows no table", () => {
  expect(statementsOf("docs").flatMap(({ Action }) => Action)).toEqual(["logs:CreateLogStream", "logs:PutLogEvents"]);
});

const WRITES = /Put|Update|Delete|BatchWrite|PartiQL|Create|Tag|Restore|Import|\*/;

test("read has no action that writes, and audit puts nothing but its own marks", () => {
  const written = (name: FunctionName) => allowedTo(name).filter(({ action }) => WRITES.test(action));
  expect(written("read")).toEqual([]);
  expect(written("audit")).toEqual([{ action: "dynamodb:PutItem", index: null, pattern: "AUDIT#*" }]);
});

test("ingest has no way to cells or summaries, and reads the time index to withdraw many runs", () => {
  const patterns = allowedTo("ingest").map(({ pattern, index }) => `${pattern} ${index}`);
  expect(patterns.filter((pattern) => /^(CELL|COHORT|HOST|TOTAL|\*)/.test(pattern))).toEqual([]);
  expect(patterns.filter((pattern) => /TIME|by_time/.test(pattern))).toEqual(["TIME#* by_time"]);
});

test("aggregate has no way to tokens or quarantined lines, and changes no run", () => {
  const allowed = allowedTo("aggregate");
  expect(allowed.filter(({ pattern }) => /^(TOKEN|REJECT|\*)/.test(pattern))).toEqual([]);
  expect(allowed.filter(({ pattern }) => pattern.startsWith("RUN"))).toEqual([]);
  expect(allowed.filter(({ pattern }) => pattern.startsWith("SAMPLE")).map(({ action }) => action)).toEqual([
    "dynamodb:Query",
  ]);
});

test("embed reads numbers only as cells, no run, summary or quarantined line, and writes nothing but shares and the log", () => {
  const allowed = allowedTo("embed");
  expect(allowed.filter(({ pattern }) => /^(RUN|HOST|REJECT|TIME|\*)/.test(pattern))).toEqual([]);
  const writes = allowed.filter(({ action }) => WRITES.test(action)).map(({ pattern }) => pattern);
  expect(new Set(writes)).toEqual(new Set(["SHARE#*", "SHARES#*", "ACTIVITY#*"]));
});
