import { describe, expect, test } from "vitest";
import { parseFinished } from "../../functions/service/upload/metadata.ts";

describe("a time that a client sends", () => {
  test.each([
    ["2026-11-22T10:15:00Z", "2026-11-22T10:15:00.000Z"],
    ["2026-11-22t10:15:00z", "2026-11-22T10:15:00.000Z"],
    [" 2026-11-22T10:15:00Z ", "2026-11-22T10:15:00.000Z"],
    ["2026-11-22T10:15Z", "2026-11-22T10:15:00.000Z"],
    ["2026-11-22T10:15:00.5Z", "2026-11-22T10:15:00.500Z"],
    // `date -Ins` in many locales.
    ["2026-11-22T10:15:00,123456789+00:00", "2026-11-22T10:15:00.123Z"],
    ["2026-11-22T10:15:00+05:45", "2026-11-22T04:30:00.000Z"],
    // `date +%Y-%m-%dT%H:%M:%S%z`
    ["2026-11-22T10:15:00-0330", "2026-11-22T13:45:00.000Z"],
    ["2026-11-22T10:15:00+02", "2026-11-22T08:15:00.000Z"],
    // `?finished=$(date -Iseconds)`: the + of the zone arrives as a space.
    ["2026-11-22T10:15:00 02:00", "2026-11-22T08:15:00.000Z"],
    // `date --rfc-3339=seconds`
    ["2026-11-22 10:15:00+01:00", "2026-11-22T09:15:00.000Z"],
    ["2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"],
    ["1795338308", "2026-11-22T09:05:08.000Z"],
    ["631152000", "1990-01-01T00:00:00.000Z"],
    ["7258118399", "2199-12-31T23:59:59.000Z"],
  ])("%j is %s", (sent, at) => {
    expect(parseFinished(sent)).toEqual({ at, asSent: sent.trim(), warning: null });
  });

  test.each(["2026-11-22T10:15:00", "2026-11-22 10:15"])("%j has no zone: UTC, and the receipt says so", (sent) => {
    // TZ of the tests is not UTC: taking the server's zone would show.
    expect(parseFinished(sent)).toMatchObject({ at: "2026-11-22T10:15:00.000Z" });
    expect(parseFinished(sent)).toMatchObject({ warning: expect.stringMatching(/^no_time_zone: /) });
  });

  test.each([
    "",
    " ",
    "now",
    "2026",
    "20261122",
    "2026-11-22",
    "2026-02-30T00:00:00Z",
    "2025-02-29T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-11-22T25:00:00Z",
    "2026-11-22T10:61:00Z",
    "22/11/2026 10:15",
    "Sun Nov 22 10:15:00 UTC 2026",
    // Milliseconds instead of seconds, and clocks that were never set.
    "1795338308000",
    "0",
    "631151999",
    "7258118400",
    "-1795338308",
    "1.795e9",
    "1795338308.5",
    "0x6b000000",
    "1989-12-31T23:59:59Z",
    "2200-01-01T00:00:00Z",
    "+012026-11-22T10:15:00Z",
    "2026-11-22T10:15:00Z\u00002026-11-22T10:15:00Z",
    "9".repeat(1000),
  ])("%j is rejected, with what was found and what was expected", (sent) => {
    expect(parseFinished(sent)).toMatchObject({
      code: "bad_value",
      text: expect.stringMatching(
        /^finished: expected a date with a time and its zone, .*, found (only the date )?".{0,61}"$/,
      ),
    });
  });
});
