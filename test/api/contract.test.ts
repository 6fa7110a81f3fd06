// The contract against the running service: every promise of the list is kept by the apps, and they answer to nothing else.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CONTRACT } from "../../shared/api/contract.ts";
import { CACHE_CONTROL, type Endpoint } from "../../shared/api/endpoint.ts";
import { errorEnvelope } from "../../shared/api/responses.ts";
import { SCOPES } from "../../shared/run/token.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { makeTestService, type TestService } from "../support/service.ts";

let engine: TestEngine;
let service: TestService;

beforeAll(async () => {
  engine = await startTestEngine();
  service = await makeTestService(await engine.newTable());
});
afterAll(() => engine.stop());

const nameOf = ({ method, path }: Pick<Endpoint, "method" | "path">) => `${method.toUpperCase()} ${path}`;
const endpoints = CONTRACT.map((endpoint) => [nameOf(endpoint), endpoint] as const);

/** A request to an endpoint about something that does not exist. */
function ask({ method, path }: Endpoint, init: RequestInit & { token?: string | null } = {}, suffix = "") {
  return service.send(`${path.replaceAll(/\{\w+\}/g, "0")}${suffix}`, { method: method.toUpperCase(), ...init });
}

test("every route is in the contract and every endpoint of the contract is routed", () => {
  const isPage = (path: string) => !/^\/(v1|s|oembed|healthz|docs|openapi\.json)(\/|$)/.test(path);
  const routed = service.app.routes
    .filter(({ method, path }) => method !== "ALL" && !isPage(path))
    .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`);
  // A PNG is made by another app than the other formats, so it has a route of its own.
  const pictures = CONTRACT.filter(({ path, formats }) => path.startsWith("/v1/") && formats.includes("png"));
  const promised = [...CONTRACT.map(nameOf), ...pictures.map((endpoint) => `${nameOf(endpoint)}.png`)];
  expect([...new Set(routed)].sort()).toEqual(promised.sort());
});

test("no two endpoints share an id, which would break generated clients", () => {
  expect(new Set(CONTRACT.map(({ id }) => id)).size).toBe(CONTRACT.length);
});

test("parameters of a path are described, all and only they", () => {
  for (const { path, pathParameters = {} } of CONTRACT) {
    expect(Object.keys(pathParameters), path).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
  }
});

describe.each(endpoints)("%s", (_, endpoint) => {
  const { scopes, cache } = endpoint;

  test("asks for a token exactly where the contract says so", async () => {
    const answer = await ask(endpoint, { token: null });
    if (scopes === null) expect([200, 400, 404]).toContain(answer.status);
    else expect(answer.status).toBe(401);
  });

  test("lets exactly the scopes of the contract in", async () => {
    for (const scope of SCOPES) {
      const { status } = await ask(endpoint, { token: await service.token({ scope }) });
      const allowed = scopes === null || scope === "admin" || scopes.includes(scope);
      expect(status === 403, scope).toBe(!allowed);
    }
  });

  test("says how long its answers may be kept, and never lets a refusal be kept", async () => {
    const answer = await ask(endpoint);
    const expected = answer.ok ? CACHE_CONTROL[cache] : CACHE_CONTROL["no-store"];
    expect(answer.headers.get("Cache-Control")).toBe(expected);
  });

  test("refuses in the envelope of the contract", async () => {
    const answer = await ask(endpoint, { method: "PATCH", headers: { Accept: "application/json" } });
    expect(answer.status).toBe(405);
    expect(errorEnvelope.safeParse(await answer.json()).error).toBeUndefined();
  });
});

const withFormats = endpoints.filter(([, { path, formats }]) => path.startsWith("/v1/") && formats.length > 0);

test.each(withFormats)("%s is there in the formats of the contract and in no other", async (_, endpoint) => {
  for (const suffix of ["json", "txt", "csv", "md", "html", "svg"]) {
    const answer = await ask(endpoint, { headers: { Accept: "application/json" } }, `.${suffix}`);
    const offered = endpoint.formats.some((format) => format === suffix);
    expect(/is not available here/.test(await answer.text()), `.${suffix}`).toBe(!offered);
  }
});

test.each(withFormats)("%s is there as PNG where the contract says so", async (_, endpoint) => {
  const { status } = await ask(endpoint, {}, ".png");
  // 405: the path with its suffix could also be that of a run, which can be read, not posted to.
  expect([404, 405].includes(status)).toBe(!endpoint.formats.includes("png"));
});
