import { makeSecret, secretHash } from "../../functions/http/secret.ts";
import { tokenAskedFor } from "../../functions/ingest/new-token.ts";
import { makeTokenStore } from "../../functions/store/tokens.ts";
import { newToken } from "../../shared/api/token-requests.ts";
import { AppError } from "../../shared/errors.ts";
import { printable } from "../../shared/model/printable.ts";
import { quoted } from "../../shared/model/quoted.ts";
import { type Arguments, type Command, textOption, UsageFault } from "./command.ts";
import { DEFAULT_FLEET, fleetOption, refuseUnknownFleet } from "./fleet-option.ts";

export const token: Command = {
  help: `vbdstat token make --scope S [--fleet F] [--hosts PATTERN] [--expires-at TIME] [--label TEXT]
Makes, lists and ends tokens of any fleet: whoever may read the data folder may do so.

vbdstat token list [--fleet F]
vbdstat token end ID [--fleet F]

  --scope S          ingest adds results, read reads everything, admin may do all
  --fleet F          the fleet; "default" if not given, a new name makes a new fleet
  --hosts PATTERN    ingest only: the hosts it may post for, * standing for any characters
  --expires-at TIME  when it ends, e.g. 2027-12-31T00:00:00Z; never if not given
  --label TEXT       a note for people

The secret is printed once, on a line of its own, and stored as a hash only.

Exit codes: 0 done; 1 not done, or no such token; 2 wrong arguments.`,
  options: {
    fleet: { type: "string" },
    scope: { type: "string" },
    hosts: { type: "string" },
    "expires-at": { type: "string" },
    label: { type: "string" },
  },
  mayCreate: true,
  prepare(given) {
    const [action, id, ...others] = given.positionals;
    const fleet = fleetOption(given) ?? DEFAULT_FLEET;
    if (others.length === 0 && action === "make" && id === undefined) return make(given, fleet);
    if (others.length === 0 && action === "list" && id === undefined) return list(fleet);
    if (others.length === 0 && action === "end" && id !== undefined) return end(fleet, id);
    throw new UsageFault(`expected make, list or end ID, found ${JSON.stringify(given.positionals.join(" "))}`);
  },
};

function make(given: Arguments, fleet: string): ReturnType<Command["prepare"]> {
  const asked = newToken.safeParse({
    scope: textOption(given, "scope"),
    fleet,
    hosts: textOption(given, "hosts"),
    expires_at: textOption(given, "expires-at"),
    label: textOption(given, "label"),
  });
  if (!asked.success) {
    const [issue] = asked.error.issues;
    const name = String(issue?.path[0]).replace("_", "-");
    const found = textOption(given, name);
    throw new UsageFault(`--${name}: ${issue?.message}, found ${found === undefined ? "nothing" : quoted(found)}`);
  }
  const made = asTold(() => tokenAskedFor(asked.data, fleet, Date.now));
  return async (table, { out }) => {
    const secret = makeSecret();
    await makeTokenStore(table).add(made, secretHash(secret));
    await out(`${secret}\n`);
    return 0;
  };
}

/** What is refused of a request is refused of an option, whose name has a dash. */
function asTold<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof AppError) throw new UsageFault(`--${error.message.replace("expires_at", "expires-at")}`);
    throw error;
  }
}

const list =
  (fleet: string): ReturnType<Command["prepare"]> =>
  async (table, { out }) => {
    await refuseUnknownFleet(table, fleet);
    for (const { id, scope, hosts, expires_at, label } of await makeTokenStore(table).list(fleet)) {
      const facts = [hosts && `hosts ${hosts}`, expires_at && `ends ${expires_at}`, label].filter(Boolean);
      await out(printable(`${id}  ${scope.padEnd(6)}  ${facts.join(", ")}`.trimEnd()).concat("\n"));
    }
    return 0;
  };

const end =
  (fleet: string, id: string): ReturnType<Command["prepare"]> =>
  async (table, { out, error }) => {
    if (!(await makeTokenStore(table).remove(fleet, id))) {
      error(`fleet ${fleet} has no token ${JSON.stringify(id)}\n`);
      return 1;
    }
    await out(`ended ${id}\n`);
    return 0;
  };
