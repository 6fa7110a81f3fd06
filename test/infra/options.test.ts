// What an operator gives with `-c`: taken as it is meant, or refused before anything is deployed.

import { expect, test } from "vitest";
import { NO_OPTIONS, optionsOf } from "../../infra/options.ts";

const given = (context: Record<string, unknown>) => () => optionsOf((name) => context[name]);

const certificateArn = "arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d";

test("nothing given is a service under CloudFront's own name that writes to nobody", () => {
  expect(given({})()).toEqual(NO_OPTIONS);
});

test("a domain comes with its certificate", () => {
  expect(given({ domain: "vbdstat.example.org", certificateArn })()).toMatchObject({
    domain: { name: "vbdstat.example.org", certificateArn },
  });
});

test.each([
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
  [{ alarmEmail: "ops" }, "alarmEmail: expected an address such as ops@example.org"],
  [{ alarmEmail: 5 }, "alarmEmail: expected an address such as ops@example.org, found 5"],
])("%j is refused", (context, message) => {
  expect(given(context)).toThrow(message);
});
