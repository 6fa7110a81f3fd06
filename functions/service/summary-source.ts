// What summaries are computed from, over the stores: the statistics of one fleet, and its hosts and runs as far as a token
// may read them.

import type { CellKind } from "../../shared/cells/cell.ts";
import type { CountedHost, ListedHost } from "../../shared/cells/stored-summary.ts";
import type { CellQuery, CellReading } from "../../shared/compare/merged-cells.ts";
import { AppError } from "../../shared/errors.ts";
import type { Activity } from "../../shared/run/activity.ts";
import type { HostQuery, Page, RunLister } from "../../shared/run/listing.ts";
import type { Clock } from "../../shared/run/periods.ts";
import type { Run } from "../../shared/run/run.ts";
import type { Settings } from "../../shared/run/settings.ts";
import { hostMatches, type Token } from "../../shared/run/token.ts";
import type { CellReader, CellSource, FleetSource } from "../../shared/summaries/kind.ts";

/** The cells for one query, and the cells of the whole fleet. They may be shared with other queries, and must not be changed. */
interface OpenCells extends CellReader {
  read(kind: CellKind, name: string): Promise<CellReading>;
}

/** Reads cells. */
export interface CellStore {
  /** Finds the cells for a query and returns what reads them. Throws `bad_parameter` if the query is too large. */
  open(query: CellQuery): Promise<OpenCells>;
}

/** Counts hosts with runs that the cells do not contain yet. */
export interface PendingHostCount {
  /** The number, counted up to `PENDING_COUNTED_TO`, which may be a second old. */
  count(fleet: string): Promise<number>;
}

/** Finds hosts. */
interface HostLookup {
  /** Null for a host that has no runs, neither counted nor pending. */
  get(fleet: string, host: string): Promise<CountedHost | null>;
}

/** Lists hosts. */
interface HostLister {
  /** Hosts with runs that count, and that are not retired; names are ordered by their UTF-8 bytes. */
  list(fleet: string, query: HostQuery): Promise<Page<ListedHost>>;
}

/** Finds runs. */
interface RunLookup {
  /** Null when there is no such run. Throws `unreadable` when it cannot be read. */
  get(fleet: string, id: string): Promise<Run | null>;
}

/** Lists what admins did. */
interface ActivityLister {
  /** Newest first. */
  list(fleet: string, limit: number, cursor?: string): Promise<Page<Activity>>;
}

/** Looks up settings. */
interface SettingsLookup {
  /** The settings of a fleet, which may be a minute old. */
  get(fleet: string): Promise<Settings>;
}

/** The stores of statistics. */
export interface CellStores {
  readonly cells: CellStore;
  readonly pendingHosts: PendingHostCount;
  readonly clock: Clock;
}

/** The stores of everything that summaries are computed from. */
export interface FleetStores extends CellStores {
  readonly hosts: HostLookup & HostLister;
  readonly runs: RunLookup & RunLister;
  readonly activity: ActivityLister;
  readonly settings: SettingsLookup;
}

/** The statistics of a fleet. */
export function cellSource({ cells, pendingHosts, clock }: CellStores, fleet: string): CellSource {
  return {
    cells: (selection) => cells.open({ ...selection, fleet }),
    pendingHosts: () => pendingHosts.count(fleet),
    now: clock,
  };
}

/**
 * The fleet of a token. An ingest token reads the runs of the hosts it may post for. `onUnreadable` gets each listed run that
 * is stored, but cannot be read.
 */
export function fleetSource(
  stores: FleetStores,
  { fleet, scope, hosts: allowed }: Pick<Token, "fleet" | "scope" | "hosts">,
  onUnreadable: (run: unknown) => void,
): FleetSource {
  const { hosts, runs, activity, settings } = stores;
  return {
    ...cellSource(stores, fleet),
    host: (name) => hosts.get(fleet, name),
    hosts: (query) => hosts.list(fleet, query),
    settings: () => settings.get(fleet),
    run: async (id) => {
      const run = await runs.get(fleet, id);
      if (run === null) throw new AppError("not_found", "this fleet has no run with that id");
      if (scope === "ingest" && !hostMatches(allowed, run.host)) {
        throw new AppError("forbidden", `this token reads receipts of hosts ${allowed}, not of "${run.host}"`);
      }
      return run;
    },
    runs: async (query) => {
      const page = await runs.list(fleet, query);
      for (const run of page.unreadable) onUnreadable(run);
      return page;
    },
    activity: (limit, cursor) => activity.list(fleet, limit, cursor),
  };
}
