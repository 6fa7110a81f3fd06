// How a handler becomes a bundle: an ES module, minified, with the AWS SDK inside, so that its version is ours. What a
// handler imports dynamically is in files of its own beside it, which Node loads when they are first needed.

import { fileURLToPath } from "node:url";
import { type BuildOptions, buildSync, type Metafile } from "esbuild";

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

export const fromRoot = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

const OPTIONS = {
  absWorkingDir: fromRoot("."),
  bundle: true,
  splitting: true,
  platform: "node",
  format: "esm",
  target: "node24",
  outExtension: { ".js": ".mjs" },
  // The SDK's and zod's `main` is CommonJS, of which nothing can be left out.
  mainFields: ["module", "main"],
  minify: true,
  sourcemap: true,
  sourcesContent: false,
  external: NEVER_LOADED,
  logLevel: "warning",
} satisfies BuildOptions;

/**
 * Bundles `functions/NAME/handler.ts` into a folder as `index.mjs` and what that imports; gives esbuild's account of the
 * files, by paths relative to the root of the repository. Throws what esbuild could not do.
 */
export function bundle(name: string, outdir: string): Metafile {
  return buildSync({
    ...OPTIONS,
    entryPoints: [{ in: `functions/${name}/handler.ts`, out: "index" }],
    outdir,
    metafile: true,
  }).metafile;
}
