// Names that look like another host's and are not: nobody sees the difference, and each would have a vote of its own.

import { afterAll, beforeAll, expect, test } from "vitest";
import { auditFleet } from "../../functions/service/audit.ts";
import type { Receipt } from "../../functions/service/upload/receipt.ts";
import { makeRunStore } from "../../functions/store/runs/runs.ts";
import { makeFleetScan } from "../../functions/store/statistics/fleet-scan.ts";
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

const UNSEEN: readonly (readonly [what: string, name: string])[] = [
  ["a zero-width space", "dom0-fra-1\u200b"],
  ["a zero-width joiner", "dom0\u200d-fra-1"],
  ["a mark that turns text around", "\u202edom0-fra-1"],
  ["an isolate", "dom0\u2066-fra-1"],
  ["a byte order mark", "dom0-fra\ufeff-1"],
  ["a soft hyphen", "dom0\u00ad-fra-1"],
  ["a Hangul filler", "dom0-fra-1\u3164"],
  ["a variation selector", "dom0-fra-1\ufe0f"],
  ["an empty Braille pattern", "dom0-fra-1\u2800"],
  ["a tag", "dom0-fra-1\u{e0041}"],
  ["a line separator", "dom0\u2028fra-1"],
  ["a blank that does not break", "dom0\u00a0fra"],
];

test.each(UNSEEN)("with %s are refused as host, guest and run, wherever they are said", async (_, name) => {
  const encoded = encodeURIComponent(name);
  for (const key of ["host", "vm", "run"]) {
    for (const answer of [
      service.post(LOOP, `?backend=loop&${key}=${encoded}`, asJson),
      service.post(`# ${key}: ${name}\n${LOOP}`, "?backend=loop", asJson),
    ]) {
      const { error } = await jsonOf<Refusal>(answer, 400);
      expect(error.issues?.[0]).toMatchObject({ field: key, code: "bad_value" });
      expect(error.message).toContain("none of them invisible");
      expect(error.message).toContain(invisibleOf(name));
    }
  }
  const receipt = await jsonOf<Receipt>(service.post(LOOP.replace("vm101", name), "?backend=loop", asJson), 422);
  expect(receipt.issues).toEqual([expect.objectContaining({ field: "host", code: "bad_host" })]);
});

const postJson = (to: TestService, path: string, body: object) =>
  to.send(path, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "Content-Type": "application/json", Accept: "application/json" },
  });

/** Where the character is and which, as a message says it. */
function invisibleOf(text: string): string {
  const at = [...text].findIndex((character) => !/^[\x20-\x7e]$/.test(character));
  const code = [...text][at]?.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0");
  return `(character ${at + 1} is U+${code})`;
}

const CONTROLS = [
  ["a bell", "fra\u0007-1"],
  ["a control character of the upper half", "fra\u0085-1"],
] as const;

test.each([...UNSEEN, ...CONTROLS])("with %s are refused as text of a fact, as title and as note", async (_, text) => {
  for (const key of ["site", "disk_model", "label.rack"]) {
    for (const answer of [
      service.post(LOOP, `?backend=loop&${key}=${encodeURIComponent(`${text}.`)}`, asJson),
      service.post(`# ${key}: ${text}.\n${LOOP}`, "?backend=loop", asJson),
    ]) {
      const { error } = await jsonOf<Refusal>(answer, 400);
      expect(error.issues?.[0]).toMatchObject({ field: key, code: "bad_value" });
      expect(error.message).toContain(`${key}: expected text`);
      expect(error.message).toContain(invisibleOf(text));
    }
  }
  const query = { baseline: "loop", candidate: "blktap2" };
  for (const [path, field, body] of [
    ["/v1/shares", "title", { kind: "compare", frozen: false, query, title: text }],
    ["/v1/tokens", "label", { scope: "read", label: text }],
    ["/v1/tokens", "hosts", { scope: "ingest", hosts: text }],
  ] as const) {
    const { error } = await jsonOf<Refusal>(postJson(service, path, body), 400);
    expect(error.issues?.[0]).toMatchObject({ field });
    expect(error.message).toContain(`${field}: expected`);
    expect(error.message).toContain(invisibleOf(text));
  }
});

const COMPOSED = "zo\u00eb-1".normalize("NFC");
const DECOMPOSED = COMPOSED.normalize("NFD");

test("a letter written as one character or as two makes one host, one run, one site and one pattern", async () => {
  expect(DECOMPOSED).not.toBe(COMPOSED);
  const own = await makeTestService(await engine.newTable());
  const said = (text: string) =>
    `?backend=loop&finished=2026-11-22T09:00:00Z&site=${encodeURIComponent(text)}&run=${encodeURIComponent(text)}`;
  const first = await jsonOf<Receipt>(
    own.post(LOOP, `${said(COMPOSED)}&host=${encodeURIComponent(COMPOSED)}`, asJson),
    201,
  );
  // Said in the address, in the body, and by the machine's name in the line.
  const again = await jsonOf<Receipt>(own.post(`# host: ${DECOMPOSED}\n${LOOP}`, said(DECOMPOSED), asJson), 200);
  expect(again.results[0]).toMatchObject({ status: "duplicate", id: first.results[0]?.id, host: COMPOSED });
  const line = LOOP.replace("vm101", DECOMPOSED);
  const inLine = await jsonOf<Receipt>(own.post(line, said(DECOMPOSED), asJson), 201);
  expect(inLine.results[0]?.host).toBe(COMPOSED);
  await own.aggregate();

  // The identity of each run is made of what is stored.
  expect((await auditFleet(makeFleetScan(own.table), "default")).differences).toEqual([]);
  const { hosts } = await jsonOf<{ hosts: { host: string }[] }>(own.send("/v1/hosts", asJson), 200);
  expect(hosts.map(({ host }) => host)).toEqual([COMPOSED]);
  for (const name of [COMPOSED, DECOMPOSED].map(encodeURIComponent)) {
    expect((await own.send(`/v1/hosts/${name}`)).status).toBe(200);
    const { runs } = await jsonOf<{ runs: unknown[] }>(own.send(`/v1/runs?host=${name}`, asJson), 200);
    expect(runs).toHaveLength(2);
    expect(await (await own.send(`/v1/runs.csv?host=${name}`)).text()).toContain(COMPOSED);
    const { backends } = await jsonOf<{ backends: object }>(own.send(`/v1/backends?site=${name}`, asJson), 200);
    expect(JSON.stringify(backends)).toContain('"hosts":1');
  }

  for (const pattern of [COMPOSED, DECOMPOSED]) {
    const made = await jsonOf<{ token: string; hosts: string }>(
      postJson(own, "/v1/tokens", { scope: "ingest", hosts: `${pattern}*` }),
      201,
    );
    expect(made.hosts).toBe(`${COMPOSED}*`);
    for (const name of [COMPOSED, DECOMPOSED]) {
      const answer = await own.post(LOOP, `?backend=loop&host=${encodeURIComponent(`${name}2`)}`, {
        ...asJson,
        token: made.token,
      });
      expect([200, 201]).toContain(answer.status);
    }
  }
});

test("a host and a site that an earlier version stored as two characters are still found", async () => {
  const own = await makeTestService(await engine.newTable());
  await makeRunStore(own.table).add([
    newRun({ number: 1, host: DECOMPOSED, rates: { putc: 100 }, facts: { site: DECOMPOSED } }),
  ]);
  await own.aggregate();
  const name = encodeURIComponent(DECOMPOSED);
  const { host } = await jsonOf<{ host: string }>(own.send(`/v1/hosts/${name}`, asJson), 200);
  expect(host).toBe(DECOMPOSED);
  const { runs } = await jsonOf<{ runs: { host: string }[] }>(own.send(`/v1/runs?host=${name}`, asJson), 200);
  expect(runs.map((run) => run.host)).toEqual([DECOMPOSED]);
  for (const site of [COMPOSED, DECOMPOSED].map(encodeURIComponent)) {
    const { backends } = await jsonOf<{ backends: object }>(own.send(`/v1/backends?site=${site}`, asJson), 200);
    expect(JSON.stringify(backends)).toContain('"hosts":1');
  }
});

test.each(["dom0-fra-1", "сервер-7", "東京 1", "Zoë", "ชื่อ", "العربية", "h#1", "a b", "🖥1"])(
  "%s is a name as any other",
  async (name) => {
    const receipt = await jsonOf<Receipt>(
      service.post(LOOP, `?backend=loop&host=${encodeURIComponent(name)}`, asJson),
      201,
    );
    expect(receipt.results[0]?.host).toBe(name);
  },
);
