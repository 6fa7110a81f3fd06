// Uploads that hold no result, or that were damaged on their way: the answer says what was sent and how to send it right, and
// nothing is stored. The files were printed by the programs themselves, except iozone.txt and bonnie-1.txt, after their manuals.

import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { getRequestListener } from "@hono/node-server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Receipt } from "../../../functions/service/upload/receipt.ts";
import { type HttpServer, startHttpServer } from "../../../local/server/http-server.ts";
import { asJson, jsonOf } from "../../support/answer.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { fixture, LOOP } from "../../support/fixtures.ts";
import { makeTestService, type TestService } from "../../support/service.ts";
import { freshLine, refusal } from "./uploads.ts";

/** A line feed after an "a", packed by each program. */
const packed = (base64: string): Uint8Array => Buffer.from(base64, "base64");
const BZIP2 = "QlpoOTFBWSZTWWM+1uIAAADBAAAQIAAgACEAgrF3JFOFCQYz7W4g";
const XZ = "/Td6WFoAAATm1rRGAgAhARYAAAB0L+WjAQABYQoAAAATRz+4k51F1AABGgLcLqV+H7bzfQEAAAAABFla";
const ZSTD = "KLUv/SQCEQAAYQpVyMwe";
const ZIP =
  "UEsDBBQACAAIAG9RgV0AAAAAAAAAAAIAAAAFAAAAYS50eHRL5AIAUEsHCAeh6t0EAAAAAgAAAFBLAQIeAxQACAAIAG9RgV0HoerdBAAAAAIAAAAFAAAAAAAAAAEAAACkgQAAAABhLnR4dFBLBQYAAAAAAQABADMAAAA3AAAAAAA=";

const FILES = new URL("../../fixtures/other-tools/", import.meta.url);
const output = (name: string): string => readFileSync(new URL(name, FILES), "utf8");

let engine: TestEngine;
let service: TestService;
let server: HttpServer;
const folder = mkdtempSync(join(tmpdir(), "vbdstat-not-bonnie-"));

beforeAll(async () => {
  engine = await startTestEngine();
  service = await makeTestService(await engine.newTable());
  server = await startHttpServer({ host: "127.0.0.1", port: 0, onEnded: () => undefined });
  server.answer(getRequestListener(service.app.fetch));
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
  await engine.stop();
});

/** How many runs and quarantined lines there are. */
async function storedCount(): Promise<number> {
  const { runs } = await jsonOf<{ runs: unknown[] }>(service.send("/v1/runs?limit=100"), 200);
  const { lines } = await jsonOf<{ lines: unknown[] }>(service.send("/v1/quarantine?limit=100"), 200);
  return runs.length + lines.length;
}

/** Runs curl itself, which sends what people type; gives what they see. */
async function curl(path: string, ...options: string[]): Promise<string> {
  const authorization = options.some((option) => option.startsWith("Authorization"))
    ? []
    : ["-H", `Authorization: Bearer ${service.admin}`];
  const { stdout } = await promisify(execFile)(
    "curl",
    ["-sS", "-w", "%{http_code}", ...authorization, ...options, server.url + path],
    {
      cwd: folder,
    },
  );
  return stdout;
}

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return name;
}

describe("output of another program: 400 names it and says what is read", () => {
  test.each([
    ["fio.json", "the JSON of fio"],
    ["fio.txt", "output of fio"],
    ["fio-terse.txt", "terse output of fio"],
    ["fio-json-and-terse.txt", "the JSON of fio"],
    ["iozone.txt", "output of iozone"],
    ["zcav.txt", "output of zcav"],
    ["bonnie-1.txt", "output of the original Bonnie"],
    ["hdparm.txt", "output of hdparm"],
    ["dd.txt", "output of dd"],
    ["bonnie.html", "a web page"],
  ])("%s", async (name, what) => {
    const before = await storedCount();
    const forms = [output(name), output(name).replaceAll("\n", "\r\n"), `# backend: loop\n\n${output(name)}`];
    for (const body of forms) {
      const error = await refusal(service, body, "?backend=loop");
      expect(error.code).toBe("no_result");
      expect(error.message).toBe(
        `no Bonnie++ result found: this looks like ${what}; vbdstat reads the CSV lines and text tables of Bonnie++; nothing was stored`,
      );
    }
    expect(await storedCount()).toBe(before);
  });

  test("every file is in the table above", () => expect(readdirSync(FILES)).toHaveLength(10));

  test.each<[string, string, string]>([
    ["compact JSON of fio", JSON.stringify(JSON.parse(output("fio.json"))), "the JSON of fio"],
    [
      "JSON of hyperfine",
      '{"results": [{"command": "x", "mean": 1.5, "times": [1,2,3,4,5,6,7,8,9,10,11,12]}]}',
      "JSON",
    ],
    ["a list of numbers and names", '["a","b","c","d","e","f","g","h","i","j","k","l"]', "JSON"],
    ["two jobs of fio terse", output("fio-terse.txt").repeat(2), "terse output of fio"],
    ["terse version 5", output("fio-terse.txt").replace(/^3/, "5"), "terse output of fio"],
    ["iozone's end alone", "x\niozone test complete.\n", "output of iozone"],
    [
      "the older zcav",
      "#loops: 1, version: 1.96\n#block offset (GiB), MiB/s, time\n0.00 99.36 10.3\n",
      "output of zcav",
    ],
    [
      "hdparm without its cache",
      "\n/dev/sda:\n Timing O_DIRECT disk reads: 600 MB in  3.00 seconds = 199.9 MB/sec\n",
      "output of hdparm",
    ],
    [
      "dd with time",
      "100+0 records in\n100+0 records out\n6553600 bytes (6.6 MB) copied, 0.0018 s, 3.5 GB/s\n",
      "output of dd",
    ],
    [
      "ioping",
      "4 KiB <<< . (ext4 /dev/xvda1 9.8 GiB): request=1 time=1 ms\n\n--- . (ext4 /dev/xvda1 9.8 GiB) ioping statistics ---\n",
      "output of ioping",
    ],
    ["a row of a page", `<td>${"1,".repeat(3)}</td>${"<td>,,,</td>".repeat(8)}`, "a web page"],
    ["an error page of a proxy", "<html>\n<head><title>502</title></head>\n</html>\n", "a web page"],
  ])("%s", async (_, body, what) => {
    expect((await refusal(service, body, "?backend=loop")).message).toContain(`this looks like ${what};`);
  });

  test("next to results it is noise, and only its damaged-looking lines are named", async () => {
    const body = `${freshLine()}\n${output("fio-terse.txt")}${output("fio.txt")}`;
    const receipt = await jsonOf<Receipt>(service.post(body, "?backend=loop&host=mixed", asJson), 422);
    expect(receipt).toMatchObject({ stored: 1, rejected: 2 });
    expect(receipt.issues.map(({ text, field }) => [text, field])).toEqual([
      ["this looks like terse output of fio; vbdstat reads the CSV lines and text tables of Bonnie++", null],
      ["this looks like output of fio; vbdstat reads the CSV lines and text tables of Bonnie++", null],
    ]);
  });

  test.each([
    ["a damaged line", freshLine().replace("18075", "12x")],
    ["a damaged line next to fio's", `${freshLine().slice(0, 60)}\n${output("fio-terse.txt")}`],
    ["a damaged line in JSON", `{"stdout": "${freshLine()},"}`],
    ["a damaged line in a page", `<p>${freshLine()},1</p>`],
    ["a damaged line in a log with times in brackets", `[10:15] start\n${freshLine().slice(0, 60)}\n[10:16] end [ok]`],
  ])("%s is still rejected as one, and quarantined", async (_, body) => {
    const receipt = await jsonOf<Receipt>(service.post(body, "?backend=loop", asJson), 422);
    expect(receipt.rejected).toBeGreaterThan(0);
    expect(receipt.hints).toBeUndefined();
  });

  test("what is not recognized is called neither", async () => {
    for (const body of ["hello", "1\n2\n3", "[ok]", "{}", "fio is a program", "iozone"]) {
      const { message } = await refusal(service, body, "?backend=loop");
      expect(message).toBe("no Bonnie++ result found: neither a CSV line nor a text table; nothing was stored");
    }
  });

  test("long texts of what almost matches take no time", async () => {
    for (const piece of ["[", '"a"', " Timing", "1+0 ", "\n", "%2C", "--- ", "# block"]) {
      const body = piece.repeat(Math.floor(300_000 / piece.length)).replaceAll(/(?<=(?:[^\n]{200}))\n/g, " ");
      const started = performance.now();
      await service.post(body, "?backend=loop", asJson);
      expect(performance.now() - started).toBeLessThan(2_000);
    }
  });
});

describe("packed and encoded bodies: 400 says how to send them", () => {
  test.each<[string, Uint8Array, RegExp]>([
    ["gzip without its header", gzipSync(LOOP), /the body is compressed with gzip; .*"Content-Encoding: gzip"/],
    ["bzip2", packed(BZIP2), /the body is compressed with bzip2; send it as text, or compressed with gzip/],
    ["xz", packed(XZ), /compressed with xz/],
    ["zstd", packed(ZSTD), /compressed with zstd/],
    ["zip", packed(ZIP), /compressed with zip/],
    [
      "UTF-16 of PowerShell",
      Buffer.from(`\uFEFF${LOOP}\r\n`, "utf16le"),
      /UTF-16, which PowerShell writes; .*Out-File -Encoding utf8/,
    ],
  ])("%s", async (_, body, message) => {
    const before = await storedCount();
    expect(await refusal(service, body, "?backend=loop")).toMatchObject({
      code: "bad_body",
      message: expect.stringMatching(message),
    });
    expect(await storedCount()).toBe(before);
  });

  test("gzip of gzip", async () => {
    const twice = gzipSync(gzipSync(LOOP));
    const { message } = await refusal(service, twice, "?backend=loop", { "Content-Encoding": "gzip" });
    expect(message).toMatch(/compressed with gzip; .*compressed once/);
  });

  test.each<[string, string, string]>([
    ["a CSV line", LOOP, "a.csv"],
    ["a line for its backend and a CSV line", `# backend: loop\n${LOOP}\n`, "b.csv"],
    ["a text table", fixture("seed-loop.txt"), "c.txt"],
    ["a log", fixture("run-200a-nonquiet.log"), "d.log"],
  ])("curl --data-urlencode of %s", async (_, text, name) => {
    const said = await curl("/v1/results?backend=loop", "--data-urlencode", `@${file(name, text)}`);
    expect(said).toMatch(
      /^error no_result: .*the body is percent-encoded: send the file with --data-binary @FILE.*400$/s,
    );
    const named = await curl("/v1/results?backend=loop", "--data-urlencode", `data@${name}`);
    expect(named).toMatch(/percent-encoded/);
  });
});

describe("curl -d, which removes line ends", () => {
  const HINT = "the body is one line without line ends, which curl -d removes: send a file with --data-binary @FILE";

  test.each<[string, string, number]>([
    ["two lines", `${LOOP}\n${LOOP}\n`, 422],
    ["five lines", `${LOOP}\n`.repeat(5), 422],
    ["a backend and a line", `# backend: loop\n${LOOP}\n`, 400],
    ["a host and a line", `# host: h\n${LOOP}\n`, 400],
    ["a table", fixture("seed-loop.txt"), 422],
  ])("%s: the answer says so", async (_, text, status) => {
    const said = await curl("/v1/results?backend=loop", "-d", `@${file("lost.csv", text)}`);
    expect(said).toContain(HINT);
    expect(said.endsWith(String(status)), said).toBe(true);
  });

  test("one whole line arrives, and a bad one on its own line end gets no hint", async () => {
    expect(await curl("/v1/results?backend=loop", "-d", `@${file("one.csv", `${freshLine()}\n`)}`)).toMatch(
      /^stored 1.*201$/s,
    );
    // A text with its line end was not sent with -d.
    const label = file("label.csv", `cfq1: ${freshLine()}\n`);
    expect(await curl("/v1/results?backend=loop", "--data-binary", `@${label}`)).not.toContain("hint");
    const bad = file("bad.csv", `${freshLine()}\n${freshLine().replace("18075", "12x")}\n`);
    expect(await curl("/v1/results?backend=loop", "--data-binary", `@${bad}`)).not.toContain("hint");
  });
});

describe("addresses and tokens", () => {
  test("a URL of the server that ends with a slash", async () => {
    const name = file("l.csv", freshLine());
    for (const path of ["//v1/results", "///v1/results"]) {
      const said = await curl(`${path}?backend=loop`, "--data-binary", `@${name}`);
      expect(said).toMatch(
        /^error not_found: no such path: \/\/.*write a single slash.*\nsee http:\/\/127\.0\.0\.1:\d+\/docs#not_found, request \S+\n404$/s,
      );
    }
    expect(await curl("/nothing")).not.toContain("slash");
  });

  test("a token from a Windows file", async () => {
    const said = await curl("/v1/status", "-H", `Authorization: Bearer ${service.admin}\r`);
    expect(said).toBe(
      "error bad_parameter: a header ends with a carriage return, as a token from a Windows file does; remove it, for example with tr -d '\\r'\n400",
    );
    expect(await curl("/v1/status", "-H", "X-Bad: \u0001")).toMatch(/^400$/);
    expect(await curl("/v1/status", "-H", `X-Long: ${"x".repeat(20_000)}`)).toMatch(/^431$/);
  });
});
