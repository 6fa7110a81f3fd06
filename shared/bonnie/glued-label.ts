// Labels glued to the machine name, as by `grep` over several files or a page that names each line (bonnie-formats 8).

import { quoted } from "../model/quoted.ts";

/** Whether a machine name begins with a label of somebody else: a colon with two blanks or more behind it. */
export function hasGluedLabel(name: string): boolean {
  return /:[ \t]{2}/.test(name);
}

/** What is wrong with such a name. */
export function gluedLabel(name: string): string {
  return `expected the machine name alone, found a label glued to it: ${quoted(name)}; take off all up to the colon and its blanks`;
}
