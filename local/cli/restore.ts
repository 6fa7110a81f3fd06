import { beginRestore, endRestore, isFormat, restoreItems } from "../../functions/store/backup.ts";
import { type Item, sizeOf } from "../../functions/store/item.ts";
import type { Table } from "../../functions/store/table.ts";
import { listFleets } from "../../functions/store/tokens.ts";
import { printable } from "../../shared/run/text.ts";
import { writeTableFiles } from "../server/table-files.ts";
import { itemsOfBackup, verifyBackup, type WholeBackup } from "./backup-file.ts";
import { type Command, type Terminal, UsageError } from "./command.ts";
import { countFleet, showProgress } from "./progress.ts";

export const restore: Command = {
  help: `vbdstat restore FILE [--no-aggregate]
Puts a backup into an empty data folder or table, and counts all results.

The file is read to its end first: one that was cut or changed is refused before anything is
written. While it is under way, and after one that was stopped, no server starts on the table; the
same command again goes on. Tokens, shares and quarantined lines are as they were.

  --no-aggregate    leaves counting the results to the server

Exit codes: 0 all restored; 1 not done, or something in it cannot be counted, which is named;
2 wrong arguments.`,
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

/** Items, and bytes, that are read before they are put: some transactions full. */
const ITEMS_AT_ONCE = 400;
const BYTES_AT_ONCE = 8_000_000;

/** Puts all items but that of the format, which it gives. */
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
    if (waiting.length >= ITEMS_AT_ONCE || bytes >= BYTES_AT_ONCE) await send();
  }
  await send();
  progress.end();
  return format;
}

async function countAll(table: Table, terminal: Terminal): Promise<0 | 1> {
  let faults = 0;
  for (const fleet of await listFleets(table)) faults += await countFleet(table, terminal, fleet);
  return faults === 0 ? 0 : 1;
}
