// `vbdstat upgrade`: upgrades a table to the format of this version.

import { printable } from "../../shared/run/text.ts";
import { upgradeAndReport } from "../server/database.ts";
import { rejectPositionals } from "./arguments.ts";
import type { Command } from "./command.ts";

export const upgrade: Command = {
  help: `vbdstat upgrade
Upgrades a table of an earlier version to the format of this version.

A server upgrades its data folder itself when it starts; another DynamoDB needs this command. Back
up the table first, and do not use it with an earlier version during or after the upgrade: that
version would not find the tokens. An interrupted upgrade can be run again.

Exit codes: 0 success, also when there was nothing to do; 1 failure; 2 usage error.`,
  options: {},
  mayCreate: false,
  upgrades: true,
  prepare(given) {
    rejectPositionals(given);
    return async (table, { out }) => {
      const lines: string[] = [];
      await upgradeAndReport(table, (line) => lines.push(line));
      for (const line of lines) await out(`${printable(line)}\n`);
      if (lines.length === 0) await out(`nothing to do: table ${table.name} already has the format of this version\n`);
      return 0;
    };
  },
};
