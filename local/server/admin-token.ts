// The first admin token of a machine: created once per table, or set by the operator, and stored in a file that only its owner can read. A
// revoked token stays revoked, even if a file or a setting still has it. Also: reading and writing files with a secret.

import { closeSync, constants, fstatSync, fsyncSync, openSync, readSync, renameSync, rmSync, writeSync } from "node:fs";
import {
  type FirstAdminDeps,
  installFirstAdmin,
  makeSecret,
  secretHash,
  validRootTokens,
} from "../../functions/service/tokens.ts";
import { AppError } from "../../shared/errors.ts";
import { errorMessage, StartError } from "./start-error.ts";

/** A longer file is not a secret. */
const MAX_BYTES = 4_096;

/**
 * Reads a file with a secret; null when it does not exist. Throws StartError when it is not a file, belongs to another user or is readable
 * by others: then another user may know the secret, or may have chosen it.
 */
export function readSecretFile(path: string): Buffer | null {
  let file: number;
  try {
    // Neither waits for a pipe nor follows a link that another user may have put there.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    if (error instanceof Error && "code" in error && error.code === "ELOOP") {
      throw new StartError(
        `${path} contains a secret and must be a file; it is a symbolic link. Remove it, or replace it with the file itself.`,
      );
    }
    throw new StartError(`${path} cannot be read: ${errorMessage(error)}`, { cause: error });
  }
  try {
    const { mode, uid, size } = fstatSync(file);
    if ((mode & constants.S_IFMT) !== constants.S_IFREG) {
      throw new StartError(`${path} contains a secret and must be a regular file. Remove or rename it.`);
    }
    const own = process.geteuid?.();
    if (own !== undefined && uid !== own) {
      throw new StartError(
        `${path} contains a secret and belongs to user ${uid}, but this process runs as user ${own}.\nRun it as the owner of the data folder, or: chown ${own} ${path}`,
      );
    }
    if ((mode & 0o077) !== 0) {
      throw new StartError(
        `${path} contains a secret and is readable by other users (mode ${(mode & 0o777).toString(8).padStart(4, "0")}).\nIf nobody has read it: chmod 600 ${path}. Otherwise create a new one (docs/runbook.md, Tokens).`,
      );
    }
    if (size > MAX_BYTES) throw new StartError(`${path} has ${size} bytes, which is too long for a secret.`);
    const content = Buffer.alloc(MAX_BYTES);
    return content.subarray(0, readSync(file, content));
  } finally {
    closeSync(file);
  }
}

/** Replaces a file with a secret, readable by the owner only, and flushes it. Throws StartError. */
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
    throw new StartError(`${path} cannot be written: ${errorMessage(error)}`, { cause: error });
  }
}

/** The first admin token, as this start found it. */
export interface AdminToken {
  /** Its secret; null when it was created earlier, and neither the setting nor the file has it. */
  readonly secret: string | null;
  /** Whether it was just created and must be shown. */
  readonly isNew: boolean;
}

/** A secret that fits into a header and cannot be guessed; functions/env.ts has the same rule for the setting. */
const SECRET = /^[\x21-\x7e]{16,256}$/;

/**
 * Ensures that the first admin token is `given`, if that is set; otherwise that one exists, and creates it if the table never had one.
 * Renames a file without a valid root token, and reports that to `print`. Throws StartError for a given secret or a file that must not be
 * used.
 */
export async function ensureAdminToken(
  deps: FirstAdminDeps,
  file: string,
  given: string | null,
  print: (line: string) => void,
): Promise<AdminToken> {
  if (given !== null) await installGiven(deps, given);
  const stored = await readStoredSecret(deps, file, print);
  if (given !== null) return { secret: given, isNew: false };
  if (stored !== null) return { secret: stored, isNew: false };
  const roots = await validRootTokens(deps);
  if (roots.length === 0 && (await deps.firstAdmin.get()) === null) {
    const secret = makeSecret();
    // The file first: the next start installs a token that the table does not have yet.
    writeSecretFile(file, `${secret}\n`);
    await installFirstAdmin(deps, secretHash(secret));
    return { secret, isNew: true };
  }
  const newest = roots.at(-1);
  if (newest === undefined) print("no root token is left; create one with: vbdstat token create --root");
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
    const why = isOther ? `belongs to token ${found.id}, which is not a root token` : "belongs to a revoked token";
    throw new StartError(`the secret in VBDSTAT_ADMIN_TOKEN ${why}. Set it to a new secret, or unset it.`);
  }
}

/** Installs a secret as the first admin token; false if it belongs to a revoked token. */
async function isInstalled(deps: FirstAdminDeps, hash: string): Promise<boolean> {
  try {
    await installFirstAdmin(deps, hash);
    return true;
  } catch (error) {
    if (error instanceof AppError && error.code === "forbidden") return false;
    throw error;
  }
}

/** The secret in the file, if it belongs to a root token or becomes the first admin token; otherwise renames the file. */
async function readStoredSecret(
  deps: FirstAdminDeps,
  file: string,
  print: (line: string) => void,
): Promise<string | null> {
  const content = readSecretFile(file);
  if (content === null) return null;
  const setAside = (suffix: string, why: string) => {
    renameSync(file, `${file}.${suffix}`);
    print(`${file} ${why}; renamed to ${file}.${suffix}`);
    return null;
  };
  const secret = content.toString("latin1").trim();
  if (!SECRET.test(secret)) {
    return setAside("bad", "is not a token: expected 16 to 256 ASCII characters without spaces");
  }
  const hash = secretHash(secret);
  const found = await deps.tokens.find(hash);
  if (found !== null && found.revoked_at !== null) {
    return setAside("revoked", `has a token that was revoked at ${found.revoked_at}`);
  }
  if (found !== null && !found.root) return setAside("revoked", "has a token that is not a root token");
  const isFirst = (await deps.firstAdmin.get()) === null;
  if (found === null && !(isFirst && (await isInstalled(deps, hash)))) {
    return setAside("revoked", "has an unknown token");
  }
  if (found !== null && isFirst) await deps.firstAdmin.set(hash);
  return secret;
}
