import { printable } from "../../shared/run/text.ts";
import { upgradeAndReport } from "../server/database.ts";
import { type Command, rejectPositionals } from "./command.ts";

export const upgrade: Command = {
  help: `vbdstat upgrade
Brings a table of an earlier version to the format that this version reads.

A server does so itself when it starts on its data folder; another DynamoDB is left to this command.
Back the table up first, and have no earlier version work on it meanwhile or afterwards: it would
not find the tokens. One that broke off can be run again. Where there is nothing to do it says so.

Exit codes: 0 done; 1 not done; 2 wrong arguments.`,
  options: {},
  mayCreate: false,
  upgrades: true,
  prepare(given) {
    rejectPositionals(given);
    return async (table, { out }) => {
      const lines: string[] = [];
      await upgradeAndReport(table, (line) => lines.push(line));
      for (const line of lines) await out(`${printable(line)}\n`);
      if (lines.length === 0) await out(`nothing to do: the table ${table.name} has the format of this version\n`);
      return 0;
    };
  },
};
