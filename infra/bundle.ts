// Bundles a handler: a minified ES module that includes the AWS SDK, so that its version is ours. Dynamic imports of a handler are in separate
// files next to it, which Node loads when they are first needed.

import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, buildSync, type Metafile } from "esbuild";

/**
 * Parts of the SDK that a function never loads: its credentials are in the environment, where the SDK looks first, and DynamoDB's API has no
 * event streams. They are a quarter of the SDK.
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

/** Files next to the bundle of a handler, by their name there. */
const ADDED_FILES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  embed: {
    "resvg.wasm": "node_modules/@resvg/resvg-wasm/index_bg.wasm",
    "DejaVuSans.ttf": "node_modules/dejavu-fonts-ttf/ttf/DejaVuSans.ttf",
    "DejaVuSans-Bold.ttf": "node_modules/dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf",
    // The fonts may be distributed only with their license.
    "DejaVu-LICENSE.txt": "node_modules/dejavu-fonts-ttf/LICENSE",
  },
};

/** The full path of a path in the repository. */
export const fromRoot = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

const OPTIONS = {
  absWorkingDir: fromRoot("."),
  bundle: true,
  splitting: true,
  platform: "node",
  format: "esm",
  target: "node24",
  outExtension: { ".js": ".mjs" },
  // The `main` of the SDK and of zod is CommonJS, which cannot be tree-shaken.
  mainFields: ["module", "main"],
  minify: true,
  sourcemap: true,
  sourcesContent: false,
  external: NEVER_LOADED,
  alias: { "@aws-sdk/middleware-endpoint-discovery": fromRoot("infra/no-endpoint-discovery.ts") },
  logLevel: "warning",
} satisfies BuildOptions;

/**
 * Bundles `functions/NAME.ts` into a folder as `index.mjs` and its dynamic imports, with its added files; returns esbuild's metafile, with
 * paths relative to the root of the repository. Throws esbuild's errors.
 */
export function bundle(name: string, outdir: string): Metafile {
  const metafile = bundleFile(`functions/${name}.ts`, outdir);
  for (const [file, from] of Object.entries(ADDED_FILES[name] ?? {})) copyFileSync(fromRoot(from), join(outdir, file));
  return metafile;
}

/** Bundles a file of the repository in the same way. */
export function bundleFile(path: string, outdir: string): Metafile {
  return buildSync({
    ...OPTIONS,
    entryPoints: [{ in: path, out: "index" }],
    outdir,
    metafile: true,
    // Every file imports the handler, which is loaded before it: so all code that is loaded on demand shares the start with the handler, and
    // esbuild puts that into one file. Without this it makes a file for each set of files that share code, up to twenty, and reading them
    // takes milliseconds. (A global named like the handler would become the handler; nothing uses one.)
    inject: [fromRoot(path)],
  }).metafile;
}
