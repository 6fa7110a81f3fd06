import { defineConfig } from "vitest/config";
import { ImpactTable } from "./test/support/impact-table.ts";
import base from "./vitest.config.ts";

/** `npm run check:slow`: attacks that take minutes, one at a time, because each measures how everyone else is served. */
export default defineConfig({
  test: {
    ...base.test,
    include: ["test/attacks/*.slow.ts"],
    testTimeout: 900_000,
    hookTimeout: 900_000,
    maxWorkers: 1,
    fileParallelism: false,
    reporters: ["default", new ImpactTable()],
  },
});
