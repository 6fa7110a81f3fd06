// The deployment as the template has it, put up on this machine from nothing else, does the main job: whatever a template
// forgets (a route, a variable, a right, a filter, a bundle, a file) is found here and not in production. That it would be
// found is shown by forgetting one of each.

import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { type Assembly, assemble, resourcesOfType, type TemplateFile } from "./deployed/assembly.ts";
import { deployed } from "./deployed/deployment.ts";
import { mainJob } from "./deployed/main-job.ts";

let engine: TestEngine;
let assembly: Assembly;

beforeAll(async () => {
  engine = await startTestEngine();
  assembly = assemble("prod");
});
afterAll(async () => {
  assembly.remove();
  await engine.stop();
});

async function doMainJob(template: TemplateFile): Promise<void> {
  const deployment = await deployed(template, assembly, engine.endpoint);
  try {
    await mainJob(deployment, engine.endpoint);
  } finally {
    await deployment.stop();
  }
}

test("posts the seed, counts, compares, shares and shows it, through what the template says and nothing else", async () => {
  await doMainJob(assembly.template);
});

// biome-ignore lint/suspicious/noExplicitAny: what is taken out of a template is JSON of any shape.
type Json = any;

const remove = (template: TemplateFile, isIt: (resource: Json) => boolean): void => {
  for (const [id, resource] of Object.entries(template.Resources)) if (isIt(resource)) delete template.Resources[id];
};

const functionOf = (template: TemplateFile, name: string): Json =>
  resourcesOfType(template, "AWS::Lambda::Function").find(
    ([, { Properties }]) => Properties.Description === `vbdstat ${name}`,
  )?.[1].Properties;

const route = (template: TemplateFile, key: string): Json =>
  resourcesOfType(template, "AWS::ApiGatewayV2::Route").find(([, { Properties }]) => Properties.RouteKey === key)?.[1]
    .Properties;

const mapping = (template: TemplateFile): Json =>
  resourcesOfType(template, "AWS::Lambda::EventSourceMapping")[0]?.[1].Properties;

/** Takes an action off the statements of a role. */
const withoutPermission = (name: string, action: string, partition: string) => (template: TemplateFile) => {
  for (const [id, { Properties }] of resourcesOfType(template, "AWS::IAM::Policy")) {
    if (!id.startsWith(`${name}role`)) continue;
    Properties.PolicyDocument.Statement = Properties.PolicyDocument.Statement.filter(
      ({ Action, Condition }: Json) =>
        !(
          [Action].flat().includes(action) &&
          JSON.stringify(Condition ?? "").includes(JSON.stringify(partition).slice(1, -1))
        ),
    );
  }
};

test.each<[what: string, forget: (template: TemplateFile) => void, found: RegExp]>([
  [
    "a route",
    (template) => remove(template, ({ Properties }) => Properties?.RouteKey === "ANY /v1/results"),
    /POST \/v1\/results\?.*: 404/,
  ],
  [
    "the route of pictures",
    (template) => remove(template, ({ Properties }) => Properties?.RouteKey === "ANY /s/{id}"),
    /^\/s\/\S+: 404/,
  ],
  [
    "the other methods of a path",
    (template) => (route(template, "ANY /s/{id}").RouteKey = "GET /s/{id}"),
    /HEAD of the share: 404/,
  ],
  [
    "the route of what is nowhere",
    (template) => remove(template, ({ Properties }) => Properties?.RouteKey === "$default"),
    /GET \/v1\/nothing: {"message"/,
  ],
  [
    "the permission to call for what is nowhere",
    (template) =>
      remove(
        template,
        ({ Type, Properties }) =>
          Type === "AWS::Lambda::Permission" && Properties.SourceArn["Fn::Join"]?.[1].at(-1) === "/*/*",
      ),
    /the API may not call .* for \$default/,
  ],
  [
    "that uploads are bytes",
    (template) => {
      const [door] = resourcesOfType(template, "AWS::CloudFront::Distribution");
      for (const origin of door?.[1].Properties.DistributionConfig.Origins ?? []) delete origin.OriginCustomHeaders;
    },
    /POST \/v1\/results\S+: 400 .*not valid gzip/s,
  ],
  ["a variable", (template) => delete functionOf(template, "ingest").Environment, /TABLE_NAME: expected/],
  [
    "the address that links have",
    (template) => delete functionOf(template, "embed").Environment.Variables.PUBLIC_URL,
    /the share is said to be at/,
  ],
  [
    "ingest's permission for store runs",
    withoutPermission("ingest", "dynamodb:PutItem", "RUN#*"),
    /POST \/v1\/results.*: 50/,
  ],
  ["read's permission for cells", withoutPermission("read", "dynamodb:Query", "CELL#*"), /GET \/v1\/.*: 50/],
  ["aggregate's permission for cells", withoutPermission("aggregate", "dynamodb:PutItem", "CELL#*"), /not done: /],
  ["embed's permission for shares", withoutPermission("embed", "dynamodb:PutItem", "SHARE#*"), /POST \/v1\/shares: 50/],
  ["audit's permission for runs", withoutPermission("audit", "dynamodb:Query", "RUN#*"), /AccessDenied.* audit/],
  [
    "aggregate's permission for the stream",
    withoutPermission("aggregate", "dynamodb:GetRecords", ""),
    /no right to GetRecords/,
  ],
  [
    "the filter of the stream",
    (template) => delete mapping(template).FilterCriteria,
    /wakes the aggregation for (FORMAT|RUN|TOKEN)/,
  ],
  [
    "what the filter lets through",
    (template) => (mapping(template).FilterCriteria.Filters[0].Pattern = '{"dynamodb":{"Keys":{"pk":{"S":["x"]}}}}'),
    /1 hosts are pending, 0 runs counted/,
  ],
  ["a bundle", (template) => (functionOf(template, "read").Code.S3Key = "gone.zip"), /there is no asset gone.zip/],
  [
    "the permission to call a function",
    (template) => remove(template, ({ Type }) => Type === "AWS::Lambda::Permission"),
    /the API may not call/,
  ],
  [
    "a schedule",
    (template) => remove(template, ({ Properties }) => Properties?.ScheduleExpression === "rate(5 minutes)"),
    /nothing comes at rate\(5 minutes\)/,
  ],
  [
    "an index",
    (template) => {
      const [table] = resourcesOfType(template, "AWS::DynamoDB::GlobalTable");
      const { Properties } = table?.[1] ?? {};
      delete Properties.GlobalSecondaryIndexes;
      Properties.AttributeDefinitions = Properties.AttributeDefinitions.filter(
        ({ AttributeName }: Json) => AttributeName !== "tpk" && AttributeName !== "tsk",
      );
    },
    // The main job lists no runs of the fleet, but the audit finds its hosts by their times.
    /the audit failed for 1 of 1 fleets/,
  ],
  [
    "that a cache must pass the width on",
    (template) => {
      for (const [, { Properties }] of resourcesOfType(template, "AWS::CloudFront::CachePolicy")) {
        Properties.CachePolicyConfig.ParametersInCacheKeyAndForwardedToOrigin.QueryStringsConfig = {
          QueryStringBehavior: "none",
        };
      }
    },
    /the width of a picture makes no difference/,
  ],
])("without %s it is found", async (_, forget, found) => {
  const template: TemplateFile = structuredClone(assembly.template);
  forget(template);
  expect(template).not.toEqual(assembly.template);
  await expect(doMainJob(template)).rejects.toThrow(found);
});
