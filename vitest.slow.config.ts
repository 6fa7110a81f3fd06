import { defineConfig } from "vitest/config";

// What needs minutes: `npm run check:slow`.
export default defineConfig({
  test: {
    include: ["test/attacks/*.slow.ts"],
    testTimeout: 900_000,
    hookTimeout: 120_000,
    maxWorkers: 1,
    disableConsoleIntercept: true,
    env: { TZ: "Pacific/Auckland", AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" },
  },
});
