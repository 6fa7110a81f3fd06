// What the service is for, done once from end to end: the seed is posted, counted, compared, shared and shown.

import { gzipSync } from "node:zlib";
import { tableAt } from "../../../functions/env.ts";
import { installFirstAdmin, secretHash } from "../../../functions/service/tokens.ts";
import { openTable } from "../../../functions/store/client.ts";
import { makeFirstAdminStore, makeTokenStore } from "../../../functions/store/fleet/tokens.ts";
import { beginFormat } from "../../../functions/store/table/format.ts";
import { BLKTAP, LOOP } from "../../support/fixtures.ts";
import type { Answer, Deployment } from "./deployment.ts";

/** The secret of the admin token that the main job creates. */
export const SECRET = "the-first-admin-token";

/** Does the main job through a deployment. Throws at the first step that does not end as it should, and says which. */
export async function mainJob(deployment: Deployment, endpoint: string): Promise<void> {
  const table = openTable(tableAt(endpoint, deployment.tableName));
  await beginFormat(table);
  const deps = { tokens: makeTokenStore(table), firstAdmin: makeFirstAdminStore(table), clock: Date.now };
  await installFirstAdmin(deps, secretHash(SECRET));
  table.client.destroy();

  const authorized = { Authorization: `Bearer ${SECRET}` };
  const ask = async (
    method: string,
    path: string,
    status: number,
    body?: string | Buffer,
    others: Readonly<Record<string, string>> = {},
  ): Promise<Answer> => {
    const headers = { ...authorized, ...others };
    const answer = await deployment.send({ method, path, headers, ...(body !== undefined && { body }) });
    if (answer.status !== status)
      throw new Error(`${method} ${path}: ${answer.status} ${answer.body.subarray(0, 300)}`);
    return answer;
  };
  const json = async (method: string, path: string, status: number, body?: string) =>
    JSON.parse((await ask(method, path, status, body)).body.toString());

  await ask("GET", "/healthz", 200);
  await ask("GET", "/docs", 200);
  await ask("POST", "/v1/results?backend=loop&host=dom0-1", 201, LOOP);
  await ask("POST", "/v1/results?backend=blktap2&host=dom0-1", 201, BLKTAP);
  // The same bytes, compressed and said to be text: a duplicate.
  const packed = { "Content-Type": "text/plain", "Content-Encoding": "gzip" };
  await ask("POST", "/v1/results?backend=loop&host=dom0-1", 200, gzipSync(LOOP), packed);

  for (const { dynamodb } of await deployment.stream()) {
    const { S: partition } = dynamodb.Keys.pk;
    if (!partition.startsWith("WORK#")) throw new Error(`the stream wakes the aggregation for ${partition}`);
  }
  const { pending_hosts, runs } = await json("GET", "/v1/status", 200);
  if (pending_hosts !== 0 || runs !== 2) throw new Error(`${pending_hosts} hosts are pending, ${runs} runs counted`);
  await deployment.schedule("rate(5 minutes)");
  await deployment.schedule("rate(3 hours)");

  const question = "baseline=loop&candidate=blktap2";
  const { fleet } = await json("GET", `/v1/compare?${question}`, 200);
  if (fleet.metrics.put_block.hosts !== 1) throw new Error(`compared: ${JSON.stringify(fleet.metrics.put_block)}`);
  const page = await ask("GET", `/v1/compare.html?${question}`, 200);
  if (!page.body.includes("<table")) throw new Error("the page of the comparison has no table");

  const asked = { kind: "compare", query: { baseline: "loop", candidate: "blktap2" }, frozen: true };
  const { id, urls } = await json("POST", "/v1/shares", 201, JSON.stringify(asked));
  if (!urls.svg.startsWith(`${deployment.serviceUrl}/s/`)) throw new Error(`the share is said to be at ${urls.svg}`);
  await shown(deployment, id);
  await refused(deployment);
}

/** What is at no path or takes another method is refused as on one machine. */
async function refused(deployment: Deployment): Promise<void> {
  for (const [method, path, code] of [
    ["GET", "/v1/nothing", "not_found"],
    ["PUT", "/v1/compare", "method_not_allowed"],
  ] as const) {
    const { body } = await deployment.send({ method, path });
    if (!body.includes(`"code":"${code}"`)) throw new Error(`${method} ${path}: ${body}`);
  }
}

/** The share as somebody sees it who has its address and no token. */
async function shown(deployment: Deployment, id: string): Promise<void> {
  const ask = async (path: string) => {
    const answer = await deployment.send({ method: "GET", path });
    const { "access-control-allow-origin": open, "cache-control": kept = "" } = answer.headers;
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.body.subarray(0, 300)}`);
    if (open !== "*" || !kept.includes("immutable")) throw new Error(`${path}: for ${open}, to be kept ${kept}`);
    return answer.body;
  };
  const svg = await ask(`/s/${id}.svg`);
  const head = await deployment.send({ method: "HEAD", path: `/s/${id}.svg` });
  if (head.status !== 200) throw new Error(`HEAD of the share: ${head.status}`);
  const narrow = await ask(`/s/${id}.svg?width=400`);
  if (!svg.includes("<svg") || narrow.equals(svg)) throw new Error("the width of a picture makes no difference");
  const png = await ask(`/s/${id}.png`);
  if (!png.subarray(1, 4).equals(Buffer.from("PNG"))) throw new Error(`the PNG begins with ${png.subarray(0, 8)}`);
}
