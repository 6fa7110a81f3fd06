import { makeSecret, secretHash } from "../../functions/service/secret.ts";
import { makeRootToken, makeToken } from "../../functions/service/tokens.ts";
import { makeShareStore } from "../../functions/store/shares.ts";
import type { Table } from "../../functions/store/table.ts";
import { newToken } from "../../shared/api/token-requests.ts";
import { AppError, errorText } from "../../shared/errors.ts";
import { printable, quoted } from "../../shared/run/text.ts";
import type { StoredToken, Token } from "../../shared/run/token.ts";
import {
  type Arguments,
  type Command,
  DEFAULT_FLEET,
  fleetOption,
  rejectUnknownFleet,
  textOption,
  UsageError,
} from "./command.ts";

export const token: Command = {
  help: `vbdstat token make --scope S [--fleet F] [--hosts PATTERN] [--expires-at TIME] [--label TEXT]
Makes, lists and ends tokens of any fleet: whoever may read the data folder may do so.

vbdstat token make --root [--expires-at TIME] [--label TEXT]
vbdstat token list [--fleet F] [--revoked]
vbdstat token end ID [--fleet F] [--shares]

  --scope S          ingest adds results, read reads everything, admin may do all
  --root             as the first admin token: it makes tokens for any fleet
  --fleet F          make: the fleet; "default" if not given, a new name makes a new fleet.
                     list, end: only tokens of that fleet; all if not given
  --hosts PATTERN    ingest only: the hosts it may post for, * standing for any characters
  --expires-at TIME  when it ends, e.g. 2027-12-31T00:00:00Z; never if not given
  --label TEXT       a note for people
  --revoked          lists those that were ended, too; they stay in the store for good
  --shares           ends the shares that the token has made as well

The secret is printed once, on a line of its own, and stored as a hash only. The list has everything
that a secret could lead to. "not valid" is what was written or changed past the service, or copied
from another store: it opens nothing, and can be ended.

Exit codes: 0 done; 1 not done, or no such token; 2 wrong arguments.`,
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
    if (others.length === 0 && action === "make" && id === undefined) return make(given);
    if (others.length === 0 && action === "list" && id === undefined) return list(given, fleet);
    if (others.length === 0 && action === "end" && id !== undefined) return end(given, fleet, id);
    throw new UsageError(`expected make, list or end ID, found ${JSON.stringify(given.positionals.join(" "))}`);
  },
};

type Work = ReturnType<Command["prepare"]>;

function make(given: Arguments): Work {
  const made = given.values["root"] === true ? askedRoot(given) : asked(given);
  return async (_, { out }, store) => {
    const secret = makeSecret();
    await (await store.tokens()).add(made, secretHash(secret));
    await out(`${secret}\n`);
    return 0;
  };
}

function askedRoot(given: Arguments): Token {
  for (const name of ["scope", "fleet", "hosts"]) {
    const found = textOption(given, name);
    if (found !== undefined) {
      throw new UsageError(`--root: expected no --${name}, which a root token does not have, found ${quoted(found)}`);
    }
  }
  const { label, expires_at } = asked(given, { scope: "admin" });
  return makeRootToken(Date.now, label ?? "root token", expires_at);
}

/** The token that the options ask for; `fixed` is not asked. Throws UsageError. */
function asked(given: Arguments, fixed: { readonly scope?: "admin" } = {}): Token {
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
      await out(`${printable(lineOf(stored))}\n`);
    }
    return 0;
  };

function lineOf({ token: { id, fleet, scope, root, hosts, expires_at, label, revoked_at }, isGenuine }: StoredToken) {
  const facts = [
    !isGenuine && "NOT VALID: written past the service or copied from elsewhere",
    revoked_at && `revoked ${revoked_at}`,
    root && "root",
    hosts && `hosts ${hosts}`,
    expires_at && `ends ${expires_at}`,
    label,
  ];
  return `${id}  ${fleet}  ${scope.padEnd(6)}  ${facts.filter(Boolean).join(", ")}`.trimEnd();
}

const end =
  (given: Arguments, fleet: string | null, id: string): Work =>
  async (table, { out, error }, store) => {
    const tokens = await store.tokens();
    const found = (await tokens.list(fleet)).filter(({ token: one }) => one.id === id);
    const at = new Date().toISOString();
    const open = found.filter(({ token: one }) => one.revoked_at === null);
    for (const stored of open) await tokens.revoke(stored, at);
    if (given.values["shares"] === true) {
      for (const of of new Set(found.map(({ token: one }) => one.fleet))) {
        const ended = await endShares(table, of, id, at);
        await out(`ended ${ended} shares of ${id}\n`);
      }
    }
    if (open.length === 0) {
      const where = fleet === null ? "there is no" : `fleet ${fleet} has no`;
      error(`${where} token ${JSON.stringify(id)}${found.length === 0 ? "" : " that was not ended before"}\n`);
      return 1;
    }
    await out(`ended ${id}\n`);
    return 0;
  };

/** Ends the shares of a fleet that a token has made; how many. */
async function endShares(table: Table, fleet: string, tokenId: string, at: string): Promise<number> {
  const shares = makeShareStore(table);
  let ended = 0;
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await shares.list(fleet, 100, cursor);
    for (const share of page.items) {
      if (share.created_by.token_id !== tokenId) continue;
      await shares.revoke(share, at);
      ended += 1;
    }
    cursor = page.cursor;
  }
  return ended;
}
