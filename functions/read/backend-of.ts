import { AppError } from "../../shared/errors.ts";
import type { Backend } from "../../shared/model/backends.ts";
import { resolveBackend } from "../../shared/model/resolve-backend.ts";

/** The slug that a word in a query stands for. Throws `bad_parameter`. */
export function backendOf(word: string): Backend {
  const resolution = resolveBackend(word);
  if (resolution === null) {
    throw new AppError(
      "bad_parameter",
      `expected a backend such as loop, phy, blktap1, blktap2, tapdisk3 or qdisk, found ${JSON.stringify(word)}`,
    );
  }
  return resolution.backend;
}
