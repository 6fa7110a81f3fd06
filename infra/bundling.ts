// How a handler becomes one file: an ES module, minified, with the AWS SDK inside, so that its version is ours.

import { type BundlingOptions, OutputFormat } from "aws-cdk-lib/aws-lambda-nodejs";

/**
 * Parts of the SDK that it loads only when it needs them, and in a function never does: credentials are in its
 * environment, where the SDK looks first, and nothing in DynamoDB's API is an event stream. They are a quarter of the SDK.
 */
const NEVER_LOADED = [
  "@aws-sdk/credential-provider-http",
  "@aws-sdk/credential-provider-ini",
  "@aws-sdk/credential-provider-process",
  "@aws-sdk/credential-provider-sso",
  "@aws-sdk/credential-provider-web-identity",
  "@smithy/core/event-streams",
  "@smithy/credential-provider-imds",
];

export const BUNDLING = {
  format: OutputFormat.ESM,
  target: "node24",
  // The SDK's and zod's `main` is CommonJS, of which nothing can be left out.
  mainFields: ["module", "main"],
  minify: true,
  sourceMap: true,
  sourcesContent: false,
  externalModules: NEVER_LOADED,
} satisfies BundlingOptions;
