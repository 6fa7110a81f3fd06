// POST /v1/results by status: what a Dom0 host gets back for what it sends.

import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Receipt } from "../../functions/ingest/receipt.ts";
import type { Run } from "../../shared/model/run.ts";
import type { QuarantinedLine } from "../../shared/ports.ts";
import { asJson, jsonOf, type Refusal, textOf } from "../support/answer.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { BLKTAP, fixture, LOOP } from "../support/fixtures.ts";
import { makeTestService, type TestService } from "../support/service.ts";

let engine: TestEngine;
let service: TestService;

beforeAll(async () => {
  engine = await startTestEngine();
  service = await makeTestService(await engine.newTable());
});
afterAll(() => engine.stop());

/** A line of its own for every test, so that none is a duplicate of another's. */
let used = 0;
function freshLine(): string {
  used += 1;
  return LOOP.replace("25511", String(30_000 + used));
}

const runOf = async (id: string | undefined) => jsonOf<Run>(service.send(`/v1/runs/${id}`), 200);
const only = async (answer: Promise<Response>, status = 201) => {
  const receipt = await jsonOf<Receipt>(answer, status);
  expect(receipt.results).toHaveLength(1);
  return runOf(receipt.results[0]?.id);
};

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

  test("the suffix wins over Accept, and a browser's Accept does not break the shell's default", async () => {
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

  test.each([
    "application/x-www-form-urlencoded",
    "application/json",
    "application/octet-stream",
    "image/png",
    "nonsense",
    "",
  ])("Content-Type %j is as good as any: old wget and curl cannot set it", async (type) => {
    await only(service.post(freshLine(), "?backend=loop", { headers: { ...asJson.headers, "Content-Type": type } }));
  });

  test("curl -F: the parts of a form are other text around the lines", async () => {
    const line = freshLine();
    const body = [
      "--------------------------d74496d66958873e",
      'Content-Disposition: form-data; name="file"; filename="bonnie.csv"',
      "Content-Type: application/octet-stream",
      "",
      line,
      "--------------------------d74496d66958873e--",
      "",
    ].join("\r\n");
    expect((await only(service.post(body, "?backend=loop", asJson))).raw).toBe(line);
  });

  test("gzip is taken off", async () => {
    const line = freshLine();
    for (const coding of ["gzip", "GZIP", "x-gzip"]) {
      const headers = { ...asJson.headers, "Content-Encoding": coding };
      const status = coding === "gzip" ? 201 : 200;
      const run = await only(service.post(gzipSync(line), "?backend=loop", { headers }), status);
      expect(run.raw).toBe(line);
    }
  });

  test("CRLF, a byte order mark and blanks around a line are transport, not part of it", async () => {
    const line = freshLine();
    const first = await only(service.post(`\uFEFF${line}\r\n`, "?backend=loop", asJson));
    expect(first.raw).toBe(line);
    expect((await only(service.post(`  ${line} \t\n`, "?backend=loop", asJson), 200)).id).toBe(first.id);
  });

  test("a body that is not UTF-8 is kept byte for byte", async () => {
    const text = freshLine().replace("vm101", "caf\u00e9");
    const bytes = Buffer.from(text, "latin1");
    const run = await only(service.post(bytes, "?backend=loop", asJson));
    expect(run).toMatchObject({ raw: text, raw_encoding: "latin-1", host: "caf\u00e9" });
    const raw = await service.send(`/v1/runs/${run.id}.txt`);
    expect(Buffer.from(await raw.arrayBuffer())).toEqual(Buffer.concat([bytes, Buffer.from("\n")]));
    expect(raw.headers.get("Content-Type")).toBe("text/plain; charset=ISO-8859-1");
  });

  test("UTF-8 names come back as they were sent", async () => {
    const run = await only(service.post(freshLine().replace("vm101", "хост-7"), "?backend=loop", asJson));
    expect(run).toMatchObject({ host: "хост-7", vm: "хост-7", raw_encoding: "utf-8" });
  });

  test("text tables alone are results; beside their CSV line they are not", async () => {
    const table = await only(service.post(fixture("seed-blktap.txt"), "?backend=blktap&host=tables", asJson));
    expect(table.metrics.put_block?.rate).toBe(93_549);
    const both = await jsonOf<Receipt>(
      service.post(fixture("run-200a-nonquiet.log"), "?backend=qdisk&host=logs", asJson),
      201,
    );
    expect([both.stored, both.results.length]).toEqual([1, 1]);
  });

  test("a body without Content-Length arrives whole", async () => {
    const line = freshLine();
    const pieces = [line.slice(0, 10), line.slice(10)].map((piece) => new TextEncoder().encode(piece));
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        const piece = pieces.shift();
        if (piece === undefined) controller.close();
        else controller.enqueue(piece);
      },
    });
    const request = new Request("http://vbdstat.test/v1/results?backend=loop", {
      method: "POST",
      body,
      duplex: "half",
      headers: { ...asJson.headers, Authorization: `Bearer ${service.admin}` },
    });
    expect((await only(Promise.resolve(service.app.request(request)))).raw).toBe(line);
  });
});

describe("what is said about a run", () => {
  test("the query wins over the line, a directive over the query, a later directive over an earlier one", async () => {
    const [first, second, third] = [freshLine(), freshLine(), freshLine()];
    const body = [first, "# site: fra", "# host: dom0-2", second, "# site: ams", "#backend:qdisk", third].join("\n");
    const receipt = await jsonOf<Receipt>(
      service.post(body, "?backend=loop&host=dom0-1&site=query&vm=guest", asJson),
      201,
    );
    const runs = await Promise.all(receipt.results.map(({ id }) => runOf(id)));
    expect(runs.map(({ host, vm, backend, facts }) => [host, vm, backend, facts["site"]])).toEqual([
      ["dom0-1", "guest", "loop", "query"],
      ["dom0-2", "guest", "loop", "fra"],
      ["dom0-2", "guest", "qdisk", "ams"],
    ]);
    expect(receipt.results.map(({ line }) => line)).toEqual([1, 4, 7]);
  });

  test("host and vm default to the machine name in the line; an alias names its backend", async () => {
    const run = await only(service.post(freshLine(), "?backend=tap:aio", asJson));
    expect(run).toMatchObject({ host: "vm101", vm: "vm101", backend: "blktap1" });
    expect(run.facts).toMatchObject({ image_format: "raw" });
  });

  test("facts are typed, labels are kept, a value may hold a colon, a blank or HTML", async () => {
    const query =
      "?backend=phy&dom0_mem_mb=4096&rotational=yes&storage=LVM&label.rack=R%2012&label.note=%3Cb%3Ea:b%3C/b%3E";
    const run = await only(service.post(freshLine(), query, asJson));
    expect(run.facts).toMatchObject({
      dom0_mem_mb: 4096,
      rotational: true,
      storage: "lvm",
      "label.rack": "R 12",
      "label.note": "<b>a:b</b>",
    });
  });

  test("finished is the time of the run; without it the time of receipt", async () => {
    const said = await only(service.post(freshLine(), "?backend=loop&finished=2026-11-20T01:02:03%2B02:00", asJson));
    expect(said.finished_at).toBe("2026-11-19T23:02:03.000Z");
    const unsaid = await only(service.post(freshLine(), "?backend=loop", asJson));
    expect(unsaid.finished_at).toBe(unsaid.received_at);
    expect(unsaid.received_at).toBe(new Date(service.now).toISOString());
  });

  test("a clock that is a day ahead is stored and pointed out", async () => {
    const body = `# finished: 2026-11-24T10:00:01Z\n${freshLine()}`;
    const receipt = await jsonOf<Receipt>(service.post(body, "?backend=loop", asJson), 201);
    expect(receipt.results[0]?.warnings).toContainEqual(expect.stringMatching(/^finished_in_future: /));
  });
});

describe("200: only duplicates", () => {
  test("a retry gets the same ids, also within one body", async () => {
    const line = freshLine();
    const first = await jsonOf<Receipt>(service.post(`${line}\n${line}`, "?backend=loop", asJson), 201);
    expect(first.results.map(({ status }) => status)).toEqual(["stored", "duplicate"]);
    const again = await jsonOf<Receipt>(service.post(line, "?backend=loop", asJson), 200);
    expect(again).toMatchObject({ stored: 0, duplicate: 1, rejected: 0 });
    expect(new Set([...first.results, ...again.results].map(({ id }) => id)).size).toBe(1);
    expect(await textOf(service.post(line, "?backend=loop"), 200)).toMatch(/^stored 0, duplicate 1, rejected 0\n/);
  });

  test("of two equal lines in one body the first is the one that is kept, with what was said about it", async () => {
    const line = freshLine();
    const body = `# label.try: one\n${line}\n# label.try: two\n${line}\n`;
    const receipt = await jsonOf<Receipt>(service.post(body, "?backend=loop", asJson), 201);
    expect((await runOf(receipt.results[0]?.id)).facts).toMatchObject({ "label.try": "one" });
  });

  test.each<[string, string, string, boolean]>([
    ["another run id", "&run=1", "&run=2", false],
    ["the same run id at another time", "&run=1&finished=1795338308", "&run=1&finished=1795338309", true],
    ["another time", "&finished=1795338308", "&finished=1795338309", false],
    [
      "the same time in other words: as sent is what counts",
      "&finished=1795338308",
      "&finished=2026-11-22T09:05:08Z",
      false,
    ],
    ["a run id against a time of the same text", "&run=1795338308", "&finished=1795338308", false],
    ["a time against nothing", "&finished=1795338308", "", false],
    ["another host", "&host=a", "&host=b", false],
    ["another guest", "&vm=a", "&vm=b", false],
    ["host and guest that only together are the same text", "&host=ab&vm=c", "&host=a&vm=bc", false],
    ["another fact", "&site=a", "&site=b", true],
  ])("%s", async (_, first, second, same) => {
    const line = freshLine();
    const one = await only(service.post(line, `?backend=loop${first}`, asJson), 201);
    const other = await only(service.post(line, `?backend=loop${second}`, asJson), same ? 200 : 201);
    expect(one.id === other.id).toBe(same);
  });

  test("another backend is another run, another word for it is not", async () => {
    const line = freshLine();
    const first = await only(service.post(line, "?backend=phy", asJson), 201);
    expect((await only(service.post(line, "?backend=PHY", asJson), 200)).id).toBe(first.id);
    expect((await only(service.post(line, "?backend=loop", asJson), 201)).id).not.toBe(first.id);
  });
});

describe("422: the good lines are stored, the bad ones quarantined", () => {
  test("the receipt and the quarantine say where and why", async () => {
    const good = freshLine();
    const bad = freshLine().replace("18075", "12x");
    const receipt = await jsonOf<Receipt>(service.post(`${good}\n${bad}\n`, "?backend=loop&host=h422", asJson), 422);
    expect(receipt).toMatchObject({ stored: 1, duplicate: 0, rejected: 1 });
    const [issue] = receipt.issues;
    // name, size, putc and its %CP are fields 0 to 3 (contract, POST /v1/results).
    expect(issue).toEqual({
      line: 2,
      column: 4,
      field: "put_block",
      code: expect.any(String),
      text: expect.stringContaining('"12x"'),
      quarantine_id: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
    await runOf(receipt.results[0]?.id);
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

  test("a table that was set aside is kept, and stored when an admin has it tried again", async () => {
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

  test("a line before the first word about a backend is rejected, those after it are not", async () => {
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

describe("400: nothing could be tried, and nothing was stored", () => {
  const refusal = async (body: string | Uint8Array, query: string, headers: Record<string, string> = {}) =>
    (await jsonOf<Refusal>(service.post(body, query, { headers: { ...asJson.headers, ...headers } }), 400)).error;

  test("no backend", async () => {
    expect(await refusal(freshLine(), "")).toMatchObject({
      code: "no_backend",
      message: expect.stringMatching(/^no backend given/),
    });
  });

  test.each(["", "\n\n", "hello\n", "# backend: loop\n", "name,file_size,putc,putc_cpu\n"])(
    "no result in %j",
    async (body) => {
      expect(await refusal(body, "?backend=loop")).toMatchObject({ code: "no_result" });
    },
  );

  test.each([
    ["?backend=nonsense", "backend"],
    ["?backend=", "backend"],
    ["?backend=loop&bakcend=loop", "bakcend"],
    ["?backend=loop&finished=yesterday", "finished"],
    ["?backend=loop&host=", "host"],
    ["?backend=loop&host=%00", "host"],
    [`?backend=loop&host=${"h".repeat(256)}`, "host"],
    ["?backend=loop&run=", "run"],
    ["?backend=loop&vm=a%0Ab", "vm"],
    ["?backend=loop&dom0_mem_mb=4GB", "dom0_mem_mb"],
    ["?backend=loop&label.A=1", "label.A"],
    [`?backend=loop&label.x=${"v".repeat(50_000)}`, "label.x"],
    ["?backend=loop&constructor=1", "constructor"],
    ["?backend=loop&toString=1", "toString"],
    ["?backend=loop&fleet=other", "fleet"],
  ])("%.60s names the parameter in an issue", async (query, field) => {
    const error = await refusal(freshLine(), query);
    expect(error.code).toBe("bad_parameter");
    expect(error.message).toContain(field);
    expect(error.issues).toEqual([expect.objectContaining({ line: 0, column: 0, field })]);
    expect(error.message.length).toBeLessThan(400);
  });

  test.each([
    ["?backend=loop&__proto__=1", "__proto__"],
    ["?backend=loop&__proto__[x]=1", "__proto__[x]"],
    ["?backend=loop&%0d%0aX-Evil:1=1", "X-Evil"],
    ["?backend=loop&=1", '""'],
    ["?backend=loop&backend=phy", "given 2 times"],
    ["?backend=loop&host=%", "%25"],
    ["?backend=loop&host=caf%E9", "UTF-8"],
    ["?backend=loop&host=%C0%AF", "UTF-8"],
  ])("%s is refused before anything is read", async (query, words) => {
    const error = await refusal(freshLine(), query);
    expect(error.code).toBe("bad_parameter");
    expect(error.message).toContain(words);
  });

  test.each([
    ["# bakcend: loop", 3, "bakcend"],
    ["#   dom0_mem_mb: lots", 5, "dom0_mem_mb"],
    ["# constructor: x", 3, "constructor"],
    ["# backend: nonsense", 3, "backend"],
    ["# host:", 3, "host"],
    ["# Backend: nonsense", 3, "backend"],
    ["#dom0_mem_mb:lots", 2, "dom0_mem_mb"],
    ["# hots: x", 3, "hots"],
    ["# note: measured at night", 3, "note"],
  ])("the directive %j is named with its place", async (directive, column, field) => {
    const line = freshLine();
    const error = await refusal(`${line}\n${directive}\n${line}`, "?backend=loop");
    expect(error.code).toBe("bad_parameter");
    expect(error.message).toMatch(/^line 2: .*nothing was stored$/);
    expect(error.issues).toEqual([expect.objectContaining({ line: 2, column, field })]);
    await only(service.post(line, "?backend=loop", asJson), 201);
  });

  test("remarks that only look like directives are comments, and known keys are taken in any case", async () => {
    const remarks = ["# Date: Sunday", "# NB: rerun", "#http://x/y", "#loops: 1, version: 2.00a", "# hots : x"];
    const body = [...remarks, "# Backend: tap:sync", "#Label.Rack:a7", freshLine()].join("\n");
    const receipt = await jsonOf<Receipt>(service.post(body, "", asJson), 201);
    expect(receipt.ignored.comment).toBe(remarks.length);
    expect(await runOf(receipt.results[0]?.id)).toMatchObject({ backend: "blktap1", facts: { "label.rack": "a7" } });
  });

  test("all faults are listed at once, in order", async () => {
    const error = await refusal(`# b: 1\n# site: x\n# c: 2\n${freshLine()}`, "?backend=loop&a=0");
    expect(error.issues?.map(({ line, field }) => [line, field])).toEqual([
      [0, "a"],
      [1, "b"],
      [3, "c"],
    ]);
  });

  test("in text: two lines, then a line for each issue", async () => {
    const text = await textOf(service.post(freshLine(), "?backend=loop&bakcend=phy"), 400);
    expect(text).toMatch(
      /^error bad_parameter: unknown key "bakcend".*\nsee \/docs#bad_parameter, request [0-9a-f-]{36}\nparameters, bakcend: .* \[unknown_key\]\n$/,
    );
  });

  test.each([
    ["not gzip", Buffer.from("vm101,2064M")],
    ["cut short", gzipSync(LOOP).subarray(0, 40)],
    ["empty", Buffer.alloc(0)],
  ])("a body that is %s, though it says gzip", async (_, body) => {
    expect(await refusal(body, "?backend=loop", { "Content-Encoding": "gzip" })).toMatchObject({ code: "bad_body" });
  });

  const utf16le = (text: string) => Buffer.from(text, "utf16le");
  test.each([
    ["little-endian with a byte order mark", utf16le(`\uFEFF# backend: loop\r\n${LOOP}\r\n`)],
    ["little-endian without one", utf16le(`${LOOP}\r\n`)],
    ["big-endian with a byte order mark", utf16le(`\uFEFF${LOOP}`).swap16()],
    ["big-endian without one", utf16le(LOOP).swap16()],
    ["a mark alone", Buffer.from([0xff, 0xfe])],
  ])("UTF-16, %s: one error that says what to send instead", async (_, body) => {
    for (const query of ["", "?backend=loop"]) {
      const error = await refusal(body, query);
      expect(error).toMatchObject({ code: "bad_body", message: expect.stringMatching(/looks like UTF-16.*UTF-8/) });
    }
  });

  test("NULs elsewhere are not UTF-16: the line is named", async () => {
    const body = [LOOP.replace("35", "3\u00005"), "\0".repeat(300)].join("\n");
    for (const text of [body, `${"\0".repeat(300)}\n${body}`]) {
      const { issues } = await jsonOf<Receipt>(service.post(text, "?backend=loop", asJson), 422);
      expect(issues[0]).toMatchObject({ code: "control_character", column: 3, field: "putc_cpu" });
    }
  });

  test("an upload that breaks off is not half an upload, and no fault of the service", async () => {
    const line = freshLine();
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode(`${line}\n`)),
      pull: (controller) => controller.error(new Error("aborted")),
    });
    const request = new Request("http://vbdstat.test/v1/results?backend=loop", {
      method: "POST",
      body,
      duplex: "half",
      headers: { ...asJson.headers, Authorization: `Bearer ${service.admin}` },
    });
    const { error } = await jsonOf<Refusal>(service.app.request(request), 400);
    expect([error.code, service.faults]).toEqual(["bad_body", []]);
    await only(service.post(line, "?backend=loop", asJson), 201);
  });
});

describe("413 and 415: what does not fit or is not understood", () => {
  const code = async (body: string | Uint8Array, status: number, headers: Record<string, string> = {}) =>
    (await jsonOf<Refusal>(service.post(body, "?backend=loop", { headers: { ...asJson.headers, ...headers } }), status))
      .error.code;
  const MIB = 1_048_576;

  test("1 MiB as sent is taken, a byte more is not, whatever Content-Length says", async () => {
    const line = `${freshLine()}\n`;
    await only(service.post(line + "#".repeat(MIB - line.length), "?backend=loop", asJson));
    expect(await code(line + "#".repeat(MIB + 1 - line.length), 413)).toBe("too_large");
    expect(await code("x".repeat(MIB + 1), 413, { "Content-Length": "10" })).toBe("too_large");
    expect(await code(freshLine(), 413, { "Content-Length": "99999999" })).toBe("too_large");
  });

  test("8 MiB unpacked is taken, a byte more is not: a bomb is never unpacked whole", async () => {
    const line = `${freshLine()}\n`;
    const packed = (size: number) => gzipSync(line + "#".repeat(size - line.length));
    const gzip = { ...asJson.headers, "Content-Encoding": "gzip" };
    await only(service.post(packed(8 * MIB), "?backend=loop", { headers: gzip }));
    expect(await code(packed(8 * MIB + 1), 413, gzip)).toBe("too_large");
    expect(await code(gzipSync(Buffer.alloc(100 * MIB)), 413, gzip)).toBe("too_large");
  });

  test("10 000 lines are taken, one more is not", async () => {
    const line = freshLine();
    await only(service.post(`${"\n".repeat(9_999)}${line}\n`, "?backend=loop", asJson));
    expect(await code(`${"\n".repeat(10_000)}${line}\n`, 413)).toBe("too_large");
  });

  test.each(["br", "deflate", "zstd", "gzip, gzip", "compress"])("Content-Encoding %s", async (coding) => {
    expect(await code(freshLine(), 415, { "Content-Encoding": coding })).toBe("unsupported_encoding");
  });
});
