// What the tests of uploads share: lines that no other test sends, and the runs they become.

import { expect } from "vitest";
import type { Receipt } from "../../../functions/service/upload/receipt.ts";
import type { Run } from "../../../shared/run/run.ts";
import { asJson, jsonOf, type Refusal } from "../../support/answer.ts";
import { LOOP } from "../../support/fixtures.ts";
import type { TestService } from "../../support/service.ts";

let used = 0;

/** A different line for every test of a file, so that no test sends a duplicate of another's. */
export function freshLine(): string {
  used += 1;
  return LOOP.replace("25511", String(30_000 + used));
}

/** The stored run with an id. */
export const runOf = (service: TestService, id: string | undefined): Promise<Run> =>
  jsonOf<Run>(service.send(`/v1/runs/${id}`), 200);

/** The only run of a receipt as JSON. */
export async function onlyRun(service: TestService, answer: Promise<Response>, status = 201): Promise<Run> {
  const receipt = await jsonOf<Receipt>(answer, status);
  expect(receipt.results).toHaveLength(1);
  return runOf(service, receipt.results[0]?.id);
}

/** Why an upload is rejected as a whole, with 400. */
export async function refusal(
  service: TestService,
  body: string | Uint8Array,
  query: string,
  headers: Record<string, string> = {},
): Promise<Refusal["error"]> {
  const answer = service.post(body, query, { headers: { ...asJson.headers, ...headers } });
  return (await jsonOf<Refusal>(answer, 400)).error;
}
