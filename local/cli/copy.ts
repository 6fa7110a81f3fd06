// `vbdstat copy`: a store into another, empty one, such as from one machine to AWS or back.

import { setTimeout as wait } from "node:timers/promises";
import type { LocalSettings } from "../../functions/env.ts";
import { copyTable } from "../../functions/store/copy.ts";
import { StartError } from "../server/start-error.ts";
import { readTableFiles, writeTableFiles } from "../server/table-files.ts";
import { type Arguments, rejectPositionals, textOption, UsageError } from "./arguments.ts";
import { countAll } from "./backup.ts";
import type { Command } from "./command.ts";
import { showProgress } from "./progress.ts";

export const copy: Command = {
  help: `vbdstat copy --from STORE --to STORE [--no-aggregate]
Copies a store into an empty one, such as one on AWS, and counts all results.

STORE is a data folder (with TABLE_NAME), http://HOST:PORT/TABLE for another DynamoDB, or
aws:REGION/TABLE with your AWS credentials. Runs (also withdrawn ones), tokens, shares with their
snapshots, quarantined lines and settings of all fleets are copied; the source stays unchanged. Stop
its uploads first: what it stores during the copy may be missing. The destination is read back and
compared. During a copy, and after an interrupted one, no server starts
on it; run the same command again to continue.

  --from STORE      what is copied
  --to STORE        where to: an empty store; a data folder is created
  --no-aggregate    let the server, or the functions on AWS, count the results

Exit codes: 0 success; 1 failure, or some hosts cannot be counted, which are listed; 2 usage error.`,
  options: { from: { type: "string" }, to: { type: "string" }, "no-aggregate": { type: "boolean" } },
  mayCreate: true,
  restores: true,
  stores: (given, settings) => ({
    from: parseStore(requiredOption(given, "from"), settings),
    to: parseStore(requiredOption(given, "to"), settings),
  }),
  prepare(given) {
    rejectPositionals(given);
    const from = requiredOption(given, "from");
    if (from === requiredOption(given, "to")) throw new UsageError("--to: expected another store than --from");
    return async (table, terminal, { source, dataFolder }) => {
      if (source === null) throw new StartError("there is no store to copy");
      const copying = showProgress(terminal, "copied items");
      const verifying = showProgress(terminal, "verified items");
      const files = source.dataFolder === null ? {} : readTableFiles(source.dataFolder);
      const items = await copyTable(
        source.table,
        table,
        { wait, onCopied: copying.at, onVerified: verifying.at, now: Date.now() },
        // Without the key of the tokens none of them would be valid in another folder.
        () => (dataFolder === null ? undefined : writeTableFiles(dataFolder, files)),
      );
      copying.end();
      verifying.end();
      await terminal.out(`copied and verified ${items} items of ${from}\n`);
      return given.values["no-aggregate"] === true ? 0 : countAll(table, terminal);
    };
  },
};

function requiredOption(given: Arguments, name: string): string {
  const text = textOption(given, name);
  if (text === undefined || text === "") throw new UsageError(`--${name}: expected a store, found nothing`);
  return text;
}

const TABLE = /^[\w.-]{3,255}$/;

/** The settings of a store by its address; the others are those of the environment. Throws UsageError. */
export function parseStore(address: string, settings: LocalSettings): LocalSettings {
  const [, region, onAws] = /^aws:([a-z]{2}(?:-[a-z]+)+-\d)\/(.*)$/.exec(address) ?? [];
  if (region !== undefined && onAws !== undefined) {
    return { ...settings, endpoint: null, region, tableName: tableName(onAws) };
  }
  const [, endpoint, elsewhere] = /^(https?:\/\/[^/?#@]+)\/(.*)$/.exec(address) ?? [];
  if (endpoint !== undefined && elsewhere !== undefined) {
    return { ...settings, endpoint, tableName: tableName(elsewhere) };
  }
  if (/^(?:aws:|\w+:\/\/)/.test(address)) {
    throw new UsageError(
      `expected a folder, http://HOST:PORT/TABLE or aws:REGION/TABLE, found ${JSON.stringify(address)}`,
    );
  }
  return { ...settings, endpoint: null, dataDir: address };
}

function tableName(text: string): string {
  if (TABLE.test(text)) return text;
  throw new UsageError(`expected the name of a table: 3 to 255 of A-Z a-z 0-9 _ . -, found ${JSON.stringify(text)}`);
}
