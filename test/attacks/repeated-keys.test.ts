// JSON with a repeated key: this service would take the last value, and a check in front of it might have read the first.

import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { repeatedKey } from "../../functions/web/http/body.ts";
import { jsonOf, type Refusal } from "../support/answer.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { makeTestService, type TestService } from "../support/service.ts";

let engine: TestEngine;
let service: TestService;
beforeAll(async () => {
  engine = await startTestEngine();
  service = await makeTestService(await engine.newTable());
});
afterAll(() => engine.stop());

const postJson = (path: string, body: string) =>
  service.send(path, { method: "POST", body, headers: { Accept: "application/json" } });

test.each([
  ["/v1/tokens", "scope", '{"scope":"read","scope":"admin"}'],
  ["/v1/tokens", "hosts", '{"scope":"ingest","hosts":"dom0-fra-*","hosts":null}'],
  ["/v1/tokens", "scope", '{"scope":"read", "\\u0073cope" : "read"}'],
  ["/v1/tokens", "__proto__", '{"scope":"read","__proto__":{},"__proto__":{}}'],
  ["/v1/shares", "frozen", '{"kind":"matrix","query":{},"frozen":true,"frozen":false}'],
  ["/v1/shares", "view", '{"kind":"matrix","query":{"view":"trusted","site":["a"],"view":"all"},"frozen":false}'],
])("%s refuses %s when it is given twice", async (path, key, body) => {
  const { error } = await jsonOf<Refusal>(postJson(path, body), 400);
  expect(error.message).toBe(`key "${key}" is given twice in one object; expected once`);
  expect(error.issues?.[0]).toMatchObject({ field: key, code: "bad_body" });
});

test("equal keys in different objects, or in strings, are not repeated keys", async () => {
  const title = '"frozen":1,"frozen":2 } { \\" \\\\';
  const body = { kind: "matrix", query: { view: "all", site: ["title", "title", "frozen:"] }, frozen: false, title };
  expect((await postJson("/v1/shares", JSON.stringify(body, null, 2))).status).toBe(201);
  expect(repeatedKey('[{"a":1},{"a":{"a":[{"a":2},{"a":3}]},"b":"a"}]')).toBeNull();
});

test("whatever JSON is made of a value repeats nothing, and is found once a key is put in twice", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string(), fc.jsonValue(), (value, key, other) => {
      const spaces = JSON.stringify(value, null, 1);
      expect(repeatedKey(spaces)).toBeNull();
      const twice = `{${JSON.stringify(key)}:${spaces},"x${key.length}y":0,${JSON.stringify(key)} :${JSON.stringify(other)}}`;
      fc.pre(key !== `x${key.length}y`);
      expect(repeatedKey(twice)).toBe(key);
    }),
  );
});

test("the largest body costs next to nothing", () => {
  const worst = [
    `{"a":"\\\\\\"${"\\\\".repeat(32_000)}"}`,
    `[${'"a"    ,'.repeat(8_000)}1]`,
    `{"a":"b"${" ".repeat(65_000)}}`,
    "[".repeat(32_000) + "]".repeat(32_000),
  ];
  const before = performance.now();
  for (const text of worst) expect(repeatedKey(text)).toBeNull();
  expect(performance.now() - before).toBeLessThan(1_000);
});
