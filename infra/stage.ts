// Stages: what differs between a deployment that holds a fleet's results and one that is thrown away.

import { RemovalPolicy } from "aws-cdk-lib";
import { RetentionDays } from "aws-cdk-lib/aws-logs";
import { SHARDS } from "../shared/deployment.ts";

export interface Stage {
  readonly name: string;
  /** Whether results outlive the stack, and neither table nor stack can be deleted by mistake. */
  readonly keepsData: boolean;
  /** What happens to the table when the stack goes. */
  readonly removal: RemovalPolicy;
  readonly logRetention: RetentionDays;
  /**
   * How many invocations of aggregate there may be at once, set aside for it alone; null: as many as the account has left.
   * Setting some aside takes them from the account's quota, which in a new account is too small for that.
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
    // One for each bucket of a fleet, the sweep, and one to spare. More would work on the same buckets, take each other's
    // transactions down and make the table write what it then throws away; with none set aside a burst of uploads could
    // take all that the account has, and nothing would be counted until it is over.
    aggregateConcurrency: SHARDS + 2,
  },
};

/** The stage of `-c stage=NAME`; dev when none is named. Throws for a name it does not know. */
export function stageNamed(name: unknown): Stage {
  const stage = STAGES[String(name ?? "dev")];
  if (stage === undefined)
    throw new Error(`stage: expected ${Object.keys(STAGES).join(" or ")}, found ${String(name)}`);
  return stage;
}
