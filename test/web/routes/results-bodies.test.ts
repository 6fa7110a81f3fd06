// Bodies of uploads: encodings, sizes, and connections that close early. When one of these fails, a host cannot send its results,
// or one request takes the service down.

import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Receipt } from "../../../functions/service/upload/receipt.ts";
import { asJson, jsonOf, type Refusal } from "../../support/answer.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { LOOP } from "../../support/fixtures.ts";
import { makeTestService, type TestService } from "../../support/service.ts";
import { freshLine, onlyRun, refusal } from "./uploads.ts";

let engine: TestEngine;
let service: TestService;

beforeAll(async () => {
  engine = await startTestEngine();
  service = await makeTestService(await engine.newTable());
});
afterAll(() => engine.stop());

describe("201: however a body is sent, its lines arrive byte for byte", () => {
  test.each([
    "application/x-www-form-urlencoded",
    "application/json",
    "application/octet-stream",
    "image/png",
    "nonsense",
    "",
  ])("Content-Type %j is as good as any: old wget and curl cannot set it", async (type) => {
    await onlyRun(
      service,
      service.post(freshLine(), "?backend=loop", { headers: { ...asJson.headers, "Content-Type": type } }),
    );
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
    expect((await onlyRun(service, service.post(body, "?backend=loop", asJson))).raw).toBe(line);
  });

  test("gzip is unpacked", async () => {
    const line = freshLine();
    for (const coding of ["gzip", "GZIP", "x-gzip"]) {
      const headers = { ...asJson.headers, "Content-Encoding": coding };
      const status = coding === "gzip" ? 201 : 200;
      const run = await onlyRun(service, service.post(gzipSync(line), "?backend=loop", { headers }), status);
      expect(run.raw).toBe(line);
    }
  });

  test("CRLF, a byte order mark and spaces around a line are not part of it", async () => {
    const line = freshLine();
    const first = await onlyRun(service, service.post(`\uFEFF${line}\r\n`, "?backend=loop", asJson));
    expect(first.raw).toBe(line);
    expect((await onlyRun(service, service.post(`  ${line} \t\n`, "?backend=loop", asJson), 200)).id).toBe(first.id);
  });

  test("a body that is not UTF-8 is kept byte for byte", async () => {
    const text = freshLine().replace("vm101", "caf\u00e9");
    const bytes = Buffer.from(text, "latin1");
    const run = await onlyRun(service, service.post(bytes, "?backend=loop", asJson));
    expect(run).toMatchObject({ raw: text, raw_encoding: "latin-1", host: "caf\u00e9" });
    const raw = await service.send(`/v1/runs/${run.id}.txt`);
    expect(Buffer.from(await raw.arrayBuffer())).toEqual(Buffer.concat([bytes, Buffer.from("\n")]));
    expect(raw.headers.get("Content-Type")).toBe("text/plain; charset=ISO-8859-1");
  });

  test("UTF-8 names come back as they were sent", async () => {
    const run = await onlyRun(service, service.post(freshLine().replace("vm101", "хост-7"), "?backend=loop", asJson));
    expect(run).toMatchObject({ host: "хост-7", vm: "хост-7", raw_encoding: "utf-8" });
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
    expect((await onlyRun(service, Promise.resolve(service.app.request(request)))).raw).toBe(line);
  });
});

describe("400: a body that is not text is rejected with the reason", () => {
  test.each([
    ["not gzip", Buffer.from("vm101,2064M")],
    ["cut short", gzipSync(LOOP).subarray(0, 40)],
    ["empty", Buffer.alloc(0)],
  ])("a body that is %s, although its header says gzip", async (_, body) => {
    expect(await refusal(service, body, "?backend=loop", { "Content-Encoding": "gzip" })).toMatchObject({
      code: "bad_body",
    });
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
      const error = await refusal(service, body, query);
      expect(error).toMatchObject({ code: "bad_body", message: expect.stringMatching(/looks like UTF-16.*UTF-8/) });
    }
  });

  test("NULs elsewhere are not UTF-16: the line is reported", async () => {
    const body = [LOOP.replace("35", "3\u00005"), "\0".repeat(300)].join("\n");
    for (const text of [body, `${"\0".repeat(300)}\n${body}`]) {
      const { issues } = await jsonOf<Receipt>(service.post(text, "?backend=loop", asJson), 422);
      expect(issues[0]).toMatchObject({ code: "control_character", column: 3, field: "putc_cpu" });
    }
  });

  test("an upload that ends early stores nothing, and is not an error of the service", async () => {
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
    await onlyRun(service, service.post(line, "?backend=loop", asJson), 201);
  });
});

describe("413 and 415: too large, or an unsupported encoding", () => {
  const code = async (body: string | Uint8Array, status: number, headers: Record<string, string> = {}) =>
    (await jsonOf<Refusal>(service.post(body, "?backend=loop", { headers: { ...asJson.headers, ...headers } }), status))
      .error.code;
  const MIB = 1_048_576;

  test("1 MiB as sent is accepted, a byte more is not, whatever Content-Length says", async () => {
    const line = `${freshLine()}\n`;
    await onlyRun(service, service.post(line + "#".repeat(MIB - line.length), "?backend=loop", asJson));
    expect(await code(line + "#".repeat(MIB + 1 - line.length), 413)).toBe("too_large");
    expect(await code("x".repeat(MIB + 1), 413, { "Content-Length": "10" })).toBe("too_large");
    expect(await code(freshLine(), 413, { "Content-Length": "99999999" })).toBe("too_large");
  });

  test("8 MiB unpacked is accepted, a byte more is not: a bomb is never unpacked whole", async () => {
    const line = `${freshLine()}\n`;
    const packed = (size: number) => gzipSync(line + "#".repeat(size - line.length));
    const gzip = { ...asJson.headers, "Content-Encoding": "gzip" };
    await onlyRun(service, service.post(packed(8 * MIB), "?backend=loop", { headers: gzip }));
    expect(await code(packed(8 * MIB + 1), 413, gzip)).toBe("too_large");
    expect(await code(gzipSync(Buffer.alloc(100 * MIB)), 413, gzip)).toBe("too_large");
  });

  test("10 000 lines are accepted, one more is not", async () => {
    const line = freshLine();
    await onlyRun(service, service.post(`${"\n".repeat(9_999)}${line}\n`, "?backend=loop", asJson));
    expect(await code(`${"\n".repeat(10_000)}${line}\n`, 413)).toBe("too_large");
  });

  test.each(["br", "deflate", "zstd", "gzip, gzip", "compress"])("Content-Encoding %s", async (coding) => {
    expect(await code(freshLine(), 415, { "Content-Encoding": coding })).toBe("unsupported_encoding");
  });
});
