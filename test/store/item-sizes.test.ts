// The sizes of the items that are written with every result: DynamoDB charges for each begun KB, so an item of 1 025 bytes costs
// twice as much as one of 1 024. The results are of a generated fleet, with the facts that the agent finds on its test hosts.

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readUpload } from "../../functions/service/upload.ts";
import { itemSize, keyItem } from "../../functions/store/item.ts";
import { summaryKey } from "../../functions/store/keys.ts";
import { runItem } from "../../functions/store/runs.ts";
import { sampleItem } from "../../functions/store/samples.ts";
import { summaryItem } from "../../functions/store/summaries.ts";
import { PLAIN_FLEET, type Release, sameRatio } from "../../local/demo/fleet-plan.ts";
import { generateFleet } from "../../local/demo/generated-fleet.ts";
import { readBonnie } from "../../shared/bonnie/reader.ts";
import { computeCountedCohort, summarize } from "../../shared/cells/host-values.ts";
import { toSample } from "../../shared/cells/sample.ts";
import { SETUP_FACTS } from "../../shared/cells/setup.ts";
import { PERIOD_ALL } from "../../shared/run/periods.ts";
import type { Run } from "../../shared/run/run.ts";

const folder = new URL("../agent/golden/", import.meta.url);

/** The facts that the agent finds on each test host, as `# key: value` lines without those that the results have themselves. */
const AGENT_FACTS = readdirSync(folder)
  .filter((name) => name.startsWith("xl_") || name.startsWith("xapi_"))
  .flatMap((name) => {
    const [, facts = ""] = readFileSync(new URL(name, folder), "utf8").split(/^## .*\n(?=#)/m);
    const lines = facts.split("\n").filter((line) => /^# (?!host|vm|backend:|label\.device)/.test(line));
    return lines.some((line) => line.startsWith("# disk_model")) ? [lines] : [];
  });

/** What the agent adds to each upload, and an operator by --fact. */
const ADDED = [
  "# site: fra-2",
  "# hardware: ProLiant DL360 Gen9",
  "# guest_kernel: 5.10.0-26-amd64",
  "# guest_fs: ext4",
  "# label.device: xvda",
  "# label.agent: vbdstat-agent-0.1.0",
];

/** The runs of hosts with two backends and this number of runs on each. */
function runsOf(hosts: number, runs: number, release: Release): Run[] {
  const plan = {
    ...PLAIN_FLEET,
    hosts,
    runs,
    releases: [release],
    candidates: [{ backend: "phy" as const, trueRatio: sameRatio(1.4) }],
    cohortValues: { site: 0, hardware: 0, storage: 0, xen_version: 0 },
  };
  return [...generateFleet(plan)].flatMap(({ body }, index) => {
    const facts = [...(AGENT_FACTS[index % AGENT_FACTS.length] ?? []), ...ADDED].join("\n");
    let number = 0;
    const text = body.replaceAll(/^# finished/gm, () => {
      number += 1;
      return `# run: 20261101T02${String(index).padStart(2, "0")}00Z-${(index * 7919 + number).toString(16).padStart(16, "0")}\n# finished`;
    });
    return readUpload(readBonnie(`${facts}\n${text.replaceAll(".000Z", ".000Z")}`), {
      fleet: "default",
      receivedAt: `2026-11-30T00:00:${String(index % 60).padStart(2, "0")}.127Z`,
      encoding: "utf-8",
      parameters: {},
      sentBy: { token_id: "4f6d8a52-6a0e-4f4e-9f0a-2b1c3d4e5f60", label: "dom0 hosts in Frankfurt" },
    }).runs.map(({ run }) => run);
  });
}

const largest = (sizes: readonly number[]) => Math.max(...sizes);

describe.each(["1.03", "1.96", "2.00a"] as const)("with the agent's usual facts, results of Bonnie++ %s", (release) => {
  it("a run is below 1 KB, and its sample well below", () => {
    const runs = runsOf(40, 1, release);
    console.log(
      "runs",
      release,
      runs
        .map((run) => itemSize(runItem(run)))
        .sort((a, b) => a - b)
        .join(" "),
    );
    console.log(
      "samples",
      release,
      runs
        .map((run) => itemSize(sampleItem(run, toSample(run))))
        .sort((a, b) => a - b)
        .join(" "),
    );
    expect(largest(runs.map((run) => itemSize(runItem(run))))).toBeLessThan(1024);
    expect(largest(runs.map((run) => itemSize(sampleItem(run, toSample(run)))))).toBeLessThan(640);
  });

  it.each([1, 3, 9])("the summary of a host with two backends of %d runs each is below 1 KB", (count) => {
    const runs = runsOf(40, count, release);
    const hosts = [...new Set(runs.map(({ host }) => host))];
    const sizes = hosts.map((host) => {
      const summary = summarize(host, runs.filter((run) => run.host === host).map(toSample));
      expect(summary.groups.map(({ backend }) => backend)).toEqual(["loop", "phy"]);
      // All facts but that of the image's format, which a block device does not have.
      for (const { setup } of summary.groups)
        expect(Object.keys(setup).length).toBeGreaterThanOrEqual(
          release === "1.03" ? SETUP_FACTS.length - 2 : SETUP_FACTS.length - 1,
        );
      const key = summaryKey({ fleet: "default", generation: "0" }, PERIOD_ALL, host);
      const ver = { ver: { S: "4f6d8a52-6a0e-4f4e-9f0a-2b1c3d4e5f60" } };
      return itemSize({
        ...keyItem(key),
        ...summaryItem(PERIOD_ALL, { summary, cohort: computeCountedCohort(summary) }),
        ...ver,
      });
    });
    console.log("summaries", release, count, sizes.sort((a, b) => a - b).join(" "));
    expect(largest(sizes)).toBeLessThan(1024);
  });
});
