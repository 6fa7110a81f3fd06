// A fleet with every verdict in it, and shares of what it says.

import { GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { listEntry } from "../../../functions/store/fleet/shares.ts";
import { itemText, keyItem } from "../../../functions/store/table/item.ts";
import { shareKey } from "../../../functions/store/table/keys.ts";
import type { ShareSnippets, ShareUrls } from "../../../shared/render/links.ts";
import type { Share } from "../../../shared/run/share.ts";
import { jsonOf } from "../../support/answer.ts";
import { BLKTAP } from "../../support/fixtures.ts";
import type { TestService } from "../../support/service.ts";

export type MadeShare = Share & { readonly urls: ShareUrls; readonly snippets: ShareSnippets };

export const PAIR = { baseline: "loop", candidate: "blktap2" };

/** Posts one host's line on loop, on blktap2, which writes blocks twice and rewrites half as fast, and on qdisk if it is one of three. */
async function postHost(service: TestService, index: number): Promise<void> {
  const blocks = 90_000 + 700 * index;
  const line = (factor: number, rewrites = "38118") =>
    BLKTAP.replace("93549", String(Math.round(blocks * factor))).replace("38118", rewrites);
  const lines = [
    `# host: h${index}`,
    "# backend: loop",
    line(1),
    "# backend: blktap2",
    line(2 + index / 100, "19059"),
    ...(index < 3 ? ["# backend: qdisk", line(1.5)] : []),
  ];
  await jsonOf(service.post(lines.join("\n"), "", { headers: { Accept: "application/json" } }), 201);
}

/** Twelve hosts, counted. */
export async function postFleet(service: TestService): Promise<void> {
  for (let index = 0; index < 12; index += 1) await postHost(service, index);
  await service.aggregate();
}

/** One host more, counted a minute later. */
export async function postMore(service: TestService, index: number): Promise<void> {
  service.now += 60_000;
  await postHost(service, index);
  await service.aggregate();
}

/** POST /v1/shares. */
export const postShare = (service: TestService, body: unknown, token = service.admin): Promise<Response> =>
  service.send("/v1/shares", { method: "POST", body: JSON.stringify(body), token });

/** A live share of the pair unless told otherwise. */
export const share = (service: TestService, asked: object = {}, token = service.admin): Promise<MadeShare> =>
  jsonOf(postShare(service, { kind: "compare", query: PAIR, frozen: false, ...asked }, token), 201);

/** What an address answers to somebody without a token. */
export const look = (service: TestService, address: string, init: RequestInit = {}): Promise<Response> =>
  service.send(new URL(address, "http://vbdstat.test").href.replace(/^https?:\/\/[^/]+/, ""), { ...init, token: null });

export const bytesOf = async (answer: Response | Promise<Response>): Promise<Buffer> =>
  Buffer.from(await (await answer).arrayBuffer());

/** A live share with a title as earlier versions took them, with characters that nobody sees. */
export async function earlierShare(service: TestService, title: string): Promise<MadeShare> {
  const made = await share(service);
  await changeStored(service, made.id, { title });
  return made;
}

/** Changes a stored share, and its entry in the list, to what this version does not store. */
export async function changeStored({ table }: TestService, id: string, change: Partial<Share>): Promise<void> {
  const key = keyItem(shareKey(id));
  const { Item: item = {} } = await table.client.send(new GetItemCommand({ TableName: table.name, Key: key }));
  const stored = { ...JSON.parse(itemText(item, "share")), ...change };
  const changed = { ...item, share: { S: JSON.stringify(stored) } };
  for (const each of [changed, listEntry(changed)]) {
    await table.client.send(new PutItemCommand({ TableName: table.name, Item: each }));
  }
}
