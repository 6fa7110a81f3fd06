// Facts of the deployed stack that would cost data, money or trust if they changed unseen.

import { Match } from "aws-cdk-lib/assertions";
import { describe, expect, test } from "vitest";
import { pendingPartition } from "../../functions/store/table/keys.ts";
import { SHARDS, TABLE } from "../../shared/deployment.ts";
import { onlyOne, resourcesOf, synthesised } from "./synthesised.ts";

const dev = synthesised("dev");
const prod = synthesised("prod");

const FUNCTIONS = ["aggregate", "audit", "docs", "embed", "ingest", "read"];

test("a table that the stack adopts is not in the template, and is named by all that use it", () => {
  const name = "vbdstat-restored";
  const streamArn = `arn:aws:dynamodb:eu-central-1:123456789012:table/${name}/stream/2026-11-22T10:00:00.000`;
  const template = synthesised("prod", { table: { name, streamArn } });
  expect(resourcesOf(template, "AWS::DynamoDB::GlobalTable")).toEqual({});
  expect(onlyOne(template, "AWS::Lambda::EventSourceMapping").Properties.EventSourceArn).toBe(streamArn);
  const functions = Object.values(resourcesOf(template, "AWS::Lambda::Function"));
  const names = functions.flatMap(({ Properties }) => Properties.Environment?.Variables?.TABLE_NAME ?? []);
  expect(names).toEqual(names.map(() => name));
  expect(names).toHaveLength(5);
  template.hasOutput("TableName", { Value: name });
  template.hasResourceProperties("AWS::CloudWatch::Alarm", {
    AlarmDescription: Match.stringLikeRegexp("throttled"),
    Metrics: Match.arrayWith([
      Match.objectLike({
        MetricStat: Match.objectLike({
          Metric: Match.objectLike({ Dimensions: [{ Name: "TableName", Value: name }] }),
        }),
      }),
    ]),
  });
  // Everything else is as with a table of its own.
  const others = (of: ReturnType<typeof synthesised>, type: string) => Object.keys(resourcesOf(of, type));
  for (const type of ["AWS::CloudWatch::Alarm", "AWS::Events::Rule", "AWS::ApiGatewayV2::Route"]) {
    expect(others(template, type)).toEqual(others(prod, type));
  }
});

describe("the table", () => {
  const text = (AttributeName: string) => ({ AttributeName, AttributeType: "S" });
  const keys = (hash: string, range: string) => [
    { AttributeName: hash, KeyType: "HASH" },
    { AttributeName: range, KeyType: "RANGE" },
  ];

  test("has the keys and indexes that the store asks for by name", () => {
    const { Properties } = onlyOne(dev, "AWS::DynamoDB::GlobalTable");
    expect(Properties).toMatchObject({
      KeySchema: keys("pk", "sk"),
      GlobalSecondaryIndexes: [
        {
          IndexName: TABLE.timeIndex.name,
          KeySchema: keys(TABLE.timeIndex.partitionKey, TABLE.timeIndex.sortKey),
          Projection: { ProjectionType: "KEYS_ONLY" },
        },
      ],
      TimeToLiveSpecification: { AttributeName: "ttl", Enabled: true },
    });
    expect(new Set(Properties.AttributeDefinitions)).toEqual(new Set(["pk", "sk", "tpk", "tsk"].map(text)));
    // With one, no partition could ever be split over more machines, and it can only be chosen when the table is created.
    expect(Properties.LocalSecondaryIndexes).toBeUndefined();
  });

  test("is paid by request, encrypted, recoverable to any second, and streams keys", () => {
    for (const template of [dev, prod]) {
      template.hasResourceProperties("AWS::DynamoDB::GlobalTable", {
        BillingMode: "PAY_PER_REQUEST",
        SSESpecification: { SSEEnabled: true, SSEType: "KMS" },
        StreamSpecification: { StreamViewType: "KEYS_ONLY" },
        Replicas: [Match.objectLike({ PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } })],
      });
    }
  });

  test("outlives the stack in prod and cannot be deleted by mistake; in dev it goes with the stack", () => {
    const facts = [prod, dev].map((template) => {
      const { DeletionPolicy, Properties } = onlyOne(template, "AWS::DynamoDB::GlobalTable");
      return [DeletionPolicy, Properties.Replicas[0].DeletionProtectionEnabled];
    });
    expect(facts).toEqual([
      ["Retain", true],
      ["Delete", false],
    ]);
  });

  test("an unknown stage is refused rather than deployed as dev", () => {
    expect(() => synthesised("production")).toThrow("expected dev or prod, found production");
  });
});

describe("the functions", () => {
  test("run on arm64 and Node 24, know the table if they use it, and hold no secret in their environment", () => {
    const functions = Object.values(resourcesOf(dev, "AWS::Lambda::Function"));
    expect(functions.map(({ Properties }) => Properties.Description.split(" ")[1]).sort()).toEqual(FUNCTIONS);
    for (const { Properties } of functions) {
      expect(Properties).toMatchObject({ Runtime: "nodejs24.x", Architectures: ["arm64"], Handler: "index.handler" });
      const { TABLE_NAME = null, PUBLIC_URL: _, ...others } = Properties.Environment?.Variables ?? {};
      const table = Properties.Description === "vbdstat docs" ? null : { Ref: expect.stringMatching(/^Table/) };
      const isIngest = Properties.Description === "vbdstat ingest";
      const limits = ["TOKEN_BYTES_PER_DAY", "TOKEN_RUNS_PER_DAY", "TOKEN_COHORTS_PER_YEAR"];
      expect([TABLE_NAME, Object.keys(others)]).toEqual([table, isIngest ? limits : []]);
    }
  });

  test("aggregate has its invocations set aside in prod, where there is a fleet to be counted; nothing traces requests", () => {
    for (const [template, concurrency] of [
      [dev, undefined],
      [prod, SHARDS + 2],
    ] as const) {
      for (const { Properties } of Object.values(resourcesOf(template, "AWS::Lambda::Function"))) {
        const isAggregate = Properties.Description === "vbdstat aggregate";
        expect(Properties.ReservedConcurrentExecutions).toBe(isAggregate ? concurrency : undefined);
        expect(Properties.TracingConfig).toBeUndefined();
      }
    }
  });

  test("those behind the API end before API Gateway stops waiting at 30 seconds", () => {
    const timeouts = Object.values(resourcesOf(dev, "AWS::Lambda::Function")).map(({ Properties }) => [
      Properties.Description.split(" ")[1],
      Properties.Timeout,
    ]);
    const behindTheApi = timeouts.filter(([name]) => name !== "aggregate" && name !== "audit");
    expect(behindTheApi.length).toBeGreaterThan(2);
    expect(behindTheApi.filter(([, seconds]) => seconds >= 30)).toEqual([]);
  });

  test("every log has a retention time, including the logs of the API", () => {
    const logs = Object.values(resourcesOf(prod, "AWS::Logs::LogGroup"));
    expect(logs).toHaveLength(FUNCTIONS.length + 1);
    for (const { Properties } of logs) expect(Properties.RetentionInDays).toBe(90);
  });
});

describe("what wakes the aggregation", () => {
  const { Properties: mapping } = onlyOne(dev, "AWS::Lambda::EventSourceMapping");

  test("the stream invokes it for new and changed pending hosts, and for nothing else", () => {
    const [filter, ...others] = mapping.FilterCriteria.Filters;
    const { eventName, dynamodb } = JSON.parse(filter.Pattern);
    expect(others).toEqual([]);
    expect(eventName).toEqual(["INSERT", "MODIFY"]);
    const [{ prefix }] = dynamodb.Keys.pk.S;
    expect(pendingPartition("default", 3).startsWith(prefix)).toBe(true);
    for (const pk of ["RUN#default#0", "CELL#default#all", "HOST#default#all#3", "TOKENS#default", "FLEETS"]) {
      expect(pk.startsWith(prefix)).toBe(false);
    }
  });

  test("records are retried alone, a bounded number of times, and end in the dead-letter queue", () => {
    const [queue] = Object.keys(resourcesOf(dev, "AWS::SQS::Queue"));
    expect(mapping).toMatchObject({
      FunctionResponseTypes: ["ReportBatchItemFailures"],
      BisectBatchOnFunctionError: true,
      MaximumRetryAttempts: 3,
      StartingPosition: "TRIM_HORIZON",
      DestinationConfig: { OnFailure: { Destination: { "Fn::GetAtt": [queue, "Arn"] } } },
    });
  });

  test("records wait half a minute for others, in batches as large as Lambda allows", () => {
    expect(mapping).toMatchObject({ MaximumBatchingWindowInSeconds: 30, BatchSize: 10_000 });
  });

  test("a record is never discarded for its age, so a long backlog puts nothing into the dead-letter queue", () => {
    // -1, the default of Lambda: no maximum.
    expect(mapping.MaximumRecordAgeInSeconds ?? -1).toBe(-1);
  });

  test("the dead-letter queue is encrypted, refuses plain HTTP, and keeps what it gets for two weeks", () => {
    expect(onlyOne(dev, "AWS::SQS::Queue").Properties).toMatchObject({
      SqsManagedSseEnabled: true,
      MessageRetentionPeriod: 14 * 24 * 3600,
    });
    dev.hasResourceProperties("AWS::SQS::QueuePolicy", {
      PolicyDocument: Match.objectLike({
        Statement: [Match.objectLike({ Effect: "Deny", Condition: { Bool: { "aws:SecureTransport": "false" } } })],
      }),
    });
  });

  test("the sweep comes every five minutes, to the aggregate function, which lets it go by once it has failed", () => {
    const functions = Object.entries(resourcesOf(dev, "AWS::Lambda::Function"));
    const [aggregate] = functions.find(([, { Properties }]) => Properties.Description === "vbdstat aggregate") ?? [];
    const rules = Object.values(resourcesOf(dev, "AWS::Events::Rule")).map(({ Properties }) => Properties);
    const rule = rules.find(({ ScheduleExpression }) => ScheduleExpression === "rate(5 minutes)");
    expect(rule?.State).toBe("ENABLED");
    expect(rule?.Targets).toEqual([expect.objectContaining({ Arn: { "Fn::GetAtt": [aggregate, "Arn"] } })]);
    dev.hasResourceProperties("AWS::Lambda::EventInvokeConfig", {
      FunctionName: { Ref: aggregate },
      MaximumRetryAttempts: 0,
      // If throttled, it would be retried for six hours, and all sweeps of that time would then start at once.
      MaximumEventAgeInSeconds: 300,
    });
  });

  test("the audit comes so often that every bucket is looked at once a day", () => {
    dev.hasResourceProperties("AWS::Events::Rule", { ScheduleExpression: "rate(3 hours)" });
    expect(24 / 3).toBe(SHARDS);
  });
});

test("the outputs have the URL and the command for the first token, and no secret", () => {
  const outputs = dev.findOutputs("*");
  expect(Object.keys(outputs).sort()).toEqual([
    "AlarmTopic",
    "DeadLetterQueue",
    "DomainTarget",
    "FirstTokenCommand",
    "ServiceUrl",
    "TableName",
  ]);
  expect(JSON.stringify(outputs["FirstTokenCommand"])).toContain("npx tsx scripts/first-token.ts ");
  expect(JSON.stringify(dev.toJSON())).not.toMatch(/vbd_[\w-]{20}/);
});
