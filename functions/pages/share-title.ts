import { METRICS } from "../../shared/run/metrics.ts";
import type { Share } from "../../shared/run/share.ts";
import { backendOf } from "../read/backend-of.ts";

/** What a share is called in a list: its title, else what its report is called, from its question alone. */
export function shareTitle({ kind, query, title }: Pick<Share, "kind" | "query" | "title">): string {
  const first = (name: string) => query[name]?.[0] ?? "";
  if (title !== null) return title;
  switch (kind) {
    case "compare":
      return `${backendOf("candidate", first("candidate"))} against ${backendOf("baseline", first("baseline"))}`;
    case "matrix":
      return "All pairs of backends";
    case "trend":
      return `${backendOf("backend", first("backend"))} over time: ${labelOf(first("metric"))}`;
    case "backends":
      return "Backends";
  }
}

const labelOf = (metric: string): string => METRICS.find(({ name }) => name === metric)?.label ?? metric;
