import type { Table } from "../functions/store/table.ts";
import { upgradeTable } from "../functions/store/upgrade.ts";

/** Brings a table to the format of this version and tells what was done, if there was anything. Throws FormatFault. */
export async function toldUpgrade(table: Table, print: (line: string) => void): Promise<void> {
  const { from, to, tokens, leftBehind } = await upgradeTable(table);
  if (from !== to) print(`upgraded table ${table.name} from format ${from} to ${to}: ${tokens} tokens taken over`);
  for (const id of leftBehind) print(`token ${id} was not taken over: its two items did not say the same`);
}
