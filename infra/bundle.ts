// How a handler becomes a bundle: an ES module, minified, with the AWS SDK inside, so that its version is ours. What a
// handler imports dynamically is in files of its own beside it, which Node loads when they are first needed.

import { copyFileSync } from "node:fs";
import { join } from "node:path";
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

/** Files that a handler finds beside its bundle, by the name it knows them under. */
const FILES_BESIDE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  embed: {
    "resvg.wasm": "node_modules/@resvg/resvg-wasm/index_bg.wasm",
    "DejaVuSans.ttf": "node_modules/dejavu-fonts-ttf/ttf/DejaVuSans.ttf",
    "DejaVuSans-Bold.ttf": "node_modules/dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf",
    // The fonts may be passed on only with it.
    "DejaVu-LICENSE.txt": "node_modules/dejavu-fonts-ttf/LICENSE",
  },
};

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
  alias: { "@aws-sdk/middleware-endpoint-discovery": fromRoot("infra/no-endpoint-discovery.ts") },
  logLevel: "warning",
} satisfies BuildOptions;

/**
 * Bundles `functions/NAME.ts` into a folder as `index.mjs` and what that imports, with the files it finds beside it;
 * gives esbuild's account of the code, by paths relative to the root of the repository. Throws what esbuild could not do.
 */
export function bundle(name: string, outdir: string): Metafile {
  const made = bundleFile(`functions/${name}.ts`, outdir);
  for (const [file, from] of Object.entries(FILES_BESIDE[name] ?? {})) copyFileSync(fromRoot(from), join(outdir, file));
  return made;
}

/** Bundles a file of the repository in the same way. */
export function bundleFile(path: string, outdir: string): Metafile {
  return buildSync({
    ...OPTIONS,
    entryPoints: [{ in: path, out: "index" }],
    outdir,
    metafile: true,
    // Every file is made to import the handler, which is there before it: so whatever is loaded on demand shares all of the
    // start with it, and esbuild puts that into one file. Otherwise it makes one for each set of files that share something,
    // up to twenty, and finding and reading them takes milliseconds. (A global of the handler's name would become the
    // handler; nobody uses one.)
    inject: [fromRoot(path)],
  }).metafile;
}
