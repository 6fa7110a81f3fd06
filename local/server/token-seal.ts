// What guards the tokens of a data folder. Its engine asks nobody who they are, so the table alone proves nothing: each
// token carries a code made with a key that lies in the folder (`token-key`), and the folder remembers which tokens were
// revoked (`revoked-tokens`), so that an item from before cannot be put back.

import { createHmac, randomBytes } from "node:crypto";
import { closeSync, fsyncSync, lstatSync, openSync, readFileSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Table } from "../../functions/store/table.ts";
import { makeTokenStore, sealAll, type TokenSeal, type TokenStore } from "../../functions/store/tokens.ts";
import { readSecretFile, writeSecretFile } from "./admin-token.ts";
import { StartError } from "./start-error.ts";

/** Bytes of a key, as many as of what SHA-256 gives. */
const KEY_BYTES = 32;

/**
 * The tokens of a data folder's table. Where the folder has no key one is made, and every token that is in the table then is
 * given its code: the folder is older than the keys, or the table was copied from elsewhere. Only the holder of the folder may
 * do that (`isHolder`); another process throws StartError. Throws StartError for a key that others can read, or that is too
 * short, and for a list of revoked tokens that is no file.
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
        `${file} has ${key.length} bytes, where a key has ${KEY_BYTES}: it was cut. Restore it from a backup; or remove it, and the next start makes a new one and trusts every token that is in the table then.`,
      );
    }
    return makeTokenStore(table, { mac: codesWith(key), ...revoked });
  }
  if (!isHolder) {
    throw new StartError(`there is no ${file}, and a server runs on the folder. Stop that server and start it again.`);
  }
  const made = randomBytes(KEY_BYTES);
  const seal = { mac: codesWith(made), ...revoked };
  const sealed = await sealAll(table, seal);
  // Last: without a key in the folder the next start does all of it again.
  writeSecretFile(file, made);
  if (sealed > 0) print(`made ${file}; ${sealed} tokens that were in the table are trusted from now on`);
  return makeTokenStore(table, seal);
}

const codesWith = (key: Uint8Array) => (text: string) => createHmac("sha256", key).update(text).digest();

/**
 * The list of revoked tokens in a file: a line for each, the hash of its secret and since when. The file only ever grows.
 * Several processes may add to it; each reads it again when it has changed. Throws StartError when it is no file.
 */
function revokedTokens(file: string): Pick<TokenSeal, "revokedAt" | "noteRevoked"> {
  if (lstatSync(file, { throwIfNoEntry: false })?.isFile() === false) {
    throw new StartError(
      `${file} must be a file, which it is not. Restore it from a backup; without it revoked tokens can be put back.`,
    );
  }
  let known: ReadonlyMap<string, string> = new Map();
  let read = "";

  function current(): ReadonlyMap<string, string> {
    const found = statSync(file, { throwIfNoEntry: false });
    const state = found === undefined ? "" : `${found.ino} ${found.size} ${found.mtimeMs}`;
    if (state !== read) {
      // A line that a crash has cut is left out; the table still says that the token is revoked, or the revocation had failed.
      const lines = found === undefined ? [] : readFileSync(file, "utf8").matchAll(/^([0-9a-f]{64}) (\S+Z)$/gm);
      // The first line of a token says when it was revoked.
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
        // On a line of its own, whatever a crash has left.
        writeSync(handle, `\n${secretHash} ${at}\n`);
        fsyncSync(handle);
      } finally {
        closeSync(handle);
      }
    },
  };
}
