// Bundles what runs on one machine: `npm run build` writes it to dist/, `npm start` and `npm run demo` do so first.
// JavaScript and not TypeScript, because it is what makes TypeScript run.

import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { argv, pid } from "node:process";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const fromRoot = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** The programs; all of them are written into one folder. */
const ENTRY_POINTS = [
  "server/main.ts",
  "demo/demo.ts",
  "cli/vbdstat.ts",
  "server/render-worker.ts",
  "server/engine-connector.mjs",
];

/**
 * Bundles the entry points into `outdir`, in a fraction of a second. Only what has changed is written, each file whole: a
 * server may run from there meanwhile, and whoever may not write there runs what its owner has built. Throws what
 * `writeFileSync` does.
 */
export async function buildLocal(outdir = fromRoot("dist")) {
  const { outputFiles } = await build({
    entryPoints: ENTRY_POINTS.map((path) => ({ in: fromRoot(`local/${path}`), out: basename(path, extname(path)) })),
    outdir,
    write: false,
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
  const changed = outputFiles.filter(({ path, contents }) => !holds(path, contents));
  if (changed.length > 0) mkdirSync(outdir, { recursive: true });
  for (const { path, contents } of changed) {
    const whole = join(outdir, `.${basename(path)}.${pid}`);
    try {
      writeFileSync(whole, contents);
      renameSync(whole, path);
    } catch (error) {
      rmSync(whole, { force: true });
      throw error;
    }
  }
}

function holds(path, contents) {
  try {
    return readFileSync(path).equals(contents);
  } catch {
    return false;
  }
}

if (argv[1] === fileURLToPath(import.meta.url)) await buildLocal(argv[2]);
