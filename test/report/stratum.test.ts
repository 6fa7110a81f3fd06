import { expect, test } from "vitest";
import { describeStratum } from "../../shared/report/stratum.ts";

test.each([
  ["v1/2G/8k/16", "Bonnie++ 1.00 to 1.04, a test file of about 2 GiB in chunks of 8 KiB, 16 384 empty files."],
  [
    "v2/512M/?/128",
    "Bonnie++ 1.9x and 2.0, a test file of about 512 MiB in chunks of unreported size, 131 072 empty files.",
  ],
  ["v2/8G/1m/-", "Bonnie++ 1.9x and 2.0, a test file of about 8 GiB in chunks of 1 MiB, no test of many files."],
  [
    "v1/1G/512/16:1000:10/64",
    "Bonnie++ 1.00 to 1.04, a test file of about 1 GiB in chunks of 512 bytes, 16 384 files of 10 to 1000 bytes in 64 directories.",
  ],
  ["v1/-/-/1:link", "Bonnie++ 1.00 to 1.04, no test of a big file, 1 024 hard links."],
  ["v1/-/-/2:symlink/2", "Bonnie++ 1.00 to 1.04, no test of a big file, 2 048 symbolic links in 2 directories."],
])("an administrator reads what %s means", (stratum, text) => {
  expect(describeStratum(stratum)).toEqual({ label: stratum, text, isWarning: false });
});
