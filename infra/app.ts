// The deployment on AWS as code: `npx cdk deploy -c stage=prod`. This folder imports only shared/deployment.ts, and names the handlers by their
// paths. It needs no account, region or lookup, so it synthesizes anywhere, offline.

import { App, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import { findStage, readOptions } from "./stage.ts";
import { VbdstatStack } from "./vbdstat-stack.ts";

const app = new App();
const stage = findStage(app.node.tryGetContext("stage"));
new VbdstatStack(
  app,
  `vbdstat-${stage.name}`,
  stage,
  readOptions((name) => app.node.tryGetContext(name)),
);
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
