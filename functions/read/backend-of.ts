import { AppError } from "../../shared/errors.ts";
import { acceptedBackends } from "../../shared/model/aliases.ts";
import type { Backend } from "../../shared/model/backends.ts";
import { quoted } from "../../shared/model/quoted.ts";
import { resolveBackend } from "../../shared/model/resolve-backend.ts";

/** The slug that a word in a query stands for. Throws `bad_parameter`. */
export function backendOf(word: string): Backend {
  const resolution = resolveBackend(word);
  if (resolution === null) {
    throw new AppError("bad_parameter", `expected ${acceptedBackends()}, found ${quoted(word)}`);
  }
  return resolution.backend;
}
