// Who sent a run: the token it was posted with, as it was then.

import { afterAll, beforeAll, expect, test } from "vitest";
import type { Receipt } from "../../../functions/service/upload/receipt.ts";
import type { Run } from "../../../shared/run/run.ts";
import { asJson, jsonOf } from "../../support/answer.ts";
import { readTable } from "../../support/csv.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { LOOP } from "../../support/fixtures.ts";
import { makeTestService, type TestService } from "../../support/service.ts";

let engine: TestEngine;
let service: TestService;
beforeAll(async () => {
  engine = await startTestEngine();
  service = await makeTestService(await engine.newTable());
});
afterAll(() => engine.stop());

const read = async (id: string | undefined) => jsonOf<Run>(service.send(`/v1/runs/${id}`), 200);

test("a run has the id and label of its token, in JSON, lists, CSV and on its page; a retry with another changes nothing", async () => {
  const token = await service.token({ scope: "ingest", id: "token-a", label: "=Frankfurt" });
  const receipt = await jsonOf<Receipt>(service.post(LOOP, "?backend=loop&host=h1", { ...asJson, token }), 201);
  const id = receipt.results[0]?.id;
  await jsonOf(service.post(LOOP, "?backend=loop&host=h1", asJson), 200);
  expect((await read(id)).sent_by).toEqual({ token_id: "token-a", label: "=Frankfurt" });
  const { runs } = await jsonOf<{ runs: Run[] }>(service.send("/v1/runs?host=h1"), 200);
  expect(runs.map(({ sent_by }) => sent_by?.token_id)).toEqual(["token-a"]);
  // Guarded like any text of a client, so that no spreadsheet takes it for a formula.
  const [row] = readTable(await (await service.send("/v1/runs.csv?host=h1")).text());
  expect(row).toMatchObject({ sent_by_token_id: "token-a", sent_by_label: "'=Frankfurt" });
  expect(await (await service.send(`/runs/${id}`)).text()).toContain("=Frankfurt");
});

test("a token without a label is shown by its id", async () => {
  const token = await service.token({ scope: "ingest", id: "token-b" });
  const receipt = await jsonOf<Receipt>(service.post(LOOP, "?backend=loop&host=h2", { ...asJson, token }), 201);
  expect(await (await service.send(`/runs/${receipt.results[0]?.id}`)).text()).toContain("token token-b");
});

test("a rejected line that an admin retries was sent by the token that it came with", async () => {
  const token = await service.token({ scope: "ingest", id: "token-c", label: "Amsterdam" });
  const body = `${LOOP}\n# backend: loop\n${LOOP}`;
  const { issues } = await jsonOf<Receipt>(service.post(body, "?host=h3", { ...asJson, token }), 422);
  const retried = service.send(`/v1/quarantine/${issues[0]?.quarantine_id}/retry?backend=phy`, { method: "POST" });
  const { results } = await jsonOf<Receipt>(retried, 201);
  expect((await read(results[0]?.id)).sent_by).toEqual({ token_id: "token-c", label: "Amsterdam" });
});
