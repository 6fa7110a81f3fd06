// Multipart bodies, as curl -F sends them: every part is a parameter, the text, or rejected by name. When one of these fails, a
// result is stored under another host or backend than its sender has said.

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { getRequestListener } from "@hono/node-server";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Receipt } from "../../../functions/service/upload/receipt.ts";
import { splitMultipart } from "../../../functions/web/http/multipart.ts";
import type { Run } from "../../../shared/run/run.ts";
import { asJson, jsonOf } from "../../support/answer.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { LOOP } from "../../support/fixtures.ts";
import { makeTestService, type TestService } from "../../support/service.ts";
import { freshLine, onlyRun, refusal, runOf } from "./uploads.ts";

let engine: TestEngine;
let service: TestService;
let server: Server;
let url: string;
const folder = mkdtempSync(join(tmpdir(), "vbdstat-multipart-"));

beforeAll(async () => {
  engine = await startTestEngine();
  service = await makeTestService(await engine.newTable());
  server = createServer(getRequestListener(service.app.fetch));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A server that listens on a port has an address with it.
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
  await engine.stop();
});

/** Runs curl itself; the status and the body. */
async function curl(query: string, ...options: string[]): Promise<{ status: number; text: string }> {
  const token = ["-H", `Authorization: Bearer ${service.admin}`];
  const { stdout } = await promisify(execFile)(
    "curl",
    ["-sS", "-w", "\n%{http_code}", ...token, ...options, `${url}/v1/results.json${query}`],
    { cwd: folder },
  );
  const end = stdout.lastIndexOf("\n");
  return { status: Number(stdout.slice(end + 1)), text: stdout.slice(0, end) };
}

/** Writes a file with a fresh line in it; its name and the line. */
function file(name: string, text = `${freshLine()}\n`): string {
  writeFileSync(join(folder, name), text);
  return `@${name}`;
}

async function storedRun({ status, text }: { status: number; text: string }): Promise<Run> {
  expect(status, text).toBe(201);
  // The server answers with a receipt.
  const receipt = JSON.parse(text) as Receipt;
  return runOf(service, receipt.results[0]?.id);
}

async function runCount(): Promise<number> {
  const { runs } = await jsonOf<{ runs: Run[] }>(service.send("/v1/runs?limit=100"), 200);
  return runs.length;
}

describe("curl -F", () => {
  test("a part with a known key is a parameter, the file is the text", async () => {
    const run = await storedRun(await curl("?backend=loop", "-F", "host=dom0-77", "-F", `file=${file("l.csv")}`));
    expect(run).toMatchObject({ host: "dom0-77", vm: "vm101", backend: "loop" });
  });

  test.each<[string, string[]]>([
    ["all parameters as parts", ["-F", "backend=phy", "-F", "host=a", "-F", "dom0_mem_mb=512", "-F", "label.rack=r1"]],
    ["after the file", ["-F", "host=a", "-F", "label.rack=r1", "-F", "dom0_mem_mb=512", "-F", "backend=phy"]],
  ])("%s", async (_, options) => {
    const text = ["-F", `file=${file("m.csv")}`];
    const all = options[1] === "host=a" ? [...text, ...options] : [...options, ...text];
    const run = await storedRun(await curl("", ...all));
    expect(run).toMatchObject({ host: "a", backend: "phy", facts: { dom0_mem_mb: 512, "label.rack": "r1" } });
  });

  test("the only part that is not a known key is the text, also without a file name", async () => {
    const line = freshLine();
    file("n.csv", `${line}\n`);
    const run = await storedRun(await curl("?host=h1", "-F", "results=<n.csv", "-F", "backend=loop"));
    expect(run).toMatchObject({ host: "h1", raw: line });
    expect((await storedRun(await curl("?backend=loop&host=h2", "-F", `text=${freshLine()}`))).host).toBe("h2");
  });

  test("a parameter read from a file by curl, with its line end", async () => {
    file("name", "dom0-78\n");
    const run = await storedRun(await curl("?backend=loop", "-F", "host=<name", "-F", `f=${file("o.csv")}`));
    expect(run.host).toBe("dom0-78");
  });

  test("several files are one text, in order, and a line of one applies to the next", async () => {
    const [a, b, c] = [freshLine(), freshLine(), freshLine()];
    const options = ["-F", `a=${file("a.csv", `# backend: loop\n${a}`)}`, "-F", `b=${file("b.csv", `${b}\r\n${c}`)}`];
    const { status, text } = await curl("?host=many", ...options);
    expect(status, text).toBe(201);
    // The server answers with a receipt.
    const { results } = JSON.parse(text) as Receipt;
    expect(results.map(({ line }) => line)).toEqual([2, 3, 4]);
    const runs = await Promise.all(results.map(({ id }) => runOf(service, id)));
    expect(runs.map(({ raw }) => raw)).toEqual([a, b, c]);
  });

  test("the same line alone and as a part is one run", async () => {
    const line = freshLine();
    const alone = await onlyRun(service, service.post(line, "?backend=loop&host=once", asJson));
    const { status, text } = await curl("?backend=loop", "-F", "host=once", "-F", `f=${file("p.csv", line)}`);
    expect([status, text]).toEqual([200, expect.stringContaining(alone.id)]);
  });

  test("a Content-Type that curl was told to send hides nothing", async () => {
    const options = ["-H", "Content-Type: text/csv", "-F", "host=dom0-79", "-F", `file=${file("q.csv")}`];
    expect((await storedRun(await curl("?backend=loop", ...options))).host).toBe("dom0-79");
  });

  test.each<[string, string, string[], RegExp]>([
    [
      "an unknown key next to a file",
      "?backend=loop",
      ["-F", "hots=dom0-77", "-F", "file=@x.csv"],
      /unknown key "hots": expected host/,
    ],
    ["two unknown keys", "?backend=loop", ["-F", "one=<x.csv", "-F", "two=<x.csv"], /unknown key "one"/],
    ["an unknown key without a text", "?backend=loop", ["-F", "hots=dom0-77"], /unknown key "hots"/],
    [
      "a parameter twice",
      "?backend=loop",
      ["-F", "host=a", "-F", "host=b", "-F", "f=@x.csv"],
      /"host" is given twice: "a" in a part and "b" in another part/,
    ],
    [
      "a conflict with the URL",
      "?backend=loop&host=a",
      ["-F", "host=b", "-F", "f=@x.csv"],
      /"host" is given twice: "a" in the URL and "b" in a part/,
    ],
    ["a bad value", "?backend=loop", ["-F", "dom0_mem_mb=lots", "-F", "f=@x.csv"], /dom0_mem_mb: expected/],
    ["an empty value", "?backend=loop", ["-F", "host=", "-F", "f=@x.csv"], /host: expected/],
    ["a packed file", "?backend=loop", ["-F", "f=@x.csv.gz"], /part "f" is compressed with gzip; .*--data-binary/],
    ["an encoded file", "?backend=loop", ["-F", "f=@x.csv;encoder=base64"], /Content-Transfer-Encoding "base64"/],
    ["parameters alone", "?backend=loop", ["-F", "host=a"], /no Bonnie\+\+ result found/],
  ])("%s: 400 with the reason, and nothing is stored", async (_, query, options, message) => {
    file("x.csv");
    writeFileSync(join(folder, "x.csv.gz"), gzipSync(LOOP));
    const before = await runCount();
    const { status, text } = await curl(query, ...options);
    expect([status, text]).toEqual([400, expect.stringMatching(/"message"/)]);
    // The server answers with an error.
    expect((JSON.parse(text) as { error: { message: string } }).error.message).toMatch(message);
    expect(await runCount()).toBe(before);
  });

  test("the same value in the URL and in a part is no conflict", async () => {
    const run = await storedRun(await curl("?backend=loop&host=a", "-F", "host=a", "-F", `f=${file("s.csv")}`));
    expect(run.host).toBe("a");
  });
});

describe("bodies that no curl sends", () => {
  const part = (header: string, content: string) =>
    `--B\r\nContent-Disposition: form-data; ${header}\r\n\r\n${content}\r\n`;
  const multipart = { "Content-Type": "multipart/form-data; boundary=B" };

  test.each<[string, () => string, RegExp]>([
    ["without its last boundary", () => part('name="f"; filename="l"', freshLine()), /incomplete: its last boundary/],
    [
      "text before the first part",
      () => `${freshLine()}\r\n${part('name="f"; filename="l"', freshLine())}--B--\r\n`,
      /no text before/,
    ],
    [
      "text after the last part",
      () => `${part('name="f"; filename="l"', freshLine())}--B--\r\n${freshLine()}`,
      /no text after/,
    ],
    [
      "a part without name and file",
      () => `${part('name="f"; filename="l"', freshLine())}--B\r\n\r\nx\r\n--B--\r\n`,
      /no name, and is not a file/,
    ],
    [
      "a part without a blank line",
      () => `--B\r\nContent-Disposition: form-data; name="f"\r\n--B--\r\n`,
      /no blank line/,
    ],
    ["too many parts", () => `${part('name="label.a"', "x").repeat(300)}--B--\r\n`, /at most 256 parts/],
    [
      "a name that every object has",
      () => `${part('name="__proto__"', "x")}${part('name="f"; filename="l"', freshLine())}--B--`,
      /unknown key "__proto__"/,
    ],
  ])("%s: rejected, and nothing is stored", async (_, body, message) => {
    const before = await runCount();
    expect((await refusal(service, body(), "?backend=loop", multipart)).message).toMatch(message);
    expect(await runCount()).toBe(before);
  });

  test("line feeds alone, another case of headers, and a file that was not chosen", async () => {
    const body = [
      "--B",
      "content-disposition: FORM-DATA; Name=host",
      "",
      "old",
      "--B",
      'Content-Disposition: form-data; name="later"; filename=""',
      "",
      "",
      "--B",
      'Content-Disposition: form-data; name="f"; filename="l.csv"',
      "",
      freshLine(),
      "--B--",
    ];
    const headers = { ...asJson.headers, ...multipart };
    expect((await onlyRun(service, service.post(body.join("\n"), "?backend=loop", { headers }))).host).toBe("old");
  });

  test.each(['name="a\\"b"', 'name="a%22b"'])("a quote in a name, as in %s", async (header) => {
    const body = `${part(header, "x")}${part('name="f"; filename="l"', freshLine())}--B--`;
    const { issues } = await refusal(service, body, "?backend=loop", multipart);
    expect(issues).toMatchObject([{ field: 'a"b', code: "unknown_key" }]);
  });

  test("a wrong Content-Type does not turn lines into parts", async () => {
    const headers = { ...asJson.headers, ...multipart };
    expect((await onlyRun(service, service.post(freshLine(), "?backend=loop", { headers }))).host).toBe("vm101");
  });

  test("Latin-1 in a file arrives byte for byte; two encodings in one body are rejected", async () => {
    const text = (line: string) => Buffer.from(`${part('name="f"; filename="l"', line)}--B--\r\n`, "latin1");
    const line = freshLine().replace("vm101", "caf\u00e9");
    const headers = { ...asJson.headers, ...multipart };
    const run = await onlyRun(service, service.post(text(line), "?backend=loop", { headers }));
    expect(run).toMatchObject({ raw: line, raw_encoding: "latin-1", host: "caf\u00e9" });
    const utf8 = Buffer.from(part('name="g"; filename="m"', freshLine().replace("vm101", "хост")));
    const both = Buffer.concat([utf8, text(line)]);
    expect((await refusal(service, both, "?backend=loop", multipart)).message).toMatch(/different encodings/);
  });

  test("names in the quotes of a header are not parameters of it", () => {
    const body = Buffer.from(`${part('name="x; filename=y"', "1")}--B--`);
    expect(splitMultipart(body, "")).toEqual([{ name: "x; filename=y", isFile: false, content: Buffer.from("1") }]);
  });

  test("whatever the parts contain, they come out as they went in", () => {
    const content = fc.oneof(
      fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
      fc
        .array(fc.constantFrom("\r\n", "\n", "--B", "--", "B", " ", "x"), { maxLength: 12 })
        .map((words) => Buffer.from(words.join(""))),
    );
    const isSafe = (bytes: Buffer) => !/(^|\n)--B/.test(bytes.toString("latin1"));
    const parts = fc.array(fc.tuple(fc.stringMatching(/^[a-z.]{1,8}$/), content.filter(isSafe)), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(parts, (sent) => {
        const chunks = sent.flatMap(([name, bytes]) => [
          Buffer.from(`--B\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n`),
          bytes,
          Buffer.from("\r\n"),
        ]);
        const found = splitMultipart(
          Buffer.concat([...chunks, Buffer.from("--B--\r\n")]),
          "multipart/form-data; boundary=B",
        );
        expect(found?.map(({ name, content: bytes }) => [name, bytes])).toEqual(sent);
      }),
      { numRuns: 300 },
    );
  });
});
