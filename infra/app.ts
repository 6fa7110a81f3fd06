// The deployment on AWS as code: `npx cdk deploy -c stage=prod`. This folder knows the product by shared/deployment.ts and
// by the paths of its handlers only. No account, region or lookup goes in, so it synthesises anywhere, offline.

import { App, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import { optionsOf } from "./options.ts";
import { stageNamed } from "./stage.ts";
import { VbdstatStack } from "./vbdstat-stack.ts";

const app = new App();
const stage = stageNamed(app.node.tryGetContext("stage"));
new VbdstatStack(
  app,
  `vbdstat-${stage.name}`,
  stage,
  optionsOf((name) => app.node.tryGetContext(name)),
);
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
