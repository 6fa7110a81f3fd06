// `vbdstat token`: creates, lists and revokes tokens.

import { makeRootToken, makeSecret, makeToken, secretHash } from "../../functions/service/tokens.ts";
import { makeShareStore } from "../../functions/store/fleet/shares.ts";
import type { Table } from "../../functions/store/table/table.ts";
import { newToken } from "../../shared/api/token-requests.ts";
import { AppError, errorText } from "../../shared/errors.ts";
import { printable, quoted } from "../../shared/run/text.ts";
import type { StoredToken, Token } from "../../shared/run/token.ts";
import { type Arguments, textOption, UsageError } from "./arguments.ts";
import { type Command, DEFAULT_FLEET, fleetOption, rejectUnknownFleet } from "./command.ts";

export const token: Command = {
  help: `vbdstat token create --scope S [--fleet F] [--hosts PATTERN] [--expires-at TIME] [--label TEXT]
Creates, lists and revokes tokens for any fleet. Needs access to the data folder.

vbdstat token create --root [--expires-at TIME] [--label TEXT]
vbdstat token list [--fleet F] [--revoked]
vbdstat token revoke ID [--fleet F] [--shares]

  --scope S          ingest: adds results; read: reads everything; admin: everything
  --root             like the first admin token: can create tokens for any fleet
  --fleet F          create: the fleet; "default" if not given, a new name creates a new fleet.
                     list, revoke: only tokens of that fleet; all if not given
  --hosts PATTERN    ingest only: the hosts it may post for; * matches any characters
  --expires-at TIME  when it expires, e.g. 2027-12-31T00:00:00Z; never if not given
  --label TEXT       a note for people
  --revoked          also lists revoked tokens, which stay in the store permanently
  --shares           also revokes the shares that the token has created

The secret is printed once, on its own line, and stored only as a hash. "NOT VALID" marks a token
that was written or changed without the service, or copied from another store: it grants no access,
and can be revoked.

Exit codes: 0 success; 1 failure, or no such token; 2 usage error.`,
  options: {
    fleet: { type: "string" },
    scope: { type: "string" },
    root: { type: "boolean" },
    hosts: { type: "string" },
    "expires-at": { type: "string" },
    label: { type: "string" },
    revoked: { type: "boolean" },
    shares: { type: "boolean" },
  },
  mayCreate: true,
  prepare(given) {
    const [action, id, ...others] = given.positionals;
    const fleet = fleetOption(given) ?? null;
    if (others.length === 0 && action === "create" && id === undefined) return create(given);
    if (others.length === 0 && action === "list" && id === undefined) return list(given, fleet);
    if (others.length === 0 && action === "revoke" && id !== undefined) return revoke(given, fleet, id);
    throw new UsageError(`expected create, list or revoke ID, found ${JSON.stringify(given.positionals.join(" "))}`);
  },
};

type Work = ReturnType<Command["prepare"]>;

function create(given: Arguments): Work {
  const created = given.values["root"] === true ? parseRootToken(given) : parseToken(given);
  return async (_, { out }, store) => {
    const secret = makeSecret();
    await (await store.tokens()).add(created, secretHash(secret));
    await out(`${secret}\n`);
    return 0;
  };
}

function parseRootToken(given: Arguments): Token {
  for (const name of ["scope", "fleet", "hosts"]) {
    const found = textOption(given, name);
    if (found !== undefined) {
      throw new UsageError(`--root: expected no --${name}, which a root token does not have, found ${quoted(found)}`);
    }
  }
  const { label, expires_at } = parseToken(given, { scope: "admin" });
  return makeRootToken(Date.now, label ?? "root token", expires_at);
}

/** The token that the options describe; `fixed` overrides them. Throws UsageError. */
function parseToken(given: Arguments, fixed: { readonly scope?: "admin" } = {}): Token {
  const fleet = fleetOption(given) ?? DEFAULT_FLEET;
  const read = newToken.safeParse({
    scope: textOption(given, "scope"),
    fleet,
    hosts: textOption(given, "hosts"),
    expires_at: textOption(given, "expires-at"),
    label: textOption(given, "label"),
    ...fixed,
  });
  if (!read.success) {
    const [issue] = read.error.issues;
    const field = String(issue?.path[0]);
    const found = textOption(given, OPTIONS[field] ?? field);
    throw new UsageError(
      `${optionName(field)}: ${issue?.message}, found ${found === undefined ? "nothing" : quoted(found)}`,
    );
  }
  try {
    return makeToken(read.data, fleet, Date.now);
  } catch (error) {
    if (error instanceof AppError) throw new UsageError(errorText(error, { nameOf: optionName }));
    throw error;
  }
}

/** Options whose names differ from the fields of a request. */
const OPTIONS: Readonly<Record<string, string>> = { expires_at: "expires-at" };

const optionName = (field: string): string => `--${OPTIONS[field] ?? field}`;

const list =
  (given: Arguments, fleet: string | null): Work =>
  async (table, { out }, store) => {
    if (fleet !== null) await rejectUnknownFleet(table, fleet);
    for (const stored of await (await store.tokens()).list(fleet)) {
      if (stored.token.revoked_at !== null && given.values["revoked"] !== true) continue;
      await out(`${printable(formatToken(stored))}\n`);
    }
    return 0;
  };

function formatToken({
  token: { id, fleet, scope, root, hosts, expires_at, label, revoked_at },
  isGenuine,
}: StoredToken) {
  const facts = [
    !isGenuine && "NOT VALID: written without the service, or copied from another store",
    revoked_at && `revoked ${revoked_at}`,
    root && "root",
    hosts && `hosts ${hosts}`,
    expires_at && `expires ${expires_at}`,
    label,
  ];
  return `${id}  ${fleet}  ${scope.padEnd(6)}  ${facts.filter(Boolean).join(", ")}`.trimEnd();
}

const revoke =
  (given: Arguments, fleet: string | null, id: string): Work =>
  async (table, { out, error }, store) => {
    const tokens = await store.tokens();
    const found = (await tokens.list(fleet)).filter(({ token: one }) => one.id === id);
    const at = new Date().toISOString();
    const open = found.filter(({ token: one }) => one.revoked_at === null);
    for (const stored of open) await tokens.revoke(stored, at);
    if (given.values["shares"] === true) {
      for (const of of new Set(found.map(({ token: one }) => one.fleet))) {
        const count = await revokeShares(table, of, id, at);
        await out(`revoked ${count} shares of ${id}\n`);
      }
    }
    if (open.length === 0) {
      const where = fleet === null ? "there is no" : `fleet ${fleet} has no`;
      error(`${where} token ${JSON.stringify(id)}${found.length === 0 ? "" : " that is not revoked already"}\n`);
      return 1;
    }
    await out(`revoked ${id}\n`);
    return 0;
  };

/** Revokes the shares of a fleet that a token has created; returns how many. */
async function revokeShares(table: Table, fleet: string, tokenId: string, at: string): Promise<number> {
  const shares = makeShareStore(table);
  let count = 0;
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await shares.list(fleet, 100, cursor);
    for (const share of page.items) {
      if (share.created_by.token_id !== tokenId) continue;
      await shares.revoke(share, at);
      count += 1;
    }
    cursor = page.cursor;
  }
  return count;
}
