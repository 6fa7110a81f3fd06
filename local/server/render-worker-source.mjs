// The program of the thread in render-thread.ts when it runs from source, as in tests and scripts: a thread does not inherit the loader that
// runs TypeScript in its parent.

import { register } from "tsx/esm/api";

register();
await import("./render-worker.ts");
