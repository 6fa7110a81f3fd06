import { printable } from "../../shared/run/text.ts";

/** The message of a refusal, which programs and shells get as it is, as a sentence. */
export function sentence(message: string): string {
  const text = printable(message);
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}${/[.!?…]$/.test(text) ? "" : "."}`;
}
