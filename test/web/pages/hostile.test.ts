// Names with markup in them, on every page that shows them: they appear as text, and the page around them stays well-formed.

import { afterAll, beforeAll, expect, test } from "vitest";
import type { Receipt } from "../../../functions/service/upload/receipt.ts";
import { makeRunStore } from "../../../functions/store/runs/runs.ts";
import { printable } from "../../../shared/run/text.ts";
import { asJson, jsonOf } from "../../support/answer.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { BLKTAP, LOOP } from "../../support/fixtures.ts";
import { readHtml } from "../../support/html.ts";
import { newRun } from "../../support/runs.ts";
import { makeTestService } from "../../support/service.ts";
import { visitor } from "./visitor.ts";

let engine: TestEngine;

beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

const NAMES = [
  "<script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  "' autofocus onfocus='alert(1)",
  "</textarea></title></select><svg onload=alert(1)>",
  "&lt;b&gt; &#x3c;b",
  "../../sign-out?x=1#y",
  "\u202egnp.exe\u2066\u200b",
  "x".repeat(255),
];

test.each(NAMES)("%s", async (name) => {
  const service = await makeTestService(await engine.newTable());
  const label = name.slice(0, 200);
  const admin = visitor(service, await service.token({ scope: "admin", label }));
  // Host names and facts with invisible characters are rejected now; earlier versions stored them.
  const host = name.replace(/\p{Cf}/gu, "");
  const said = label.replace(/\p{Cf}/gu, "");
  const query = `?${new URLSearchParams({ host, vm: host, site: said, hardware: said, "label.note": said })}`;
  const facts = { site: label, hardware: label, "label.note": label };
  const earlier = newRun({ number: 1, host: `${host.slice(0, 250)} old`, rates: { putc: 100 }, facts });
  await makeRunStore(service.table).add([earlier]);
  await service.post(LOOP, `${query}&backend=loop`);
  const receipt = await jsonOf<Receipt>(service.post(BLKTAP, `${query}&backend=blktap1`, asJson), 201);
  await service.aggregate();
  const title = printable(name).slice(0, 200);
  await admin.submit("/shares", { kind: "compare", query: "baseline=loop&candidate=blktap1", lasts: "live", title });

  const asked = encodeURIComponent(label);
  const answers = [
    admin.visit("/"),
    admin.visit(`/?baseline=loop&candidate=blktap1&site=${asked}`),
    admin.visit(`/?baseline=${asked}&candidate=${asked}&period=${asked}&margin=${asked}`),
    admin.visit(`/matrix?hardware=${asked}`),
    admin.visit(`/trend?backend=${asked}&from=${asked}&unit=${asked}`),
    admin.visit("/hosts"),
    admin.visit(`/hosts/${encodeURIComponent(name)}`),
    admin.visit(`/hosts/${asked}.`),
    admin.visit(`/runs?host=${encodeURIComponent(name)}`),
    admin.visit(`/runs/${receipt.results[0]?.id}`),
    admin.visit(`/runs/${earlier.run.id}`),
    admin.visit("/shares"),
    admin.visit(`/sign-in?next=${asked}`),
    admin.submit("/upload", { output: LOOP, backend: "loop", host: name, site: label }),
    admin.submit("/upload", { output: `${LOOP}\n${label},1,2,3`, backend: label, host: name }),
    admin.submit("/upload", { output: `${LOOP}\n${LOOP.replace("25511", label)}`, backend: "loop", host: name }),
    admin.submit("/sign-in", { token: name, next: name }),
  ];
  for (const [index, answer] of (await Promise.all(answers)).entries()) {
    const page = await answer.text();
    expect([200, 201, 400, 401, 404, 422], `answer ${index}: ${page.slice(0, 500)}`).toContain(answer.status);
    const elements = readHtml(page);
    expect(elements.filter((element) => element.name === "script").length, `answer ${index}`).toBeLessThanOrEqual(1);
    expect(elements.flatMap(({ attributes }) => attributes).filter((attribute) => /^on/.test(attribute))).toEqual([]);
    // Fields show what was typed; in all other text no character reverses the reading direction.
    const text = page.replace(/<textarea[\s\S]*?<\/textarea>/g, "").replaceAll(/<[^>]*>/g, "");
    expect(/[\u202a-\u202e\u2066-\u2069]/.test(text), `answer ${index}`).toBe(false);
  }
  expect(service.faults).toEqual([]);
});
