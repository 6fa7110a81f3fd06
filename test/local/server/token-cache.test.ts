import { describe, expect, test, vi } from "vitest";
import type { TokenStore } from "../../../functions/store/fleet/tokens.ts";
import { withTokenCache } from "../../../local/server/caches.ts";
import type { Token } from "../../../shared/run/token.ts";

const TOKEN: Token = {
  id: "1",
  fleet: "default",
  scope: "read",
  root: false,
  hosts: null,
  expires_at: null,
  label: null,
  created_at: "2026-11-22T10:00:00.000Z",
  revoked_at: null,
};

const STORED = { secretHash: "known", token: TOKEN, isGenuine: true };

function counted() {
  const asked: string[] = [];
  let now = 0;
  let exists = true;
  let pause: Promise<void> = Promise.resolve();
  const store: TokenStore = {
    add: async () => undefined,
    list: async () => [],
    find: async (hash) => {
      asked.push(hash);
      const found = exists && hash === "known" ? TOKEN : null;
      await pause;
      return found;
    },
    revoke: async () => {
      exists = false;
    },
  };
  const cached = withTokenCache(store, () => now);
  return {
    asked,
    store,
    cached,
    pass: (ms: number) => {
      now += ms;
    },
    holdUp: (until: Promise<void>) => {
      pause = until;
    },
  };
}

describe("a burst of requests with one token", () => {
  test("asks the store once, and again after five seconds", async () => {
    const { asked, cached, pass } = counted();
    for (let request = 0; request < 3; request += 1) expect(await cached.find("known")).toEqual(TOKEN);
    expect(asked).toHaveLength(1);
    pass(5_000);
    await cached.find("known");
    expect(asked).toHaveLength(2);
  });

  test("a wrong token is asked for every time, so that a new one works at once", async () => {
    const { asked, cached } = counted();
    await cached.find("wrong");
    await cached.find("wrong");
    expect(asked).toEqual(["wrong", "wrong"]);
  });
});

test("where the time of day is put back, a token is believed no longer for it", async () => {
  vi.useFakeTimers({ toFake: ["Date", "performance"] });
  try {
    const { store } = counted();
    const cached = withTokenCache(store);
    await cached.find("known");
    await store.revoke(STORED, "2026-11-22T10:00:00.000Z");
    vi.setSystemTime(Date.now() - 3_600_000);
    vi.advanceTimersByTime(5_001);
    expect(await cached.find("known")).toBeNull();
  } finally {
    vi.useRealTimers();
  }
});

test("a revoked token is not remembered", async () => {
  const { store, asked } = counted();
  const revoked = { ...TOKEN, revoked_at: "2026-11-22T10:00:00.000Z" };
  const cached = withTokenCache({ ...store, find: async (hash) => (await store.find(hash)) && revoked });
  for (let request = 0; request < 2; request += 1) expect(await cached.find("known")).toEqual(revoked);
  expect(asked).toHaveLength(2);
});

describe("a token that is ended", () => {
  test("is forgotten at once", async () => {
    const { cached } = counted();
    await cached.find("known");
    await cached.revoke(STORED, "2026-11-22T10:00:00.000Z");
    expect(await cached.find("known")).toBeNull();
  });

  test("is not remembered by a request that read it just before", async () => {
    const { cached, holdUp } = counted();
    let release: () => void = () => {};
    holdUp(new Promise((resolve) => (release = resolve)));
    const reading = cached.find("known");
    await cached.revoke(STORED, "2026-11-22T10:00:00.000Z");
    release();
    expect(await reading).toEqual(TOKEN);
    expect(await cached.find("known")).toBeNull();
  });
});
