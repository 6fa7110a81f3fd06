// What the short name of a stratum says, in words: `v1/2G/8k/16` is how results are told apart that cannot be compared.

import { exactText } from "../run/format.ts";
import { type Remark, remark } from "./model.ts";

const FAMILIES: Readonly<Record<string, string>> = {
  v1: "Bonnie++ 1.00 to 1.04",
  v2: "Bonnie++ 1.9x and 2.0",
};

/** The stratum's name and what it stands for; what it does not know is left out. */
export function stratumRemark(stratum: string): Remark {
  // A file specification may hold a slash itself: `16:1000:0/64`.
  const [family = "", size = "-", chunk = "-", ...files] = stratum.split("/");
  const parts = [FAMILIES[family] ?? family, bigFile(size, chunk), manyFiles(files.join("/"))];
  return remark(stratum, `${parts.join(", ")}.`);
}

function bigFile(size: string, chunk: string): string {
  if (size === "-") return "no test of a big file";
  const chunks = chunk === "?" ? "chunks of a size that was not printed" : `chunks of ${binary(chunk)}`;
  return `a test file of about ${binary(size)} in ${chunks}`;
}

/** `2G` is `2 GiB`, `8k` `8 KiB`, and `512` `512 bytes`. */
function binary(size: string): string {
  const unit = { k: "KiB", m: "MiB", M: "MiB", G: "GiB" }[size.at(-1) ?? ""];
  return unit === undefined ? `${size} bytes` : `${size.slice(0, -1)} ${unit}`;
}

function manyFiles(spec: string): string {
  if (spec === "-" || spec === "") return "no test of many files";
  const [kinds = "", directories] = spec.split("/");
  const [thousands = "", most, least] = kinds.split(":");
  const count = exactText(1024 * Number(thousands));
  const where = directories === undefined ? "" : ` in ${directories} directories`;
  if (most === "link") return `${count} hard links${where}`;
  if (most === "symlink") return `${count} symbolic links${where}`;
  return `${count} ${most === undefined ? "empty files" : `files of ${least ?? 0} to ${most} bytes`}${where}`;
}
