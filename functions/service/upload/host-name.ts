// Names of a run: which host and which guest a result is of. In: the machine name as read, what is in front of the line, and the
// names that the client stated. Out: both names, with a warning where a name deserves a look; or why the line has no host. The
// machine name is the host's only if nobody states a host, so it is believed only if it can be the name of one machine.

import type { BonnieResult } from "../../../shared/bonnie/types.ts";
import { normalizeText, quoted } from "../../../shared/run/text.ts";
import { isName, nameErrorText, type RunMetadata } from "./metadata.ts";

/** The names of a run. */
export interface RunNames {
  readonly host: string;
  readonly vm: string;
  readonly warnings: readonly string[];
}

/** Why a result has no host or no guest. */
export interface NameIssue {
  readonly field: "host" | "vm";
  readonly code: "glued_label" | "bad_host" | "bad_vm";
  readonly text: string;
}

/** Names that every machine has, or that one has before it gets its own; in lower case. */
const NAMES_OF_ANY_MACHINE: ReadonlySet<string> = new Set([
  "localhost",
  "localhost.localdomain",
  "localhost4",
  "localhost6",
  "(none)",
]);

/** Finds the names of a result, or the first reason why it has none. */
export function nameRun(
  { setup, prefix }: Pick<BonnieResult, "setup" | "prefix">,
  stated: Pick<RunMetadata, "host" | "vm">,
): RunNames | NameIssue {
  const machine = normalizeText(setup.machine);
  if (prefix !== undefined && stated.host === null) {
    const text = `expected the machine name alone, found ${quoted(prefix.text)} in front of it: give the host, as host= or a line "# host: ..." before it, or remove what is in front`;
    return { field: "host", code: "glued_label", text };
  }
  const host = stated.host ?? machine;
  if (!isName(host)) {
    const text = nameErrorText("a machine name in the line, or host= as metadata, of ", host);
    return { field: "host", code: "bad_host", text };
  }
  if (NAMES_OF_ANY_MACHINE.has(host.toLowerCase())) {
    const text = `expected the name of one machine, found ${quoted(host)}, which many have: give the host, as host= or a line "# host: ..." before it`;
    return { field: "host", code: "bad_host", text };
  }
  const vm = stated.vm ?? (machine === "" ? host : machine);
  if (!isName(vm)) {
    return {
      field: "vm",
      code: "bad_vm",
      text: nameErrorText("a machine name in the line, or vm= as metadata, of ", vm),
    };
  }
  return { host, vm, warnings: prefix === undefined ? [] : [prefixWarning(prefix, machine)] };
}

function prefixWarning({ kind, text }: NonNullable<BonnieResult["prefix"]>, machine: string): string {
  return kind === "log"
    ? `log_prefix: ${quoted(text)} in front of the line is not part of it.`
    : `glued_label: the machine name is read as ${quoted(machine)}; is ${quoted(text)} a label in front of it?`;
}
