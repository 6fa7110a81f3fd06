import { expect, test, vi } from "vitest";
import { rememberPendingCount } from "../../../local/server/caches.ts";
import type { StatusStore } from "../../../shared/ports.ts";

test("where the time of day is put back, a count is believed for a second all the same", async () => {
  vi.useFakeTimers({ toFake: ["Date", "performance"] });
  try {
    let count = 3;
    const store: StatusStore = {
      pendingHostCount: async () => ({ count, oldestAt: null }),
      pendingHosts: async () => count,
      quarantined: async () => 0,
      ping: async () => undefined,
    };
    const remembered = rememberPendingCount().status(store);
    expect(await remembered.pendingHosts("default")).toBe(3);
    count = 0;
    expect(await remembered.pendingHosts("default")).toBe(3);
    vi.setSystemTime(Date.now() - 3_600_000);
    vi.advanceTimersByTime(1_001);
    expect(await remembered.pendingHosts("default")).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});
