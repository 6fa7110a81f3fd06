// A data folder whose engine somebody else has written into, as the server and an operator find it: a folder of an earlier
// version is taken over without what was forged in it, and what is forged later opens nothing and can be ended.

import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DeleteItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { tableAt } from "../../functions/env.ts";
import { secretHash } from "../../functions/service/tokens.ts";
import { ensureTable, openTable } from "../../functions/store/client.ts";
import { addFleet } from "../../functions/store/fleet/tokens.ts";
import { type Item, keyItem } from "../../functions/store/table/item.ts";
import { FORMAT_KEY, tokenKey, tokenKeyOfFormat0, tokenListOfFormat0 } from "../../functions/store/table/keys.ts";
import type { Table } from "../../functions/store/table/table.ts";
import { BUNDLE, buildServer, removeBuild, startServerProcess } from "../support/server-process.ts";

let dataDir: string;
beforeAll(buildServer);
afterAll(removeBuild);
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "vbdstat-folder-"));
});
afterEach(() => rmSync(dataDir, { recursive: true }));

/** Lets somebody write into the database of the folder, past the service. */
async function past(write: (table: Table) => Promise<unknown>): Promise<void> {
  const program = join(dirname(createRequire(import.meta.url).resolve("@dynoxide/linux-x64/package.json")), "dynoxide");
  const port = await freePort();
  const args = ["serve", "--host", "127.0.0.1", "--port", String(port), "--db-path", join(dataDir, "vbdstat.db")];
  const engine = spawn(program, args, { stdio: "ignore" });
  const table = openTable(tableAt(`http://127.0.0.1:${port}`, "vbdstat"));
  try {
    for (let up = false; !up; )
      up = await fetch(`http://127.0.0.1:${port}`, { method: "POST" }).then(
        () => true,
        () => false,
      );
    await write(table);
  } finally {
    table.client.destroy();
    const ended = new Promise((resolve) => engine.once("exit", resolve));
    engine.kill("SIGTERM");
    await ended;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(address !== null && typeof address === "object" ? address.port : 0));
    });
  });
}

const put = (table: Table, item: Item) => table.client.send(new PutItemCommand({ TableName: table.name, Item: item }));

const tokenText = (id: string) =>
  JSON.stringify({
    id,
    fleet: "default",
    scope: "admin",
    root: true,
    hosts: null,
    expires_at: null,
    label: null,
    created_at: "2026-11-22T10:00:00.000Z",
  });

function vbdstat(...args: string[]): Promise<string> {
  const env = {
    PATH: process.env["PATH"],
    DATA_DIR: dataDir,
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
  };
  const child = spawn(process.execPath, [`${BUNDLE}/vbdstat.js`, ...args], { env });
  let out = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text: Buffer) => (out += text.toString()));
  return new Promise((resolve) => child.once("close", () => resolve(out)));
}

test("of an earlier version is taken over without what was forged there; what is forged later opens nothing", async () => {
  mkdirSync(dataDir, { recursive: true });
  await past(async (table) => {
    await ensureTable(table);
    await table.client.send(new DeleteItemCommand({ TableName: table.name, Key: keyItem(FORMAT_KEY) }));
    await addFleet(table, "default");
    for (const secret of ["of-the-operator-of-old", "forged-in-format-0"]) {
      const hash = { hash: { S: secretHash(secret) } };
      const token = { token: { S: tokenText(secret) } };
      await put(table, { ...keyItem(tokenKeyOfFormat0(hash.hash.S)), ...token });
      if (secret.startsWith("forged")) continue;
      await put(table, { ...keyItem({ pk: tokenListOfFormat0("default"), sk: secret }), ...token, ...hash });
    }
  });

  const statusOf = async (server: { url: string }, secret: string) =>
    (await fetch(`${server.url}/v1/tokens`, { headers: { Authorization: `Bearer ${secret}` } })).status;
  const first = await startServerProcess({ dataDir });
  expect(first.output()).toContain("upgraded table vbdstat from format 0 to 2: 1 tokens and 0 runs converted");
  expect(first.output()).toContain("1 tokens that were in the table are trusted from now on");
  expect(await statusOf(first, "of-the-operator-of-old")).toBe(200);
  expect(await statusOf(first, "forged-in-format-0")).toBe(401);
  await first.end("SIGTERM");

  await past((table) =>
    put(table, { ...keyItem(tokenKey(secretHash("forged-in-format-1"))), token: { S: tokenText("forged") } }),
  );
  const second = await startServerProcess({ dataDir });
  expect(second.output()).not.toContain("trusted");
  expect(await statusOf(second, "of-the-operator-of-old")).toBe(200);
  expect(await statusOf(second, "forged-in-format-1")).toBe(401);
  const listed = await vbdstat("token", "list");
  expect(listed).toMatch(/^of-the-operator-of-old {2}default {2}admin {3}root$/m);
  expect(listed).toMatch(
    /^forged {2}default {2}admin {3}NOT VALID: written without the service, or copied from another store, root$/m,
  );
  expect(await vbdstat("token", "revoke", "forged")).toBe("revoked forged\n");
  expect(await vbdstat("token", "list")).not.toContain("forged");
  expect(await vbdstat("token", "list", "--revoked")).toMatch(/^forged {2}default {2}admin {3}revoked \S+Z, root$/m);
  expect(await statusOf(second, "forged-in-format-1")).toBe(401);
  await second.end("SIGTERM");
});
