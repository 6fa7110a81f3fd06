// Tokens: who may create, list and revoke them, and what the responses contain.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Token } from "../../../shared/run/token.ts";
import { jsonOf, type Refusal } from "../../support/answer.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { LOOP } from "../../support/fixtures.ts";
import { makeTestService, type TestService } from "../../support/service.ts";

type Made = Token & { readonly token: string };

let engine: TestEngine;
let service: TestService;

beforeAll(async () => {
  engine = await startTestEngine();
  service = await makeTestService(await engine.newTable());
});
afterAll(() => engine.stop());

const make = (body: unknown, token = service.admin) =>
  service.send("/v1/tokens", { method: "POST", body: JSON.stringify(body), token });
const made = (body: unknown, token = service.admin) => jsonOf<Made>(make(body, token), 201);
const list = async (token = service.admin) =>
  (await jsonOf<{ tokens: Token[] }>(service.send("/v1/tokens", { token }), 200)).tokens;

describe("POST /v1/tokens 201", () => {
  test("returns the token and, only this once, its secret", async () => {
    const answer = await made({
      scope: "ingest",
      hosts: "dom0-fra-*",
      expires_at: "2027-01-01T00:00:00+01:00",
      label: "nightly",
    });
    expect(answer).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      token: expect.stringMatching(/^vbd_[\w-]{43}$/),
      fleet: "default",
      scope: "ingest",
      root: false,
      hosts: "dom0-fra-*",
      expires_at: "2026-12-31T23:00:00.000Z",
      label: "nightly",
      created_at: new Date(service.now).toISOString(),
      revoked_at: null,
    });
  });

  test("the new token works at once, for what its scope allows", async () => {
    const { token } = await made({ scope: "ingest", hosts: null, expires_at: null, label: null });
    expect((await service.post(LOOP, "?backend=loop", { token })).status).toBe(201);
    expect((await service.send("/v1/runs", { token })).status).toBe(403);
  });

  test("the first admin creates fleets by naming them; no token of one fleet sees another", async () => {
    const other = await made({ scope: "admin", fleet: "other-7" });
    expect(other).toMatchObject({ fleet: "other-7", root: false });
    expect((await list(other.token)).map(({ id }) => id)).toEqual([other.id]);
    expect((await list()).map(({ id }) => id)).not.toContain(other.id);
    const theirs = await made({ scope: "read" }, other.token);
    expect(theirs.fleet).toBe("other-7");
    expect((await service.send(`/v1/tokens/${theirs.id}`, { method: "DELETE" })).status).toBe(404);
    expect((await service.send("/v1/runs", { token: theirs.token })).status).toBe(200);
  });
});

describe("POST /v1/tokens rejected", () => {
  test("403: an admin token that is not root creates tokens for its own fleet only", async () => {
    const { token } = await made({ scope: "admin", fleet: "own" });
    expect((await make({ scope: "read", fleet: "own" }, token)).status).toBe(201);
    const { error } = await jsonOf<Refusal>(make({ scope: "read", fleet: "default" }, token), 403);
    expect(error).toMatchObject({ code: "forbidden", message: expect.stringContaining("own") });
  });

  test("403: read and ingest tokens cannot create, list or revoke any", async () => {
    for (const scope of ["read", "ingest"] as const) {
      const { id, token } = await made({ scope });
      expect((await make({ scope: "read" }, token)).status).toBe(403);
      expect((await service.send("/v1/tokens", { token })).status).toBe(403);
      expect((await service.send(`/v1/tokens/${id}`, { method: "DELETE", token })).status).toBe(403);
    }
  });

  test.each<[string, unknown, string | null]>([
    ["no scope", {}, "scope"],
    ["an unknown scope", { scope: "root" }, "scope"],
    ["a key nobody knows", { scope: "read", root: true }, "root"],
    ["a fleet name that ends in a dot", { scope: "read", fleet: "fleet." }, "fleet"],
    ["a fleet name that would leave its partition", { scope: "read", fleet: "a#b" }, "fleet"],
    ["an overlong fleet name", { scope: "read", fleet: "f".repeat(64) }, "fleet"],
    ["an expiry without a zone", { scope: "read", expires_at: "2027-01-01T00:00:00" }, "expires_at"],
    ["an expiry that is no time", { scope: "read", expires_at: "never" }, "expires_at"],
    ["an expiry as a number", { scope: "read", expires_at: 1_795_338_308 }, "expires_at"],
    ["a label with a line feed", { scope: "read", label: "a\nb" }, "label"],
    ["an overlong label", { scope: "read", label: "l".repeat(201) }, "label"],
    ["a host pattern with a blank before it", { scope: "ingest", hosts: " dom0-*" }, "hosts"],
    ["a host pattern with a no-break space behind it", { scope: "ingest", hosts: "dom0-*\u00a0" }, "hosts"],
    ["a host pattern that ends in what nobody sees", { scope: "ingest", hosts: "dom0\u200b" }, "hosts"],
    ["a host pattern that is a blank", { scope: "ingest", hosts: " " }, "hosts"],
    ["an overlong host pattern", { scope: "ingest", hosts: "*".repeat(256) }, "hosts"],
    ["a list", [], null],
    ["text", "read", null],
    ["nothing", null, null],
  ])("400: %s", async (_, body, field) => {
    const { error } = await jsonOf<Refusal>(make(body), 400);
    expect(error.code).toBe("bad_body");
    expect(error.issues?.[0]?.field).toBe(field);
  });

  test("400: a host pattern on a token that cannot upload", async () => {
    const { error } = await jsonOf<Refusal>(make({ scope: "read", hosts: "a*" }), 400);
    expect(error.message).toMatch(/^hosts: /);
  });

  test("400: an expiry in the past, which would make a token that nobody can use", async () => {
    const { error } = await jsonOf<Refusal>(make({ scope: "read", expires_at: "2026-11-22T09:59:59Z" }), 400);
    expect(error.message).toBe('expires_at: must be in the future, found "2026-11-22T09:59:59Z"');
  });

  test.each(["", "{", "scope=read", "\u0000"])("400: %j is not JSON", async (body) => {
    const { error } = await jsonOf<Refusal>(service.send("/v1/tokens", { method: "POST", body }), 400);
    expect(error.code).toBe("bad_body");
  });

  test("413: a body larger than any token request", async () => {
    const body = JSON.stringify({ scope: "read", label: "l".repeat(2_000_000) });
    await jsonOf<Refusal>(service.send("/v1/tokens", { method: "POST", body }), 413);
  });
});

describe("GET and DELETE /v1/tokens", () => {
  test("the list has every token of the fleet and no secret or hash", async () => {
    const { id, token, ...rest } = await made({ scope: "read", label: "listed" });
    const answer = await service.send("/v1/tokens");
    const text = await answer.text();
    expect(JSON.parse(text).tokens).toContainEqual({ id, ...rest });
    expect(text).not.toContain(token);
    expect(text).not.toMatch(/[0-9a-f]{64}/);
  });

  test("204, and the token is invalid from then on; revoking it again is 404", async () => {
    const { id, token } = await made({ scope: "read" });
    expect((await service.send("/v1/runs", { token })).status).toBe(200);
    const ended = await service.send(`/v1/tokens/${id}`, { method: "DELETE" });
    expect([ended.status, await ended.text()]).toEqual([204, ""]);
    expect((await service.send("/v1/runs", { token })).status).toBe(401);
    expect((await service.send(`/v1/tokens/${id}`, { method: "DELETE" })).status).toBe(404);
    expect((await list()).map((listed) => listed.id)).not.toContain(id);
  });

  test("a revoked token is listed on request, with the time since which it is invalid", async () => {
    const { id, token } = await made({ scope: "read", label: "revoked" });
    await service.send(`/v1/tokens/${id}`, { method: "DELETE" });
    const { tokens } = await jsonOf<{ tokens: Token[] }>(service.send("/v1/tokens?revoked=true"), 200);
    const revoked_at = new Date(service.now).toISOString();
    expect(tokens.find((listed) => listed.id === id)).toMatchObject({ label: "revoked", revoked_at });
    const { error } = await jsonOf<Refusal>(service.send("/v1/runs", { token }), 401);
    expect(error).toMatchObject({ code: "unauthorized", message: `this token was revoked at ${revoked_at}` });
    expect((await service.send("/v1/tokens?revoked=yes")).status).toBe(400);
  });

  test("403: only a root token revokes a root token, even when others know its id", async () => {
    const root = (await list()).find((token) => token.root);
    const { token, id } = await made({ scope: "admin" });
    const { error } = await jsonOf<Refusal>(service.send(`/v1/tokens/${root?.id}`, { method: "DELETE", token }), 403);
    expect(error.message).toBe("only a root token can revoke a root token");
    const other = await made({ scope: "admin", fleet: "elsewhere" });
    const foreign = service.send(`/v1/tokens/${root?.id}`, { method: "DELETE", token: other.token });
    expect((await foreign).status).toBe(404);
    expect((await service.send("/v1/tokens")).status).toBe(200);
    expect((await service.send(`/v1/tokens/${id}`, { method: "DELETE" })).status).toBe(204);
    const second = await service.token({ scope: "admin", root: true });
    const ofSecond = (await list()).find((one) => one.root && one.id !== root?.id);
    expect((await service.send(`/v1/tokens/${ofSecond?.id}`, { method: "DELETE" })).status).toBe(204);
    expect((await service.send("/v1/tokens", { token: second })).status).toBe(401);
  });

  test.each(["nobody", "..%2f..", "%00", "a".repeat(3_000), "%"])("404 for the id %.20s", async (id) => {
    await jsonOf<Refusal>(service.send(`/v1/tokens/${id}`, { method: "DELETE" }), 404);
  });
});

test("no secret is ever logged", async () => {
  const { token } = await made({ scope: "read" });
  await service.send("/v1/runs", { token });
  await service.send("/v1/runs", { token: `${token}x` });
  const logged = JSON.stringify([service.requests, service.faults.map(String)]);
  expect(logged).not.toContain(token);
  expect(logged).not.toContain(service.admin);
  expect(service.requests.at(-2)).toMatchObject({ fleet: "default", status: 200, path: "/v1/runs" });
});
