import { describe, expect, it } from "vitest";
import { lastTimes, summarize } from "../../shared/cells/host-values.ts";
import { toSample } from "../../shared/cells/sample.ts";
import { SETUP_FACTS, setupOf } from "../../shared/cells/setup.ts";
import { decodeSummary, encodeSummary } from "../../shared/cells/stored-summary.ts";
import { runOf } from "../support/runs.ts";
import { plainSample } from "./random-samples.ts";

const { bonnie } = runOf({ number: 1 });

describe("the setup of a run", () => {
  it.each([
    ["only facts that it states, in a fixed order", { dom0_mem_mb: 4096, image_format: "raw", site: "fra" }, null],
    ["the version of Bonnie++ in its line", { image_format: "raw", dom0_mem_mb: 4096 }, "1.97"],
  ])("has %s", (_, facts, version) => {
    const setup = setupOf({ facts, bonnie: { ...bonnie, bonnie_version: version } });
    const expected = [
      ["image_format", "raw"],
      ["dom0_mem_mb", 4096],
      ...(version === null ? [] : [["bonnie_version", version]]),
    ];
    expect(Object.entries(setup)).toEqual(expected);
  });

  it("has the version that a fact states rather than that of the line", () => {
    const stated = { bonnie: { ...bonnie, bonnie_version: "1.97" }, facts: { bonnie_version: "1.97.3" } };
    expect(setupOf(stated)).toEqual({ bonnie_version: "1.97.3" });
  });

  it.each([
    ["a".repeat(60), 60],
    ["a".repeat(61), 60],
    // Two, three and four bytes each; a character is never cut.
    [`a${"ü".repeat(40)}`, 59],
    ["€".repeat(21), 60],
    [`ab${"😀".repeat(20)}`, 58],
  ])("has at most 60 bytes of a long text, and whole characters: %s", (text, bytes) => {
    const { disk_model: stored } = setupOf({ facts: { disk_model: text }, bonnie });
    expect(Buffer.byteLength(String(stored))).toBe(bytes);
    expect(text.startsWith(String(stored))).toBe(true);
  });
});

describe("a group", () => {
  const at = (day: number) => `2026-11-0${day}T00:00:00.000Z`;

  it("has of each fact the value of the newest run that states it", () => {
    const samples = [
      plainSample({ id: "1", finished_at: at(1), setup: { toolstack: "xm", dom0_kernel: "old" } }),
      plainSample({ id: "3", finished_at: at(3), setup: { dom0_mem_mb: 4096 } }),
      plainSample({ id: "2", finished_at: at(2), setup: { dom0_kernel: "new", dom0_mem_mb: 2048 } }),
      plainSample({ id: "4", backend: "phy", finished_at: at(4), setup: { toolstack: "xl" } }),
    ];
    for (const order of [samples, samples.toReversed()]) {
      const [loop, phy] = summarize("h", order).groups;
      expect(loop?.setup).toEqual({ toolstack: "xm", dom0_kernel: "new", dom0_mem_mb: 4096 });
      expect(phy?.setup).toEqual({ toolstack: "xl" });
    }
  });

  it.each([
    // Finished, received: of each run the earlier of both counts.
    [
      "in time",
      [
        [at(1), at(2)],
        [at(3), at(4)],
      ],
      at(3),
      at(4),
    ],
    [
      "one from the future",
      [
        [at(9), at(2)],
        [at(1), at(1)],
      ],
      at(2),
      at(2),
    ],
    [
      "an old one that was sent late",
      [
        [at(1), at(8)],
        [at(3), at(4)],
      ],
      at(3),
      at(8),
    ],
  ])("has the time of its newest run, and of the last receipt: %s", (_, times, newest, received) => {
    const samples = times.map(([finished_at = "", received_at = ""], index) =>
      plainSample({ id: String(index), finished_at, received_at }),
    );
    expect(summarize("h", samples).groups[0]).toMatchObject({ newest_at: newest, received_at: received });
    expect(lastTimes(summarize("h", samples))).toEqual({ newest_at: newest, received_at: received });
    expect(lastTimes(summarize("h", []))).toBeNull();
  });

  it("is stored with each text once a summary", () => {
    const facts = { dom0_kernel: "6.1.0-13-amd64", disk_model: "ATA INTEL SSDSC2BB48", dom0_mem_mb: 4096 };
    const runs = (["loop", "phy"] as const).map((backend, number) => runOf({ backend, number, facts }));
    const text = encodeSummary(summarize("h1", runs.map(toSample)));
    for (const value of Object.values(facts)) expect(text.split(JSON.stringify(value))).toHaveLength(2);
    expect(decodeSummary(text).groups.map(({ setup }) => setup)).toEqual([facts, facts]);
  });

  it("keeps facts that a later version adds out of the others' places", () => {
    const sample = plainSample({ setup: { image_format: "raw" } });
    const stored = JSON.parse(encodeSummary(summarize("h", [sample])));
    stored.groups[0].setup = [0, ...new Array(SETUP_FACTS.length - 1).fill(null), 1];
    stored.facts.push("later");
    expect(decodeSummary(JSON.stringify(stored)).groups[0]?.setup).toEqual({ image_format: "raw" });
  });
});
