// Hints about how an upload was sent, where that has damaged its text: curl removes line ends (-d) or encodes everything
// (--data-urlencode). In: the text and its Content-Type. Out: one sentence for an error or a receipt; null where nothing is odd.

import { AppError } from "../../../shared/errors.ts";
import { isPercentEncoded } from "../../service/upload/other-output.ts";

/** What curl sends with -d and --data-urlencode. */
const FORM = /^\s*application\/x-www-form-urlencoded\b/i;

/** The hint for a text that was read only in part, or not at all. */
export function sendingHint(text: string, contentType: string): string | null {
  const trimmed = text.trim();
  if (trimmed === "" || trimmed.includes("\n")) return null;
  if (isPercentEncoded(trimmed)) {
    return "the body is percent-encoded: send the file with --data-binary @FILE, not with --data-urlencode";
  }
  return FORM.test(contentType) && !text.includes("\n")
    ? "the body is one line without line ends, which curl -d removes: send a file with --data-binary @FILE"
    : null;
}

/** The error with the hint, if what went wrong may be due to how the text was sent; else the error as it is. */
export function withSendingHint(error: unknown, hint: string | null): unknown {
  if (hint === null || !(error instanceof AppError)) return error;
  const { code, message, details } = error;
  // A line `# key: value` swallows the lines after it when line ends are lost.
  const isAboutText = code === "no_result" || (code === "bad_parameter" && details.line !== undefined);
  return isAboutText ? new AppError(code, `${message}; ${hint}`, details) : error;
}
