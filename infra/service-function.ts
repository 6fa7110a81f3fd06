// One Lambda function of the service: its handler bundled, a role that may write to its own log and has the rights given,
// and nothing else.

import { fileURLToPath } from "node:url";
import type { Duration } from "aws-cdk-lib";
import { RemovalPolicy } from "aws-cdk-lib";
import type { TableV2 } from "aws-cdk-lib/aws-dynamodb";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Architecture, LoggingFormat, Runtime } from "aws-cdk-lib/aws-lambda";
import { NodejsFunction } from "aws-cdk-lib/aws-lambda-nodejs";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { BUNDLING } from "./bundling.ts";
import { grantRights, type Right } from "./rights.ts";
import type { Stage } from "./stage.ts";

export interface ServiceFunctionProps {
  /** What it may do in which table; a function without it knows of none. */
  readonly access?: { readonly table: TableV2; readonly rights: readonly Right[] };
  readonly timeout: Duration;
  readonly memorySize: number;
  readonly stage: Stage;
}

const fromRoot = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** The function whose handler is `functions/NAME/handler.ts`. */
export function serviceFunction(scope: Construct, name: string, props: ServiceFunctionProps): NodejsFunction {
  const { access, timeout, memorySize, stage } = props;
  const logGroup = new LogGroup(scope, `${name}-log`, {
    retention: stage.logRetention,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  // Not the role CDK would make: that one may write to every log group of the account.
  const role = new Role(scope, `${name}-role`, { assumedBy: new ServicePrincipal("lambda.amazonaws.com") });
  logGroup.grantWrite(role);
  if (access !== undefined) grantRights(role, access.table, access.rights);
  return new NodejsFunction(scope, name, {
    description: `vbdstat ${name}`,
    entry: fromRoot(`functions/${name}/handler.ts`),
    projectRoot: fromRoot(""),
    depsLockFilePath: fromRoot("package-lock.json"),
    bundling: BUNDLING,
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    memorySize,
    timeout,
    role,
    logGroup,
    loggingFormat: LoggingFormat.JSON,
    environment: {
      ...(access === undefined ? {} : { TABLE_NAME: access.table.tableName }),
      NODE_OPTIONS: "--enable-source-maps",
    },
  });
}
