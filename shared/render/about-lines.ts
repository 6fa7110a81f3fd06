import type { Notice } from "../compare/notice.ts";
import type { Question } from "../compare/question.ts";
import { printable } from "./printable.ts";
import { wrapped } from "./wrapped.ts";

const WIDTH = 100;

/** What every statistical answer says about itself. */
interface About extends Pick<Question, "periods" | "view" | "filters"> {
  readonly as_of: string | null;
  readonly pending_hosts: number;
  readonly notices: readonly Notice[];
  readonly method_version: string;
}

const NOTICE_TEXTS: Readonly<Record<Notice, string>> = {
  cohorts_capped:
    "! cohorts_capped: there are more cohorts than are kept apart, so hosts that match the filters may be missing",
};

/** The question and how fresh the answer is, as lines of at most 100 columns; `details` stand in the middle. */
export function aboutLines(about: About, details: readonly string[] = []): string[] {
  const { periods, view, filters, as_of, pending_hosts, notices, method_version } = about;
  const filtered = Object.entries(filters).map(
    ([key, values]) => `${key} ${(values ?? []).map(printable).join(" or ")}`,
  );
  const parts = [
    `Period ${periods.length === 0 ? "none" : periods.join(", ")}`,
    `view ${view}`,
    ...filtered,
    ...details,
    `as of ${as_of ?? "never"}`,
    `${pending_hosts} hosts pending`,
    `method ${method_version}.`,
  ];
  return [parts.join(", "), ...notices.map((notice) => NOTICE_TEXTS[notice])].flatMap((text) =>
    wrapped(text, WIDTH, "    "),
  );
}
