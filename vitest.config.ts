import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts", "test/**/*.test.tsx"],
    testTimeout: 60_000,
    hookTimeout: 30_000,
    // Two cores, and every store test starts an engine of its own: two workers keep both busy without thrashing.
    maxWorkers: 2,
    env: { TZ: "Pacific/Auckland", AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" },
  },
});
