import { describe, expect, it } from "vitest";
import { adviceFor } from "../../shared/quality/rules.ts";

describe("an operator is told what to do about a verdict", () => {
  it("a clean run needs no advice", () => {
    expect(adviceFor("clean", "loop")).toEqual([]);
  });

  it("an unassessed run names the facts to send", () => {
    expect(adviceFor("not-assessed", "phy").join(" ")).toMatch(/dom0_mem_mb and cache_mode/);
  });

  it.each(["cached", "probably-cached", "suspect"] as const)(
    "%s: only loop is told to switch its device",
    (verdict) => {
      expect(adviceFor(verdict, "loop")[0]).toContain("losetup --direct-io=on");
      expect(adviceFor(verdict, "qdisk").join(" ")).not.toContain("losetup");
      expect(adviceFor(verdict, "qdisk")[0]).toContain("twice the memory");
    },
  );
});
