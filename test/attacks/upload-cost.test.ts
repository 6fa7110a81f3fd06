// What a small upload can make the service store: bounded by what is sent, by upload and by day.

import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Receipt } from "../../functions/service/upload/receipt.ts";
import { makeUploadGate } from "../../functions/service/upload/upload-gate.ts";
import { makeTokenBudget } from "../../functions/service/upload/upload-limits.ts";
import { makeUseStore } from "../../functions/store/fleet/tokens.ts";
import { withGroupCommit } from "../../functions/store/runs/group-commit.ts";
import { makeRunStore } from "../../functions/store/runs/runs.ts";
import { asJson, jsonOf, type Refusal } from "../support/answer.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { LOOP } from "../support/fixtures.ts";
import { newRun } from "../support/runs.ts";
import { makeTestService, type TestService } from "../support/service.ts";

let engine: TestEngine;
let service: TestService;
beforeAll(async () => {
  engine = await startTestEngine();
  service = await makeTestService(await engine.newTable());
});
afterAll(() => engine.stop());

let number = 10_000;
const lines = (count: number) =>
  Array.from({ length: count }, () => {
    number += 1;
    return LOOP.replace("25511", String(number));
  }).join("\n");
const labels = (count: number, length: number) =>
  Array.from({ length: count }, (_, label) => `# label.l${label}: ${"x".repeat(length)}`).join("\n");

const refused = async (answer: Promise<Response>, status: number) => (await jsonOf<Refusal>(answer, status)).error;

describe("facts", () => {
  test("of a run beyond 4 096 bytes are refused, with the line that was too much and how much it is", async () => {
    const { code, issues } = await refused(service.post(`${labels(21, 190)}\n${LOOP}`, "?backend=loop", asJson), 400);
    expect(code).toBe("bad_parameter");
    expect(issues).toEqual([
      expect.objectContaining({
        line: 21,
        field: "label.l20",
        code: "facts_too_large",
        text: expect.stringMatching(/at most 4096 bytes.*found 4\d\d\d/),
      }),
    ]);
  });

  test("of the query count with those of the body, and one that is said again only once", async () => {
    const long = "x".repeat(190);
    const query = `?backend=loop&${Array.from({ length: 19 }, (_, label) => `label.q${label}=${long}`).join("&")}`;
    await refused(service.post(`${labels(3, 190)}\n${LOOP}`, query, asJson), 400);
    const again = Array.from({ length: 50 }, () => `# label.l1: ${long}`).join("\n");
    await jsonOf<Receipt>(service.post(`${again}\n${lines(1)}`, query, asJson), 201);
  });

  test("times results beyond 8 MiB are refused before anything is made of them: 28 kB do not become 39 MB", async () => {
    const body = gzipSync(`${labels(20, 190)}\n${lines(9_800)}`);
    const answer = service.post(new Uint8Array(body), "?backend=loop", {
      headers: { ...asJson.headers, "Content-Encoding": "gzip" },
    });
    const { code, message } = await refused(answer, 413);
    expect(code).toBe("too_large");
    expect(message).toMatch(/9800 results.*at most 8388608/);
    const { runs } = await jsonOf<{ runs: unknown[] }>(service.send("/v1/runs?host=vm101"), 200);
    expect(runs.length).toBeLessThan(5);
  });

  test("times rejected lines are as well: each is kept with all that was said about it", async () => {
    const bad = Array.from({ length: 9_900 }, (_, line) => `bad${line},1,2,3,4,5,6,7,8,9`).join("\n");
    await refused(service.post(`${labels(20, 190)}\n${bad}`, "?backend=loop", asJson), 413);
  });
});

describe("a day", () => {
  const DAY_MS = 86_400_000;

  test("has room for so many runs and bytes of a token; then 429, until midnight UTC but an hour at most", async () => {
    for (const day of [
      { bytes: 1e9, runs: 5 },
      { bytes: 8_000, runs: 1e6 },
    ]) {
      const own = await makeTestService(await engine.newTable(), { limits: { day, cohorts: 500 } });
      const host = await own.token({ scope: "ingest" });
      const other = await own.token({ scope: "ingest" });
      await jsonOf(own.post(lines(5), "?backend=loop", { ...asJson, token: host }), 201);
      const answer = await own.post(lines(1), "?backend=loop", { ...asJson, token: host });
      expect(answer.headers.get("Retry-After")).toBe("3600");
      expect((await refused(Promise.resolve(answer), 429)).message).toContain("the limit for a day");
      await jsonOf(own.post(lines(1), "?backend=loop", { ...asJson, token: other }), 201);
      own.now += DAY_MS - (own.now % DAY_MS) - 90_000;
      const late = await own.post(lines(1), "?backend=loop", { ...asJson, token: host });
      expect([late.status, late.headers.get("Retry-After")]).toEqual([429, "90"]);
      own.now += 90_000;
      await jsonOf(own.post(lines(1), "?backend=loop", { ...asJson, token: host }), 201);
    }
  });

  test("duplicates cost nothing", async () => {
    const limits = { day: { bytes: 1e9, runs: 3 }, cohorts: 500 };
    const own = await makeTestService(await engine.newTable(), { limits });
    const body = lines(1);
    await jsonOf(own.post(body, "?backend=loop", asJson), 201);
    for (let again = 0; again < 5; again += 1) await jsonOf(own.post(body, "?backend=loop", asJson), 200);
    await jsonOf(own.post(lines(1), "?backend=loop", asJson), 201);
  });

  test("is counted for all processes together, to a hundredth of it for each", async () => {
    const store = makeUseStore(await engine.newTable());
    const clock = () => Date.parse("2026-12-01T10:00:00Z");
    const limit = { bytes: 1_000_000, runs: 1_000 };
    const processes = Array.from({ length: 4 }, () => makeTokenBudget(store, clock, limit));
    let stored = 0;
    const isOpen = (budget: (typeof processes)[number]) => {
      try {
        budget.assertNotSpent("t");
        return true;
      } catch {
        return false;
      }
    };
    while (processes.some(isOpen)) {
      for (const budget of processes.filter(isOpen)) {
        await budget.spend("t", { bytes: 2_500, runs: 2 });
        stored += 2_500;
      }
      expect(stored).toBeLessThan(1_100_000);
    }
    expect(stored).toBeGreaterThanOrEqual(960_000);
    // One that starts now has nothing in memory, and learns of the rest as soon as it has used a hundredth.
    const late = makeTokenBudget(store, clock, limit);
    for (let upload = 0; isOpen(late); upload += 1) {
      expect(upload).toBeLessThan(6);
      await late.spend("t", { bytes: 2_500, runs: 2 });
    }
  });
});

describe("at once", () => {
  test("a large upload waits for another, small ones for none of them, and no large one for longer than it is worth", async () => {
    const gate = makeUploadGate(50);
    const first = await gate.large("a", 1_000_000);
    await expect(gate.large("b", 200)).rejects.toMatchObject({ code: "slow_down" });
    const small = await Promise.all(Array.from({ length: 200 }, () => gate.small("a", 300, false)));
    for (const leave of small) leave();
    const second = gate.large("a", 70_000);
    first();
    (await second)();
  });

  test("large uploads of tokens take turns, and of one token only so many wait", async () => {
    const gate = makeUploadGate();
    const order: string[] = [];
    const sending = async (token: string) => {
      const leave = await gate.large(token, 1_000_000);
      order.push(token);
      await new Promise((resolve) => setImmediate(resolve));
      leave();
    };
    const many = Promise.allSettled(Array.from({ length: 30 }, () => sending("many")));
    await Promise.all([sending("one"), sending("two"), sending("one")]);
    expect(order.slice(0, 6)).toEqual(["many", "many", "one", "two", "many", "one"]);
    const refusals = (await many).flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
    expect(refusals).toHaveLength(30 - 9);
    expect(refusals[0]).toMatchObject({
      code: "slow_down",
      message: expect.stringContaining("8 large uploads of this token"),
    });
  });

  test("beyond what may wait, the token that holds the most is refused, and not the one that comes", async () => {
    const gate = makeUploadGate();
    const inside = await gate.large("first", 200);
    const waiting = Array.from({ length: 32 }, (_, upload) => gate.large(`t${upload % 4}`, 1_048_576));
    const late = gate.large("late", 1_000_000);
    inside();
    const outcomes = await Promise.allSettled([late, ...waiting].map(async (turn) => (await turn)()));
    expect(outcomes[0]?.status).toBe("fulfilled");
    expect(outcomes.filter(({ status }) => status === "rejected")).toHaveLength(1);
  });

  /** Uploads whose bodies have begun and do not go on, and what ends them. */
  function unfinished(count: number, bytes: number, headers: Record<string, string> = {}): { end(): Promise<unknown> } {
    const ends: (() => void)[] = [];
    const answers = Array.from({ length: count }, () => {
      const body = new ReadableStream<Uint8Array>({
        start: (stream) => {
          stream.enqueue(new Uint8Array(bytes).fill(35));
          ends.push(() => stream.close());
        },
      });
      // `duplex` is needed for a body in pieces, and TypeScript's RequestInit does not know it.
      const init: RequestInit = { method: "POST", body, headers, ...{ duplex: "half" } };
      return service.send("/v1/results?backend=loop", init);
    });
    return {
      end: async () => {
        for (const end of ends) end();
        return Promise.all(answers);
      },
    };
  }

  test("bodies that are slow to come keep nobody out, neither large, packed, in pieces nor small ones", async () => {
    const slow = [
      unfinished(2, 100_000, { "Content-Length": "1000000" }),
      unfinished(2, 100_000),
      unfinished(40, 1_000, { "Content-Length": "65536" }),
    ];
    await new Promise((resolve) => setTimeout(resolve, 50));
    const packed = { headers: { ...asJson.headers, "Content-Encoding": "gzip" } };
    const pieces = new Response(lines(1)).body;
    await jsonOf(service.post(lines(1), "?backend=loop", asJson), 201);
    await jsonOf(service.post(new Uint8Array(gzipSync(lines(1))), "?backend=loop", packed), 201);
    await jsonOf(service.post(lines(600), "?backend=loop", asJson), 201);
    const inPieces: RequestInit = { method: "POST", body: pieces, ...{ duplex: "half" }, ...asJson };
    await jsonOf(service.send("/v1/results?backend=loop", inPieces), 201);
    await Promise.all(slow.map(({ end }) => end()));
  });

  test("a packed upload of one line is small, and does not wait for large ones; one that unpacks to more is large", async () => {
    const order: string[] = [];
    const packed = { headers: { ...asJson.headers, "Content-Encoding": "gzip" } };
    const send = async (name: string, body: string) => {
      await jsonOf(service.post(new Uint8Array(gzipSync(body)), "?backend=loop", packed), 201);
      order.push(name);
    };
    const same = LOOP.concat("\n").repeat(3_000);
    expect(gzipSync(same).length).toBeLessThan(65_536);
    const large = [send("large", `${lines(1)}\n${same}`), send("large", `${lines(1)}\n${same}`)];
    await new Promise((resolve) => setTimeout(resolve, 30));
    await send("small", lines(1));
    await Promise.all(large);
    expect(order).toEqual(["small", "large", "large"]);
  });

  test.for([false, true])("six thousand small ones are all let in, so many at a time; packed: %s", async (isPacked) => {
    const gate = makeUploadGate();
    let [inside, most] = [0, 0];
    await Promise.all(
      Array.from({ length: 6_000 }, async () => {
        const leave = await gate.small("host", 200, isPacked);
        inside += 1;
        most = Math.max(most, inside);
        await new Promise((resolve) => setImmediate(resolve));
        inside -= 1;
        leave();
      }),
    );
    expect(most).toBeGreaterThan(isPacked ? 10 : 100);
    expect(most).toBeLessThan(1_000);
  });

  test("a small upload is stored between the pieces of a large one", async () => {
    const order: string[] = [];
    const slow = {
      ...makeRunStore(await engine.newTable()),
      add: async (runs: readonly unknown[]) => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        return runs.map(() => "stored" as const);
      },
    };
    const store = withGroupCommit(slow);
    const large = (host: string) =>
      store.add(Array.from({ length: 4_000 }, (_, run) => newRun({ number: run, host }))).then((statuses) => {
        order.push("large");
        return statuses;
      });
    const both = Promise.all([large("a"), large("b")]);
    await new Promise((resolve) => setTimeout(resolve, 10));
    await store.add([newRun({ number: 1, host: "c" })]).then(() => order.push("small"));
    expect((await both).map(({ length }) => length)).toEqual([4_000, 4_000]);
    expect(order).toEqual(["small", "large", "large"]);
  });
});

test("the page of a large upload shows the first of its results, and says how many there are", async () => {
  const form = new URLSearchParams({ output: `${lines(700)}\n`, backend: "loop" });
  const answer = await service.send("/upload", {
    method: "POST",
    body: form.toString(),
    headers: { "Content-Type": "application/x-www-form-urlencoded", Accept: "text/html" },
  });
  expect(answer.status).toBe(201);
  const page = await answer.text();
  expect(page.match(/run of line/g)).toHaveLength(500);
  expect(page).toContain("200 more results are counted above");
});
