import { allBackends } from "../../shared/api/backends-answer.ts";
import { comparison } from "../../shared/api/summary-answers.ts";
import { matrix } from "../../shared/api/matrix-answer.ts";
import { trend } from "../../shared/api/trend-answer.ts";
import type { Share } from "../../shared/run/share.ts";
import type { Summary } from "../../shared/report/summary.ts";

/** A kept answer as the summary it was; null when this version of the service has other answers than the one that kept it. */
export function keptSummary({ kind }: Pick<Share, "kind">, json: string): Summary | null {
  const kept: unknown = JSON.parse(json);
  switch (kind) {
    case "compare":
      return ofKind(kind, comparison.safeParse(kept));
    case "matrix":
      return ofKind(kind, matrix.safeParse(kept));
    case "trend":
      return ofKind(kind, trend.safeParse(kept));
    case "backends":
      return ofKind(kind, allBackends.safeParse(kept));
  }
}

function ofKind<K, T>(kind: K, { data }: { data?: T }): { kind: K; answer: T } | null {
  return data === undefined ? null : { kind, answer: data };
}
