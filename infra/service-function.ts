// One Lambda function of the service: its handler bundled, a role that may write to its own log and has the rights given,
// and nothing else.

import { AssetHashType, DockerImage, type Duration, RemovalPolicy } from "aws-cdk-lib";
import type { TableV2 } from "aws-cdk-lib/aws-dynamodb";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Architecture, Code, Function as LambdaFunction, LoggingFormat, Runtime } from "aws-cdk-lib/aws-lambda";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { bundle, fromRoot } from "./bundle.ts";
import { grantRights, type Right } from "./rights.ts";
import type { Stage } from "./stage.ts";

export interface ServiceFunctionProps {
  /** What it may do in which table; a function without it knows of none. */
  readonly access?: { readonly table: TableV2; readonly rights: readonly Right[] };
  readonly timeout: Duration;
  readonly memorySize: number;
  readonly stage: Stage;
  /** Invocations at once, set aside for this function alone; null: as many as the account has left. */
  readonly concurrency?: number | null;
  /** Variables beside the table's name; functions/env.ts says what they mean. Never a secret: who may see it sees them. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** A function and the log it writes to. */
export interface ServiceFunction {
  readonly handler: LambdaFunction;
  readonly log: LogGroup;
}

/** The function whose handler is `functions/NAME.ts`. */
export function serviceFunction(scope: Construct, name: string, props: ServiceFunctionProps): ServiceFunction {
  const { access, timeout, memorySize, stage, concurrency = null, environment = {} } = props;
  const log = new LogGroup(scope, `${name}-log`, {
    retention: stage.logRetention,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  // Not the role CDK would make: that one may write to every log group of the account.
  const role = new Role(scope, `${name}-role`, { assumedBy: new ServicePrincipal("lambda.amazonaws.com") });
  log.grantWrite(role);
  if (access !== undefined) grantRights(role, access.table, access.rights);
  const handler = new LambdaFunction(scope, name, {
    description: `vbdstat ${name}`,
    code: bundledCode(name),
    handler: "index.handler",
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    memorySize,
    timeout,
    role,
    logGroup: log,
    loggingFormat: LoggingFormat.JSON,
    ...(concurrency === null ? {} : { reservedConcurrentExecutions: concurrency }),
    environment: { ...(access !== undefined && { TABLE_NAME: access.table.tableName }), ...environment },
  });
  return { handler, log };
}

/** The bundle, known by its content, so that only a change of it is deployed. */
function bundledCode(name: string): Code {
  return Code.fromAsset(fromRoot(`functions/${name}`), {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // Never run: bundling in this process always succeeds or throws.
      image: DockerImage.fromRegistry("none"),
      local: {
        tryBundle: (outdir) => {
          bundle(name, outdir);
          return true;
        },
      },
    },
  });
}
