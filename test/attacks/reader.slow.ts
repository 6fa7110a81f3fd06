// A million damaged uploads, read: none may throw, take long, or give a number that no source of it has. What cannot be seen
// is counted, and is rare. With FUZZ_FROM and FUZZ_COUNT, other uploads: `FUZZ_FROM=184289 FUZZ_COUNT=1` repeats one.

import { expect, test } from "vitest";
import { damagedUpload, judge } from "../bonnie/damaged-upload.ts";

const FROM = Number(process.env["FUZZ_FROM"] ?? 0);
const COUNT = Number(process.env["FUZZ_COUNT"] ?? 1_000_000);

/** CPU time for an upload of a few kB; the usual one takes less than one millisecond. */
const MAX_MS = 250;
/** Uploads between two messages. */
const STEP = 100_000;
/** Failures that are shown. */
const MAX_SHOWN = 20;

/** Milliseconds of CPU time; the least of three, as the garbage collector may work at the same time. */
function timeOf(read: () => unknown): number {
  const times = [1, 2, 3].map(() => {
    const before = process.cpuUsage();
    read();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  });
  return Math.min(...times);
}

test(`${COUNT} damaged uploads, from ${FROM} on`, () => {
  const wrong: string[] = [];
  const exceptions: Record<string, number> = {};
  let [stored, issues, slowest] = [0, 0, 0];
  for (let number = FROM; number < FROM + COUNT; number += 1) {
    const upload = damagedUpload(number);
    const before = process.cpuUsage();
    const judged = judge(upload);
    const { user, system } = process.cpuUsage(before);
    let ms = (user + system) / 1_000;
    if (ms > MAX_MS) ms = timeOf(() => judge(upload));
    slowest = Math.max(slowest, ms);
    if (ms > MAX_MS) wrong.push(`${number} took ${ms} ms of CPU time`);
    wrong.push(...judged.wrong.map((text) => `${number} (${upload.steps.join(", ")}): ${text}`));
    stored += judged.stored;
    issues += judged.issues;
    for (const exception of judged.exceptions) exceptions[exception] = (exceptions[exception] ?? 0) + 1;
    if ((number - FROM + 1) % STEP === 0) console.log(`${number - FROM + 1} uploads, ${wrong.length} read wrong`);
  }
  console.log({ uploads: COUNT, stored, issues, exceptions, slowest_ms: slowest, wrong: wrong.length });
  expect(wrong.slice(0, MAX_SHOWN)).toEqual([]);
}, 3_600_000);
