import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Starts the agent's tests first: under seven shells they take the longest, mostly waiting, and would otherwise run alone at the end. */
class AgentFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isAgent = ({ moduleId }: TestSpecification) => moduleId.endsWith("test/agent/agent.test.ts");
    const sorted = await super.sort(files);
    return [...sorted.filter(isAgent), ...sorted.filter((file) => !isAgent(file))];
  }
}

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts", "test/**/*.test.tsx"],
    testTimeout: 60_000,
    hookTimeout: 30_000,
    // Two cores, and every store test starts an engine of its own: two workers keep both busy without thrashing.
    maxWorkers: 2,
    sequence: { sequencer: AgentFirst },
    env: { TZ: "Pacific/Auckland", AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" },
  },
});
