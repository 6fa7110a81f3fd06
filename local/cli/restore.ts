// `vbdstat restore`: a backup into an empty store.

import { beginRestore, endRestore, isFormat, restoreItems } from "../../functions/store/backup.ts";
import { type Item, sizeOf } from "../../functions/store/item.ts";
import type { Table } from "../../functions/store/table.ts";
import { listFleets } from "../../functions/store/tokens.ts";
import { printable } from "../../shared/run/text.ts";
import { writeTableFiles } from "../server/table-files.ts";
import { UsageError } from "./arguments.ts";
import { itemsOfBackup, verifyBackup, type WholeBackup } from "./backup-file.ts";
import type { Command, Terminal } from "./command.ts";
import { countFleet, showProgress } from "./progress.ts";

export const restore: Command = {
  help: `vbdstat restore FILE [--no-aggregate]
Restores a backup into an empty data folder or table, and counts all results.

The file is verified first: a truncated or changed one is rejected before anything is written.
During a restore, and after an interrupted one, no server starts on the table; run the same command
again to continue. Tokens, shares and quarantined lines are restored unchanged.

  --no-aggregate    let the server count the results

Exit codes: 0 success; 1 failure, or some hosts cannot be counted, which are listed; 2 usage error.`,
  options: { "no-aggregate": { type: "boolean" } },
  mayCreate: true,
  restores: true,
  prepare({ positionals, values }) {
    const [file, ...others] = positionals;
    if (file === undefined || file === "-" || others.length > 0) {
      throw new UsageError(`expected one file, which is read twice, found ${JSON.stringify(positionals.join(" "))}`);
    }
    return async (table, terminal, { dataFolder }) => {
      const whole = await verifyBackup(file);
      await beginRestore(table, whole.digest);
      const format = await restoreAll(table, terminal, file, whole);
      const files = Object.entries(whole.head.files).map(
        ([name, text]) => [name, Buffer.from(text, "base64")] as const,
      );
      if (dataFolder !== null) writeTableFiles(dataFolder, Object.fromEntries(files));
      await endRestore(table, format);
      const { items, head } = whole;
      await terminal.out(`restored ${items} items as of ${printable(head.begun_at)}\n`);
      return values["no-aggregate"] === true ? 0 : countAll(table, terminal);
    };
  },
};

/** Items, and bytes, that are buffered before they are written: enough for several transactions. */
const MAX_BUFFERED_ITEMS = 400;
const MAX_BUFFERED_BYTES = 8_000_000;

/** Writes all items except the format item, which it returns. */
async function restoreAll(table: Table, terminal: Terminal, file: string, whole: WholeBackup): Promise<Item | null> {
  const progress = showProgress(terminal, "restored items");
  let format: Item | null = null;
  let waiting: Item[] = [];
  let bytes = 0;
  let done = 0;
  const send = async () => {
    await restoreItems(table, waiting);
    done += waiting.length;
    waiting = [];
    bytes = 0;
    progress.at(done, whole.items);
  };
  for await (const item of itemsOfBackup(file, whole)) {
    if (isFormat(item)) {
      format = item;
      continue;
    }
    waiting.push(item);
    bytes += sizeOf(item);
    if (waiting.length >= MAX_BUFFERED_ITEMS || bytes >= MAX_BUFFERED_BYTES) await send();
  }
  await send();
  progress.end();
  return format;
}

async function countAll(table: Table, terminal: Terminal): Promise<0 | 1> {
  let failed = 0;
  for (const fleet of await listFleets(table)) failed += await countFleet(table, terminal, fleet);
  return failed === 0 ? 0 : 1;
}
