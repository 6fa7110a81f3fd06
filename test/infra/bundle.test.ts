// The bundles that are deployed: small enough to start quickly, with nothing in them that belongs elsewhere, and complete:
// each answers in a process of its own that has nothing but the bundle and the environment of a function.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Metafile } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundle } from "../../infra/bundle.ts";
import { gatewayEvent } from "../functions/gateway-event.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { invoked, outputOf } from "./invoked.ts";

/** Most bytes of JavaScript that each function loads before it can answer anything. */
const BUDGET = { ingest: 484_000, read: 402_000, embed: 389_000, docs: 202_000, aggregate: 336_000, audit: 406_000 };

const FUNCTIONS = ["ingest", "read", "embed", "docs", "aggregate", "audit"] as const;

const healthCheck = gatewayEvent({ method: "GET", path: "/healthz" });
const headers = { Authorization: "Bearer nobody" };
const foreignUpload = gatewayEvent({ method: "POST", path: "/v1/results", headers, body: "x" });
const scheduled = { "detail-type": "Scheduled Event" };

/** An event for each function that makes it ask the table if it knows one, and what it must answer. */
const ANSWERS = {
  ingest: [foreignUpload, { statusCode: 401 }],
  read: [healthCheck, { statusCode: 200 }],
  // A refusal that is painted: resvg and its fonts are there and work.
  embed: [
    gatewayEvent({ method: "GET", path: "/s/0123456789abcdef0123456789abcdef.png" }),
    { statusCode: 404, isBase64Encoded: true, body: expect.stringMatching(/^iVBORw0KGgo/) },
  ],
  docs: [gatewayEvent({ method: "GET", path: "/docs" }), { statusCode: 200 }],
  aggregate: [scheduled, { batchItemFailures: [] }],
  audit: [scheduled, null],
} as const;

type Output = Metafile["outputs"][string];

/** The files that are loaded with `index.mjs`: it and what is imported statically. */
function eagerly({ outputs }: Metafile): Output[] {
  const [entry] = Object.keys(outputs).filter((file) => file.endsWith("/index.mjs"));
  const files = new Set(entry === undefined ? [] : [entry]);
  for (const file of files) {
    for (const { path, kind } of outputs[file]?.imports ?? []) {
      if (kind === "import-statement" && path in outputs) files.add(path);
    }
  }
  return [...files].flatMap((file) => outputs[file] ?? []);
}

const folder = mkdtempSync(join(tmpdir(), "vbdstat-bundles-"));
let engine: TestEngine;

beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(async () => {
  await engine.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("a fault in a bundle is logged with its place in the source", async () => {
  bundle("read", join(folder, "faulty"));
  const output = await outputOf(join(folder, "faulty", "index.mjs"), healthCheck, engine.endpoint, "no-such-table");
  const fault = output.split("\n").find((line) => line.includes('"kind":"error"')) ?? "{}";
  expect(JSON.parse(fault).error.stack).toMatch(/ \(?functions\/store\/table\/errors\.ts:\d+:\d+/);
});

describe.each(FUNCTIONS)("%s", (name) => {
  const budget = BUDGET[name];
  let made: Metafile;
  beforeAll(() => {
    made = bundle(name, join(folder, name));
  });

  test(`is at most ${budget / 1000} kB`, () => {
    const bytes = eagerly(made).reduce((sum, output) => sum + output.bytes, 0);
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThanOrEqual(budget);
  });

  test("evaluates no kind of summary: each is loaded with its first request", () => {
    const loaded = eagerly(made).flatMap(({ inputs }) =>
      Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
    );
    expect(loaded.length).toBeGreaterThan(5);
    const allowed = /^shared\/summaries\/(catalog|registry|formats)\.ts$/;
    expect(loaded.filter((path) => path.startsWith("shared/summaries/") && !allowed.test(path))).toEqual([]);
  });

  // Whatever is loaded on demand makes esbuild split what it shares with the start; to read so many files takes longer.
  test("starts from two files", () => {
    expect(eagerly(made).length).toBeLessThanOrEqual(2);
  });

  test(`holds ${name === "docs" ? "no" : "the"} SDK, and neither CDK nor anything else of infra, local, scripts or test`, () => {
    const inputs = Object.keys(made.inputs);
    expect(inputs.some((path) => path.includes("@aws-sdk"))).toBe(name !== "docs");
    expect(
      inputs.filter((path) =>
        /aws-cdk|constructs|esbuild|^(infra\/(?!no-endpoint-discovery)|local\/|scripts\/|test\/)/.test(path),
      ),
    ).toEqual([]);
  });

  test("needs nothing but Node to come up: what is left out would be loaded on demand only", () => {
    const outside = eagerly(made).flatMap(({ imports }) => imports.filter(({ external }) => external === true));
    const atStart = outside.filter(({ path, kind }) => kind !== "dynamic-import" && !path.startsWith("node:"));
    expect(atStart).toEqual([]);
  });

  test("answers, alone in a process", async () => {
    const [event, answer] = ANSWERS[name];
    const table = await engine.newTable();
    const answered = await invoked(join(folder, name, "index.mjs"), event, engine.endpoint, table.name);
    if (answer === null) expect(answered).toBeNull();
    else expect(answered).toMatchObject(answer);
  });
});
