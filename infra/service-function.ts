// One Lambda function of the service: its bundled handler, and a role that may write to its own log and has the given permissions, and
// nothing else.

import { AssetHashType, DockerImage, type Duration, RemovalPolicy } from "aws-cdk-lib";
import type { ITableV2 } from "aws-cdk-lib/aws-dynamodb";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Architecture, Code, Function as LambdaFunction, LoggingFormat, Runtime } from "aws-cdk-lib/aws-lambda";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { bundle, fromRoot } from "./bundle.ts";
import { grantPermissions, type Permission } from "./permissions.ts";
import type { Stage } from "./stage.ts";

export interface ServiceFunctionProps {
  /** The table and the permissions on it; without it the function has no table. */
  readonly access?: { readonly table: ITableV2; readonly permissions: readonly Permission[] };
  readonly timeout: Duration;
  readonly memorySize: number;
  readonly stage: Stage;
  /** Concurrent invocations reserved for this function; null: unreserved. */
  readonly concurrency?: number | null;
  /** Further environment variables; see functions/env.ts. Never a secret: everyone who may see the function sees them. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** A function and the log it writes to. */
export interface ServiceFunction {
  readonly handler: LambdaFunction;
  readonly log: LogGroup;
}

/** The function whose handler is `functions/NAME.ts`. */
export function makeServiceFunction(scope: Construct, name: string, props: ServiceFunctionProps): ServiceFunction {
  const { access, timeout, memorySize, stage, concurrency = null, environment = {} } = props;
  const log = new LogGroup(scope, `${name}-log`, {
    retention: stage.logRetention,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  // Not the default role of CDK, which may write to every log group of the account.
  const role = new Role(scope, `${name}-role`, { assumedBy: new ServicePrincipal("lambda.amazonaws.com") });
  log.grantWrite(role);
  if (access !== undefined) grantPermissions(role, access.table, access.permissions);
  const handler = new LambdaFunction(scope, name, {
    description: `vbdstat ${name}`,
    code: bundleCode(name),
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

/** The bundle, identified by its content, so that it is deployed only when it changes. */
function bundleCode(name: string): Code {
  return Code.fromAsset(fromRoot("functions"), {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // Never run: bundling in this process succeeds or throws. But CDK bundles once for each folder and these options, so the command has to
      // name the function.
      image: DockerImage.fromRegistry("none"),
      command: [name],
      local: {
        tryBundle: (outdir) => {
          bundle(name, outdir);
          return true;
        },
      },
    },
  });
}
