// The sizes of the items that are written with every result: DynamoDB charges for each begun KB, so an item of 1 025 bytes costs
// twice as much as one of 1 024. The results are of a generated fleet, with the facts that the agent finds on its test hosts.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readUpload } from "../../functions/service/upload/upload.ts";
import { runItem } from "../../functions/store/runs/runs.ts";
import { sampleItem } from "../../functions/store/runs/samples.ts";
import { summaryItem } from "../../functions/store/statistics/summaries.ts";
import { itemSize, keyItem } from "../../functions/store/table/item.ts";
import { summaryKey } from "../../functions/store/table/keys.ts";
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

/** The runs of hosts with two backends and this number of runs on each; reads on the baseline are cached on `cached` hosts. */
function runsOf(hosts: number, runs: number, release: Release, cached = 0): Run[] {
  const plan = {
    ...PLAIN_FLEET,
    hosts,
    runs,
    releases: [release],
    candidates: [{ backend: "phy" as const, trueRatio: sameRatio(1.4) }],
    cohortValues: { site: 0, hardware: 0, storage: 0, xen_version: 0 },
    cachedHosts: cached,
  };
  return [...generateFleet(plan)].flatMap(({ body }, host) => {
    const facts = [...(AGENT_FACTS[host % AGENT_FACTS.length] ?? []), ...ADDED];
    // Ids as the agent makes them: a time and random digits.
    let run = 0;
    const text = body.replaceAll(/^# finished/gm, (key) => {
      run += 1;
      return `# run: 20261101T0217${10 + (host % 50)}Z-${createHash("sha256").update(`${host} ${run}`).digest("hex").slice(0, 16)}\n${key}`;
    });
    const upload = readUpload(readBonnie(`${facts.join("\n")}\n${text}`), {
      fleet: "default",
      receivedAt: `2026-11-30T00:00:${10 + (host % 50)}.127Z`,
      encoding: "utf-8",
      parameters: {},
      sentBy: { token_id: "4f6d8a52-6a0e-4f4e-9f0a-2b1c3d4e5f60", label: "dom0 hosts in Frankfurt" },
    });
    expect(upload.rejected).toEqual([]);
    return upload.runs.map((each) => each.run);
  });
}

/** The sizes of the summaries of all time, which are the largest, with keys and versions. */
function summarySizes(runs: readonly Run[]): number[] {
  return [...new Set(runs.map(({ host }) => host))].map((host) => {
    const summary = summarize(host, runs.filter((run) => run.host === host).map(toSample));
    expect(summary.groups.map(({ backend }) => backend)).toEqual(["loop", "phy"]);
    // A line of Bonnie++ 1.03 does not say its version, and no host has all facts.
    for (const { setup } of summary.groups) expect(Object.keys(setup).length).toBeGreaterThan(SETUP_FACTS.length - 3);
    const attributes = summaryItem(PERIOD_ALL, { summary, cohort: computeCountedCohort(summary) }, 1);
    const key = summaryKey({ fleet: "default", generation: "0" }, PERIOD_ALL, host);
    return itemSize({ ...keyItem(key), ...attributes, ver: { S: "4f6d8a52-6a0e-4f4e-9f0a-2b1c3d4e5f60" } });
  });
}

const HOSTS = 30;

describe.each(["1.03", "1.96", "2.00a"] as const)("with the agent's usual facts, results of Bonnie++ %s", (release) => {
  it("a run is below 1 KB, and its sample far below", () => {
    const runs = runsOf(HOSTS, 1, release);
    expect(runs).toHaveLength(2 * HOSTS);
    expect(Math.max(...runs.map((run) => itemSize(runItem(run, 1))))).toBeLessThan(1024);
    expect(Math.max(...runs.map((run) => itemSize(sampleItem(run, toSample(run), 1))))).toBeLessThan(400);
  });

  it.each([1, 3, 9])("the summary of a host with two backends of %d runs each is below 1 KB", (count) => {
    expect(Math.max(...summarySizes(runsOf(HOSTS, count, release)))).toBeLessThan(1024);
  });

  it("so is that of a host whose reads were cached, which has two values of each of them", () => {
    const runs = runsOf(HOSTS, 3, release, HOSTS);
    expect(runs.filter(({ quality }) => quality.verdict === "probably-cached").length).toBeGreaterThan(HOSTS);
    expect(Math.max(...summarySizes(runs))).toBeLessThan(1024);
  });
});
