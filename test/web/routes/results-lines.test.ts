// Lines as they come out of logs and mails: under which host they are stored, and that a run is one however it was sent. When one
// of these fails, a fleet has hosts named after time stamps, or one measurement counts twice.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Receipt } from "../../../functions/service/upload/receipt.ts";
import { asJson, jsonOf } from "../../support/answer.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { fixture } from "../../support/fixtures.ts";
import { makeTestService, type TestService } from "../../support/service.ts";
import { freshLine, runOf } from "./uploads.ts";

let engine: TestEngine;
let service: TestService;

beforeAll(async () => {
  engine = await startTestEngine();
  service = await makeTestService(await engine.newTable());
});
afterAll(() => engine.stop());

let seed = 1_466_783_481;

/** A v2 line that no other test sends. */
function freshV2(): string {
  seed += 1;
  return fixture("public-19x.csv").split("\n")[1]?.replace("1517338312", `${seed}`) ?? "";
}

const post = (body: string, query: string, status: number): Promise<Receipt> =>
  jsonOf<Receipt>(service.post(body, `?backend=loop${query}`, asJson), status);

const LOGS = [
  "[2026-11-22T10:15:00.123Z] ",
  "Nov 22 10:15:00 dom0-1 bonnie[123]: ",
  "\u001b[36mbench-1  | \u001b[0m",
  "2017-12-06 11:25:05,159 process          L0421 DEBUG| [stdout] ",
];

describe("a line with the prefix of a log", () => {
  test.each(LOGS)("%j: without a host it is rejected, of both formats alike", async (prefix) => {
    const { issues } = await post(`${prefix}${freshLine()}\n${prefix}${freshV2()}`, "", 422);
    expect(issues.map(({ line, field, code }) => [line, field, code])).toEqual([
      [1, "host", "glued_label"],
      [2, "host", "glued_label"],
    ]);
    expect(issues[0]?.text).toContain("host=");
  });

  test.each(LOGS)("%j: with a host it is the same run as the plain line", async (prefix) => {
    for (const line of [freshLine(), freshV2()]) {
      const plain = await post(line, "&host=dom0-1", 201);
      const logged = await post(`# host: dom0-1\n${prefix}${line}`, "", 200);
      expect([logged.duplicate, logged.results[0]?.id]).toEqual([1, plain.results[0]?.id]);
      expect(logged.results[0]?.warnings).toEqual([expect.stringMatching(/^log_prefix: /)]);
    }
  });

  test("what is stored is what was sent, and the guest is the machine of the line", async () => {
    const line = freshLine();
    const { results } = await post(`[10:15:00] ${line}`, "&host=dom0-1", 201);
    const run = await runOf(service, results[0]?.id);
    expect(run).toMatchObject({ host: "dom0-1", vm: "vm101", raw: `[10:15:00] ${line}` });
    expect((await post(line, "&host=dom0-1", 200)).duplicate).toBe(1);
  });

  test("a rejected line can be retried with a host", async () => {
    const line = freshLine();
    const { issues } = await post(`[10:15:00] ${line}`, "", 422);
    const path = `/v1/quarantine/${issues[0]?.quarantine_id}/retry?host=dom0-1`;
    expect(await jsonOf<Receipt>(service.send(path, { method: "POST" }), 201)).toMatchObject({ stored: 1 });
    expect((await post(line, "&host=dom0-1", 200)).duplicate).toBe(1);
  });

  test("a table from a log is the same run as the plain table", async () => {
    const table = fixture("run-200a-concurrency4.txt").trimEnd();
    const plain = await post(table, "&host=dom0-2", 201);
    for (const prefix of LOGS) {
      const logged = await post(table.replace(/^/gm, prefix), "&host=dom0-2", 200);
      expect(logged.results[0]?.id).toBe(plain.results[0]?.id);
      expect((await post(table.replace(/^/gm, prefix), "", 422)).issues[0]?.code).toBe("glued_label");
    }
  });

  test("files from Jenkins, Avocado and Ansible", async () => {
    expect((await post(fixture("field/12-jenkins.log"), "", 422)).issues.map(({ code }) => code)).toEqual(
      Array(3).fill("glued_label"),
    );
    expect(await post(fixture("field/12-jenkins.log"), "&host=dom0-3", 201)).toMatchObject({ stored: 3, rejected: 0 });
    expect(await post(fixture("field/14-ansible.txt"), "&host=dom0-3", 200)).toMatchObject({ duplicate: 2 });
    expect((await post(fixture("field/14-ansible.txt"), "", 422)).rejected).toBe(2);
    expect(await post(fixture("field/11-avocado.log"), "&host=dom0-3", 200)).toMatchObject({ duplicate: 2 });
    expect((await post(fixture("field/11-avocado.log"), "", 422)).issues.map(({ code }) => code)).toEqual([
      "glued_label",
      "glued_label",
    ]);
  });
});

describe("a label in front of a line", () => {
  test.each(["cfq1:    ", "dom0-1: ", "results/a.csv:", "12:"])("%j", async (label) => {
    for (const line of [freshLine(), freshV2()]) {
      const { issues } = await post(label + line, "", 422);
      expect(issues).toMatchObject([{ field: "host", code: "glued_label" }]);
      const { results } = await post(label + line, "&host=dom0-1", 201);
      expect(results[0]?.warnings).toEqual([expect.stringMatching(/^glued_label: /)]);
      // Of v1 the label may be part of the name; in v2 the name is elsewhere.
      const run = await runOf(service, results[0]?.id);
      expect([run.raw, run.vm]).toEqual([label + line, line.startsWith("1.") ? "cc3550" : `${label}vm101`]);
    }
  });

  test.each(["nas/a", "vm:1", "my vm", "rack 7: dom0/3"])("%j is a name", async (name) => {
    const { results } = await post(freshLine().replace("vm101", name), "", 201);
    expect(results).toMatchObject([{ host: name, warnings: [] }]);
  });
});

describe("a name that many machines have", () => {
  test.each(["localhost", "localhost.localdomain", "(none)", "LOCALHOST", ""])("%j is no host", async (name) => {
    for (const line of [freshLine().replace("vm101", name), freshV2().replace("cc3550", name)]) {
      expect((await post(line, "", 422)).issues).toMatchObject([{ field: "host", code: "bad_host" }]);
      const { results } = await post(line, "&host=dom0-1", 201);
      const run = await runOf(service, results[0]?.id);
      expect([run.host, run.vm, run.bonnie.machine]).toEqual(["dom0-1", name === "" ? "dom0-1" : name, name]);
      expect((await post(line, "&host=localhost", 422)).issues).toMatchObject([{ field: "host", code: "bad_host" }]);
    }
  });
});

describe("a wrapped line", () => {
  test.each([
    ["by fold", "\n"],
    ["by format=flowed", " \r\n"],
    ["by quoted-printable", "=\r\n"],
  ])("%s is the same run as the plain line, kept as it was sent", async (_, end) => {
    for (const line of [freshLine(), freshV2()]) {
      const wrapped = [line.slice(0, 70), line.slice(70)].join(end);
      const { results } = await post(`Hello,\n\n${wrapped}\n-- \nBonnie`, "&host=dom0-1", 201);
      expect(results[0]).toMatchObject({ line: 3, warnings: [] });
      expect((await runOf(service, results[0]?.id)).raw).toBe(wrapped.replaceAll("\r", ""));
      const plain = await post(line, "&host=dom0-1", 200);
      expect(plain.results[0]?.id).toBe(results[0]?.id);
    }
  });

  test("a published mail with two runs", async () => {
    const answer = await service.post(fixture("field/01-two-runs-wrapped-mail.txt"), "?backend=loop", asJson);
    const { results } = await jsonOf<Receipt>(answer, answer.status);
    expect(results.map(({ line, host, stratum }) => [line, host, stratum])).toEqual([
      [32, "vm101", "v1/128M/8k/16"],
      [69, "vm101", "v1/128M/8k/16"],
    ]);
  });

  test("the pieces of two runs are named, and nothing is stored", async () => {
    const [a, b] = [freshLine(), freshLine()].map((line) => [line.slice(0, 60), line.slice(60)] as const);
    const receipt = await post([a?.[0], b?.[0], a?.[1], b?.[1]].join("\n"), "&host=dom0-1", 422);
    expect([receipt.stored, receipt.duplicate]).toEqual([0, 0]);
    expect(receipt.issues.length).toBeGreaterThan(0);
  });
});
