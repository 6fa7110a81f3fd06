// What an operator gives with `-c`: taken as it is meant, or refused before anything is deployed.

import { expect, test } from "vitest";
import { functionTokenLimits, USUAL_TOKEN_LIMITS } from "../../functions/env.ts";
import { NO_OPTIONS, type Options, readOptions } from "../../infra/stage.ts";
import { onlyOne, resourcesOf, synthesised } from "./synthesised.ts";

const given = (context: Record<string, unknown>) => () => readOptions((name) => context[name]);

const certificateArn = "arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d";

const tableStreamArn =
  "arn:aws:dynamodb:eu-central-1:123456789012:table/vbdstat-restored/stream/2026-11-22T10:00:00.000";

test("nothing given is a service under CloudFront's own name that writes to nobody", () => {
  expect(given({})()).toEqual(NO_OPTIONS);
});

test("a domain comes with its certificate", () => {
  expect(given({ domain: "vbdstat.example.org", certificateArn })()).toMatchObject({
    domain: { name: "vbdstat.example.org", certificateArn },
  });
});

test("each limit of a token has the default of one machine unless it is given", () => {
  expect(functionTokenLimits(environmentOf(given({})()))).toEqual(USUAL_TOKEN_LIMITS);
  const options = given({ tokenBytesPerDay: "5000000000", tokenRunsPerDay: 3, tokenCohortsPerYear: "40" })();
  expect(functionTokenLimits(environmentOf(options))).toEqual({ day: { bytes: 5e9, runs: 3 }, cohorts: 40 });
  expect(given({ tokenRunsPerDay: "7" })().tokenLimits).toEqual({
    ...NO_OPTIONS.tokenLimits,
    TOKEN_RUNS_PER_DAY: 7,
  });
});

/** The environment of ingest in the template. */
const environmentOf = (options: Options): Record<string, string> =>
  Object.values(resourcesOf(synthesised("dev", options), "AWS::Lambda::Function")).find(
    ({ Properties }) => Properties.Description === "vbdstat ingest",
  )?.Properties.Environment.Variables;

test("a table that exists comes with its stream", () => {
  expect(given({ tableName: "vbdstat-restored", tableStreamArn })()).toMatchObject({
    table: { name: "vbdstat-restored", streamArn: tableStreamArn },
  });
});

test.each([
  [{}, 30],
  [{ window: "300" }, 300],
  [{ window: 1 }, 1],
  [{ window: "0" }, 0],
])("with %j results wait up to %d s for others", (context, seconds) => {
  expect(given(context)().windowSeconds).toBe(seconds);
});

test("without a window a batch has no more records than Lambda allows then", () => {
  const { Properties: mapping } = onlyOne(synthesised("dev", { windowSeconds: 0 }), "AWS::Lambda::EventSourceMapping");
  expect(mapping).toMatchObject({ MaximumBatchingWindowInSeconds: 0, BatchSize: 10 });
});

test.each([
  [{ tableName: "vbdstat-restored" }, "tableName and tableStreamArn go together"],
  [{ tableStreamArn }, "tableName and tableStreamArn go together"],
  [{ tableName: "another", tableStreamArn }, "tableStreamArn: expected a stream of table another, found"],
  [{ tableName: "a/b", tableStreamArn }, "tableName: expected the name of a table"],
  [
    { tableName: "vbdstat-restored", tableStreamArn: tableStreamArn.replace("/stream/", "/index/") },
    "tableStreamArn: expected the ARN of the stream of a table",
  ],
  [{ domain: "vbdstat.example.org" }, "domain and certificateArn go together"],
  [{ certificateArn }, "domain and certificateArn go together"],
  [
    { domain: "https://vbdstat.example.org", certificateArn },
    'domain: expected a name such as vbdstat.example.org, found "https',
  ],
  [{ domain: "localhost", certificateArn }, "domain: expected"],
  [
    { domain: "a.example.org", certificateArn: "arn:aws:acm:eu-central-1:123456789012:certificate/0a1b" },
    "certificateArn: expected the ARN of a certificate in us-east-1",
  ],
  [
    { webAclArn: "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/x/1" },
    "webAclArn: expected the ARN of a global",
  ],
  [{ alarmEmail: "ops" }, "alarmEmail: expected an email address such as ops@example.org"],
  [{ tokenBytesPerDay: "2e9" }, 'tokenBytesPerDay: expected a whole number of at least 1, found "2e9"'],
  [{ tokenRunsPerDay: "0" }, "tokenRunsPerDay: expected a whole number"],
  [{ tokenCohortsPerYear: "" }, "tokenCohortsPerYear: expected a whole number"],
  [{ window: "301" }, 'window: expected whole seconds from 0 to 300, found "301"'],
  [{ window: "-1" }, "window: expected whole seconds from 0 to 300"],
  [{ window: "1.5" }, "window: expected whole seconds from 0 to 300"],
  [{ window: "" }, "window: expected whole seconds from 0 to 300"],
  [{ alarmEmail: 5 }, "alarmEmail: expected an email address such as ops@example.org, found 5"],
])("%j is refused", (context, message) => {
  expect(given(context)).toThrow(message);
});
