// What an operator chooses for a deployment: its stage, and further options. Stages are the differences between a deployment with
// real results and a temporary one.

import { RemovalPolicy } from "aws-cdk-lib";
import { RetentionDays } from "aws-cdk-lib/aws-logs";
import { SHARDS } from "../shared/deployment.ts";

export interface Stage {
  readonly name: string;
  /** Whether the results survive the stack, and neither table nor stack can be deleted by mistake. */
  readonly keepsData: boolean;
  /** What happens to the table when the stack is deleted. */
  readonly removal: RemovalPolicy;
  readonly logRetention: RetentionDays;
  /**
   * Concurrent invocations reserved for aggregate; null: unreserved. Reserving reduces the quota of the account, which is too small for that
   * in a new account.
   */
  readonly aggregateConcurrency: number | null;
}

const STAGES: Readonly<Record<string, Stage>> = {
  dev: {
    name: "dev",
    keepsData: false,
    removal: RemovalPolicy.DESTROY,
    logRetention: RetentionDays.ONE_WEEK,
    aggregateConcurrency: null,
  },
  prod: {
    name: "prod",
    keepsData: true,
    removal: RemovalPolicy.RETAIN,
    logRetention: RetentionDays.THREE_MONTHS,
    // One for each shard of a fleet, one for the sweep, and a spare one. More would work on the same shards and cancel each other's
    // transactions, which costs writes for nothing; without a reservation a burst of uploads could use all invocations of the account, and
    // nothing would be counted until it ends.
    aggregateConcurrency: SHARDS + 2,
  },
};

/** The stage of `-c stage=NAME`; dev by default. Throws for an unknown name. */
export function findStage(name: unknown): Stage {
  const stage = STAGES[String(name ?? "dev")];
  if (stage === undefined)
    throw new Error(`stage: expected ${Object.keys(STAGES).join(" or ")}, found ${String(name)}`);
  return stage;
}

// The options that an operator may set with `-c NAME=VALUE`, in addition to the stage. docs/runbook.md has the same list.

/** A custom domain of the service, and its certificate for CloudFront. */
interface Domain {
  readonly name: string;
  readonly certificateArn: string;
}

/** An existing table that the stack uses instead of creating one. */
export interface AdoptedTable {
  readonly name: string;
  /** The table's current stream, of keys only. */
  readonly streamArn: string;
}

export interface Options {
  /** Null: the stack creates its table. */
  readonly table: AdoptedTable | null;
  /** Null: the domain name of CloudFront. */
  readonly domain: Domain | null;
  /** A web ACL of AWS WAF (scope CLOUDFRONT) for the distribution. */
  readonly webAclArn: string | null;
  /** The email address for alarms. */
  readonly alarmEmail: string | null;
  /** How many seconds a new result waits for others, to be counted together with them: 0 to 300. */
  readonly windowSeconds: number;
  /** The limits of a token, which `ingest` reads from its environment. */
  readonly tokenLimits: Readonly<typeof TOKEN_LIMITS>;
}

/** The default limits of a token, which one machine has as well. */
const TOKEN_LIMITS = { TOKEN_BYTES_PER_DAY: 2e9, TOKEN_RUNS_PER_DAY: 2e6, TOKEN_COHORTS_PER_YEAR: 500 };

/** Short for a person who waits for a comparison, and long enough for hosts whose schedules start in the same minute. */
const WINDOW_SECONDS = 30;

/** The longest wait that Lambda allows. */
const MAX_WINDOW_SECONDS = 300;

export const NO_OPTIONS: Options = {
  table: null,
  domain: null,
  webAclArn: null,
  alarmEmail: null,
  windowSeconds: WINDOW_SECONDS,
  tokenLimits: TOKEN_LIMITS,
};

/** The form of each option. CloudFront accepts only certificates and web ACLs of us-east-1. */
const EXPECTED = {
  tableName: [/^[\w.-]{3,255}$/, "the name of a table: 3 to 255 of A-Z a-z 0-9 _ . -"],
  tableStreamArn: [
    /^arn:aws[\w-]*:dynamodb:[\w-]+:\d{12}:table\/[\w.-]+\/stream\/[\w:.-]+$/,
    "the ARN of the stream of a table",
  ],
  domain: [/^(?=.{4,253}$)([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/, "a name such as vbdstat.example.org"],
  certificateArn: [/^arn:aws[\w-]*:acm:us-east-1:\d{12}:certificate\/[\w-]+$/, "the ARN of a certificate in us-east-1"],
  webAclArn: [/^arn:aws[\w-]*:wafv2:us-east-1:\d{12}:global\/webacl\/.+$/, "the ARN of a global web ACL in us-east-1"],
  alarmEmail: [/^[^\s@]+@[^\s@]+$/, "an email address such as ops@example.org"],
} as const;

/** Reads the options from a context (`app.node.tryGetContext`). Throws for an invalid value, and for a domain without its certificate. */
export function readOptions(context: (name: string) => unknown): Options {
  const option = (name: keyof typeof EXPECTED): string | null => {
    const value = context(name) ?? null;
    const [pattern, expected] = EXPECTED[name];
    if (value === null || (typeof value === "string" && pattern.test(value))) return value;
    throw new Error(`${name}: expected ${expected}, found ${JSON.stringify(value)}`);
  };
  const limit = (name: string, fallback: number): number => {
    const value = context(name) ?? fallback;
    // A number in cdk.json, text from `-c`.
    if (/^[1-9]\d{0,14}$/.test(String(value))) return Number(value);
    throw new Error(`${name}: expected a whole number of at least 1, found ${JSON.stringify(value)}`);
  };
  const window = context("window") ?? WINDOW_SECONDS;
  if (!/^\d{1,3}$/.test(String(window)) || Number(window) > MAX_WINDOW_SECONDS) {
    throw new Error(`window: expected whole seconds from 0 to ${MAX_WINDOW_SECONDS}, found ${JSON.stringify(window)}`);
  }
  const name = option("domain");
  const certificateArn = option("certificateArn");
  if ((name === null) !== (certificateArn === null)) throw new Error("domain and certificateArn go together");
  const tableName = option("tableName");
  const streamArn = option("tableStreamArn");
  if ((tableName === null) !== (streamArn === null)) throw new Error("tableName and tableStreamArn go together");
  if (streamArn !== null && streamArn.split("/")[1] !== tableName) {
    throw new Error(`tableStreamArn: expected a stream of table ${tableName}, found ${JSON.stringify(streamArn)}`);
  }
  return {
    table: tableName === null || streamArn === null ? null : { name: tableName, streamArn },
    domain: name === null || certificateArn === null ? null : { name, certificateArn },
    webAclArn: option("webAclArn"),
    alarmEmail: option("alarmEmail"),
    windowSeconds: Number(window),
    tokenLimits: {
      TOKEN_BYTES_PER_DAY: limit("tokenBytesPerDay", TOKEN_LIMITS.TOKEN_BYTES_PER_DAY),
      TOKEN_RUNS_PER_DAY: limit("tokenRunsPerDay", TOKEN_LIMITS.TOKEN_RUNS_PER_DAY),
      TOKEN_COHORTS_PER_YEAR: limit("tokenCohortsPerYear", TOKEN_LIMITS.TOKEN_COHORTS_PER_YEAR),
    },
  };
}
