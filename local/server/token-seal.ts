// The seal of the tokens of a data folder. The engine authenticates nobody, so an item in the table proves nothing: each token has a code
// (HMAC) made with the key of the folder (`token-key`), and the folder lists the revoked tokens (`revoked-tokens`), so that an old item
// cannot be put back.

import { createHmac, randomBytes } from "node:crypto";
import { closeSync, fsyncSync, lstatSync, openSync, readFileSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { makeTokenStore, sealAll, type TokenSeal, type TokenStore } from "../../functions/store/fleet/tokens.ts";
import type { Table } from "../../functions/store/table/table.ts";
import { readSecretFile, writeSecretFile } from "./admin-token.ts";
import { StartError } from "./start-error.ts";

/** Bytes of a key: the length of a SHA-256 digest. */
const KEY_BYTES = 32;

/**
 * The tokens of a data folder's table. If the folder has no key, creates one, and seals every token that is in the table: the folder is older
 * than the keys, or the table was copied from elsewhere. Only the holder of the folder may do that (`isHolder`); another process throws
 * StartError. Throws StartError for a key that others can read, or that is too short, and for a list of revoked tokens that is not a
 * file.
 */
export async function openSealedTokens(
  table: Table,
  folder: string,
  { isHolder, print }: { readonly isHolder: boolean; readonly print: (line: string) => void },
): Promise<TokenStore> {
  const file = join(folder, "token-key");
  const revoked = revokedTokens(join(folder, "revoked-tokens"));
  const key = readSecretFile(file);
  if (key !== null) {
    if (key.length < KEY_BYTES) {
      throw new StartError(
        `${file} has ${key.length} bytes, but a key has ${KEY_BYTES}: it was truncated. Restore it from a backup; or remove it, and the next start creates a new one and trusts every token that is in the table then.`,
      );
    }
    return makeTokenStore(table, { mac: makeMac(key), ...revoked });
  }
  if (!isHolder) {
    throw new StartError(`${file} does not exist, and a server runs on the folder. Restart that server.`);
  }
  const created = randomBytes(KEY_BYTES);
  const seal = { mac: makeMac(created), ...revoked };
  const sealed = await sealAll(table, seal);
  // Last: without a key in the folder the next start repeats all of it.
  writeSecretFile(file, created);
  if (sealed > 0) print(`created ${file}; ${sealed} tokens that were in the table are trusted from now on`);
  return makeTokenStore(table, seal);
}

const makeMac = (key: Uint8Array) => (text: string) => createHmac("sha256", key).update(text).digest();

/**
 * The list of revoked tokens in a file: a line for each, with the hash of its secret and the time. The file only grows. Several processes
 * may append to it; each reads it again when it has changed. Throws StartError when it is not a file.
 */
function revokedTokens(file: string): Pick<TokenSeal, "revokedAt" | "noteRevoked"> {
  if (lstatSync(file, { throwIfNoEntry: false })?.isFile() === false) {
    throw new StartError(
      `${file} must be a regular file. Restore it from a backup; without it, revoked tokens become valid again.`,
    );
  }
  let known: ReadonlyMap<string, string> = new Map();
  let read = "";

  function current(): ReadonlyMap<string, string> {
    const found = statSync(file, { throwIfNoEntry: false });
    const state = found === undefined ? "" : `${found.ino} ${found.size} ${found.mtimeMs}`;
    if (state !== read) {
      // A line that a crash has cut is ignored: the token is revoked in the table, or the revocation had failed.
      const lines = found === undefined ? [] : readFileSync(file, "utf8").matchAll(/^([0-9a-f]{64}) (\S+Z)$/gm);
      // The first line of a token has the time of its revocation.
      known = new Map([...lines].reverse().map(([, hash = "", at = ""]) => [hash, at]));
      read = state;
    }
    return known;
  }

  return {
    revokedAt: (secretHash) => current().get(secretHash) ?? null,
    noteRevoked: (secretHash, at) => {
      const handle = openSync(file, "a", 0o600);
      try {
        // On a new line, because a crash may have left half a line.
        writeSync(handle, `\n${secretHash} ${at}\n`);
        fsyncSync(handle);
      } finally {
        closeSync(handle);
      }
    },
  };
}
