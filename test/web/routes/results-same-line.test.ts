// The same line under two labels, and lines of withdrawn runs. When one of these fails, a file that was sent again with another
// backend counts as a second measurement without a word.

import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { Receipt } from "../../../functions/service/upload/receipt.ts";
import type { Run } from "../../../shared/run/run.ts";
import { asJson, jsonOf, textOf } from "../../support/answer.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { BLKTAP, LOOP } from "../../support/fixtures.ts";
import { makeTestService, type TestService } from "../../support/service.ts";

let engine: TestEngine;
let service: TestService;

beforeAll(async () => {
  engine = await startTestEngine();
});
beforeEach(async () => {
  service = await makeTestService(await engine.newTable());
});
afterAll(() => engine.stop());

const post = (body: string, query: string, status = 201) => jsonOf<Receipt>(service.post(body, query, asJson), status);

/** The warnings `same_line` of a receipt, by line. */
const sameLines = ({ results }: Receipt) =>
  results.map(({ warnings }) => warnings.filter((warning) => warning.startsWith("same_line: ")).join());

const idOf = ({ results }: Receipt, index = 0): string => results[index]?.id ?? "";

describe("the same line under another backend of the host", () => {
  test("is stored, and the warning names the older run", async () => {
    const first = await post(LOOP, "?backend=loop&host=a1");
    const second = await post(LOOP, "?backend=phy&host=a1");
    expect(sameLines(first)).toEqual([""]);
    expect(sameLines(second)).toEqual([
      `same_line: the same line is already stored as loop (run ${idOf(first)}); if one of the two is wrong, have it withdrawn`,
    ]);
    const text = await textOf(service.post(LOOP, "?backend=qdisk&host=a1"), 201);
    expect(text).toMatch(/\n {2}warning: same_line: .* already stored as (loop|phy) \(run\s+[0-9a-f]{48}\)/);
    expect(text.split("\n")[0]).toBe("stored 1, duplicate 0, rejected 0");
  });

  test.each([
    ["from a log", (line: string) => `[2026-11-22T10:15:00Z] ${line}`],
    ["wrapped by a mail program", (line: string) => `${line.slice(0, 70)}\n${line.slice(70)}`],
  ])("%s", async (_, copy) => {
    const id = idOf(await post(LOOP, "?backend=loop&host=h"));
    expect(sameLines(await post(copy(LOOP), "?backend=phy&host=h"))[0]).toContain(`(run ${id})`);
    const both = await post(`# host: a\n${BLKTAP}\n# host: b\n${copy(BLKTAP)}`, "?backend=loop");
    expect(sameLines(both).map((warning) => warning.includes("same line as host"))).toEqual([true, true]);
  });

  test.each<[string, string, string]>([
    [
      "with other facts, whose assessment differs",
      "?backend=loop&host=h",
      "?backend=phy&host=h&dom0_mem_mb=64&cache_mode=direct&site=fra",
    ],
    [
      "with other times",
      "?backend=loop&host=h&finished=2026-11-01T00:00:00Z",
      "?backend=phy&host=h&finished=2026-11-02T00:00:00Z",
    ],
    ["with other run ids", "?backend=loop&host=h&run=1", "?backend=phy&host=h&run=2"],
    ["with an alias", "?backend=file&host=h", "?backend=tap:aio&host=h"],
  ])("%s", async (_, first, second) => {
    const id = idOf(await post(LOOP, first));
    expect(sameLines(await post(`${LOOP}\r\n`, second))[0]).toContain(`(run ${id})`);
  });

  test.each<[string, string, string, string]>([
    ["a repetition under the same backend", "?backend=loop&host=h&run=1", LOOP, "?backend=loop&host=h&run=2"],
    ["another host, as two Dom0s may have guests of one name", "?backend=loop&host=h", LOOP, "?backend=phy&host=i"],
    ["another line", "?backend=loop&host=h", BLKTAP, "?backend=phy&host=h"],
    ["equal numbers of another guest", "?backend=loop&host=h", LOOP.replace("vm101", "vm102"), "?backend=phy&host=h"],
    ["a rate that differs by one", "?backend=loop&host=h", LOOP.replace("25511", "25512"), "?backend=phy&host=h"],
  ])("no warning for %s", async (_, first, line, second) => {
    await post(LOOP, first);
    expect(sameLines(await post(line, second))).toEqual([""]);
  });

  test("a withdrawn run is no reason to warn: withdrawing it was the remedy", async () => {
    const wrong = await post(LOOP, "?backend=phy&host=h");
    await service.send(`/v1/runs/${idOf(wrong)}`, { method: "DELETE" });
    expect(sameLines(await post(LOOP, "?backend=loop&host=h"))).toEqual([""]);
  });

  test("one query for each host of an upload, and none for duplicates", async () => {
    await post(`${LOOP}\n${BLKTAP}`, "?backend=loop&host=h");
    const send = vi.spyOn(service.table.client, "send");
    const queries = () => send.mock.calls.filter(([command]) => command.constructor.name === "QueryCommand").length;
    await post(`${LOOP}\n${BLKTAP}`, "?backend=loop&host=h", 200);
    expect(queries()).toBe(0);
    const receipt = await post(`${LOOP}\n${BLKTAP}`, "?backend=phy&host=h");
    expect(queries()).toBe(1);
    expect(sameLines(receipt)).toEqual([expect.stringContaining("as loop"), expect.stringContaining("as loop")]);
    send.mockRestore();
  });

  test("an error of the store in the search costs the warning, not the upload", async () => {
    await post(LOOP, "?backend=loop&host=h");
    const { client } = service.table;
    const send = client.send.bind(client);
    vi.spyOn(client, "send").mockImplementation((command: unknown) =>
      command?.constructor.name === "QueryCommand"
        ? Promise.reject(Object.assign(new Error("busy"), { name: "ThrottlingException" }))
        : // The command is passed on as it came; the overloads of `send` cannot say so.
          send(command as Parameters<typeof send>[0]),
    );
    expect(sameLines(await post(LOOP, "?backend=phy&host=h"))).toEqual([""]);
    vi.restoreAllMocks();
  });

  test("a host with hundreds of runs", async () => {
    const lines = Array.from({ length: 300 }, (_, index) => LOOP.replace("25511", String(30_000 + index)));
    await post(lines.join("\n"), "?backend=loop&host=h");
    const again = await post(lines.slice(100, 110).join("\n"), "?backend=phy&host=h");
    expect(sameLines(again).filter((text) => text.includes("stored as loop"))).toHaveLength(10);
  });
});

describe("the same line in one upload", () => {
  test("under two hosts: each names the other", async () => {
    const receipt = await post(`# host: h1\n${LOOP}\n# host: h2\n${LOOP}\n`, "?backend=loop");
    expect(sameLines(receipt)).toEqual([
      `same_line: this upload has the same line as host "h2", loop (run ${idOf(receipt, 1)}); if one of the two is wrong, have it withdrawn`,
      `same_line: this upload has the same line as host "h1", loop (run ${idOf(receipt, 0)}); if one of the two is wrong, have it withdrawn`,
    ]);
  });

  test("under two backends", async () => {
    const receipt = await post(`# backend: loop\n${LOOP}\n# backend: phy\n${LOOP}\n`, "?host=h");
    expect(sameLines(receipt)).toEqual([expect.stringContaining("as phy"), expect.stringContaining("as loop")]);
  });

  test("a duplicate and a new host: the new run names the old one", async () => {
    const old = await post(LOOP, "?backend=loop&host=h1");
    const receipt = await post(`# host: h1\n${LOOP}\n# host: h2\n${LOOP}\n`, "?backend=loop");
    expect(sameLines(receipt)).toEqual(["", expect.stringContaining(`(run ${idOf(old)})`)]);
  });

  test("repeated under one label, or with different run ids: no warning", async () => {
    const receipt = await post(`${LOOP}\n${LOOP}\n# run: 2\n${LOOP}\n`, "?backend=loop&host=h");
    expect(receipt).toMatchObject({ stored: 2, duplicate: 1 });
    expect(sameLines(receipt)).toEqual(["", "", ""]);
  });

  test("hundreds of equal lines under hundreds of hosts", async () => {
    const body = Array.from({ length: 500 }, (_, index) => `# host: h${index}\n${LOOP}\n`).join("");
    const receipt = await post(body, "?backend=loop");
    expect(receipt.stored).toBe(500);
    expect(sameLines(receipt).every((text) => text.startsWith("same_line: "))).toBe(true);
  });
});

describe("a line of a withdrawn run", () => {
  test("is a duplicate with status 200 that says so, stays withdrawn, and counts nowhere", async () => {
    const stored = await post(`${LOOP}\n${BLKTAP}`, "?backend=loop&host=h");
    await service.send(`/v1/runs/${idOf(stored)}`, { method: "DELETE" });
    const again = await post(`${LOOP}\n${BLKTAP}`, "?backend=loop&host=h", 200);
    expect(again).toMatchObject({
      stored: 0,
      duplicate: 2,
      rejected: 0,
      results: [
        { status: "duplicate", id: idOf(stored), withdrawn: true },
        { status: "duplicate", id: idOf(stored, 1) },
      ],
    });
    expect(again.results[1]).not.toHaveProperty("withdrawn");
    const text = await textOf(service.post(`${LOOP}\n${BLKTAP}`, "?backend=loop&host=h"), 200);
    const lines = text.split("\n").filter((line) => line.startsWith("line "));
    expect(lines[0]).toMatch(
      /^line 1: duplicate [0-9a-f]{48} h loop v1\/2G\/8k\/16 \S+ \(withdrawn: it is in no statistics\)$/,
    );
    expect(lines[1]).toMatch(/^line 2: duplicate [0-9a-f]{48} h loop v1\/2G\/8k\/16 \S+$/);
    const run = await jsonOf<Run>(service.send(`/v1/runs/${idOf(stored)}`), 200);
    expect(run.withdrawn_at).not.toBeNull();
  });

  test("next to new lines, and twice in one upload", async () => {
    const stored = await post(LOOP, "?backend=loop&host=h");
    await service.send(`/v1/runs/${idOf(stored)}`, { method: "DELETE" });
    const receipt = await post(`${LOOP}\n${BLKTAP}\n${LOOP}`, "?backend=loop&host=h");
    expect(receipt).toMatchObject({ stored: 1, duplicate: 2 });
    expect(receipt.results.map(({ status, withdrawn }) => [status, withdrawn])).toEqual([
      ["duplicate", true],
      ["stored", undefined],
      ["duplicate", true],
    ]);
  });
});
