// A small table with every kind of item that this version writes: two hosts on two backends, one of them with a cached run, in
// two cohorts; a withdrawn run, a rejected line, tokens (one of them revoked), shares (live, frozen, revoked), generations after
// a rebuild, and a pending host.

import { ScanCommand } from "@aws-sdk/client-dynamodb";
import { makeRenderer } from "../../functions/service/renderer.ts";
import { type Item, itemText, itemToJson } from "../../functions/store/table/item.ts";
import type { Table } from "../../functions/store/table/table.ts";
import { SUMMARIES } from "../../shared/summaries/registry.ts";
import { jsonOf } from "../support/answer.ts";
import { BLKTAP, LOOP } from "../support/fixtures.ts";
import { makeTestService } from "../support/service.ts";
import { openBuild } from "./build.ts";

/** Fills an empty table of an engine, and gives its items in the order of their keys. */
export async function makeItems(endpoint: string, table: Table): Promise<Item[]> {
  // A short stand-in for the picture, which would be nine tenths of the fixture.
  const renderer = makeRenderer(async () => Buffer.from("a PNG"), SUMMARIES);
  const service = await makeTestService(table, { renderer });
  const build = await openBuild(endpoint, table.name);
  const post = async (line: string, query: string) => {
    const answer = await service.post(line, query);
    if (answer.status >= 300) throw new Error(`${query}: ${await answer.text()}`);
  };
  for (const [host, site] of [
    ["h1", "fra"],
    ["h2", "ams"],
  ] as const) {
    for (const finished of ["2026-10-30T00:00:00Z", "2026-11-02T00:00:00Z"]) {
      const facts = `host=${host}&site=${site}&finished=${finished}&dom0_kernel=6.1.0&dom0_mem_mb=4096`;
      await post(LOOP, `?backend=loop&storage=file&${facts}`);
      await post(BLKTAP, `?backend=blktap2&storage=file&${facts}`);
    }
  }
  await post(LOOP, "?backend=phy&host=h1&finished=2026-11-03T00:00:00Z");
  const { runs } = await jsonOf<{ runs: readonly { id: string }[] }>(service.send("/v1/runs?backend=phy"), 200);
  await jsonOf(service.send(`/v1/runs/${runs[0]?.id}`, { method: "DELETE" }), 200);
  await service.post(LOOP.replace("25511", "255x1"), "?backend=loop&host=h1");
  const { id } = await jsonOf<{ id: string }>(makeToken(service, "ingest"), 201);
  await service.send(`/v1/tokens/${id}`, { method: "DELETE" });
  await service.aggregate();
  for (const kind of [{ frozen: true }, { frozen: false }, { frozen: true, revoked: true }]) {
    const { revoked = false, frozen } = kind;
    const asked = { kind: "compare", query: { baseline: "loop", candidate: "blktap2", view: "all" }, frozen };
    const share = await jsonOf<{ id: string }>(
      service.send("/v1/shares", { method: "POST", body: JSON.stringify(asked) }),
      201,
    );
    if (revoked) await service.send(`/v1/shares/${share.id}`, { method: "DELETE" });
  }
  await build.rebuild();
  await post(LOOP, "?backend=loop&host=h2&finished=2026-11-04T00:00:00Z");
  build.close();
  const { Items = [] } = await table.client.send(new ScanCommand({ TableName: table.name, ConsistentRead: true }));
  return Items.toSorted((one, other) => (itemToJson(one) < itemToJson(other) ? -1 : 1));
}

const makeToken = (service: Awaited<ReturnType<typeof makeTestService>>, scope: string) =>
  service.send("/v1/tokens", { method: "POST", body: JSON.stringify({ scope, label: scope }) });

/** The kind of an item: how its partition starts, and the names of its attributes. */
export function kindOf(item: Item): string {
  const [kind = ""] = itemText(item, "pk").split("#");
  const part = ["TOKEN", "RUN"].includes(kind)
    ? ""
    : (/^(?:share|document|line|at|day|cohorts|~)/.exec(itemText(item, "sk"))?.[0] ?? "");
  return `${kind} ${part} ${Object.keys(item).sort().join(",")}`;
}
