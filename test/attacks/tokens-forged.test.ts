// Tokens against somebody who reaches the engine past the service, as every user of the machine may: whatever is written,
// changed, moved, put back or deleted there opens nothing, and an operator sees it.

import { randomUUID } from "node:crypto";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DeleteItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { secretHash } from "../../functions/service/tokens.ts";
import { makeTokenStore, sealAll, type TokenStore } from "../../functions/store/fleet/tokens.ts";
import { type Item, itemBytes, keyItem } from "../../functions/store/table/item.ts";
import { tokenKey } from "../../functions/store/table/keys.ts";
import { getItem, type Table } from "../../functions/store/table/table.ts";
import { openSealedTokens } from "../../local/server/token-seal.ts";
import type { StoredToken, Token } from "../../shared/run/token.ts";
import { jsonOf, type Refusal } from "../support/answer.ts";
import { startTestEngine, type TestEngine } from "../support/engine.ts";
import { makeTestService, type TestService } from "../support/service.ts";

let engine: TestEngine;
let table: Table;
let folder: string;
let tokens: TokenStore;
let service: TestService;
let printed: string[] = [];

const open = (isHolder = true) => openSealedTokens(table, folder, { isHolder, print: (line) => printed.push(line) });

async function begin(): Promise<void> {
  printed = [];
  folder = mkdtempSync(join(tmpdir(), "vbdstat-tokens-"));
  table = await engine.newTable();
  tokens = await open();
  service = await makeTestService(table, { tokens });
}
const end = () => rmSync(folder, { recursive: true });

beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

let secrets = 0;

/** A secret that nobody has used. */
const aSecret = () => {
  secrets += 1;
  return `mine-${secrets}`;
};

const AT = "2026-11-22T11:00:00.000Z";

const ADMIN: Token = {
  id: randomUUID(),
  fleet: "default",
  scope: "admin",
  root: true,
  hosts: null,
  expires_at: null,
  label: null,
  created_at: "2026-11-22T10:00:00.000Z",
  revoked_at: null,
};

/** Writes an item past the service. */
const put = (item: Item) => table.client.send(new PutItemCommand({ TableName: table.name, Item: item }));

const itemOf = async (secret: string): Promise<Item> => (await getItem(table, tokenKey(secretHash(secret)))) ?? {};

const forged = (secret: string, token: object, mac?: Uint8Array): Item => ({
  ...keyItem(tokenKey(secretHash(secret))),
  token: { S: JSON.stringify(token) },
  ...(mac === undefined ? {} : { mac: { B: mac } }),
});

/** What a secret opens: the status of a request that every scope but `ingest` may send. */
const opens = async (secret: string) => (await service.send("/v1/runs", { token: secret })).status;

const storedOf = async (secret: string): Promise<StoredToken> => {
  const found = (await tokens.list(null)).find((one) => one.secretHash === secretHash(secret));
  expect.assert(found !== undefined, "it is in no list");
  return found;
};

describe("an item that the service did not write", () => {
  beforeAll(begin);
  afterAll(end);

  test("opens nothing, is listed as not genuine, and can be ended for good", async () => {
    const theirs = itemBytes(await itemOf(service.admin), "mac");
    const text = (secret: string, content: string) => ({ ...forged(secret, ADMIN), token: { S: content } });
    const made: readonly ((secret: string) => Item)[] = [
      (secret) => forged(secret, ADMIN),
      (secret) => forged(secret, ADMIN, new Uint8Array()),
      (secret) => forged(secret, ADMIN, new Uint8Array(32)),
      (secret) => forged(secret, ADMIN, theirs),
      (secret) => forged(secret, ADMIN, Buffer.concat([theirs, theirs])),
      (secret) => ({ ...forged(secret, ADMIN), mac: { S: "0".repeat(64) } }),
      (secret) => forged(secret, { ...ADMIN, root: "true" }),
      (secret) => text(secret, "{"),
      (secret) => text(secret, "null"),
      (secret) => keyItem(tokenKey(secretHash(secret))),
    ];
    const tried = await Promise.all(
      made.map(async (make) => {
        const secret = aSecret();
        await put(make(secret));
        return secret;
      }),
    );
    expect(await Promise.all(tried.map(opens))).toEqual(tried.map(() => 401));
    const forgedOnes = (await tokens.list(null)).filter(({ isGenuine }) => !isGenuine);
    expect(new Set(forgedOnes.map(({ secretHash: hash }) => hash))).toEqual(new Set(tried.map(secretHash)));
    for (const one of forgedOnes) await tokens.revoke(one, AT);
    expect(await Promise.all(tried.map(opens))).toEqual(tried.map(() => 401));
    for (const secret of tried) {
      await expect(tokens.add(ADMIN, secretHash(secret))).rejects.toMatchObject({ code: "forbidden" });
    }
    expect((await tokens.list(null)).filter(({ token }) => token.revoked_at === null)).toHaveLength(1);
  });

  test("is in nobody's way: the token that the operator gives that secret is made", async () => {
    const secret = aSecret();
    await put(forged(secret, { ...ADMIN, revoked_at: AT }));
    await tokens.add(ADMIN, secretHash(secret));
    expect(await opens(secret)).toBe(200);
  });

  test("with the id of a true token does not keep that one from being ended by an admin", async () => {
    const [secret, mine] = [await service.token({ scope: "read" }), aSecret()];
    const { token } = await storedOf(secret);
    await put(forged(mine, { ...ADMIN, id: token.id }));
    const admin = await service.token({ scope: "admin" });
    expect((await service.send(`/v1/tokens/${token.id}`, { method: "DELETE", token: admin })).status).toBe(204);
    expect([await opens(secret), await opens(mine)]).toEqual([401, 401]);
  });

  test("that is a true one's whole item under another secret opens nothing", async () => {
    const mine = aSecret();
    await put({ ...(await itemOf(service.admin)), ...keyItem(tokenKey(secretHash(mine))) });
    expect(await opens(mine)).toBe(401);
  });
});

test("a token of which anything was changed past the service opens nothing", async () => {
  await begin();
  const secret = await service.token({ scope: "ingest", hosts: "dom0-*", expires_at: "2026-12-01T00:00:00.000Z" });
  const status = async () => (await service.send("/v1/status", { token: secret })).status;
  const [{ token }, before] = [await storedOf(secret), await itemOf(secret)];
  for (const change of [
    { scope: "admin" },
    { root: true },
    { fleet: "other" },
    { hosts: null },
    { hosts: "*" },
    { expires_at: null },
    { expires_at: "2099-01-01T00:00:00.000Z" },
    { id: randomUUID() },
    { label: "another" },
    { created_at: AT },
  ]) {
    await put(forged(secret, { ...token, ...change }, itemBytes(before, "mac")));
    expect(await status(), JSON.stringify(change)).toBe(401);
  }
  expect((await storedOf(secret)).isGenuine).toBe(false);
  await put(before);
  expect(await status()).toBe(200);
  end();
});

describe("a revoked token", () => {
  beforeAll(begin);
  afterAll(end);

  const revoked = async () => {
    const secret = await service.token({ scope: "admin" });
    const before = await itemOf(secret);
    await tokens.revoke(await storedOf(secret), AT);
    return { secret, before };
  };

  test("that is put back as it was before opens nothing, and says since when", async () => {
    const { secret, before } = await revoked();
    await put(before);
    for (const store of [tokens, await open(), await open(false)]) {
      expect((await store.find(secretHash(secret)))?.revoked_at).toBe(AT);
    }
    const { error } = await jsonOf<Refusal>(service.send("/v1/runs", { token: secret }), 401);
    expect(error.message).toContain(AT);
  });

  test("whose item is deleted does not come back with its secret", async () => {
    const { secret } = await revoked();
    const Key = keyItem(tokenKey(secretHash(secret)));
    await table.client.send(new DeleteItemCommand({ TableName: table.name, Key }));
    await expect((await open()).add(ADMIN, secretHash(secret))).rejects.toMatchObject({ code: "forbidden" });
  });

  test("is known as such to every process on the folder at once, and after a line that was cut", async () => {
    const other = await open(false);
    const secrets = await Promise.all(["a", "b"].map(() => service.token({ scope: "read" })));
    const items = await Promise.all(secrets.map(itemOf));
    for (const [index, secret] of secrets.entries()) {
      await other.revoke(await storedOf(secret), AT);
      await put(items[index] ?? {});
      expect(await opens(secret)).toBe(401);
      writeFileSync(join(folder, "revoked-tokens"), "0123", { flag: "a" });
    }
    expect(statSync(join(folder, "revoked-tokens")).mode & 0o777).toBe(0o600);
  });
});

test("a list of revoked tokens that is a folder is refused in words", async () => {
  await begin();
  mkdirSync(join(folder, "revoked-tokens"));
  await expect(open()).rejects.toMatchObject({
    name: "StartError",
    message: expect.stringMatching(/revoked-tokens must be a regular file/),
  });
  end();
});

describe("the key", () => {
  const key = () => join(folder, "token-key");
  beforeAll(begin);
  afterAll(end);

  test("is made with the folder, of 32 bytes, for its owner only", () => {
    expect(statSync(key()).mode & 0o777).toBe(0o600);
    expect(readFileSync(key())).toHaveLength(32);
    expect(printed).toEqual([]);
  });

  test("that was removed is made again, and what is in the table then is trusted, once, with a line in the log", async () => {
    rmSync(key());
    // As after a start that broke off half way: codes of a key that nobody has.
    await sealAll(table, { mac: () => new Uint8Array(32), revokedAt: () => null, noteRevoked: () => undefined });
    expect(await (await open()).find(secretHash(service.admin))).not.toBeNull();
    expect(printed).toEqual([`created ${key()}; 1 tokens that were in the table are trusted from now on`]);
    await put(forged("mine", ADMIN));
    expect(await (await open()).find(secretHash("mine"))).toBeNull();
  });

  describe("in place of the right one", () => {
    beforeEach(() => {
      rmSync(key(), { recursive: true, force: true });
      writeFileSync(key(), new Uint8Array(32), { mode: 0o600 });
    });

    test("makes every token one that was written past the service, if it is another's", async () => {
      expect((await (await open()).list(null)).filter(({ isGenuine }) => isGenuine)).toEqual([]);
    });

    test("is not made by a command beside a server, which would go on with the old one", async () => {
      rmSync(key());
      await expect(open(false)).rejects.toThrow(/a server runs on the folder/);
    });

    test.each<[string, () => void, RegExp]>([
      ["others can read it", () => chmodSync(key(), 0o644), /readable by other users \(mode 0644\)/],
      ["the group can write it", () => chmodSync(key(), 0o620), /readable by other users \(mode 0620\)/],
      [
        "it was cut",
        () => writeFileSync(key(), new Uint8Array(31)),
        /has 31 bytes, but a key has 32: it was truncated/,
      ],
      ["it is empty", () => writeFileSync(key(), ""), /has 0 bytes/],
      ["it is a folder", () => [rmSync(key()), mkdirSync(key())], /must be a regular file/],
      ["it is a link", () => [rmSync(key()), symlinkSync("/etc/hostname", key())], /it is a symbolic link/],
      [
        "it is no key",
        () => writeFileSync(key(), new Uint8Array(5_000)),
        /has 5000 bytes, which is too long for a secret/,
      ],
    ])("is refused in words when %s", async (_, spoil, message) => {
      spoil();
      await expect(open()).rejects.toMatchObject({ name: "StartError", message: expect.stringMatching(message) });
    });

    // Only root can give a file away.
    test.skipIf(process.geteuid?.() !== 0)("is refused when it belongs to somebody else", async () => {
      chownSync(key(), 65_534, 65_534);
      await expect(open()).rejects.toThrow(/belongs to user 65534, but this process runs as user 0/);
    });
  });
});

test("where the table's own rights guard it, tokens of a data folder go on working, as theirs do there", async () => {
  await begin();
  const copied = makeTokenStore(table);
  expect(await copied.find(secretHash(service.admin))).toMatchObject({ root: true });
  await copied.add({ ...ADMIN, scope: "read", root: false }, secretHash("of aws"));
  expect(await tokens.find(secretHash("of aws"))).toBeNull();
  rmSync(join(folder, "token-key"));
  expect(await (await open()).find(secretHash("of aws"))).toMatchObject({ scope: "read" });
  end();
});
