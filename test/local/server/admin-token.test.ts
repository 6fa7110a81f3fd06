// The first admin token, broken off after every write of every way to it: whatever a crash leaves, the next start ends as one
// that was never broken off, with one root token and what was revoked still revoked.

import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { makeSecret, secretHash, validRootTokens } from "../../../functions/service/tokens.ts";
import { makeFirstAdminStore, makeTokenStore } from "../../../functions/store/fleet/tokens.ts";
import type { Table } from "../../../functions/store/table/table.ts";
import { ensureAdminToken } from "../../../local/server/admin-token.ts";
import { startTestEngine, type TestEngine } from "../../support/engine.ts";
import { interfering } from "../../support/faulty-table.ts";

let engine: TestEngine;
let table: Table;
let folder: string;
let file: string;
let printed: string[];

beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

beforeEach(async () => {
  table = await engine.newTable();
  folder = mkdtempSync(join(tmpdir(), "vbdstat-admin-"));
  file = join(folder, "admin-token");
  printed = [];
  return () => rmSync(folder, { recursive: true });
});

const clock = () => Date.parse("2026-11-22T10:00:00.000Z");

const depsOf = (of: Table) => ({ tokens: makeTokenStore(of), firstAdmin: makeFirstAdminStore(of), clock });

/** A start with this setting. */
const start = (given: string | null = null, of: Table = table) =>
  ensureAdminToken(depsOf(of), file, given, (line) => printed.push(line));

const roots = async () => (await validRootTokens(depsOf(table))).map((one) => one.secretHash);

const keep = (secret: string) => writeFileSync(file, `${secret}\n`, { mode: 0o600 });

const kept = () => readFileSync(file, "utf8").trim();

const revoke = async (secret: string) => {
  const { tokens } = depsOf(table);
  const found = (await tokens.list(null)).find((one) => one.secretHash === secretHash(secret));
  expect.assert(found !== undefined);
  await tokens.revoke(found, new Date(clock()).toISOString());
};

/** The table, which goes away after so many writes. */
const dying = (writes: number): Table =>
  interfering(table, async ({ name, count }, pass) => {
    if (name === "TransactWriteItems" && count > writes) throw new Error("the server was killed");
    return pass();
  });

/** Starts again and again, killed after one write more each time, until a start comes through. Gives how often it was killed. */
async function startThroughCrashes(given: string | null): Promise<number> {
  for (let writes = 0; ; writes += 1) {
    try {
      await start(given, dying(writes));
      return writes;
    } catch (error) {
      expect(String(error)).toContain("was killed");
    }
  }
}

describe("killed after each write, and started again", () => {
  test("the first start ends with the token of the file", async () => {
    expect(await startThroughCrashes(null)).toBeGreaterThan(1);
    expect(await roots()).toEqual([secretHash(kept())]);
    expect(await start()).toEqual({ secret: kept(), isNew: false });
  });

  test.each([0, 1, 2])("killed once, after %i writes, it does as well", async (writes) => {
    await start(null, dying(writes)).catch(() => undefined);
    await start();
    expect(await roots()).toEqual([secretHash(kept())]);
    expect(printed).toEqual([]);
  });

  test("a new setting ends with its token alone, and with the setting gone it stays so", async () => {
    const old = (await start()).secret ?? "";
    const secret = makeSecret();
    expect(await startThroughCrashes(secret)).toBeGreaterThan(1);
    expect(await roots()).toEqual([secretHash(secret)]);
    expect(await start(secret)).toEqual({ secret, isNew: false });
    expect(await start()).toEqual({ secret: null, isNew: false });
    expect(await roots()).toEqual([secretHash(secret)]);
    expect(existsSync(file)).toBe(false);
    expect(readFileSync(`${file}.revoked`, "utf8").trim()).toBe(old);
  });

  test.each([0, 1, 2, 3])(
    "killed once, after %i writes, and the setting taken back, it starts with a root token",
    async (n) => {
      await start();
      await start(makeSecret(), dying(n)).catch(() => undefined);
      await start();
      expect((await roots()).length).toBeGreaterThan(0);
    },
  );
});

describe("the setting", () => {
  test("revokes every other root token when it is new, and none when it is not", async () => {
    const [first, second] = [makeSecret(), makeSecret()];
    await start(first);
    const { tokens } = depsOf(table);
    const [root] = await tokens.list(null);
    expect.assert(root !== undefined);
    await tokens.add({ ...root.token, id: "another" }, secretHash("another root"));
    await start(first);
    expect(new Set(await roots())).toEqual(new Set([first, "another root"].map(secretHash)));
    await start(second);
    expect(await roots()).toEqual([secretHash(second)]);
  });

  test("with a revoked secret is refused, and says what to do", async () => {
    const secret = makeSecret();
    await start(secret);
    await revoke(secret);
    const message =
      "the secret in VBDSTAT_ADMIN_TOKEN belongs to a revoked token. Set it to a new secret, or unset it.";
    for (let times = 0; times < 2; times += 1) {
      await expect(start(secret)).rejects.toMatchObject({ name: "StartError", message });
    }
    expect(await roots()).toEqual([]);
  });

  test("with the secret of an ordinary token is refused", async () => {
    await start();
    const { tokens } = depsOf(table);
    const [root] = await tokens.list(null);
    expect.assert(root !== undefined);
    const secret = makeSecret();
    await tokens.add({ ...root.token, id: "an-id", root: false }, secretHash(secret));
    await expect(start(secret)).rejects.toThrow(/belongs to token an-id, which is not a root token/);
  });
});

describe("the file", () => {
  test("with a revoked token is renamed, no new token is created, and the log says how to create one", async () => {
    const { secret } = await start();
    await revoke(secret ?? "");
    expect(await start()).toEqual({ secret: null, isNew: false });
    expect(printed).toEqual([
      `${file} has a token that was revoked at 2026-11-22T10:00:00.000Z; renamed to ${file}.revoked`,
      "no root token is left; create one with: vbdstat token create --root",
    ]);
    expect(await roots()).toEqual([]);
    expect(existsSync(file)).toBe(false);
  });

  test("with an unknown token is renamed after the first one was created", async () => {
    await start();
    keep(makeSecret());
    expect(await start()).toEqual({ secret: null, isNew: false });
    expect(printed).toEqual([`${file} has an unknown token; renamed to ${file}.revoked`]);
    expect(await roots()).toHaveLength(1);
  });

  test("with another root token is kept: the operator has put it there", async () => {
    await start();
    const { tokens } = depsOf(table);
    const [root] = await tokens.list(null);
    expect.assert(root !== undefined);
    const secret = makeSecret();
    await tokens.add({ ...root.token, id: "another" }, secretHash(secret));
    keep(secret);
    expect(await start()).toEqual({ secret, isNew: false });
  });

  test.each(["", "x", "two words and more of it", "caf\u00e9-caf\u00e9-caf\u00e9-caf\u00e9"])(
    "that was truncated or has something else (%j) is renamed and never becomes valid",
    async (content) => {
      writeFileSync(file, content, { mode: 0o600 });
      const { secret, isNew } = await start();
      expect(isNew).toBe(true);
      expect(await roots()).toEqual([secretHash(secret ?? "")]);
      expect(printed).toEqual([
        `${file} is not a token: expected 16 to 256 ASCII characters without spaces; renamed to ${file}.bad`,
      ]);
      expect(readFileSync(`${file}.bad`, "utf8")).toBe(content);
    },
  );

  test.each<[string, () => void, RegExp]>([
    [
      "others can read it",
      () => chmodSync(file, 0o644),
      /admin-token contains a secret and is readable by other users \(mode 0644\)/,
    ],
    ["it is a folder", () => [rmSync(file), mkdirSync(file)], /admin-token .* must be a regular file/],
    ["it is a pipe", () => [rmSync(file), execFileSync("mkfifo", [file])], /must be a regular file/],
    [
      "it leads to itself",
      () => [rmSync(file), symlinkSync(file, file)],
      /admin-token .* must be a file; it is a symbolic link/,
    ],
  ])("is refused in words when %s", async (_, spoil, message) => {
    keep(makeSecret());
    spoil();
    await expect(start()).rejects.toMatchObject({ name: "StartError", message: expect.stringMatching(message) });
  });

  // Only root can give a file away.
  test.skipIf(process.geteuid?.() !== 0)("is refused when it belongs to somebody else", async () => {
    keep(makeSecret());
    chownSync(file, 65_534, 65_534);
    await expect(start()).rejects.toThrow(/belongs to user 65534, but this process runs as user 0/);
  });

  test("that is gone is not made again while any root token is valid", async () => {
    await start();
    rmSync(file);
    expect(await start()).toEqual({ secret: null, isNew: false });
    expect(printed).toEqual([]);
    expect(await roots()).toHaveLength(1);
  });
});
