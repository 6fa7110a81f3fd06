import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as wait } from "node:timers/promises";
import { createGzip } from "node:zlib";
import { itemsToKeep } from "../../functions/store/backup.ts";
import { formatOf } from "../../functions/store/format.ts";
import { readTableFiles } from "../server/table-files.ts";
import { backupText, headOf } from "./backup-file.ts";
import { type Command, UsageFault } from "./command.ts";
import { refuseExisting, writeNewFile } from "./new-file.ts";
import { showProgress } from "./progress.ts";

export const backup: Command = {
  help: `vbdstat backup FILE [--force]
Writes everything that cannot be derived into one file, while the server goes on.

Runs, withdrawn ones too, tokens, shares with what they keep, quarantined lines: of all fleets, as
\`vbdstat restore\` puts them back. All that was acknowledged before it began is in it. The file is
gzip, for its owner only, and is there when it is whole; - writes to standard output. It holds the
key that guards the tokens: keep it as secret as the data folder.

  --force    write over FILE if it is there

Exit codes: 0 all written; 1 not done; 2 wrong arguments.`,
  options: { force: { type: "boolean" } },
  mayCreate: false,
  anyFormat: true,
  prepare({ positionals, values }) {
    const [file, ...others] = positionals;
    if (file === undefined) throw new UsageFault("expected a file, or - for standard output, found none");
    if (others.length > 0) throw new UsageFault(`expected one file, found ${JSON.stringify(positionals.join(" "))}`);
    if (file === "-" && process.stdout.isTTY) throw new UsageFault("expected standard output to be a file or a pipe");
    const mayReplace = values["force"] === true;
    return async (table, terminal, { dataFolder }) => {
      if (file !== "-") refuseExisting(file, mayReplace);
      const progress = showProgress(terminal, "backed up items");
      const begunAt = new Date().toISOString();
      const files = dataFolder === null ? {} : readTableFiles(dataFolder);
      let count = 0;
      const text = backupText(
        headOf(table.name, await formatOf(table), files, begunAt),
        itemsToKeep(table, wait),
        (items) => {
          count = items;
          progress.at(items);
        },
      );
      await pipeline(Readable.from(text), createGzip(), async (packed: AsyncIterable<Buffer>) => {
        if (file !== "-") return writeNewFile(file, packed, mayReplace);
        for await (const chunk of packed) await terminal.out(chunk);
      });
      progress.end();
      const said = `backed up ${count} items of table ${table.name} as of ${begunAt}\n`;
      if (file === "-") terminal.error(said);
      else await terminal.out(said);
      return 0;
    };
  },
};
