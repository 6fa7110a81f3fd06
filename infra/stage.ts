// Stages: the differences between a deployment with real results and a temporary one.

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
