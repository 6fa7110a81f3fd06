// What summaries are computed from, over the stores: the statistics of one fleet, and its hosts and runs as far as a token
// may read them.

import { AppError } from "../../shared/errors.ts";
import { hostMatches, type Token } from "../../shared/run/token.ts";
import type { CellReader, CellSelection, CellSource, FleetSource } from "../../shared/summaries/kind.ts";

type OfFleet<Call> = Call extends (...args: infer Args) => infer Result
  ? (fleet: string, ...args: Args) => Result
  : never;

/** The stores of statistics. */
export interface CellStores {
  readonly cells: { open(selection: CellSelection & { readonly fleet: string }): Promise<CellReader> };
  readonly status: { pendingHosts(fleet: string): Promise<number> };
  readonly clock: () => number;
}

/** The stores of everything that summaries are computed from. */
export interface FleetStores extends CellStores {
  readonly hosts: { get: OfFleet<FleetSource["host"]>; list: OfFleet<FleetSource["hosts"]> };
  readonly runs: {
    get(fleet: string, id: string): Promise<Awaited<ReturnType<FleetSource["run"]>> | null>;
    list: OfFleet<FleetSource["runs"]>;
  };
}

/** The statistics of a fleet. */
export function cellSource({ cells, status, clock }: CellStores, fleet: string): CellSource {
  return {
    cells: (selection) => cells.open({ ...selection, fleet }),
    pendingHosts: () => status.pendingHosts(fleet),
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
  const { hosts, runs } = stores;
  return {
    ...cellSource(stores, fleet),
    host: (name) => hosts.get(fleet, name),
    hosts: (limit, cursor) => hosts.list(fleet, limit, cursor),
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
  };
}
