// Months: every month in which a host's runs have changed costs aggregation a summary and its cells again, and the quarter and
// the year around it. One upload may touch so many of them and no more.

import { AppError } from "../../shared/errors.ts";
import { monthOf } from "../../shared/run/periods.ts";
import type { Upload } from "../service/upload.ts";

/** Months of one upload, counted for each host beyond its first: a host's results of five years, or old ones of many hosts. */
const MOST_MONTHS = 60;

/** Throws `too_large` when the runs of an upload finished in more months than aggregation counts in a second or so. */
export function refuseManyMonths({ runs }: Upload): void {
  const months = new Set(runs.map(({ run }) => `${run.host}\n${monthOf(run.finished_at)}`));
  const further = months.size - new Set(runs.map(({ run }) => run.host)).size;
  if (further < MOST_MONTHS) return;
  throw new AppError(
    "too_large",
    `expected results of at most ${MOST_MONTHS} months, counted for each host beyond its first, found ${further + 1}; send them in pieces by time, or use \`vbdstat import\`; nothing was stored`,
  );
}
