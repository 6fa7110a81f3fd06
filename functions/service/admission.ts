// Admission control for reads. A query has a cost: the ranges of cells that the store reads and this process adds up. Up to a
// budget of cost runs at once; a query beyond it is rejected before anything is read for it. So the admitted queries finish
// soon, all of them fit in memory, and uploads get their turns. A query that runs alone is always admitted.

import { AppError } from "../../shared/errors.ts";
import type { CellStore } from "./summary-source.ts";

/**
 * The cost that may be under way. One unit is one range of cells, which takes about a millisecond to read and add up. The
 * budget is therefore some seconds of work, and the query that is admitted last does not wait longer than that.
 */
const BUDGET = 4_000;

/** The maximum cost of one query: the maximum number of ranges of one read of cells, and the rest of the query. */
const MAX_COST = 21_000;

/** The fixed cost of a query, for parsing, computing and rendering; the cells are charged when their number is known. */
export const COST = {
  /** One item. */
  small: 2,
  /** A summary from cells, or a page with one. */
  summary: 20,
  /** One page of a list, which may read thousands of keys. */
  list: 200,
} as const;

/** An admitted query. */
export interface Ticket {
  /**
   * Adds to the cost of the query; a negative number takes back an estimate. Throws `slow_down` when the budget has no room
   * for it or another part of the query was rejected, and `bad_parameter` when the query exceeds `MAX_COST`. The query that
   * has been under way longest never gets `slow_down`.
   */
  charge(cost: number): void;
  /** Must be called exactly once, when the query is done. */
  leave(): void;
}

/** Admits queries. */
export interface Admission {
  /** Throws `slow_down` when the budget has no room. */
  enter(cost: number): Ticket;
  /** The result of `work`. Callers with the same key share one computation while it is under way. */
  once<T>(key: string, work: () => Promise<T>): Promise<T>;
}

/** Admission with a budget of cost; where each query costs 1, the budget is a number of queries. */
export function makeAdmission(budget = BUDGET): Admission {
  let underWay = 0;
  /** Queries under way, oldest first. */
  const tickets = new Set<Ticket>();
  const works = new Map<string, Promise<unknown>>();
  return {
    once: async <T>(key: string, work: () => Promise<T>): Promise<T> => {
      // Sound: a key names the query, and the query determines the type of its result.
      const same = works.get(key) as Promise<T> | undefined;
      if (same !== undefined) return same;
      const working = work().finally(() => works.delete(key));
      works.set(key, working);
      return working;
    },
    enter: (cost) => {
      let [counted, total] = [0, 0];
      let hasLeft = false;
      const charge = (more: number): void => {
        // Another part of this query was rejected, and with it the query: this part ends here and must not be counted.
        if (hasLeft) throw overBudget();
        if (total + more > MAX_COST) throw tooLarge();
        // Half the budget at most, so that a large query is admitted next to small ones whatever its cost.
        const added = Math.max(1, Math.min(total + more, budget / 2)) - counted;
        // The oldest query is never rejected: several queries that grow together would otherwise all be.
        const [oldest = ticket] = tickets;
        if (added > 0 && oldest !== ticket && underWay + added > budget) throw overBudget();
        total += more;
        underWay += added;
        counted += added;
      };
      const leave = (): void => {
        hasLeft = true;
        tickets.delete(ticket);
        underWay -= counted;
        counted = 0;
      };
      const ticket: Ticket = { charge, leave };
      charge(cost);
      tickets.add(ticket);
      return ticket;
    },
  };
}

const overBudget = () =>
  new AppError("slow_down", "too many queries are running; retry in a few seconds, nothing was read for this one");

const tooLarge = () =>
  new AppError(
    "bad_parameter",
    `query too large: it would read more than ${MAX_COST} cell ranges; request fewer periods or narrow the filters`,
  );

/** Runs `work` with a ticket, and gives the ticket back when it is done. Throws what `enter` throws. */
export async function withTicket<T>(
  admission: Admission,
  cost: number,
  work: (ticket: Ticket) => Promise<T>,
): Promise<T> {
  const ticket = admission.enter(cost);
  try {
    return await work(ticket);
  } finally {
    ticket.leave();
  }
}

/** The same dependencies, with cells that are charged to the ticket before they are read. */
export function charged<D extends { readonly cells: CellStore }>(deps: D, ticket: Ticket | null): D {
  if (ticket === null) throw new Error("a route without admitted() asked for cells");
  const open: CellStore["open"] = (query) => deps.cells.open({ ...query, charge: ticket.charge });
  return { ...deps, cells: { ...deps.cells, open } };
}
