// The rules of cdk-nag's AwsSolutions over the stack. `npm run synth` fails by them as well; here it says which.

import { Queue } from "aws-cdk-lib/aws-sqs";
import { AwsSolutionsChecks } from "cdk-nag";
import { expect, test } from "vitest";
import { NO_OPTIONS, type Options } from "../../infra/stage.ts";
import { stackOf } from "./synthesised.ts";

const EVERYTHING: Options = {
  table: null,
  domain: {
    name: "vbdstat.example.org",
    certificateArn: "arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d",
  },
  webAclArn: "arn:aws:wafv2:us-east-1:123456789012:global/webacl/vbdstat/0a1b2c3d",
  alarmEmail: "ops@example.org",
  windowSeconds: 300,
  tokenLimits: NO_OPTIONS.tokenLimits,
};

const findings = (stack: ReturnType<typeof stackOf>): string[] =>
  new AwsSolutionsChecks(stack)
    .validateScope(stack)
    .violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath }) => `${ruleName} ${constructPath}`),
    );

test.each([
  ["dev", {}],
  ["prod", {}],
  ["prod", EVERYTHING],
] as const)("%s breaks no rule that it does not name with a reason (%j)", (stage, options) => {
  expect(findings(stackOf(stage, options))).toEqual([]);
});

test("the rules are in force: a queue without encryption is found", () => {
  const stack = stackOf("dev");
  new Queue(stack, "open");
  expect(findings(stack).join()).toContain("AwsSolutions-SQS4 vbdstat-dev/open");
});
