// The setup of a run, as far as it may explain a difference between two backends of a host: facts that were sent with the run,
// and the version of Bonnie++ in its line. In: a run. Out: one value for each fact that the run states, which samples and host
// summaries carry. The kind of storage and the version of Xen are not here, because both are cohort attributes, which samples
// and summaries carry anyway.

import type { Facts, Run } from "../run/run.ts";

/** The facts, in the order in which they are stored; further ones may be added at the end. */
export const SETUP_FACTS = [
  "image_format",
  "cache_mode",
  "toolstack",
  "dom0_kernel",
  "dom0_mem_mb",
  "guest_mem_mb",
  "guest_kernel",
  "io_scheduler",
  "disk_model",
  "bonnie_version",
  // Not about the measurement: it says which hosts run an old agent.
  "label.agent",
] as const;

type SetupFact = (typeof SETUP_FACTS)[number];

/** The facts that are stated; a missing key means that they are not. Texts have at most `MAX_SETUP_BYTES`. */
export type Setup = Readonly<Partial<Record<SetupFact, string | number>>>;

/** A longer text is stored by its first bytes in UTF-8, so that a summary stays small whatever is sent. */
const MAX_SETUP_BYTES = 60;

/** The setup that a run states. The version of Bonnie++ is that of the line if no fact says it. */
export function setupOf({ facts, bonnie }: Pick<Run, "facts" | "bonnie">): Setup {
  const stated: Facts = bonnie.bonnie_version === null ? facts : { bonnie_version: bonnie.bonnie_version, ...facts };
  return Object.fromEntries(
    SETUP_FACTS.flatMap((name) => {
      const value = stated[name];
      return value === undefined ? [] : [[name, typeof value === "number" ? value : firstBytes(String(value))]];
    }),
  );
}

/** For each fact the value of the first setup that states it. */
export function firstStated(setups: readonly Setup[]): Setup {
  return Object.fromEntries(
    SETUP_FACTS.flatMap((name) => {
      const value = setups.find((setup) => setup[name] !== undefined)?.[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function firstBytes(text: string): string {
  let bytes = 0;
  let end = 0;
  for (const char of text) {
    const point = char.codePointAt(0) ?? 0;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    if (bytes > MAX_SETUP_BYTES) break;
    end += char.length;
  }
  return text.slice(0, end);
}

// The stored form: a list in the order of SETUP_FACTS, null for a fact that is not stated, without nulls at the end.

/** Writes a setup as a list; `encode` gives what a value is written as. */
export function encodeSetup<T>(setup: Setup, encode: (value: string | number) => T): (T | null)[] {
  const values = SETUP_FACTS.map((name) => setup[name]);
  const length = values.findLastIndex((value) => value !== undefined) + 1;
  return values.slice(0, length).map((value) => (value === undefined ? null : encode(value)));
}

/** Reads such a list; `decode` gives the value again, or undefined. Values of later versions at the end are ignored. */
export function decodeSetup<T>(list: readonly (T | null)[], decode: (value: T) => string | number | undefined): Setup {
  return Object.fromEntries(
    SETUP_FACTS.flatMap((name, index) => {
      const stored = list[index] ?? null;
      const value = stored === null ? undefined : decode(stored);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
