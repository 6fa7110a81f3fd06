// Signing in: a cookie that holds a token opens what the token opens, to the browser that it was given to and from pages of
// ours alone. When one of these fails, another site can act as an operator, or an operator cannot get in.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { safeRedirectPath } from "../../../functions/web/pages/links.ts";
import { jsonOf, type Refusal } from "../../support/answer.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { LOOP } from "../../support/fixtures.ts";
import { makeTestService, type TestService } from "../../support/service.ts";
import { BROWSER, expectPage, redirectTarget, type Visitor, visitor } from "./visitor.ts";

let engine: TestEngine;
let service: TestService;
let nobody: Visitor;

beforeAll(async () => {
  engine = await startTestEngine();
  service = await makeTestService(await engine.newTable());
  nobody = visitor(service, null);
});
afterAll(() => engine.stop());

const cookieOf = (answer: Response) => answer.headers.get("Set-Cookie") ?? "";

describe("the cookie", () => {
  test("is for this site alone, hidden from scripts, for every page, and expires with the browser", async () => {
    const answer = await nobody.submit("/sign-in", { token: service.admin });
    expect(redirectTarget(answer)).toBe("/");
    expect(cookieOf(answer).split("; ").sort()).toEqual([
      "HttpOnly",
      "Path=/",
      "SameSite=Strict",
      `vbdstat=${service.admin}`,
    ]);
  });

  test.each([
    ["the request itself", "https://vbdstat.test/sign-in", {}],
    ["a proxy before us", "http://vbdstat.test/sign-in", { "X-Forwarded-Proto": "https" }],
  ])("over HTTPS, as %s says, it is Secure and cannot be set by a neighbour", async (_, url, headers) => {
    const answer = await service.app.request(url, {
      method: "POST",
      body: new URLSearchParams({ token: service.admin }),
      headers: { "Sec-Fetch-Site": "same-origin", ...headers },
    });
    expect(cookieOf(answer)).toMatch(/^__Host-vbdstat=.*; Secure/);
    expect(cookieOf(answer)).not.toContain("Domain");
  });

  test("over HTTPS one without that name is not looked at", async () => {
    const headers = { ...BROWSER, Cookie: `vbdstat=${service.admin}` };
    expect((await service.app.request("https://vbdstat.test/hosts", { headers })).status).toBe(303);
    const ours = { Cookie: `__Host-vbdstat=${service.admin}` };
    expect((await service.app.request("https://vbdstat.test/hosts", { headers: ours })).status).toBe(200);
  });

  test("opens the API as well, so that a browser can save a CSV", async () => {
    const answer = await visitor(service, service.admin).visit("/v1/runs.csv");
    expect([answer.status, answer.headers.get("Content-Type")]).toEqual([
      200,
      "text/csv; charset=utf-8; header=present",
    ]);
  });

  test("a header takes precedence over it, even a wrong one", async () => {
    const headers = { Cookie: `vbdstat=${service.admin}`, Authorization: "Bearer nobody" };
    const answer = await service.send("/v1/status", { token: null, headers });
    expect((await jsonOf<Refusal>(answer, 401)).error.message).toBe("unknown or revoked token");
  });

  test("an API without any of the two asks for the header, as ever", async () => {
    const { error } = await jsonOf<Refusal>(nobody.visit("/v1/status"), 401);
    expect(error.message).toContain("Authorization: Bearer TOKEN");
  });

  test("is deleted by signing out", async () => {
    const answer = await visitor(service, service.admin).submit("/sign-out", {});
    expect(redirectTarget(answer)).toBe("/sign-in");
    expect(cookieOf(answer)).toMatch(/^vbdstat=; Max-Age=0; Path=\/; HttpOnly; SameSite=Strict$/);
  });

  test("of a token that was revoked or has expired redirects to the sign-in, which says why, and is deleted", async () => {
    const secret = await service.token({ scope: "read", expires_at: "2026-11-22T09:59:59Z" });
    const answer = await visitor(service, secret).visit("/matrix?period=2026");
    expect(redirectTarget(answer)).toBe("/sign-in?next=%2Fmatrix%3Fperiod%3D2026&ended=yes");
    expect(cookieOf(answer)).toMatch(/^vbdstat=; Max-Age=0/);
    expect(await expectPage(nobody.visit(answer.headers.get("Location") ?? ""), 200)).toContain("no longer valid");
  });
});

describe("the form", () => {
  test("a wrong token is rejected with the reason, without a cookie and without repeating it", async () => {
    const answer = await nobody.submit("/sign-in", { token: "vbd_wrong", next: "/hosts" });
    expect(cookieOf(answer)).toBe("");
    const page = await expectPage(answer, 401);
    expect(page).toContain("Unknown or revoked token.");
    expect(page).toContain('name="next" value="/hosts"');
    expect(page).not.toContain("vbd_wrong");
  });

  test("blanks around a pasted token do not matter", async () => {
    expect(redirectTarget(await nobody.submit("/sign-in", { token: ` ${service.admin}\r\n` }))).toBe("/");
  });

  test("nothing typed, or too much, is refused in words", async () => {
    expect(await expectPage(nobody.submit("/sign-in", { token: "" }), 400)).toContain("Token: expected a token");
    await expectPage(nobody.submit("/sign-in", { token: "x".repeat(257) }), 400);
    await expectPage(nobody.submit("/sign-in", { token: service.admin, other: "1" }), 400);
  });

  test("leads back to where one came from, or to what the token may do", async () => {
    const form = { token: service.admin, next: "/?baseline=loop&candidate=phy" };
    expect(redirectTarget(await nobody.submit("/sign-in", form))).toBe("/?baseline=loop&candidate=phy");
    const token = await service.token({ scope: "ingest" });
    expect(redirectTarget(await nobody.submit("/sign-in", { token }))).toBe("/upload");
    expect(redirectTarget(await nobody.submit("/sign-in", { token, next: "//evil.test" }))).toBe("/upload");
  });

  test.each([
    ["ingest", "/", "/upload"],
    ["ingest", "/?baseline=loop&candidate=phy", "/upload"],
    ["ingest", "/hosts/dom0-1", "/upload"],
    ["ingest", "/shares", "/upload"],
    ["ingest", "/runs", "/upload"],
    ["ingest", "/runs/0123?x=1", "/runs/0123?x=1"],
    ["ingest", "/upload", "/upload"],
    ["read", "/upload", "/"],
    ["read", "/hosts?limit=2", "/hosts?limit=2"],
    ["admin", "/upload", "/upload"],
  ] as const)("%s from %s: to %s", async (scope, next, path) => {
    const token = await service.token({ scope });
    expect(redirectTarget(await nobody.submit("/sign-in", { token, next }))).toBe(path);
  });
});

test.each([
  ["/", "/"],
  ["/hosts/a%2Fb?x=1#y", "/hosts/a%2Fb?x=1#y"],
  ["/a/../b", "/b"],
  ["", null],
  ["hosts", null],
  ["https://evil.test/", null],
  ["//evil.test/", null],
  ["/\\evil.test/", null],
  ["/\t/evil.test/", null],
  ["/..//evil.test/", null],
  ["/\n//evil.test", null],
  ["javascript:alert(1)", null],
  [undefined, null],
])("after signing in, %j leads to %j", (text, address) => {
  expect(safeRedirectPath(text)).toBe(address);
});

describe("another site", () => {
  const FORMS: readonly [path: string, form: Readonly<Record<string, string>>][] = [
    ["/upload", { output: LOOP, backend: "loop" }],
    ["/shares", { kind: "matrix", lasts: "live" }],
    ["/shares/revoke", { id: "0".repeat(32) }],
    ["/sign-out", {}],
    ["/sign-in", { token: "secret" }],
  ];
  const SITES: readonly [who: string, headers: Readonly<Record<string, string>>][] = [
    ["another site", { "Sec-Fetch-Site": "cross-site", Origin: "https://evil.test" }],
    ["a neighbour under the same domain", { "Sec-Fetch-Site": "same-site", Origin: "http://other.vbdstat.test" }],
    ["another site in an old browser", { Origin: "http://evil.test" }],
    ["a frame without an origin", { Origin: "null" }],
    ["something that says nothing", {}],
  ];

  test.each(FORMS.flatMap(([path, form]) => SITES.map(([who, headers]) => [path, who, form, headers] as const)))(
    "cannot send %s: %s",
    async (path, _, form, headers) => {
      const page = await expectPage(visitor(service, service.admin).submit(path, form, headers), 403);
      expect(page).toContain("Cross-site request rejected.");
    },
  );

  test("cannot post or delete through the API with the cookie either", async () => {
    const headers = { Cookie: `vbdstat=${service.admin}`, "Sec-Fetch-Site": "cross-site" };
    for (const [method, path] of [
      ["POST", "/v1/results?backend=loop"],
      ["POST", "/v1/tokens"],
      ["DELETE", "/v1/tokens/x"],
    ] as const) {
      const answer = await service.send(path, {
        method,
        token: null,
        headers,
        ...(method === "POST" && { body: LOOP }),
      });
      expect(answer.status, path).toBe(403);
    }
  });

  test("an old browser on plain HTTP says the host we were asked by, and may", async () => {
    const own = { Origin: "http://vbdstat.test" };
    expect(redirectTarget(await visitor(service, service.admin).submit("/sign-out", {}, own))).toBe("/sign-in");
  });

  test("a program with a header needs none of this", async () => {
    const body = new URLSearchParams({ kind: "matrix", lasts: "live" });
    expect(redirectTarget(await service.send("/shares", { method: "POST", body }))).toBe("/shares");
  });

  test("that links here leads to the page and not the sign-in: the browser repeats the request once, with its cookie", async () => {
    const page = await expectPage(
      nobody.visit("/matrix?view=all&period=2026", { "Sec-Fetch-Site": "cross-site" }),
      200,
    );
    expect(page).toContain('<meta http-equiv="refresh" content="0; url=/matrix?view=all&amp;period=2026"/>');
    const again = await nobody.visit("/matrix?view=all&period=2026", { "Sec-Fetch-Site": "same-origin" });
    expect(redirectTarget(again)).toBe("/sign-in?next=%2Fmatrix%3Fview%3Dall%26period%3D2026");
  });
});

test("no line of the log has a token, and every one has the id of the token it came with", async () => {
  const token = await service.token({ scope: "read" });
  const from = service.requests.length;
  await nobody.submit("/sign-in", { token, next: "/hosts" });
  await visitor(service, token).visit("/hosts");
  const lines = service.requests.slice(from);
  expect(JSON.stringify(lines)).not.toContain(token);
  expect(new Set(lines.map(({ tokenId }) => tokenId)).size).toBe(1);
  expect(lines[0]?.tokenId).toMatch(/^token-/);
});
