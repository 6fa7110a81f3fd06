import { AppError } from "../../shared/errors.ts";
import { unknownBackendText } from "../../shared/run/aliases.ts";
import type { Backend } from "../../shared/run/backends.ts";
import { resolveBackend } from "../../shared/model/resolve-backend.ts";

/** The slug that a parameter's word stands for. Throws `bad_parameter`, which names the parameter. */
export function backendOf(parameter: "backend" | "baseline" | "candidate", word: string): Backend {
  const resolution = resolveBackend(word);
  if (resolution !== null) return resolution.backend;
  const text = unknownBackendText(parameter, word);
  throw new AppError("bad_parameter", text, {
    issues: [{ line: 0, column: 0, field: parameter, code: "bad_parameter", text, raw: "" }],
  });
}
