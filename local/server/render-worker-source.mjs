// The program of the thread in render-thread.ts where the source itself runs, as in tests and scripts: a thread does not take
// over what makes TypeScript run in the one that starts it.

import { register } from "tsx/esm/api";

register();
await import("./render-worker.ts");
