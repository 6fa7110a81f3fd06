import { expect, test, vi } from "vitest";
import { makePendingCountCache } from "../../../local/server/caches.ts";

test("where the time of day is put back, a count is believed for a second all the same", async () => {
  vi.useFakeTimers({ toFake: ["Date", "performance"] });
  try {
    let count = 3;
    const remembered = makePendingCountCache().counting({ count: async (_fleet: string) => count });
    expect(await remembered.count("default")).toBe(3);
    count = 0;
    expect(await remembered.count("default")).toBe(3);
    vi.setSystemTime(Date.now() - 3_600_000);
    vi.advanceTimersByTime(1_001);
    expect(await remembered.count("default")).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});
