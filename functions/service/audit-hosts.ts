// The audit of one host: every run against its line, every entry against its run, and the summaries that they give. Either of
// all its runs, or of those that finished in a month or later: then what older runs contribute to longer periods is taken from
// their entries, of which only the newest of each group count.

import { FIRST_FORM, summaryInForm } from "../../shared/cells/forms.ts";
import { GROUP_CAP, type HostSummary, type RunSample, summarize } from "../../shared/cells/host-values.ts";
import type { FleetGeneration } from "../../shared/cells/stored-summary.ts";
import { isBackend } from "../../shared/run/backends.ts";
import { enclosingPeriods, PERIOD_ALL, periodWindow, toMonth } from "../../shared/run/periods.ts";
import type { Run } from "../../shared/run/run.ts";
import { entryKey, isWithdrawnEntry, parseEntryPlace } from "../store/runs/samples.ts";
import type { FleetScan } from "../store/statistics/fleet-scan.ts";
import { type Item, ItemError, itemText } from "../store/table/item.ts";
import { keyText, runKey, samplesOfHost } from "../store/table/keys.ts";
import { readSamples } from "./aggregate.ts";
import { type AuditedRun, auditEntry, auditRun, type Difference } from "./audit-runs.ts";

/** The audit of the runs of one host. */
export interface AuditedHost {
  readonly runs: number;
  readonly differences: readonly Difference[];
  readonly outdated: readonly string[];
  /** Its summaries by period, computed from its runs; null where that cannot be done, because data are damaged. */
  readonly summaries: ReadonlyMap<string, HostSummary> | null;
}

/** Audits all runs of a host. */
export async function auditHost(scan: FleetScan, of: FleetGeneration, host: string): Promise<AuditedHost> {
  const { fleet, form = FIRST_FORM } = of;
  const entries = new Map<string, Item>();
  for await (const entry of scan.entryItems(fleet, host)) entries.set(entryText(entry), entry);
  const samples = new Map<string, RunSample[]>();
  const audited: AuditedRun[] = [];
  for await (const item of scan.runItems(fleet, host)) {
    const each = auditRun(item);
    audited.push(each);
    if (each.run === null || each.run.withdrawn_at !== null) continue;
    const { sample } = auditEntry(each.run, entries.get(keyText(entryKey(each.run))));
    if (sample === null) continue;
    for (const period of enclosingPeriods(toMonth(each.run.finished_at))) {
      const inPeriod = samples.get(period) ?? [];
      inPeriod.push(sample);
      samples.set(period, inPeriod);
    }
  }
  const ofRuns = summarizeRuns(audited);
  return {
    ...ofRuns,
    differences: [...ofRuns.differences, ...(await auditEntries(scan, fleet, entries, intactRuns(audited)))],
    summaries: audited.every(({ isIntact }) => isIntact)
      ? new Map([...samples].map(([period, inPeriod]) => [period, summaryInForm(summarize(host, inPeriod), form)]))
      : null,
  };
}

/** What is audited of a host whose older runs were audited before. */
export interface OpenMonths {
  /** The first month whose runs are audited. */
  readonly since: string;
  /** The periods whose summaries are computed: those that do not end before `since`. */
  readonly periods: readonly string[];
  /** The runs since then in the time index, some of which may lack an entry. */
  readonly runIds: readonly string[];
}

/**
 * Audits the runs of a host since a month. It reads these runs, their entries, and of each group and longer period the newest
 * `GROUP_CAP` entries, however many older runs there are; of a host with more than 50 groups, all entries.
 */
export async function auditHostSince(
  scan: FleetScan,
  of: FleetGeneration,
  host: string,
  { since, periods, runIds }: OpenMonths,
): Promise<AuditedHost> {
  const { fleet } = of;
  const groups = (await scan.entryGroups(fleet, host)) ?? (await allGroups(scan, fleet, host));
  const entries = new Map<string, Item>();
  for (const group of groups) {
    for await (const entry of scan.entryItemsSince(fleet, host, group, since)) entries.set(entryText(entry), entry);
  }
  const differences: Difference[] = [];
  const ids = new Set(runIds);
  for (const entry of entries.values()) ids.add(parseEntryPlace(entry).id);
  const items = await scan.items([...ids].map((id) => runKey(fleet, id)));
  for (const [key, entry] of entries) {
    // A withdrawn run may be deleted for good, and its entry a moment later.
    if (isWithdrawnEntry(entry) || items.has(keyText(runKey(fleet, parseEntryPlace(entry).id)))) continue;
    differences.push({
      key,
      kind: "unexpected",
      text: `the run of a sample of host ${JSON.stringify(host)} is missing`,
    });
  }
  const audited = [...items.values()].map(auditRun);
  const ofRuns = summarizeRuns(audited);
  differences.push(...ofRuns.differences, ...(await auditEntries(scan, fleet, entries, intactRuns(audited))));
  let summaries: ReadonlyMap<string, HostSummary> | null = null;
  try {
    if (audited.every(({ isIntact }) => isIntact)) {
      summaries = await summarizeEntries(scan, of, host, groups, periods);
    }
  } catch (error) {
    if (!(error instanceof ItemError)) throw error;
    differences.push({ key: samplesOfHost(fleet, host), kind: "unreadable", text: error.message });
  }
  return { ...ofRuns, differences, summaries };
}

/** The groups of a host with very many, from all its entries. */
async function allGroups(scan: FleetScan, fleet: string, host: string): Promise<readonly string[]> {
  const groups = new Set<string>();
  for await (const entry of scan.entryItems(fleet, host)) groups.add(itemText(entry, "sk").split("#", 2).join("#"));
  return [...groups];
}

/** The summaries of periods, computed from the newest samples of each group. */
async function summarizeEntries(
  scan: FleetScan,
  { fleet, form = FIRST_FORM }: FleetGeneration,
  host: string,
  groups: readonly string[],
  periods: readonly string[],
): Promise<Map<string, HostSummary>> {
  const samples = new Map<string, RunSample[]>();
  for (const group of groups) {
    const [backend = "", stratum = ""] = group.split("#");
    // Of withdrawn runs, after `~`.
    if (!isBackend(backend)) continue;
    const of = { fleet, host, backend, stratum };
    const newest = await scan.samples(of, periodWindow(PERIOD_ALL), GROUP_CAP);
    for (const period of periods) {
      const inPeriod = await readSamples(scan, of, period, newest);
      if (inPeriod.length > 0) samples.set(period, [...(samples.get(period) ?? []), ...inPeriod]);
    }
  }
  return new Map([...samples].map(([period, inPeriod]) => [period, summaryInForm(summarize(host, inPeriod), form)]));
}

const entryText = (entry: Item): string => keyText({ pk: itemText(entry, "pk"), sk: itemText(entry, "sk") });

const intactRuns = (audited: readonly AuditedRun[]): Run[] =>
  audited.flatMap(({ run, isIntact }) => (run !== null && isIntact ? [run] : []));

const summarizeRuns = (audited: readonly AuditedRun[]) => ({
  runs: audited.length,
  differences: audited.flatMap(({ differences }) => differences),
  outdated: audited.flatMap(({ outdated }) => outdated ?? []),
});

/** Compares entries of a host with its intact runs. */
async function auditEntries(
  scan: FleetScan,
  fleet: string,
  entries: ReadonlyMap<string, Item>,
  runs: readonly Run[],
): Promise<readonly Difference[]> {
  const suspects = runs.filter((run) => auditEntry(run, entries.get(keyText(entryKey(run)))).differences.length > 0);
  const differences: Difference[] = [];
  for (const { id } of suspects) {
    // It may have been withdrawn or replaced in between, so it is read again together with its entry.
    const item = (await scan.items([runKey(fleet, id)])).get(keyText(runKey(fleet, id)));
    const again = item === undefined ? null : auditRun(item).run;
    if (again === null) continue;
    const key = entryKey(again);
    differences.push(...auditEntry(again, (await scan.items([key])).get(keyText(key))).differences);
  }
  return differences;
}
