// Bundles and runs one entry point in the same process: `node local/start.mjs main`, with further arguments passed on.

import { argv, env, exit } from "node:process";
import { buildLocal } from "./build.mjs";

const [entry = "main"] = argv.splice(2, 1);
// The SDK's word on versions of 2027 is for us, not for whoever starts a server with the version that is pinned here.
env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
try {
  await buildLocal();
} catch (error) {
  // What esbuild finds it has printed itself.
  if (error.syscall === undefined) throw error;
  console.error(`dist/ is not built from this source, and cannot be: ${error.message}`);
  console.error("Run `npm run build` as the owner of this folder.");
  exit(1);
}
await import(new URL(`../dist/${entry}.js`, import.meta.url).href);
