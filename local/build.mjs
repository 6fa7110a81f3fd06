// Bundles what runs on one machine: `npm run build` writes it to dist/, `npm start` and `npm run demo` do so first.
// JavaScript and not TypeScript, because it is what makes TypeScript run.

import { argv } from "node:process";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const fromRoot = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** Bundles the entry points into `outdir`. About a fifth of a second. */
export async function buildLocal(outdir = fromRoot("dist")) {
  await build({
    entryPoints: ["main", "demo", "vbdstat"].map((name) => fromRoot(`local/${name}.ts`)),
    outdir,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    mainFields: ["module", "main"],
    sourcemap: true,
    external: ["@dynoxide/linux-x64"],
    // Some of the SDK's parts still ask for `require`.
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    logLevel: "warning",
  });
}

if (argv[1] === fileURLToPath(import.meta.url)) await buildLocal(argv[2]);
