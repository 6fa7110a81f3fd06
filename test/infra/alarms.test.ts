// Alarms and metrics against the lines that the functions really write: a filter that takes no line, or a metric that nobody
// sends, is an alarm that never goes off. The functions run over the real engine, in the trouble that each alarm is for.

import { readFileSync } from "node:fs";
import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { Match } from "aws-cdk-lib/assertions";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { optionalBytes } from "../../functions/store/table/item.ts";
import { computeShard, pendingHostKey, totalsPartition } from "../../functions/store/table/keys.ts";
import { partition, queryAll, type Table } from "../../functions/store/table/table.ts";
import { AUDIT_EVERY_HOURS, SHARDS } from "../../shared/deployment.ts";
import { functionEnvironment, loggedLines } from "../functions/function-environment.ts";
import { gatewayEvent, lambdaContext } from "../functions/gateway-event.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { LOOP } from "../support/fixtures.ts";
import { makeTestService, type TestService } from "../support/service.ts";
import { type Command, type EngineProxy, engineProxy } from "./engine-proxy.ts";
import { fieldOf, takes } from "./filter-pattern.ts";
import { resourcesOf, synthesised } from "./synthesised.ts";

const template = synthesised("prod");
const NAMESPACE = "vbdstat/prod";

let engine: TestEngine;
let proxy: EngineProxy;
let conflictsToCome = 0;
/** The lines of the aggregation over a busy table. */
let busyLines: string[];
/** Why the table refuses what it refuses. */
let reason = "TransactionConflict";
let table: Table;
let service: TestService;
/** The lines that each function has written. */
const lines: Record<"ingest" | "aggregate" | "audit", string[]> = { ingest: [], aggregate: [], audit: [] };

const context = { ...lambdaContext, getRemainingTimeInMillis: () => 300_000 };
const SCHEDULED = { "detail-type": "Scheduled Event" };
const HOUR_MS = 3_600_000;

/** Hosts of one bucket, so many that their conflicts are no chance. */
const HOSTS = Array.from({ length: 400 }, (_, index) => `dom0-${index}`)
  .filter((host) => computeShard("default", host) === computeShard("default", "dom0-0"))
  .slice(0, 30);

async function postAs(host: string, body: string): Promise<void> {
  const { handler } = await import("../../functions/ingest.ts");
  const headers = { Authorization: `Bearer ${service.admin}` };
  const query = `backend=loop&host=${host}`;
  await handler(gatewayEvent({ method: "POST", path: "/v1/results", query, headers, body }), context);
}

const record = (host: string, sequence: number) => {
  const { pk, sk } = pendingHostKey("default", host);
  return { dynamodb: { Keys: { pk: { S: pk }, sk: { S: sk } }, SequenceNumber: String(sequence) } };
};

/** Refuses the next transactions that change cells, as DynamoDB does when another client writes the same items, or throttled. */
function conflicting({ name, input }: Command) {
  if (conflictsToCome === 0 || name !== "TransactWriteItems" || !JSON.stringify(input).includes('"CELL#')) return null;
  conflictsToCome -= 1;
  const CancellationReasons = input.TransactItems.map(() => ({ Code: reason }));
  return { exception: "TransactionCanceledException", fields: { Message: "cancelled", CancellationReasons } };
}

/** Changes a byte of a cell of a bucket. */
async function damageCell(bucket: number): Promise<void> {
  const totals = totalsPartition({ fleet: "default", generation: "0" }, "all", bucket);
  const [cell = {}] = await queryAll(table, partition(totals));
  const bytes = Buffer.from(optionalBytes(cell, "trusted") ?? []);
  bytes.writeUInt8((bytes.at(-1) ?? 0) ^ 1, bytes.length - 1);
  await table.client.send(new PutItemCommand({ TableName: table.name, Item: { ...cell, trusted: { B: bytes } } }));
}

/** Does something at another time, with modules that have not looked at the clock yet. */
async function at(now: number, work: () => Promise<void>): Promise<void> {
  vi.useFakeTimers({ toFake: ["Date"], now });
  vi.resetModules();
  await work();
  vi.useRealTimers();
  vi.resetModules();
}

beforeAll(async () => {
  engine = await startTestEngine();
  table = await engine.newTable();
  service = await makeTestService(table);
  proxy = await engineProxy(engine.endpoint, conflicting);
  functionEnvironment(engine, table);
  vi.stubEnv("AWS_ENDPOINT_URL_DYNAMODB", proxy.endpoint);
  vi.resetModules();

  lines.ingest = loggedLines();
  for (const host of HOSTS) await postAs(host, LOOP);
  await postAs(HOSTS[0] ?? "", LOOP);
  for (let time = 0; time < 20; time += 1) await postAs("dom0-0", `${LOOP},${time}`);
  vi.restoreAllMocks();

  // An hour in which nothing was counted, then a stream whose workers are in each other's way.
  lines.aggregate = loggedLines();
  await at(Date.now() + HOUR_MS, async () => {
    const { handler } = await import("../../functions/aggregate.ts");
    await handler(SCHEDULED, { ...context, getRemainingTimeInMillis: () => 0 });
  });
  conflictsToCome = 20;
  const { handler: aggregate } = await import("../../functions/aggregate.ts");
  await aggregate({ Records: HOSTS.map(record) }, context);
  vi.restoreAllMocks();

  // The same with a table that is busy.
  busyLines = loggedLines();
  for (const host of HOSTS) await postAs(host, LOOP.replace("25511", "25512"));
  conflictsToCome = 20;
  reason = "ThrottlingError";
  await aggregate({ Records: HOSTS.map(record) }, context);
  vi.restoreAllMocks();

  lines.audit = loggedLines();
  const bucket = computeShard("default", HOSTS[0] ?? "");
  await damageCell(bucket);
  await at((100_000 * SHARDS + bucket) * AUDIT_EVERY_HOURS * HOUR_MS, async () => {
    const { handler } = await import("../../functions/audit.ts");
    await handler(SCHEDULED, context);
  });
  vi.restoreAllMocks();
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await proxy.stop();
  await engine.stop();
});

interface Filter {
  readonly of: keyof typeof lines;
  readonly name: string;
  readonly pattern: string;
  readonly value: string;
}

const filters: readonly Filter[] = Object.values(resourcesOf(template, "AWS::Logs::MetricFilter")).map(
  ({ Properties: { FilterPattern, LogGroupName, MetricTransformations } }) => {
    const [{ MetricName, MetricNamespace, MetricValue }] = MetricTransformations;
    expect(MetricNamespace).toBe(NAMESPACE);
    const of = (["ingest", "aggregate", "audit"] as const).find((name) => LogGroupName.Ref.startsWith(`${name}log`));
    if (of === undefined) throw new Error(`a metric of the log ${LogGroupName.Ref}, which no function here writes`);
    return { of, name: MetricName, pattern: FilterPattern, value: MetricValue };
  },
);

/** What CloudWatch would make of the lines: every value of a metric. */
function valuesOf(name: string): number[] {
  return filters
    .filter((filter) => filter.name === name)
    .flatMap(({ of, pattern, value }) =>
      lines[of].filter((line) => takes(pattern, line)).map((line) => Number(fieldOf(line, value))),
    );
}

describe("every metric filter", () => {
  test.each(filters.map((filter) => [`${filter.name} of ${filter.of}, ${filter.pattern}`, filter] as const))(
    "%s takes lines that are written, and finds a number in each",
    (_, { of, pattern, value }) => {
      const taken = lines[of].filter((line) => takes(pattern, line));
      expect(taken.length).toBeGreaterThan(0);
      for (const line of taken) expect(fieldOf(line, value)).toEqual(expect.any(Number));
    },
  );

  test("counts what happened: each result once, and each host", () => {
    const sum = (name: string) => valuesOf(name).reduce((total, value) => total + value, 0);
    expect([sum("ResultsStored"), sum("ResultsDuplicate"), sum("ResultsRejected")]).toEqual([30, 1, 20]);
    expect(sum("HostsDone")).toBe(30);
    expect(Math.max(...valuesOf("PendingHosts"))).toBe(30);
  });
});

interface Alarm {
  readonly name: string;
  readonly description: string;
  readonly threshold: number;
  // biome-ignore lint/suspicious/noExplicitAny: the properties of CloudFormation resources have no common type.
  readonly properties: any;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  readonly metrics: readonly any[];
}

const alarms: readonly Alarm[] = Object.values(resourcesOf(template, "AWS::CloudWatch::Alarm")).map(
  ({ Properties: properties }) => {
    const description: string = properties.AlarmDescription;
    const { MetricName, Namespace, Dimensions, Statistic, Metrics } = properties;
    return {
      name: description.split("#").at(-1) ?? "",
      description,
      threshold: properties.Threshold,
      properties,
      metrics: Metrics ?? [{ Id: "m", MetricStat: { Metric: { MetricName, Namespace, Dimensions }, Stat: Statistic } }],
    };
  },
);

/** The value that an alarm of our own metrics has after what happened above. */
function breachOf({ metrics }: Alarm): number {
  const known = metrics.flatMap(({ Id, MetricStat }): [string, number][] => {
    if (MetricStat === undefined) return [];
    const values = valuesOf(MetricStat.Metric.MetricName);
    return [[Id, MetricStat.Stat === "Maximum" ? Math.max(...values) : values.reduce((sum, value) => sum + value, 0)]];
  });
  const expression: string = metrics.find(({ Expression }) => Expression !== undefined)?.Expression ?? known[0]?.[0];
  const IF = (condition: boolean, then: number, other: number) => (condition ? then : other);
  const names = known.map(([id]) => id);
  return new Function("IF", ...names, `return ${expression};`)(IF, ...known.map(([, value]) => value));
}

const isOurs = ({ metrics }: Alarm): boolean =>
  metrics.some(({ MetricStat }) => MetricStat?.Metric.Namespace === NAMESPACE);

describe("alarms", () => {
  const ours = alarms.filter(isOurs);

  test("there is one for each thing that must not go unseen", () => {
    expect(alarms.map(({ name }) => name).sort()).toEqual([
      "alarm-api-errors",
      "alarm-audit-differences",
      "alarm-audit-errors",
      "alarm-commit-conflicts",
      "alarm-dead-letters",
      "alarm-function-errors",
      "alarm-function-throttles",
      "alarm-oldest-pending",
      "alarm-rejected-share",
      "alarm-table-throttles",
    ]);
  });

  test.each(ours.map((alarm) => [alarm.name, alarm] as const))("%s goes off in its trouble", (_, alarm) => {
    expect(breachOf(alarm)).toBeGreaterThan(alarm.threshold);
  });

  test("a busy table is no conflict: its own metric counts, and the alarm on conflicts is silent", () => {
    const written = lines.aggregate;
    lines.aggregate = busyLines;
    const [throttled = 0] = valuesOf("CommitsThrottled");
    const conflicts = ours.filter(({ name }) => name === "alarm-commit-conflicts").map(breachOf);
    lines.aggregate = written;
    // As many as were conflicts before, when the alarm went off.
    expect(throttled).toBeGreaterThan(100);
    expect(conflicts).toEqual([0]);
  });

  test("a backlog is heard of by the age of what the sweep finds, not by the stream, which has no maximum age", () => {
    const watched = alarms.flatMap(({ metrics }) => metrics).map(({ MetricStat }) => MetricStat?.Metric.MetricName);
    expect(watched).not.toContain("IteratorAge");
    const { threshold = 0 } = alarms.find(({ name }) => name === "alarm-oldest-pending") ?? {};
    // Several sweeps, one each five minutes, have had time for it.
    expect(threshold).toBe(1_800_000);
  });

  test("alarms on custom metrics are silent when all is well", () => {
    const written = { ...lines };
    lines.ingest = written.ingest.slice(0, 30);
    lines.aggregate = [
      '{"kind":"pending","open":3,"oldestMilliseconds":1500}',
      '{"kind":"aggregate","done":30,"conflicts":2,"throttled":0}',
    ];
    lines.audit = ['{"kind":"audit","differences":0}'];
    const loud = ours.filter((alarm) => breachOf(alarm) > alarm.threshold).map(({ name }) => name);
    Object.assign(lines, written);
    expect(loud).toEqual([]);
  });

  /** Metrics that AWS services send, with their dimensions. */
  const OF_AWS: Readonly<Record<string, readonly [dimension: string, type: string, names: readonly string[]]>> = {
    "AWS/ApiGateway": ["ApiId", "AWS::ApiGatewayV2::Api", ["5xx"]],
    "AWS/Lambda": ["FunctionName", "AWS::Lambda::Function", ["Errors", "Throttles"]],
    "AWS/SQS": ["QueueName", "AWS::SQS::Queue", ["ApproximateNumberOfMessagesVisible"]],
    "AWS/DynamoDB": ["TableName", "AWS::DynamoDB::GlobalTable", ["ReadThrottleEvents", "WriteThrottleEvents"]],
  };

  test("the others watch metrics that AWS sends, of resources of this stack", () => {
    const watched = alarms.filter((alarm) => !isOurs(alarm)).flatMap(({ metrics }) => metrics);
    expect(watched.length).toBeGreaterThan(5);
    for (const { MetricStat } of watched) {
      if (MetricStat === undefined) continue;
      const { Namespace, MetricName, Dimensions } = MetricStat.Metric;
      const [dimension = "", type = "", names = []] = OF_AWS[Namespace] ?? [];
      expect(names).toContain(MetricName);
      // biome-ignore lint/suspicious/noExplicitAny: as above.
      const { Value } = Dimensions.find(({ Name }: any) => Name === dimension);
      expect(Object.keys(resourcesOf(template, type))).toContain(Value.Ref ?? Value["Fn::GetAtt"][0]);
    }
  });

  const functionsOf = (name: string): string[] =>
    alarms
      .filter((alarm) => alarm.name === name)
      .flatMap(({ metrics }) => metrics)
      .flatMap(({ MetricStat }) => MetricStat?.Metric.Dimensions[0].Value.Ref ?? []);

  test("errors and throttles of every function are watched", () => {
    const functions = Object.keys(resourcesOf(template, "AWS::Lambda::Function")).sort();
    const errors = [...functionsOf("alarm-function-errors"), ...functionsOf("alarm-audit-errors")];
    expect(errors.sort()).toEqual(functions);
    expect(functionsOf("alarm-function-throttles").sort()).toEqual(functions);
  });

  test("an audit that fails once is heard of: it comes every three hours, and never twice within an alarm's periods", () => {
    expect(functionsOf("alarm-audit-errors")).toEqual([expect.stringMatching(/^audit/)]);
    const { properties } = alarms.find(({ name }) => name === "alarm-audit-errors") ?? {};
    expect([properties.EvaluationPeriods, properties.Threshold]).toEqual([1, 0]);
  });

  test("nobody else's alarms can write to the topic", () => {
    template.hasResourceProperties("AWS::SNS::TopicPolicy", {
      PolicyDocument: Match.objectLike({
        Statement: Match.arrayWith([
          {
            Sid: Match.anyValue(),
            Effect: "Allow",
            Action: "sns:Publish",
            Principal: { Service: "cloudwatch.amazonaws.com" },
            Resource: Match.anyValue(),
            Condition: { StringEquals: { "aws:SourceAccount": { Ref: "AWS::AccountId" } } },
          },
        ]),
      }),
    });
  });

  test("no sweep at all is as bad as a host that has been pending for long", () => {
    const { properties } = alarms.find(({ name }) => name === "alarm-oldest-pending") ?? {};
    expect(properties.TreatMissingData).toBe("breaching");
  });

  test("each alarm publishes to the topic, and names an existing section of the runbook", () => {
    const headings = readFileSync("docs/runbook.md", "utf8").match(/^#+ .*$/gm) ?? [];
    const anchors = headings.map((heading) => heading.replace(/^#+ /, "").toLowerCase().replaceAll(" ", "-"));
    const [topic] = Object.keys(resourcesOf(template, "AWS::SNS::Topic"));
    for (const { name, description, properties } of alarms) {
      expect(properties.AlarmActions).toEqual([{ Ref: topic }]);
      expect(description).toContain("docs/runbook.md#");
      expect(anchors).toContain(name);
    }
  });
});
