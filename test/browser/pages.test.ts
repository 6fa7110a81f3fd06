// The pages in a real Chromium, over a real server: what an operator does from the sign-in to a report on another site, all of
// it without JavaScript; then every page for its readability, light and dark. When one of these fails, a person cannot do it.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type LocalServer, startLocalServer } from "../../local/server/server.ts";
import { jsonOf } from "../support/answer.ts";
import { accessibilityFaults, contrastFaults } from "./accessibility.ts";
import { chromiumPath, startChromium } from "./chromium.ts";

const path = chromiumPath();

if (path === null) {
  const why = "no Chromium was found: install Debian's (apt-get install chromium), or name one in CHROMIUM";
  if (process.env["CI"] !== "true") console.warn(`The pages were not tried in a browser: ${why}.`);
  test.runIf(process.env["CI"] === "true")("a browser is there to try the pages in", () => {
    expect.fail(why);
  });
}

/** What of an `img` in a page is used here; TypeScript knows no pages. */
interface ImageElement {
  readonly naturalWidth: number;
  decode(): Promise<void>;
}

const sample = (name: string) => readFileSync(new URL(`../../local/demo/samples/${name}`, import.meta.url), "utf8");

// Without a browser there is nothing to run; why not is said above, and in CI it is a failure.
describe.skipIf(path === null)("in Chromium", () => {
  let folder: string;
  let server: LocalServer;
  let browser: Browser;
  /** A site of somebody else: another name and another port. It shows what it is given. */
  let elsewhere: Server;
  let elsewhereUrl: string;
  let embedded = "";
  /** What browsers say they had to block, and errors of scripts. */
  const blocked: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "vbdstat-browser-"));
    const settings = {
      port: 0,
      host: "127.0.0.1",
      dataDir: folder,
      endpoint: null,
      engineIsolation: "auto" as const,
      tableName: "vbdstat",
      adminSecret: "the-admin-of-this-test",
      publicUrl: null,
    };
    server = await startLocalServer(
      settings,
      { request: () => {}, error: (_, error) => blocked.push(String(error)) },
      () => {},
    );
    elsewhere = createServer((_, response) => {
      response.setHeader("Content-Type", "text/html; charset=utf-8");
      response.end(`<!doctype html><html lang="en"><title>A wiki</title><body>${embedded}</body></html>`);
    });
    await new Promise<void>((resolve) => elsewhere.listen(0, "localhost", resolve));
    // It listens on a port, so its address has one.
    elsewhereUrl = `http://localhost:${(elsewhere.address() as AddressInfo).port}/`;
    browser = await startChromium(path ?? "");
  });
  afterAll(async () => {
    await browser?.close();
    await new Promise((resolve) => elsewhere?.close(resolve));
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(options: Parameters<Browser["newContext"]>[0] = {}): Promise<[BrowserContext, Page]> {
    const context = await browser.newContext({ baseURL: server.url, ...options });
    const page = await context.newPage();
    page.on("console", (message) => {
      if (/Content Security Policy|Refused to/i.test(message.text())) blocked.push(message.text());
    });
    page.on("pageerror", (error) => blocked.push(String(error)));
    page.setDefaultTimeout(10_000);
    return [context, page];
  }

  async function signIn(page: Page): Promise<void> {
    await page.getByLabel("Token").fill(server.adminToken.secret ?? "");
    await page.getByRole("button", { name: "Sign in" }).click();
  }

  async function untilCounted(): Promise<void> {
    const headers = { Authorization: `Bearer ${server.adminToken.secret}` };
    for (;;) {
      const status = await jsonOf<{ pending_hosts: number }>(fetch(`${server.url}/v1/status`, { headers }), 200);
      if (status.pending_hosts === 0) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  describe("an operator without JavaScript", () => {
    let context: BrowserContext;
    let page: Page;

    beforeAll(async () => {
      [context, page] = await open({ javaScriptEnabled: false });
    });
    afterAll(() => context?.close());

    test("gets to the sign-in, and from there to the page they asked for", async () => {
      await page.goto("/upload");
      expect(new URL(page.url()).pathname).toBe("/sign-in");
      await page.getByLabel("Token").fill("vbd_wrong");
      await page.getByRole("button", { name: "Sign in" }).click();
      expect(await page.getByRole("alert").textContent()).toContain("Unknown or revoked token");
      await signIn(page);
      expect(new URL(page.url()).pathname).toBe("/upload");
      const [cookie] = await context.cookies();
      expect(cookie).toMatchObject({ name: "vbdstat", httpOnly: true, sameSite: "Strict", path: "/", expires: -1 });
    });

    test.each([
      ["loop", "seed-loop.csv", "probably-cached"],
      ["blktap1", "seed-blktap.csv", "not-assessed"],
    ])("pastes the result of %s and sees the receipt", async (backend, file, quality) => {
      await page.goto("/upload");
      await page.getByLabel("Bonnie++ output").fill(sample(file));
      await page.getByLabel("Backend").selectOption(backend);
      await page.getByText("Host details").click();
      await page.getByLabel("Site").fill("fra");
      await page.getByRole("button", { name: "Upload" }).click();
      expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("Stored");
      expect(await page.getByRole("row").nth(1).textContent()).toMatch(new RegExp(`vm101${backend}.*${quality}`));
      await page.getByRole("link", { name: "run of line 1" }).click();
      expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe(`Run on vm101, backend ${backend}`);
    });

    test("opens the comparison: chart, verdicts, and why there is none yet", async () => {
      await untilCounted();
      await page.getByRole("link", { name: "Overview" }).click();
      expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("blktap1 vs loop");
      expect(await page.getByRole("img", { name: "blktap1 vs loop" }).count()).toBe(1);
      const row = page.getByRole("row", { name: /^block write/ });
      expect(await row.textContent()).toContain("5.18×");
      const why = row.getByText("At least 9 hosts that all agree");
      expect(await why.isVisible()).toBe(false);
      await row.getByText("What would change this?").click();
      expect(await why.isVisible()).toBe(true);
    });

    test("filters, and finds the query again in the form and the URL", async () => {
      await page.getByText("Filters").click();
      await page.getByLabel("fra").check();
      await page.getByLabel("char write").check();
      await page.getByLabel("Cached reads").selectOption("all");
      await page.getByRole("button", { name: "Apply" }).click();
      const asked = new URL(page.url()).searchParams;
      expect([asked.get("site"), asked.getAll("metric"), asked.get("view")]).toEqual(["fra", ["putc"], "all"]);
      expect(await page.getByLabel("fra").isChecked()).toBe(true);
      expect(await page.locator(".verdicts tbody tr").count()).toBe(1);
      expect(await page.locator(".facts").textContent()).toContain("sitefra");
    });

    test("creates a frozen and a live share, and embeds both in a page of another site", async () => {
      await page.goto("/");
      await page.getByLabel("Title (optional)").fill("Which <backend>?");
      await page.getByRole("button", { name: "Create link" }).click();
      await page.goto("/matrix");
      await page.getByLabel("live").check();
      await page.getByRole("button", { name: "Create link" }).click();
      expect(new URL(page.url()).pathname).toBe("/shares");
      expect(await page.locator(".share h2").allTextContents()).toEqual(["All pairs of backends", "Which <backend>?"]);
      expect(await page.locator(".share .tag").allTextContents()).toEqual(["live", "frozen"]);
      await page.locator(".share").nth(1).getByText("Image and snippets").click();
      const snippets = (name: string) => page.locator(`[data-copy="${name}"]`).allTextContents();
      embedded = [...(await snippets("Linked image (HTML)")), ...(await snippets("iframe (HTML)"))].join("\n");

      const [reader, wiki] = await open();
      await wiki.goto(elsewhereUrl);
      const titles = ["All pairs of backends", "Which <backend>?"];
      for (const title of titles) {
        const picture = wiki.getByRole("img", { name: title });
        const width = await picture.evaluate((image: ImageElement) => image.decode().then(() => image.naturalWidth));
        expect(width, title).toBe(720);
        await wiki.locator(`iframe[title="${title}"]`).scrollIntoViewIfNeeded();
        const frame = wiki.frameLocator(`iframe[title="${title}"]`);
        expect(await frame.getByRole("heading", { level: 1 }).textContent()).toBe(title);
      }
      await reader.close();
    });

    test("follows a link from another site without signing in again", async () => {
      embedded += `<p><a href="${server.url}/matrix?view=all">The matrix</a></p>`;
      await page.goto(elsewhereUrl);
      await page.getByRole("link", { name: "The matrix" }).click();
      await page.getByRole("heading", { name: "All pairs of backends" }).waitFor();
      expect(page.url()).toBe(`${server.url}/matrix?view=all`);
    });

    test("another site cannot send a form in their name", async () => {
      const before = await page.goto("/shares").then(() => page.locator(".share").count());
      embedded = `<form method="post" action="${server.url}/shares"><input name="kind" value="matrix"><input name="lasts" value="live"><button>Win</button></form>`;
      await page.goto(elsewhereUrl);
      await page.getByRole("button", { name: "Win" }).click();
      // Without the cookie, which a strict one is, they are nobody.
      expect(new URL(page.url()).pathname).toBe("/sign-in");
      await page.goto("/shares");
      expect(await page.locator(".share").count()).toBe(before);
    });

    test("revokes a share, which is then gone for every reader", async () => {
      await page.goto("/shares");
      const address = await page.locator(".share").nth(1).locator("img").getAttribute("src");
      expect((await fetch(`${server.url}${address}`)).status).toBe(200);
      await page.getByRole("button", { name: "Revoke link Which <backend>?" }).click();
      expect(await page.locator(".share h2").allTextContents()).toEqual(["All pairs of backends"]);
      expect((await fetch(`${server.url}${address}`)).status).toBe(410);
    });

    test("signs out, and is out", async () => {
      await page.getByRole("button", { name: "Sign out" }).click();
      expect(await context.cookies()).toEqual([]);
      await page.goto("/");
      expect(new URL(page.url()).pathname).toBe("/sign-in");
    });
  });

  describe("everybody", () => {
    let context: BrowserContext;
    let page: Page;

    beforeAll(async () => {
      [context, page] = await open({ permissions: ["clipboard-read", "clipboard-write"] });
      await page.goto("/sign-in");
      await signIn(page);
    });
    afterAll(() => context?.close());

    test("with JavaScript a button copies a snippet", async () => {
      await page.goto("/shares");
      await page.getByRole("button", { name: "Copy Markdown" }).click();
      await page.getByText("Copied").waitFor();
      expect(await page.evaluate("navigator.clipboard.readText()")).toMatch(/^\[!\[All pairs of backends\]\(http/);
    });

    test("by keyboard the first stop leads past the header", async () => {
      await page.goto("/hosts");
      await page.keyboard.press("Tab");
      await page.keyboard.press("Enter");
      await page.keyboard.press("Tab");
      expect(await page.evaluate("document.activeElement.id")).toBe("host");
    });

    const PAGES = [
      "/",
      "/?baseline=loop&candidate=loop",
      "/?baseline=loop&candidate=phy",
      "/matrix",
      "/trend",
      "/trend?backend=qdisk",
      "/hosts",
      "/hosts/vm101",
      "/hosts/nobody",
      "/hosts?limit=1000",
      "/matrix?nonsense=1",
      `/nothing/${"at-all-".repeat(40)}`,
      "/sign-out",
      "/runs",
      "/upload",
      "/shares",
      "/sign-in",
      "/docs",
    ];

    test.each(PAGES)("%s can be read in light and dark, by screen readers, and on a telephone", async (path) => {
      await page.setViewportSize({ width: 1200, height: 900 });
      await page.emulateMedia({ colorScheme: "light" });
      await page.goto(path);
      expect(await accessibilityFaults(page)).toEqual([]);
      await page.emulateMedia({ colorScheme: "dark" });
      expect(await contrastFaults(page)).toEqual([]);
      await page.setViewportSize({ width: 360, height: 740 });
      // Wide tables scroll by themselves; the page does not.
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
    });

    test("a receipt and a run can be read as well", async () => {
      await page.emulateMedia({ colorScheme: "light" });
      await page.setViewportSize({ width: 1200, height: 900 });
      await page.goto("/upload");
      await page
        .getByLabel("Bonnie++ output")
        .fill(`${sample("seed-loop.csv")}\n${sample("seed-loop.csv").replace("25511", "12x")}`);
      await page.getByLabel("Backend").selectOption("loop");
      await page.getByRole("button", { name: "Upload" }).click();
      expect(await accessibilityFaults(page)).toEqual([]);
      await page.setViewportSize({ width: 360, height: 740 });
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
      await page.getByRole("link", { name: "run of line 1" }).click();
      expect(await accessibilityFaults(page)).toEqual([]);
    });

    test("a column off the screen of a telephone makes no row of several lines", async () => {
      const headers = { Authorization: `Bearer ${server.adminToken.secret}` };
      const query = "backend=phy&host=dom0-1&site=frankfurt-am-main&hardware=proliant-dl360";
      await fetch(`${server.url}/v1/results?${query}`, { method: "POST", headers, body: sample("seed-blktap.csv") });
      await untilCounted();
      await page.setViewportSize({ width: 400, height: 740 });
      await page.goto("/hosts");
      const row = await page.getByRole("row", { name: "dom0-1" }).boundingBox();
      expect(row?.height ?? 0).toBeLessThan(50);
    });

    test("long host names cover no other column, and the list fits on paper", async () => {
      const name = "dom0-rack17-unit42-frankfurt-am-main-datacenter-east.internal.example.com";
      const backends = ["loop", "phy", "qdisk", "blktap1", "blktap2", "tapdisk3", "virtio", "emulated"];
      const line = sample("seed-blktap.csv").trim();
      const body = backends.map((backend) => `# backend: ${backend}\n${line}`).join("\n");
      const headers = { Authorization: `Bearer ${server.adminToken.secret}` };
      await fetch(`${server.url}/v1/results?host=${name}&site=frankfurt-am-main`, { method: "POST", headers, body });
      await untilCounted();
      await page.setViewportSize({ width: 1200, height: 900 });
      await page.goto("/hosts");
      const row = page.getByRole("row", { name });
      const link = await row.getByRole("link").boundingBox();
      const next = await row.getByRole("cell").first().boundingBox();
      expect((link?.x ?? 0) + (link?.width ?? 0)).toBeLessThanOrEqual(next?.x ?? 0);
      await page.emulateMedia({ media: "print" });
      await page.setViewportSize({ width: 680, height: 960 });
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(680);
      await page.emulateMedia({ media: "screen" });
    });

    test("on paper there is the report, and nothing to click", async () => {
      await page.emulateMedia({ media: "print", colorScheme: "dark" });
      await page.goto("/");
      expect(await page.getByRole("heading", { level: 1 }).isVisible()).toBe(true);
      for (const gone of ["nav", ".query-form", ".after-report", ".verdicts summary", ".narrow"]) {
        expect(await page.locator(gone).first().isVisible(), gone).toBe(false);
      }
      expect(await page.evaluate("getComputedStyle(document.body).backgroundColor")).toBe("rgb(255, 255, 255)");
      // A page of A4 between its margins.
      await page.setViewportSize({ width: 680, height: 960 });
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(680);
      await page.emulateMedia({ media: "screen" });
    });
  });

  test("no page tried to load or run what its policy forbids", () => {
    expect(blocked).toEqual([]);
  });
});
