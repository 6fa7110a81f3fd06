// The bundles that are deployed: small enough to start quickly, with nothing in them that belongs elsewhere, and complete:
// each answers in a process of its own that has nothing but the bundle and the environment of a function.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BUNDLING } from "../../infra/bundling.ts";
import { gatewayEvent } from "../handlers/gateway-event.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { invoked } from "./invoked.ts";

/** Most bytes of each function's bundle. */
const BUDGET = { ingest: 400_000, read: 450_000, docs: 200_000, aggregate: 400_000 };

const healthCheck = gatewayEvent({ method: "GET", path: "/healthz" });
const headers = { Authorization: "Bearer nobody" };
const foreignUpload = gatewayEvent({ method: "POST", path: "/v1/results", headers, body: "x" });

/** An event for each function that makes it ask the table if it knows one, and what it must answer. */
const ANSWERS = {
  ingest: [foreignUpload, { statusCode: 401 }],
  read: [healthCheck, { statusCode: 200 }],
  docs: [gatewayEvent({ method: "GET", path: "/docs" }), { statusCode: 200 }],
  aggregate: [{ "detail-type": "Scheduled Event" }, { batchItemFailures: [] }],
} as const;

interface Bundle {
  readonly file: string;
  readonly bytes: number;
  readonly inputs: readonly string[];
  /** Modules that are left to be found at run time. */
  readonly outside: readonly { readonly path: string; readonly kind: string }[];
}

/** Bundles a handler as CDK does, by the same options. */
async function bundled(name: string, folder: string): Promise<Bundle> {
  const { target, mainFields, minify, externalModules } = BUNDLING;
  const { metafile } = await build({
    entryPoints: [`functions/${name}/handler.ts`],
    outfile: join(folder, name, "index.mjs"),
    bundle: true,
    platform: "node",
    format: "esm",
    target,
    mainFields,
    minify,
    external: externalModules,
    metafile: true,
  });
  const [output] = Object.values(metafile.outputs);
  if (output === undefined) throw new Error("esbuild wrote nothing");
  return {
    file: join(folder, name, "index.mjs"),
    bytes: output.bytes,
    inputs: Object.keys(metafile.inputs),
    outside: output.imports.filter(({ external }) => external === true),
  };
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

describe.each(["ingest", "read", "docs", "aggregate"] as const)("%s", (name) => {
  const budget = BUDGET[name];
  let bundle: Bundle;
  beforeAll(async () => {
    bundle = await bundled(name, folder);
  });

  test(`is at most ${budget / 1000} kB`, () => {
    expect(bundle.bytes).toBeLessThanOrEqual(budget);
  });

  test(`holds ${name === "docs" ? "no" : "the"} SDK, and neither CDK nor anything else of infra, local, scripts or test`, () => {
    expect(bundle.inputs.some((path) => path.includes("@aws-sdk"))).toBe(name !== "docs");
    expect(
      bundle.inputs.filter((path) => /aws-cdk|constructs|esbuild|^(infra|local|scripts|test)\//.test(path)),
    ).toEqual([]);
  });

  test("needs nothing but Node to come up: what is left out would be loaded on demand only", () => {
    const atStart = bundle.outside.filter(({ path, kind }) => kind !== "dynamic-import" && !path.startsWith("node:"));
    expect(atStart).toEqual([]);
  });

  test("answers, alone in a process", async () => {
    const [event, answer] = ANSWERS[name];
    const table = await engine.newTable();
    expect(await invoked(bundle.file, event, engine.endpoint, table.name)).toMatchObject(answer);
  });
});
