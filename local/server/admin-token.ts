// The first admin token of a machine: made once in the life of a table, or set by the operator, and kept in a file that only
// its owner can read. What was revoked stays revoked, even if a file or a setting still holds it.

import { closeSync, constants, fstatSync, fsyncSync, openSync, readSync, renameSync, rmSync, writeSync } from "node:fs";
import { makeSecret, secretHash } from "../../functions/service/secret.ts";
import { type FirstAdminDeps, installFirstAdmin, validRootTokens } from "../../functions/service/tokens.ts";
import { AppError } from "../../shared/errors.ts";
import { StartError } from "./start-error.ts";

// Files that hold a secret: for their owner only, written whole or not at all.

/** No secret is longer; what is, is another file. */
const MAX_BYTES = 4_096;

/**
 * The content of a secret's file; null when there is no such file. Throws StartError when it is not a file, belongs to somebody else or
 * can be read by others: then somebody may know the secret, or may have chosen it.
 */
export function readSecretFile(path: string): Buffer | null {
  let file: number;
  try {
    // Not waiting where somebody has put a pipe, nor following where they have put a link.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    if (error instanceof Error && "code" in error && error.code === "ELOOP") {
      throw new StartError(
        `${path} holds a secret and must be a file; it is a symbolic link. Remove it, or put the file itself in its place.`,
      );
    }
    throw new StartError(`${path} cannot be read: ${reasonOf(error)}`, { cause: error });
  }
  try {
    const { mode, uid, size } = fstatSync(file);
    if ((mode & constants.S_IFMT) !== constants.S_IFREG) {
      throw new StartError(`${path} holds a secret and must be a file, which it is not. Remove or rename it.`);
    }
    const own = process.geteuid?.();
    if (own !== undefined && uid !== own) {
      throw new StartError(
        `${path} holds a secret and belongs to user ${uid}, while this process is user ${own}.\nRun it as the owner of the data folder, or: chown ${own} ${path}`,
      );
    }
    if ((mode & 0o077) !== 0) {
      throw new StartError(
        `${path} holds a secret and others can read it (mode ${(mode & 0o777).toString(8).padStart(4, "0")}).\nIf nobody has: chmod 600 ${path}. If somebody may have: make a new one (docs/runbook.md, Tokens).`,
      );
    }
    if (size > MAX_BYTES) throw new StartError(`${path} holds a secret and has ${size} bytes, which no secret has.`);
    const content = Buffer.alloc(MAX_BYTES);
    return content.subarray(0, readSync(file, content));
  } finally {
    closeSync(file);
  }
}

/** Writes a secret for the owner only, in place of what was there; it is on the disk when this returns. Throws StartError. */
export function writeSecretFile(path: string, content: string | Uint8Array): void {
  const part = `${path}.part`;
  try {
    rmSync(part, { force: true });
    const file = openSync(part, "wx", 0o600);
    try {
      writeSync(file, Buffer.from(content));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(part, path);
  } catch (error) {
    throw new StartError(`${path} cannot be written: ${reasonOf(error)}`, { cause: error });
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The first admin token, as far as this start knows it. */
export interface AdminToken {
  /** Its secret; null when it was made before, and neither the setting nor the file has it. */
  readonly secret: string | null;
  /** Whether it was made just now and must be shown. */
  readonly isNew: boolean;
}

/** A secret as a header can hold it, and long enough not to be guessed; functions/env.ts asks the same of the setting. */
const SECRET = /^[\x21-\x7e]{16,256}$/;

/**
 * Makes sure that the first admin token is `given`, if that is set; else that there is one, made now if none ever was. A
 * file that holds no root token is renamed, and `print` told so. Throws StartError for a given secret or a file that
 * must not be used.
 */
export async function ensureAdminToken(
  deps: FirstAdminDeps,
  file: string,
  given: string | null,
  print: (line: string) => void,
): Promise<AdminToken> {
  if (given !== null) await installGiven(deps, given);
  const kept = await keptSecret(deps, file, print);
  if (given !== null) return { secret: given, isNew: false };
  if (kept !== null) return { secret: kept, isNew: false };
  const roots = await validRootTokens(deps);
  if (roots.length === 0 && (await deps.firstAdmin.get()) === null) {
    const secret = makeSecret();
    // First: a file whose token the table does not know yet is made good by the next start.
    writeSecretFile(file, `${secret}\n`);
    await installFirstAdmin(deps, secretHash(secret));
    return { secret, isNew: true };
  }
  const newest = roots.at(-1);
  if (newest === undefined) print("no root token is left; make one with: vbdstat token make --root");
  else if ((await deps.firstAdmin.get()) === null) await deps.firstAdmin.set(newest.secretHash);
  return { secret: null, isNew: false };
}

async function installGiven(deps: FirstAdminDeps, given: string): Promise<void> {
  const hash = secretHash(given);
  const found = await deps.tokens.find(hash);
  const isOther = found !== null && !found.root;
  const isCurrent = found !== null && found.revoked_at === null && (await deps.firstAdmin.get()) === hash;
  if (isCurrent && !isOther) return;
  if (isOther || !(await isInstalled(deps, hash))) {
    const why = isOther ? `is that of token ${found.id}, which is no root token` : "is that of a revoked token";
    throw new StartError(`the secret in VBDSTAT_ADMIN_TOKEN ${why}. Set it to a new secret, or unset it.`);
  }
}

/** Installs a secret as the first admin token's; false for that of a revoked token. */
async function isInstalled(deps: FirstAdminDeps, hash: string): Promise<boolean> {
  try {
    await installFirstAdmin(deps, hash);
    return true;
  } catch (error) {
    if (error instanceof AppError && error.code === "forbidden") return false;
    throw error;
  }
}

/** The secret in the file, if it is a root token's or becomes the first one's; otherwise the file is put aside. */
async function keptSecret(deps: FirstAdminDeps, file: string, print: (line: string) => void): Promise<string | null> {
  const content = readSecretFile(file);
  if (content === null) return null;
  const putAside = (end: string, why: string) => {
    renameSync(file, `${file}.${end}`);
    print(`${file} ${why}; renamed to ${file}.${end}`);
    return null;
  };
  const secret = content.toString("latin1").trim();
  if (!SECRET.test(secret)) {
    return putAside("bad", "does not hold 16 to 256 characters of ASCII without blanks, so it is no token");
  }
  const hash = secretHash(secret);
  const found = await deps.tokens.find(hash);
  if (found !== null && found.revoked_at !== null) {
    return putAside("revoked", `holds a token that was revoked at ${found.revoked_at}`);
  }
  if (found !== null && !found.root) return putAside("revoked", "holds a token that is no root token");
  const isFirst = (await deps.firstAdmin.get()) === null;
  if (found === null && !(isFirst && (await isInstalled(deps, hash)))) {
    return putAside("revoked", "holds a token that is not known here");
  }
  if (found !== null && isFirst) await deps.firstAdmin.set(hash);
  return secret;
}
