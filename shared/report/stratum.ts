// The name of a stratum in words. In: a name such as `v1/2G/8k/16`, which separates results that cannot be compared. Out: the
// release of Bonnie++, the test file and the small files that it means.

import { formatNumber } from "../run/format.ts";
import { type LabeledText, labeled } from "./model.ts";

const FAMILIES: Readonly<Record<string, string>> = {
  v1: "Bonnie++ 1.00 to 1.04",
  v2: "Bonnie++ 1.9x and 2.0",
};

/** The stratum's name and its meaning; unknown parts are left out. */
export function describeStratum(stratum: string): LabeledText {
  // A file specification may hold a slash itself: `16:1000:0/64`.
  const [family = "", size = "-", chunk = "-", ...files] = stratum.split("/");
  const parts = [FAMILIES[family] ?? family, describeBigFile(size, chunk), describeFiles(files.join("/"))];
  return labeled(stratum, `${parts.join(", ")}.`);
}

function describeBigFile(size: string, chunk: string): string {
  if (size === "-") return "no test of a big file";
  const chunks = chunk === "?" ? "chunks of unreported size" : `chunks of ${toBinaryUnit(chunk)}`;
  return `a test file of about ${toBinaryUnit(size)} in ${chunks}`;
}

/** `2G` is `2 GiB`, `8k` `8 KiB`, and `512` `512 bytes`. */
function toBinaryUnit(size: string): string {
  const unit = { k: "KiB", m: "MiB", M: "MiB", G: "GiB" }[size.at(-1) ?? ""];
  return unit === undefined ? `${size} bytes` : `${size.slice(0, -1)} ${unit}`;
}

function describeFiles(spec: string): string {
  if (spec === "-" || spec === "") return "no test of many files";
  const [kinds = "", directories] = spec.split("/");
  const [thousands = "", max, min] = kinds.split(":");
  const count = formatNumber(1024 * Number(thousands));
  const where = directories === undefined ? "" : ` in ${directories} directories`;
  if (max === "link") return `${count} hard links${where}`;
  if (max === "symlink") return `${count} symbolic links${where}`;
  return `${count} ${max === undefined ? "empty files" : `files of ${min ?? 0} to ${max} bytes`}${where}`;
}
