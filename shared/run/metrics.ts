// The registry of the twelve Bonnie++ metrics. Every table, key and loop over metrics in vbdstat takes its order and
// names from here; nothing else in the project repeats the list. All are rates: higher is better.
// Source: bonnie-formats.md, section 2 (columns) and statistics.md, section 1 (names).

/** The group a metric's score belongs to (statistics.md, section 8). */
export type MetricGroup = "write" | "read" | "seek" | "metadata";

/** One Bonnie++ metric. */
export interface Metric {
  readonly name: MetricName;
  /** Its name for people, after the heading of Bonnie++'s text table. */
  readonly label: string;
  /** K is 1024 bytes. */
  readonly unit: "K/s" | "seeks/s" | "files/s";
  readonly group: MetricGroup;
  /** True if a page cache in Dom0 can answer instead of the disk: excluded from view `trusted` for cached runs. */
  readonly readPath: boolean;
}

/** The names in the order of the CSV columns, which is also the order of every published table. */
export const METRIC_NAMES = [
  "putc",
  "put_block",
  "rewrite",
  "getc",
  "get_block",
  "seeks",
  "seq_create",
  "seq_stat",
  "seq_delete",
  "ran_create",
  "ran_stat",
  "ran_delete",
] as const;

export type MetricName = (typeof METRIC_NAMES)[number];

/** All metrics, in the order of `METRIC_NAMES`. */
export const METRICS: readonly Metric[] = [
  { name: "putc", label: "char write", unit: "K/s", group: "write", readPath: false },
  { name: "put_block", label: "block write", unit: "K/s", group: "write", readPath: false },
  { name: "rewrite", label: "rewrite", unit: "K/s", group: "write", readPath: true },
  { name: "getc", label: "char read", unit: "K/s", group: "read", readPath: true },
  { name: "get_block", label: "block read", unit: "K/s", group: "read", readPath: true },
  { name: "seeks", label: "random seeks", unit: "seeks/s", group: "seek", readPath: true },
  { name: "seq_create", label: "sequential create", unit: "files/s", group: "metadata", readPath: false },
  { name: "seq_stat", label: "sequential stat", unit: "files/s", group: "metadata", readPath: false },
  { name: "seq_delete", label: "sequential delete", unit: "files/s", group: "metadata", readPath: false },
  { name: "ran_create", label: "random create", unit: "files/s", group: "metadata", readPath: false },
  { name: "ran_stat", label: "random stat", unit: "files/s", group: "metadata", readPath: false },
  { name: "ran_delete", label: "random delete", unit: "files/s", group: "metadata", readPath: false },
];

/** The label of a metric, for sentences and charts; tables and programs use its name. */
export function metricLabel(name: MetricName): string {
  return METRICS.find((metric) => metric.name === name)?.label ?? name;
}

/** A value for each metric, e.g. the measurements of one run. */
export type PerMetric<T> = Record<MetricName, T>;

/** Builds a value for every metric, in registry order. */
export function perMetric<T>(make: (name: MetricName, index: number) => T): PerMetric<T> {
  return {
    putc: make("putc", 0),
    put_block: make("put_block", 1),
    rewrite: make("rewrite", 2),
    getc: make("getc", 3),
    get_block: make("get_block", 4),
    seeks: make("seeks", 5),
    seq_create: make("seq_create", 6),
    seq_stat: make("seq_stat", 7),
    seq_delete: make("seq_delete", 8),
    ran_create: make("ran_create", 9),
    ran_stat: make("ran_stat", 10),
    ran_delete: make("ran_delete", 11),
  };
}
