// Names that look like another host's and are not: nobody sees the difference, and each would have a vote of its own.

import { afterAll, beforeAll, expect, test } from "vitest";
import type { Receipt } from "../../functions/ingest/receipt.ts";
import { asJson, jsonOf, type Refusal } from "../support/answer.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { LOOP } from "../support/fixtures.ts";
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
    }
  }
  const receipt = await jsonOf<Receipt>(service.post(LOOP.replace("vm101", name), "?backend=loop", asJson), 422);
  expect(receipt.issues).toEqual([expect.objectContaining({ field: "host", code: "bad_host" })]);
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
