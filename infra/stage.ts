// Stages: what differs between a deployment that holds a fleet's results and one that is thrown away.

import { RemovalPolicy } from "aws-cdk-lib";
import { RetentionDays } from "aws-cdk-lib/aws-logs";

export interface Stage {
  readonly name: string;
  /** Whether results outlive the stack, and neither table nor stack can be deleted by mistake. */
  readonly keepsData: boolean;
  /** What happens to the table when the stack goes. */
  readonly removal: RemovalPolicy;
  readonly logRetention: RetentionDays;
}

const STAGES: Readonly<Record<string, Stage>> = {
  dev: { name: "dev", keepsData: false, removal: RemovalPolicy.DESTROY, logRetention: RetentionDays.ONE_WEEK },
  prod: { name: "prod", keepsData: true, removal: RemovalPolicy.RETAIN, logRetention: RetentionDays.THREE_MONTHS },
};

/** The stage of `-c stage=NAME`; dev when none is named. Throws for a name it does not know. */
export function stageNamed(name: unknown): Stage {
  const stage = STAGES[String(name ?? "dev")];
  if (stage === undefined)
    throw new Error(`stage: expected ${Object.keys(STAGES).join(" or ")}, found ${String(name)}`);
  return stage;
}
