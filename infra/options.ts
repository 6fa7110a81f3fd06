// What an operator may choose with `-c NAME=VALUE`, beside the stage. docs/runbook.md repeats the list.

/** A name of the operator's own for the service, and the certificate that CloudFront shows for it. */
interface Domain {
  readonly name: string;
  readonly certificateArn: string;
}

export interface Options {
  /** Null: the name that CloudFront gives. */
  readonly domain: Domain | null;
  /** A web ACL of AWS WAF (scope CLOUDFRONT) to put before everything. */
  readonly webAclArn: string | null;
  /** Who is written to when an alarm goes off. */
  readonly alarmEmail: string | null;
  /** The limits of a token, as `ingest` reads them from its environment. */
  readonly tokenLimits: Readonly<typeof TOKEN_LIMITS>;
}

/** What a token may do unless others are given; on one machine it is the same. */
const TOKEN_LIMITS = { TOKEN_BYTES_PER_DAY: 2e9, TOKEN_RUNS_PER_DAY: 2e6, TOKEN_COHORTS_PER_YEAR: 500 };

export const NO_OPTIONS: Options = { domain: null, webAclArn: null, alarmEmail: null, tokenLimits: TOKEN_LIMITS };

/** What each option must look like. CloudFront takes certificates and web ACLs of us-east-1 only. */
const EXPECTED = {
  domain: [/^(?=.{4,253}$)([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/, "a name such as vbdstat.example.org"],
  certificateArn: [/^arn:aws[\w-]*:acm:us-east-1:\d{12}:certificate\/[\w-]+$/, "the ARN of a certificate in us-east-1"],
  webAclArn: [/^arn:aws[\w-]*:wafv2:us-east-1:\d{12}:global\/webacl\/.+$/, "the ARN of a global web ACL in us-east-1"],
  alarmEmail: [/^[^\s@]+@[^\s@]+$/, "an address such as ops@example.org"],
} as const;

/** The options of a context (`app.node.tryGetContext`). Throws for what is not as expected, and for half a domain. */
export function optionsOf(context: (name: string) => unknown): Options {
  const option = (name: keyof typeof EXPECTED): string | null => {
    const value = context(name) ?? null;
    const [pattern, expected] = EXPECTED[name];
    if (value === null || (typeof value === "string" && pattern.test(value))) return value;
    throw new Error(`${name}: expected ${expected}, found ${JSON.stringify(value)}`);
  };
  const limit = (name: string, usual: number): number => {
    const value = context(name) ?? usual;
    // In cdk.json it may be a number; from `-c` it is text.
    if (/^[1-9]\d{0,14}$/.test(String(value))) return Number(value);
    throw new Error(`${name}: expected a whole number of at least 1, found ${JSON.stringify(value)}`);
  };
  const name = option("domain");
  const certificateArn = option("certificateArn");
  if ((name === null) !== (certificateArn === null)) throw new Error("domain and certificateArn go together");
  return {
    domain: name === null || certificateArn === null ? null : { name, certificateArn },
    webAclArn: option("webAclArn"),
    alarmEmail: option("alarmEmail"),
    tokenLimits: {
      TOKEN_BYTES_PER_DAY: limit("tokenBytesPerDay", TOKEN_LIMITS.TOKEN_BYTES_PER_DAY),
      TOKEN_RUNS_PER_DAY: limit("tokenRunsPerDay", TOKEN_LIMITS.TOKEN_RUNS_PER_DAY),
      TOKEN_COHORTS_PER_YEAR: limit("tokenCohortsPerYear", TOKEN_LIMITS.TOKEN_COHORTS_PER_YEAR),
    },
  };
}
