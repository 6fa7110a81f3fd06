import { expect, test } from "vitest";
import { UsageError } from "../../../local/cli/arguments.ts";
import { PLAIN_FLEET, parseFleetFlags, sameRatio } from "../../../local/demo/fleet-plan.ts";

test("without flags the plan is the plain fleet, to stdout", () => {
  expect(parseFleetFlags([])).toEqual({ plan: PLAIN_FLEET, out: null });
});

test("every flag reaches the plan", () => {
  const flags =
    "--seed 5 --hosts 7 --runs 2 --months 3 --from 2026-01-01 --baseline phy --candidate qdisk=2,seeks=3 --candidate loop=0.5 " +
    "--releases 1.03,1.96 --site 2 --hardware 3 --storage 4 --xen-version 5 --spread 0.2 --noise 0.1 --wild 0.3 " +
    "--file-mib 64 --files 16 --cached 1 --out somewhere";
  expect(parseFleetFlags(flags.split(" "))).toEqual({
    out: "somewhere",
    plan: {
      seed: 5,
      hosts: 7,
      runs: 2,
      months: 3,
      from: "2026-01-01T00:00:00.000Z",
      baseline: "phy",
      candidates: [
        { backend: "qdisk", trueRatio: { ...sameRatio(2), seeks: 3 } },
        { backend: "loop", trueRatio: sameRatio(0.5) },
      ],
      releases: ["1.03", "1.96"],
      cohortValues: { site: 2, hardware: 3, storage: 4, xen_version: 5 },
      hostSpread: 0.2,
      runNoise: 0.1,
      wildShare: 0.3,
      fileMib: 64,
      fileThousands: 16,
      cachedHosts: 1,
    },
  });
});

test.each([
  ["--hosts 0", '--hosts: expected a whole number from 1 to 10000000, found "0"'],
  ["--runs 1.5", "--runs: expected a whole number"],
  ["--noise -1", "--noise"],
  ["--wild 2", '--wild: expected a number from 0 to 1, found "2"'],
  ["--from yesterday", "--from: expected a date"],
  ["--baseline disk", "--baseline: expected a backend"],
  ["--candidate blktap2", 'expected a ratio above 0, found ""'],
  ["--candidate blktap2=1,speed=2", 'unknown metric "speed"'],
  ["--candidate loop=2", "expected each backend once"],
  ["--releases 2.01", "--releases: expected 1.03, 1.96, 2.00a"],
  ["--storage 16", "--storage: expected a whole number from 0 to 15"],
  ["--hots 3", "--hots"],
  ["hosts", 'expected options only, found "hosts"'],
])("%s is refused with what was expected", (flags, message) => {
  expect(() => parseFleetFlags(flags.split(" "))).toThrow(UsageError);
  expect(() => parseFleetFlags(flags.split(" "))).toThrow(message);
});
