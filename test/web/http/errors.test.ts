// Errors: all in one format, and none with internals of the service.

import { TransactionCanceledException, TransactWriteItemsCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { asJson, jsonOf, type Refusal, textOf } from "../../support/answer.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { LOOP } from "../../support/fixtures.ts";
import { makeTestService, type TestService } from "../../support/service.ts";

let engine: TestEngine;
let service: TestService;

beforeAll(async () => {
  engine = await startTestEngine();
  service = await makeTestService(await engine.newTable());
});
afterAll(() => engine.stop());
afterEach(() => vi.restoreAllMocks());

/** Makes the store fail: at once for every command, or for writes only. */
function failing(error: Error, which: "all" | "writes" = "all"): void {
  const { client } = service.table;
  const send = client.send.bind(client);
  vi.spyOn(client, "send").mockImplementation((command: unknown) =>
    which === "all" || command instanceof TransactWriteItemsCommand
      ? Promise.reject(error)
      : // The command is passed on as it came; the overloads of `send` cannot say so.
        send(command as Parameters<typeof send>[0]),
  );
}

const named = (name: string, message = "at 10.0.0.7:8000 in table vbdstat-secret") =>
  Object.assign(new Error(message), { name });
const refused = Object.assign(new Error("connect ECONNREFUSED 10.0.0.7:8000"), { code: "ECONNREFUSED" });

describe("the envelope", () => {
  test("in JSON", async () => {
    const answer = await service.send("/v1/compare?baseline=loop");
    const id = answer.headers.get("x-request-id") ?? "";
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(await jsonOf<Refusal>(answer, 400)).toEqual({
      error: {
        code: "bad_parameter",
        message: "candidate: expected a backend, found nothing",
        docs: "http://vbdstat.test/docs#bad_parameter",
        request_id: id,
        issues: [
          {
            line: 0,
            column: 0,
            field: "candidate",
            code: "bad_parameter",
            text: "candidate: expected a backend, found nothing",
          },
        ],
      },
    });
    expect(service.requests.at(-1)).toMatchObject({ requestId: id, status: 400 });
  });

  test("as two lines of text for a shell", async () => {
    const text = await textOf(service.send("/v1/nothing", { headers: { Accept: "text/plain" } }), 404);
    expect(text).toMatch(
      /^error not_found: no such path: \/v1\/nothing\nsee http:\/\/vbdstat\.test\/docs#not_found, request [0-9a-f-]{36}\n$/,
    );
    expect(await textOf(service.post("", ""), 400)).toMatch(/^error no_result: .*\nsee .*\n$/);
    expect(await textOf(service.send("/v1/runs/x.txt"), 404)).toMatch(/^error not_found: /);
  });

  test("every response has its own id, forbids sniffing, and is not cached", async () => {
    const answers = await Promise.all(["/healthz", "/v1/runs", "/v1/nothing"].map((path) => service.send(path)));
    expect(new Set(answers.map(({ headers }) => headers.get("x-request-id"))).size).toBe(3);
    for (const { headers } of answers) {
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("cache-control")).toBe("no-store");
      expect(headers.get("access-control-allow-origin")).toBeNull();
    }
  });

  test("a client cannot choose the request id or add a header", async () => {
    const answer = await service.send("/v1/runs?%0d%0aSet-Cookie:a=b", { headers: { "x-request-id": "mine" } });
    expect(answer.status).toBe(400);
    expect(answer.headers.get("x-request-id")).not.toBe("mine");
    expect(answer.headers.get("set-cookie")).toBeNull();
  });
});

describe("404 and 405", () => {
  test.each([
    "/v1",
    "/v1/",
    "/v1/results/",
    "/v1//runs",
    "/v1/runs/a/b",
    "/v1/runs/..%2ftokens",
    "/v1/%72uns%00",
    "/V1/runs",
    "/v1/runs/%",
    "/v1/runs.exe",
    "/.env",
    "/__proto__",
    "/v1/constructor",
    "/%E0%A4%A",
    `/${"a".repeat(8_000)}`,
  ])("404 at %.40s", async (path) => {
    expect((await jsonOf<Refusal>(service.send(path), 404)).error.code).toBe("not_found");
  });

  test("404 for a suffix that the endpoint does not offer, with those it offers", async () => {
    const text = await textOf(service.send("/v1/backends.svg"), 404);
    expect(text).toMatch(/^error not_found: .*\.json, \.csv, \.txt, \.md, \.html$/m);
  });

  test.each([
    ["GET", "/v1/results", "POST"],
    ["HEAD", "/v1/results", "POST"],
    ["PUT", "/v1/results", "POST"],
    ["OPTIONS", "/v1/compare", "GET"],
    ["POST", "/v1/compare", "GET"],
    ["PATCH", "/v1/runs/x", "GET, DELETE"],
    ["PUT", "/v1/tokens", "GET, POST"],
    ["DELETE", "/healthz", "GET"],
  ])("405 for %s %s, with the allowed methods", async (method, path, allowed) => {
    const answer = await service.send(path, { method, ...asJson });
    expect([answer.status, answer.headers.get("Allow")]).toEqual([405, allowed]);
    if (method !== "HEAD") expect((await jsonOf<Refusal>(answer, 405)).error.code).toBe("method_not_allowed");
  });

  test("HEAD responds like GET, without a body", async () => {
    for (const path of ["/healthz", "/v1/runs"]) {
      const answer = await service.send(path, { method: "HEAD" });
      expect([answer.status, await answer.text()]).toEqual([200, ""]);
    }
  });
});

describe("503, 429 and 500: when the store fails", () => {
  test.each([refused, named("TimeoutError"), named("ResourceNotFoundException"), named("InternalServerError")])(
    "503 with Retry-After for $name",
    async (error) => {
      failing(error);
      const answer = await service.post(LOOP, "?backend=loop", asJson);
      expect(answer.headers.get("Retry-After")).toBe("10");
      const refusal = await jsonOf<Refusal>(answer, 503);
      expect(refusal.error.code).toBe("unavailable");
      // A large upload takes several transactions: the error must not say that nothing was stored.
      expect(refusal.error.message).toMatch(/retry later; retrying is safe$/);
      expect(JSON.stringify(refusal)).not.toMatch(/10\.0\.0\.7|secret|ECONN/);
    },
  );

  test("429 with Retry-After while the table is busy; the retry stores the results, for the first attempt stored nothing", async () => {
    const line = LOOP.replace("25511", "81000");
    const conflict = new TransactionCanceledException({
      message: "Transaction cancelled",
      $metadata: {},
      CancellationReasons: [{ Code: "TransactionConflict" }, { Code: "None" }],
    });
    for (const error of [named("ProvisionedThroughputExceededException"), conflict]) {
      failing(error, "writes");
      const answer = await service.post(line, "?backend=loop");
      expect(answer.headers.get("Retry-After")).toBe("5");
      expect(await textOf(answer, 429)).toMatch(/^error slow_down: .* retry later; .*\nsee .*\n$/);
      vi.restoreAllMocks();
    }
    await textOf(service.post(line, "?backend=loop"), 201);
  });

  test("while rejected lines cannot be stored, the runs of the body are, and the answer says which line was not kept", async () => {
    const line = LOOP.replace("25511", "82000");
    const { client } = service.table;
    const send = client.send.bind(client);
    vi.spyOn(client, "send").mockImplementation((command: unknown) =>
      JSON.stringify(command).includes("REJECT#")
        ? Promise.reject(refused)
        : // As above.
          send(command as Parameters<typeof send>[0]),
    );
    const both = `${line}\n${line.replace("18075", "x")}\n`;
    expect(await textOf(service.post(both, "?backend=loop"), 422)).toMatch(
      /^stored 1, duplicate 0, rejected 1\n.*not kept/s,
    );
    vi.restoreAllMocks();
    expect(await textOf(service.post(both, "?backend=loop"), 422)).toMatch(/^stored 0, duplicate 1, rejected 1\n/);
  });

  test.each(["/v1/runs", "/v1/compare?baseline=loop&candidate=phy", "/v1/status", "/v1/quarantine"])(
    "500 at %s: the caller gets the request id, the log has everything",
    async (path) => {
      const bug = new TypeError("cannot read 'x' of undefined in /srv/vbdstat/store.js");
      failing(bug);
      const before = service.faults.length;
      const answer = await service.send(path);
      const refusal = await jsonOf<Refusal>(answer, 500);
      expect(refusal.error).toMatchObject({ code: "internal", request_id: answer.headers.get("x-request-id") });
      expect(JSON.stringify(refusal)).not.toMatch(/cannot read|srv|TypeError/);
      expect(service.faults.slice(before)).toContain(bug);
      expect(service.requests.at(-1)).toMatchObject({ status: 500 });
    },
  );
});

describe("GET /healthz", () => {
  test("200 without a token", async () => {
    expect(await jsonOf(service.send("/healthz", { token: null }), 200)).toEqual({ status: "ok" });
  });

  test("503 without the store, and nothing about its address", async () => {
    failing(refused);
    const text = JSON.stringify(await jsonOf<Refusal>(service.send("/healthz", { token: null }), 503));
    expect(text).toContain('"unavailable"');
    expect(text).not.toMatch(/10\.0\.0\.7|ECONN/);
  });
});
