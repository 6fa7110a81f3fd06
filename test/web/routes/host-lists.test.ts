// Lists of hosts by when they were last seen, retired hosts, and the counts and settings of a fleet.

import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { makeRunStore } from "../../../functions/store/runs/runs.ts";
import { makeHostStore } from "../../../functions/store/statistics/hosts.ts";
import type { Facts } from "../../../shared/run/run.ts";
import { asJson, jsonOf, textOf } from "../../support/answer.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { LOOP } from "../../support/fixtures.ts";
import { newRun } from "../../support/runs.ts";
import { makeTestService, type TestService } from "../../support/service.ts";

interface Entry {
  readonly host: string;
  readonly last_at: string;
  readonly silent: boolean;
  readonly runs: number;
}
interface Hosts {
  readonly hosts: readonly Entry[];
  readonly cursor: string | null;
}

let engine: TestEngine;
let service: TestService;
/** Each test has a fleet of its own. */
let fleet: string;
let admin: string;
let fleets = 0;
beforeAll(async () => {
  engine = await startTestEngine();
  service = await makeTestService(await engine.newTable());
});
beforeEach(newFleet);
afterAll(() => engine.stop());

async function newFleet(): Promise<void> {
  fleets += 1;
  fleet = `f${fleets}`;
  service.now = Date.parse("2026-11-22T10:00:00.000Z");
  admin = await service.token({ scope: "admin", fleet });
}

const send = (path: string, init: RequestInit & { token?: string } = {}) =>
  service.send(path, { token: admin, ...init });
const list = (query = "") => jsonOf<Hosts>(send(`/v1/hosts${query}`), 200);
const names = async (query = "") => (await list(query)).hosts.map(({ host }) => host);
const status = () => jsonOf<Record<string, unknown>>(send("/v1/status"), 200);
const retire = (host: string, code = 200) =>
  jsonOf<{ host: string; retired_at: string }>(
    send(`/v1/hosts/${encodeURIComponent(host)}`, { method: "DELETE" }),
    code,
  );

/** Posts a result of a host, which finished so many days before the time of the service. */
async function post(host: string, daysAgo: number, more = ""): Promise<void> {
  const finished = new Date(service.now - daysAgo * 86_400_000).toISOString();
  await service.post(LOOP, `?backend=loop&host=${encodeURIComponent(host)}&finished=${finished}${more}`, {
    ...asJson,
    token: admin,
  });
}

/** Every page of a list. */
async function allNames(query: string, limit: number): Promise<string[]> {
  const found: string[] = [];
  let cursor: string | null = null;
  do {
    const page: Hosts = await list(`${query}&limit=${limit}${cursor === null ? "" : `&cursor=${cursor}`}`);
    expect(page.hosts.length).toBeLessThanOrEqual(limit);
    found.push(...page.hosts.map(({ host }) => host));
    cursor = page.cursor;
  } while (cursor !== null);
  return found;
}

describe("when a host was last seen", () => {
  test("is when its newest run finished, on any backend, and a result from the future counts from its receipt", async () => {
    await post("a", 3);
    await post("a", 40);
    await service.post(LOOP, "?backend=phy&host=a&finished=2026-11-20T09:00:00Z", { ...asJson, token: admin });
    await post("b", -400);
    await service.aggregate(fleet);
    const { hosts } = await list();
    expect(hosts.map(({ host, last_at, silent }) => [host, last_at, silent])).toEqual([
      ["a", "2026-11-20T09:00:00.000Z", false],
      ["b", "2026-11-22T10:00:00.000Z", false],
    ]);
  });

  test("makes it silent after 35 days, or after what the settings say", async () => {
    await post("a", 36);
    await post("b", 34);
    await service.aggregate(fleet);
    const silent = async () => (await list()).hosts.filter((each) => each.silent).map(({ host }) => host);
    expect(await silent()).toEqual(["a"]);
    expect(await jsonOf(send("/v1/hosts/a"), 200)).toMatchObject({
      last_at: "2026-10-17T10:00:00.000Z",
      silent: true,
      retired_at: null,
      backends: [{ last_at: "2026-10-17T10:00:00.000Z" }],
    });
    const body = JSON.stringify({ silent_after: "33d" });
    await jsonOf(send("/v1/settings", { method: "PUT", body }), 200);
    expect(await silent()).toEqual(["a", "b"]);
    expect(await textOf(send("/v1/hosts.txt"), 200)).toMatch(/^a +2026-10-17 10:00:00 UTC, silent /m);
    expect(await (await send("/hosts")).text()).toContain("2026-10-17 10:00:00 UTC, silent");
  });
});

describe("the hosts of a list", () => {
  let filled: readonly [fleet: string, admin: string];
  beforeEach(() => {
    [fleet, admin] = filled;
  });
  beforeAll(async () => {
    await newFleet();
    filled = [fleet, admin];
    for (const [host, days, more] of [
      ["dom0-FRA-1", 1, "&site=fra"],
      ["dom0-fra-2", 20, "&site=fra"],
      ["dom0-ams-1", 50, "&site=ams&storage=lvm"],
      ["web", 9, ""],
    ] as const) {
      await post(host, days, more);
    }
    await post("web", 9.5);
    await service.aggregate(fleet);
  });

  test.each([
    ["", ["dom0-FRA-1", "dom0-ams-1", "dom0-fra-2", "web"]],
    ["?order=last_at", ["dom0-ams-1", "dom0-fra-2", "web", "dom0-FRA-1"]],
    ["?order=runs", ["web", "dom0-FRA-1", "dom0-ams-1", "dom0-fra-2"]],
    ["?q=Fra-", ["dom0-FRA-1", "dom0-fra-2"]],
    ["?q=fra&order=last_at", ["dom0-fra-2", "dom0-FRA-1"]],
    ["?q=nowhere", []],
    ["?silent_since=10d", ["dom0-ams-1", "dom0-fra-2"]],
    ["?silent_since=2w", ["dom0-ams-1", "dom0-fra-2"]],
    ["?silent_since=2026-11-01&order=last_at", ["dom0-ams-1"]],
    ["?silent_since=2026-11-02T12:00:00%2B01:00", ["dom0-ams-1", "dom0-fra-2"]],
    ["?site=fra&site=ams&order=last_at", ["dom0-ams-1", "dom0-fra-2", "dom0-FRA-1"]],
    ["?site=ams&storage=lvm", ["dom0-ams-1"]],
    ["?site=fra&storage=lvm", []],
  ])("%s", async (query, expected) => {
    expect(await names(query)).toEqual(expected);
  });

  test.each(["?silent_since=soon", "?silent_since=7", "?order=age", "?q=", "?q=a%00b", "?rack=a7"])(
    "400 for %s",
    async (query) => {
      await jsonOf(send(`/v1/hosts${query}`), 400);
    },
  );

  test("a cursor of one order is not one of another", async () => {
    const { cursor } = await list("?order=last_at&limit=1");
    await jsonOf(send(`/v1/hosts?order=runs&limit=1&cursor=${cursor}`), 400);
  });

  test("on the page, with a form that keeps what was asked for, in all links", async () => {
    const page = await (await send("/hosts?q=fra&order=last_at&limit=1")).text();
    expect(page).toMatch(/name="host"[^>]*value="fra"/);
    expect(page).toMatch(/<option value="last_at" selected/);
    expect(page).toMatch(/href="\/hosts\?q=fra&amp;order=last_at&amp;cursor=/);
    expect(page).toContain('href="/v1/hosts.csv?q=fra&amp;order=last_at"');
    expect(page).toContain("dom0-fra-2");
    expect(page).not.toContain("dom0-FRA-1</a>");
  });
});

test("pages of every order have each host once, in order, whatever times and numbers of runs hosts have", async () => {
  const host = fc.record({
    host: fc.string({ unit: fc.constantFrom("a", "Z", "0", "-", "ü", "#", "~"), minLength: 1, maxLength: 3 }),
    at: fc.constantFrom("2026-11-01T00:00:00.000Z", "2026-11-02T00:00:00.000Z", "2026-11-02T00:00:00.001Z"),
    runs: fc.integer({ min: 1, max: 3 }),
  });
  const anyHosts = fc.uniqueArray(host, { minLength: 1, maxLength: 24, selector: (each) => each.host });
  await fc.assert(
    fc.asyncProperty(anyHosts, fc.integer({ min: 1, max: 12 }), async (hosts, limit) => {
      await newFleet();
      const runs = hosts.flatMap(({ host: name, at, runs: count }) =>
        Array.from({ length: count }, (_, number) => newRun({ fleet, host: name, number, at })),
      );
      await makeRunStore(service.table).add(runs);
      await service.aggregate(fleet);
      const store = makeHostStore(service.table);
      const bytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
      const orders = {
        name: () => 0,
        last_at: (a: (typeof hosts)[number], b: (typeof hosts)[number]) => Date.parse(a.at) - Date.parse(b.at),
        runs: (a: (typeof hosts)[number], b: (typeof hosts)[number]) => b.runs - a.runs,
      };
      for (const order of ["name", "last_at", "runs"] as const) {
        const found: string[] = [];
        let cursor: string | undefined;
        do {
          const page = await store.list(fleet, { order, filters: {}, limit, cursor });
          found.push(...page.items.map(({ summary }) => summary.host));
          cursor = page.cursor ?? undefined;
        } while (cursor !== undefined);
        const sorted = hosts.toSorted((a, b) => orders[order](a, b) || bytes(a.host, b.host));
        expect(found, order).toEqual(sorted.map(({ host: name }) => name));
      }
    }),
    { numRuns: 5, seed: 20_261_122 },
  );
});

describe("a retired host", () => {
  test("is in no list and no count, keeps its page and its place in statistics, and its next result brings it back", async () => {
    await post("a", 50);
    await post("b", 1);
    await service.aggregate(fleet);
    service.now += 60_000;
    expect(await retire("a")).toEqual({ host: "a", retired_at: "2026-11-22T10:01:00.000Z" });
    for (const order of ["name", "last_at", "runs"]) expect(await allNames(`?order=${order}`, 1)).toEqual(["b"]);
    expect(await jsonOf(send("/v1/hosts/a"), 200)).toMatchObject({ retired_at: "2026-11-22T10:01:00.000Z" });
    expect(await textOf(send("/v1/hosts/a.txt"), 200)).toContain("until its next result");
    await service.aggregate(fleet);
    expect(await status()).toMatchObject({ hosts: 2, silent_hosts: 0, retired_hosts: 1 });

    // An old result that is sent late is the next result all the same.
    service.now += 60_000;
    await post("a", 60);
    await service.aggregate(fleet);
    expect(await names()).toEqual(["a", "b"]);
    expect(await jsonOf(send("/v1/hosts/a"), 200)).toMatchObject({ retired_at: null, silent: true });
    expect(await status()).toMatchObject({ hosts: 2, silent_hosts: 1, retired_hosts: 0 });
  });

  test("stays retired when one of its results is withdrawn", async () => {
    const receipt = service.post(LOOP, "?backend=loop&host=a&finished=2026-11-01T00:00:00Z", {
      ...asJson,
      token: admin,
    });
    const [first] = (await jsonOf<{ results: { id: string }[] }>(receipt, 201)).results;
    await post("a", 1);
    await service.aggregate(fleet);
    service.now += 60_000;
    await retire("a");
    await jsonOf(send(`/v1/runs/${first?.id}`, { method: "DELETE" }), 200);
    await service.aggregate(fleet);
    expect(await names()).toEqual([]);
    expect(await jsonOf(send("/v1/hosts/a"), 200)).toMatchObject({ backends: [{ runs: 1 }] });
  });

  test("is the one with exactly that name", async () => {
    await post("web", 1);
    await post("web.md", 1);
    await service.aggregate(fleet);
    await retire("web.md");
    expect(await names()).toEqual(["web"]);
    await retire("mail", 404);
    await retire("x".repeat(300), 404);
    // A suffix that is not part of a name: only JSON is offered.
    expect((await send("/v1/hosts/web.csv", { method: "DELETE" })).status).toBe(404);
    expect(await names()).toEqual(["web"]);
  });

  test("is retired by admins only, and only in their fleet", async () => {
    await post("a", 1);
    const [reader, other] = [
      await service.token({ scope: "read", fleet }),
      await service.token({ scope: "admin", fleet: "other" }),
    ];
    await jsonOf(send("/v1/hosts/a", { method: "DELETE", token: reader }), 403);
    await jsonOf(send("/v1/hosts/a", { method: "DELETE", token: other }), 404);
  });
});

test("the status counts silent hosts, agents and the newest result in the background", async () => {
  const of = (facts: Facts, number: number) =>
    newRun({
      fleet,
      number,
      host: `h${number}`,
      facts,
      at: `2026-${number < 3 ? "09" : "11"}-0${number}T00:00:00.000Z`,
    });
  const agents = ["vbdstat-agent-0.1.0", "vbdstat-agent-0.1.0", "vbdstat-agent-0.2.0"];
  const runs = agents.map((agent, index) => of({ "label.agent": agent }, index + 1));
  await makeRunStore(service.table).add([...runs, of({}, 4)]);
  await service.aggregate(fleet);
  const counted = {
    silent_hosts: 2,
    retired_hosts: 0,
    newest_result_at: "2026-11-04T00:00:00.000Z",
    agents: [
      { agent: "vbdstat-agent-0.1.0", hosts: 2 },
      { agent: null, hosts: 1 },
      { agent: "vbdstat-agent-0.2.0", hosts: 1 },
    ],
    hosts_counted_at: "2026-11-22T10:00:00.000Z",
  };
  expect(await status()).toMatchObject(counted);
  await makeRunStore(service.table).add([of({}, 5)]);
  // Within a minute they are not counted again, and then they are.
  service.now += 59_000;
  await service.aggregate(fleet);
  expect(await status()).toMatchObject({ hosts: 5, ...counted });
  service.now += 2_000;
  await service.aggregate(fleet);
  expect(await status()).toMatchObject({ newest_result_at: "2026-11-05T00:00:00.000Z" });
});

describe("settings", () => {
  const put = (body: unknown, token = admin) =>
    send("/v1/settings", { method: "PUT", body: JSON.stringify(body), token });
  const get = (token = admin) => jsonOf(send("/v1/settings", { token }), 200);
  const defaults = {
    silent_after: "35d",
    margin: 0.03,
    title: null,
    time_zone: "UTC",
    retention: { withdrawn_days: null },
  };

  test("have defaults, are replaced as a whole, and are those of one fleet", async () => {
    expect(await get()).toEqual(defaults);
    const changed = { silent_after: "5w", title: "Production", time_zone: "Europe/Berlin" };
    expect(await jsonOf(put(changed), 200)).toEqual({ ...defaults, ...changed });
    expect(await get()).toEqual({ ...defaults, ...changed });
    expect(await jsonOf(put({ retention: { withdrawn_days: 90 } }), 200)).toEqual({
      ...defaults,
      retention: { withdrawn_days: 90 },
    });
    expect(await get(await service.token({ scope: "read", fleet }))).toMatchObject({
      retention: { withdrawn_days: 90 },
    });
    expect(await get(await service.token({ scope: "admin", fleet: "other" }))).toEqual(defaults);
  });

  test("of another process are seen within a minute", async () => {
    expect(await get()).toEqual(defaults);
    const other = await makeTestService(service.table);
    await jsonOf(other.send("/v1/settings", { token: admin, method: "PUT", body: '{"margin":0.1}' }), 200);
    service.now += 59_000;
    expect(await get()).toEqual(defaults);
    service.now += 2_000;
    expect(await get()).toEqual({ ...defaults, margin: 0.1 });
  });

  test.each([
    [{ silent_after: "soon" }, "silent_after: expected hours, days or weeks, e.g. 36h, 35d or 5w"],
    [{ silent_after: 35 }, "silent_after"],
    [{ margin: 0 }, "margin"],
    [{ margin: 1.5 }, "margin"],
    [{ title: "" }, "title: expected some text"],
    [{ title: "a\u200bb" }, "title: expected characters"],
    [{ time_zone: "Frankfurt" }, "time_zone: expected an IANA time zone, e.g. Europe/Berlin"],
    [{ retention: { withdrawn_days: 0 } }, "retention"],
    [{ retentoin: {} }, 'unknown key "retentoin"'],
  ])("%j is rejected with a message, and changes nothing", async (body, message) => {
    expect(JSON.stringify(await jsonOf(put(body), 400))).toContain(JSON.stringify(message).slice(1, -1));
    expect(await get()).toEqual(defaults);
  });

  test("are changed by admins only", async () => {
    for (const scope of ["read", "ingest"] as const) {
      await jsonOf(put({}, await service.token({ scope, fleet })), 403);
    }
  });
});
