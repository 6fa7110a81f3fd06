// Real answers against the schemas of the contract, which are strict: a key that is missing, of another type or not
// described fails here, before a client of ours finds out.

import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { CONTRACT } from "../../shared/api/contract.ts";
import { endpointErrors } from "../../shared/api/endpoint.ts";
import { createdToken, errorEnvelope, receipt as receiptSchema } from "../../shared/api/responses.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { makeTestService, type TestService } from "../support/service.ts";

const fixture = (name: string) => readFileSync(new URL(`../fixtures/bonnie/${name}`, import.meta.url), "utf8");

let engine: TestEngine;
let service: TestService;

beforeAll(async () => {
  engine = await startTestEngine();
  service = await makeTestService(await engine.newTable());
});
afterAll(() => engine.stop());

const JSON_PLEASE = { headers: { Accept: "application/json" } };

/** An answer, and what of it does not fit the contract, in words. */
async function checked(id: string, answer: Response): Promise<{ status: number; body: unknown; faults: string[] }> {
  const { status } = answer;
  const body: unknown = status === 204 ? null : await answer.json();
  const endpoint = CONTRACT.find((candidate) => candidate.id === id);
  if (endpoint === undefined) throw new Error(`the contract has no endpoint ${id}`);
  const described = new Map(Object.entries(endpoint.responses)).get(String(status));
  if (described !== undefined) return { status, body, faults: faultsOf(described.schema ?? z.unknown(), body) };
  const refusal = errorEnvelope.extend({
    error: errorEnvelope.shape.error.extend({ code: z.enum(endpointErrors(endpoint)) }),
  });
  return { status, body, faults: faultsOf(refusal, body) };
}

function faultsOf(schema: z.ZodType, body: unknown): string[] {
  return schema.safeParse(body).error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`) ?? [];
}

async function expectFits(id: string, answer: Response, status: number): Promise<unknown> {
  const found = await checked(id, answer);
  expect(found).toMatchObject({ status, faults: [] });
  return found.body;
}

/** Seven hosts with the two lines of the seed, so that intervals exist; a v2 result with latencies; a table. */
async function postFleet(): Promise<string> {
  let first = "";
  for (let host = 1; host <= 7; host += 1) {
    for (const [backend, file] of [
      ["loop", "seed-loop.csv"],
      ["blktap2", "seed-blktap.csv"],
    ] as const) {
      const facts = `site=fra&dom0_mem_mb=2048&rotational=yes&label.rack=a${host}`;
      const answer = await service.post(fixture(file), `?backend=${backend}&host=h${host}&${facts}`, JSON_PLEASE);
      const receipt = receiptSchema.parse(await expectFits("postResults", answer, 201));
      first ||= receipt.results[0]?.id ?? "";
    }
  }
  for (const file of ["run-200a-x2-fast.csv", "run-200a-concurrency4.txt", "run-200a-partial.csv", "public-19x.csv"]) {
    const answer = await service.post(fixture(file), "?backend=qdisk", JSON_PLEASE);
    const { faults } = await checked("postResults", answer);
    expect(faults, file).toEqual([]);
  }
  await service.aggregate();
  return first;
}

test("uploads, runs, comparisons, status, tokens and quarantine answer as the contract says", async () => {
  const id = await postFleet();

  // Uploads: a duplicate, a rejected line, a refusal with issues.
  await expectFits(
    "postResults",
    await service.post(fixture("seed-loop.csv"), "?backend=loop&host=h1", JSON_PLEASE),
    200,
  );
  const damaged = fixture("seed-loop.csv").replace("18075", "12x");
  const rejected = await expectFits("postResults", await service.post(damaged, "?backend=loop", JSON_PLEASE), 422);
  const refused = await service.post(damaged, "?backend=loop&colour=red", JSON_PLEASE);
  expect(await expectFits("postResults", refused, 400)).toMatchObject({ error: { issues: [{ field: "colour" }] } });

  // Runs.
  await expectFits("getRun", await service.send(`/v1/runs/${id}`), 200);
  await expectFits("listRuns", await service.send("/v1/runs?limit=5"), 200);
  await expectFits("listRuns", await service.send("/v1/runs?limit=500"), 400);

  // Comparisons: whole, of one metric, of both views, filtered, of several periods, and of nothing at all.
  for (const more of [
    "",
    "&metric=put_block",
    "&view=all",
    "&site=fra&storage=lvm",
    "&period=2026,2026-11",
    "&margin=0.1",
  ]) {
    await expectFits("compare", await service.send(`/v1/compare?baseline=loop&candidate=blktap2${more}`), 200);
  }
  await expectFits("compare", await service.send("/v1/compare?baseline=loop&candidate=vnd"), 200);
  await expectFits("compare", await service.send("/v1/compare?baseline=loop&candidate=loop"), 400);

  // Hosts, backends, all pairs, trends: of everything, of part of it, of nothing.
  await expectFits("listHosts", await service.send("/v1/hosts?limit=3"), 200);
  await expectFits("listHosts", await service.send("/v1/hosts?limit=0"), 400);
  await expectFits("getHost", await service.send("/v1/hosts/h1"), 200);
  await expectFits("getHost", await service.send("/v1/hosts/nobody"), 404);
  for (const more of ["", "?view=all", "?site=fra&metric=putc", "?period=2026,2026-11", "?period=1999"]) {
    await expectFits("listBackends", await service.send(`/v1/backends${more}`), 200);
    await expectFits("getMatrix", await service.send(`/v1/matrix${more}`), 200);
  }
  for (const more of ["", "&unit=year&view=all", "&from=2026-10&to=2026-11", "&site=ams"]) {
    await expectFits("getTrend", await service.send(`/v1/trend?backend=loop&metric=put_block${more}`), 200);
  }
  await expectFits("getTrend", await service.send("/v1/trend?backend=loop"), 400);

  // Quarantine.
  const { issues } = receiptSchema.parse(rejected);
  await expectFits("listQuarantine", await service.send("/v1/quarantine"), 200);
  const retry = `/v1/quarantine/${issues[0]?.quarantine_id}/retry`;
  await expectFits("retryQuarantined", await service.send(retry, { method: "POST", ...JSON_PLEASE }), 422);

  // Tokens.
  const wanted = { scope: "ingest", hosts: "h*", expires_at: "2027-01-01T00:00:00+01:00" };
  const asked = await service.send("/v1/tokens", { method: "POST", body: JSON.stringify(wanted) });
  const made = await expectFits("createToken", asked, 201);
  await expectFits("createToken", await service.send("/v1/tokens", { method: "POST", body: "{}" }), 400);
  await expectFits("listTokens", await service.send("/v1/tokens"), 200);
  const ended = await service.send(`/v1/tokens/${createdToken.parse(made).id}`, { method: "DELETE" });
  await expectFits("revokeToken", ended, 204);

  // The service itself.
  await expectFits("withdrawRun", await service.send(`/v1/runs/${id}`, { method: "DELETE" }), 200);
  await expectFits("getRun", await service.send(`/v1/runs/${id}`), 200);
  await expectFits("getStatus", await service.send("/v1/status"), 200);
  await expectFits("getHealth", await service.send("/healthz", { token: null }), 200);
  await expectFits("getOpenApi", await service.send("/openapi.json", { token: null }), 200);
  expect(service.faults).toEqual([]);
});
