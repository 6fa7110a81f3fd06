// Admission: how much of what readers ask for is under way at once. A question costs what it makes the store read and this
// process work out; beyond a budget others are refused at once, before anything is read for them, so that those that were
// let in end soon, memory holds them all, and uploads come in between. One alone is always let in.

import type { Context, MiddlewareHandler } from "hono";
import { AppError } from "../../../shared/errors.ts";
import type { CellReader } from "../../service/queries.ts";
import type { HttpEnv } from "./app.ts";

/**
 * What may be under way. A unit is a range of cells, read and added up in about a millisecond, so that this is work for some
 * seconds: the last that is let in does not wait for long.
 */
const BUDGET = 4_000;

/** What one question may cost in all: as many ranges as one reading of cells may have, and the rest of it. */
const MAX_COST = 21_000;

/** What every question costs beside the cells it reads: it is understood, looked up, worked out and put into words. */
export const COST = {
  /** One item. */
  small: 2,
  /** An answer from cells, or a page of them; its cells are charged when it is known how many they are. */
  answer: 20,
  /** A page of a list that is searched for: some thousand keys. */
  list: 200,
} as const;

/** What a question that was let in counts for. */
export interface Ticket {
  /**
   * Adds to it, or takes off again what was presumed. Throws `slow_down` when that is too much beside others, or the question
   * was refused meanwhile, and `bad_parameter` when it is too much for any question. The question that came first is let on.
   */
  charge(cost: number): void;
  /** To be called once, when its answer is there. */
  leave(): void;
}

/** Lets questions in. */
export interface Admission {
  /** Throws `slow_down` when too much is under way. */
  enter(cost: number): Ticket;
  /** What `work` gives; while it is under way, others who ask for the same by its key get that as well. */
  once<T>(key: string, work: () => Promise<T>): Promise<T>;
}

/** Admission up to a budget: of cost, or with a cost of 1 each, of questions. */
export function makeAdmission(budget = BUDGET): Admission {
  let underWay = 0;
  /** The questions under way, the one that came first first. */
  const tickets = new Set<Ticket>();
  const works = new Map<string, Promise<unknown>>();
  return {
    once: async <T>(key: string, work: () => Promise<T>): Promise<T> => {
      // Sound: a key names the question, and with it the type of its answer.
      const same = works.get(key) as Promise<T> | undefined;
      if (same !== undefined) return same;
      const working = work().finally(() => works.delete(key));
      works.set(key, working);
      return working;
    },
    enter: (cost) => {
      let [own, asked] = [0, 0];
      let hasLeft = false;
      const charge = (more: number): void => {
        // One part of a question was refused, and with it the question: its other parts end here, and count nowhere.
        if (hasLeft) throw tooMuch();
        if (asked + more > MAX_COST) throw tooLarge();
        // Counted as half the budget at most: so a large question gets in beside small ones, whatever it costs.
        const counted = Math.max(1, Math.min(asked + more, budget / 2)) - own;
        // The one that came first is never refused, however it grows: else several that grow together would all be.
        const [first = ticket] = tickets;
        if (counted > 0 && first !== ticket && underWay + counted > budget) throw tooMuch();
        asked += more;
        underWay += counted;
        own += counted;
      };
      const leave = (): void => {
        hasLeft = true;
        tickets.delete(ticket);
        underWay -= own;
        own = 0;
      };
      const ticket: Ticket = { charge, leave };
      charge(cost);
      tickets.add(ticket);
      return ticket;
    },
  };
}

const tooMuch = () =>
  new AppError(
    "slow_down",
    "too many questions are being answered; ask again in a few seconds, nothing was read for this one",
  );

const tooLarge = () =>
  new AppError(
    "bad_parameter",
    `expected a question about at most ${MAX_COST} sums of hosts, found more; ask for fewer periods or name more filters`,
  );

/** Works on a question while it has a ticket. */
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

/** What of an answer is given to those who asked the same. */
interface Kept {
  readonly body: ArrayBuffer;
  readonly headers: Headers;
}

/** A question that is being answered, and whether anybody waits for its answer beside the one who asked first. */
interface UnderWay {
  readonly answer: Promise<Kept | null>;
  isShared: boolean;
}

/**
 * Lets a question through that has room, with its ticket in the context. Anyone who asks the same of the same fleet while it
 * is being answered gets that answer, and costs nothing.
 */
export function admitted({ admission }: { readonly admission: Admission }, cost: number): MiddlewareHandler<HttpEnv> {
  const all = new Map<string, UnderWay>();
  return async function admitQuestion(c, next) {
    const key = keyOf(c);
    const same = all.get(key);
    if (same !== undefined) {
      same.isShared = true;
      const kept = await same.answer;
      if (kept !== null) return new Response(kept.body, { headers: kept.headers });
    }
    const answering = withTicket(admission, cost, async (ticket) => {
      c.set("ticket", ticket);
      await next();
    });
    const underWay: UnderWay = {
      // A refusal names its own request, and a stream can be read once: those who waited ask for themselves.
      answer: answering.then(
        async () => (underWay.isShared && c.res.status === 200 && !c.get("isStream") ? kept(c.res.clone()) : null),
        () => null,
      ),
      isShared: false,
    };
    all.set(key, underWay);
    try {
      await answering;
      await underWay.answer;
    } finally {
      if (all.get(key) === underWay) all.delete(key);
    }
    return;
  };
}

const kept = async (answer: Response): Promise<Kept> => ({
  body: await answer.arrayBuffer(),
  headers: answer.headers,
});

/** Equal for questions that have the same answer: its path with the format, its parameters in any order, for whom it is. */
function keyOf(c: Context<HttpEnv>): string {
  const { pathname, searchParams } = new URL(c.req.url);
  searchParams.sort();
  const token = c.get("token");
  return JSON.stringify([token?.fleet, token?.scope, pathname, searchParams.toString(), c.req.header("Accept")]);
}

/** The same dependencies, with cells that are charged to the question before they are read. */
export function charged<D extends { readonly cells: CellReader }>(deps: D, ticket: Ticket | null): D {
  if (ticket === null) throw new Error("a route without admitted() asked for cells");
  const open: CellReader["open"] = (question) => deps.cells.open({ ...question, charge: ticket.charge });
  return { ...deps, cells: { ...deps.cells, open } };
}
