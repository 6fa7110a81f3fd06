// POST /v1/results by status: the receipt that a Dom0 host gets.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Receipt } from "../../../functions/service/upload/receipt.ts";
import type { QuarantinedLine, Run } from "../../../shared/run/run.ts";
import { asJson, jsonOf, textOf } from "../../support/answer.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { BLKTAP, fixture, LOOP } from "../../support/fixtures.ts";
import { makeTestService, type TestService } from "../../support/service.ts";
import { freshLine, onlyRun, refusal, runOf } from "./uploads.ts";

let engine: TestEngine;
let service: TestService;

beforeAll(async () => {
  engine = await startTestEngine();
  service = await makeTestService(await engine.newTable());
});
afterAll(() => engine.stop());

describe("201: something stored, nothing rejected", () => {
  test("a shell gets the counts first, then a line for each result with its reasons below", async () => {
    const text = await textOf(service.post(`${LOOP}\n${BLKTAP}\n`, "?backend=loop&host=dom0-a"), 201);
    const lines = text.split("\n");
    expect(lines[0]).toBe("stored 2, duplicate 0, rejected 0");
    expect(lines[1]).toMatch(/^line 1: stored [0-9a-f]{48} dom0-a loop v1\/2G\/8k\/16 probably-cached$/);
    expect(lines[2]).toMatch(/^ {2}C1: .*11\.2 times/);
    expect(lines.some((line) => /^ {2}C2: /.test(line))).toBe(true);
    expect(lines.some((line) => /^line 2: stored [0-9a-f]{48} dom0-a loop v1\/2G\/8k\/16 \S+$/.test(line))).toBe(true);
    expect(text.endsWith("\n")).toBe(true);
    for (const line of lines.filter((said) => said.startsWith(" "))) expect(line.length).toBeLessThanOrEqual(100);
  });

  test("JSON has exactly the shape of the contract", async () => {
    const line = freshLine();
    const receipt = await jsonOf<Receipt>(service.post(line, "?backend=loop", asJson), 201);
    expect(receipt).toEqual({
      stored: 1,
      duplicate: 0,
      rejected: 0,
      results: [
        {
          line: 1,
          status: "stored",
          id: expect.stringMatching(/^[0-9a-f]{48}$/),
          url: `/v1/runs/${receipt.results[0]?.id}`,
          host: "vm101",
          backend: "loop",
          stratum: "v1/2G/8k/16",
          quality: { verdict: "probably-cached", reasons: expect.any(Array) },
          warnings: expect.any(Array),
        },
      ],
      issues: [],
      ignored: { blank: 0, header: 0, comment: 0, table: 0, other: 0 },
    });
    const reasons = receipt.results[0]?.quality.reasons ?? [];
    expect(reasons.map(({ rule }) => rule).slice(0, 2)).toEqual(["C1", "C2"]);
    expect(Object.keys(reasons[0] ?? {})).toEqual(["rule", "text"]);
  });

  test("the suffix takes precedence over Accept, and a browser's Accept does not break the shell's default", async () => {
    const send = (path: string, accept?: string) =>
      service.send(`${path}?backend=loop`, {
        method: "POST",
        body: freshLine(),
        headers: accept === undefined ? {} : { Accept: accept },
      });
    await jsonOf(send("/v1/results.json"), 201);
    await jsonOf(send("/v1/results.json", "text/plain"), 201);
    await textOf(send("/v1/results.txt", "application/json"), 201);
    await textOf(send("/v1/results", "*/*"), 201);
    await textOf(send("/v1/results", "image/webp,*/*;q=0.8"), 201);
    await jsonOf(send("/v1/results", "text/plain;q=0.1, application/json"), 201);
  });

  test("text tables without a CSV line are results; with their CSV line they are ignored", async () => {
    const table = await onlyRun(
      service,
      service.post(fixture("seed-blktap.txt"), "?backend=blktap&host=tables", asJson),
    );
    expect(table.metrics.put_block?.rate).toBe(93_549);
    const both = await jsonOf<Receipt>(
      service.post(fixture("run-200a-nonquiet.log"), "?backend=qdisk&host=logs", asJson),
      201,
    );
    expect([both.stored, both.results.length]).toEqual([1, 1]);
  });
});

describe("422: the good lines are stored, the bad ones quarantined", () => {
  test("the receipt and the quarantine say where and why", async () => {
    const good = freshLine();
    const bad = freshLine().replace("18075", "12x");
    const receipt = await jsonOf<Receipt>(service.post(`${good}\n${bad}\n`, "?backend=loop&host=h422", asJson), 422);
    expect(receipt).toMatchObject({ stored: 1, duplicate: 0, rejected: 1 });
    const [issue] = receipt.issues;
    // name, size, putc and its %CP are fields 0 to 3 (docs/api.md#post-results).
    expect(issue).toEqual({
      line: 2,
      column: 4,
      field: "put_block",
      code: expect.any(String),
      text: expect.stringContaining('"12x"'),
      quarantine_id: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
    await runOf(service, receipt.results[0]?.id);
    const { lines } = await jsonOf<{ lines: QuarantinedLine[] }>(service.send("/v1/quarantine"), 200);
    expect(lines).toContainEqual(
      expect.objectContaining({
        id: issue?.quarantine_id,
        raw: bad,
        raw_length: bad.length,
        context: { backend: "loop", host: "h422" },
      }),
    );
  });

  test("a log whose CSV line was cut, sent again whole, is one run", async () => {
    const log = fixture("run-200a-nonquiet.log");
    const query = "?backend=qdisk&host=cut-logs";
    const cut = await jsonOf<Receipt>(service.post(log.trimEnd().slice(0, -40), query, asJson), 422);
    expect(cut).toMatchObject({ stored: 0, rejected: 2 });
    expect(cut.issues.map(({ code }) => code)).toEqual(["csv_line_damaged", "field_count"]);
    const whole = await jsonOf<Receipt>(service.post(log, query, asJson), 201);
    expect(whole).toMatchObject({ stored: 1, rejected: 0 });
    const { runs } = await jsonOf<{ runs: Run[] }>(service.send("/v1/runs?host=cut-logs"), 200);
    expect(runs).toHaveLength(1);
  });

  test("a quarantined table is stored when an admin retries it", async () => {
    const text = `${fixture("seed-loop.txt").replaceAll("25511", "25512")}${LOOP.slice(0, 60)}`;
    const { issues } = await jsonOf<Receipt>(service.post(text, "?backend=loop&host=aside", asJson), 422);
    const retry = service.send(`/v1/quarantine/${issues[0]?.quarantine_id}/retry`, { method: "POST", ...asJson });
    expect((await jsonOf<Receipt>(retry, 201)).stored).toBe(1);
  });

  test("in text: one line for each issue, with the id to retry it by", async () => {
    const text = await textOf(service.post(freshLine().replace("18075", "12x"), "?backend=loop"), 422);
    expect(text).toMatch(
      /^stored 0, duplicate 0, rejected 1\nline 1, column 4, put_block: .*"12x".* \[\w+\] quarantined as [0-9a-f]{32}\n$/,
    );
  });

  test("lines before the first backend are rejected, lines after it are not", async () => {
    const receipt = await jsonOf<Receipt>(
      service.post(`${freshLine()}\n# backend: loop\n${freshLine()}`, "", asJson),
      422,
    );
    expect(receipt).toMatchObject({
      stored: 1,
      rejected: 1,
      issues: [{ line: 1, field: "backend", code: "no_backend" }],
    });
  });

  test.each<[string, string, string, string | null]>([
    ["empty", "", "", "bad_host"],
    ["empty, with a host beside it", "", "&host=dom0", null],
    ["overlong", "n".repeat(256), "", "bad_host"],
    ["overlong, with a host but no guest beside it", "n".repeat(256), "&host=dom0", "bad_vm"],
    ["overlong, with both beside it", "n".repeat(256), "&host=dom0&vm=guest", null],
    ["as long as may be", "n".repeat(255), "", null],
    ["HTML", '<script>alert("1")</script>', "", null],
    ["with blanks, colons and slashes", "rack 7: dom0/3", "", null],
  ])("machine name %s", async (_, name, query, code) => {
    const answer = service.post(freshLine().replace("vm101", name), `?backend=loop${query}`, asJson);
    const receipt = await jsonOf<Receipt>(answer, code === null ? 201 : 422);
    expect(receipt.issues.map((issue) => issue.code)).toEqual(code === null ? [] : [code]);
    if (code === null && query === "") expect(receipt.results[0]?.host).toBe(name);
  });

  test.each(["\x07", "\x1b[31m", "\x00", "\x7f"])(
    "a control character in the name (%j) never becomes a run",
    async (control) => {
      const answer = service.post(freshLine().replace("vm101", `vm${control}101`), "?backend=loop", asJson);
      expect(await jsonOf<Receipt>(answer, 422)).toMatchObject({ stored: 0, rejected: 1 });
    },
  );

  test("text receipts never carry a control character to a terminal", async () => {
    const text = await textOf(service.post(freshLine().replace("18075", "\x1b[2J\u202e12x"), "?backend=loop"), 422);
    expect(text).not.toMatch(/[^\n\P{Cc}]|\u202e/u);
  });
});

describe("400: the upload as a whole is invalid, and nothing was stored", () => {
  test("no backend", async () => {
    expect(await refusal(service, freshLine(), "")).toMatchObject({
      code: "no_backend",
      message: expect.stringMatching(/^no backend given/),
    });
  });

  test.each(["", "\n\n", "hello\n", "# backend: loop\n", "name,file_size,putc,putc_cpu\n"])(
    "no result in %j",
    async (body) => {
      expect(await refusal(service, body, "?backend=loop")).toMatchObject({ code: "no_result" });
    },
  );

  test("in text: two lines, then a line for each issue", async () => {
    const text = await textOf(service.post(freshLine(), "?backend=loop&bakcend=phy"), 400);
    expect(text).toMatch(
      /^error bad_parameter: unknown key "bakcend".*\nsee http:\/\/vbdstat\.test\/docs#bad_parameter, request [0-9a-f-]{36}\nparameters, bakcend: .* \[unknown_key\]\n$/,
    );
  });
});
