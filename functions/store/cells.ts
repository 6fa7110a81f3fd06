// Cells for a question: one range of keys for each period and cohort, added over shards and cohorts, then merged over
// periods. The number of items read depends on the cohorts, scopes and shards there are, never on hosts or runs.

import type { Cell, CellKind } from "../../shared/cells/cell.ts";
import { mergePeriods } from "../../shared/compare/merge-periods.ts";
import { AppError } from "../../shared/errors.ts";
import { COHORT_KEYS } from "../../shared/run/cohort.ts";
import type { CellQuestion, CellReading, CellStore, FleetGeneration, ScopedCells } from "../../shared/ports.ts";
import { cellNames } from "./cell-names.ts";
import { type CohortCells, cohortCells, latest, type RememberedTable, sumOverCohorts } from "./cohort-cells.ts";
import { matchingCohorts, readCohorts } from "./cohorts.ts";
import { currentGeneration } from "./generations.ts";
import { inLanes } from "./in-lanes.ts";
import { cellPartition, cellPrefix, EVERY_COHORT } from "./keys.ts";
import { type Memory, makeMemory } from "./memory.ts";
import { readStamps } from "./stamps.ts";
import type { Table } from "./table.ts";
import { nextTurn, takingTurns } from "./turns.ts";

/** Names and ranges of cells that one question reads at the same time: all together what the store has connections for. */
const NAMES_AT_ONCE = 4;
const RANGES_AT_ONCE = 16;

/** Ranges that one question may read. Each takes a millisecond or less, so that even this many are some ten seconds. */
const MOST_RANGES = 20_000;

/** What a question with filters is presumed to read before its cohorts are known: as a comparison, all that there are. */
const NAMES_PRESUMED = 3;

/** Cohorts of a period of which nothing has been read yet. */
const COHORTS_PRESUMED = 50;

/** Periods whose number of cohorts is kept in mind. */
const MOST_PERIODS_KNOWN = 10_000;

/** Room for the cells of some hundred cohorts, or of all hosts in a few hundred questions. */
const REMEMBERED_BYTES = 32e6;

interface Cells extends RememberedTable {
  readonly names: Memory<readonly string[]>;
  /** How many cohorts a fleet was seen to have in a period. */
  readonly cohortCounts: Map<string, number>;
}

/** Cells over the table; what was read last is kept in the process, in some 32 MB. */
export function makeCellStore(table: Table): CellStore {
  const cells = {
    table,
    remembered: makeMemory<CohortCells>(REMEMBERED_BYTES),
    names: makeMemory<readonly string[]>(REMEMBERED_BYTES / 100),
    cohortCounts: new Map<string, number>(),
  };
  return {
    open: async (question) => {
      const presumed = isFiltered(question) ? NAMES_PRESUMED * cohortsKnown(cells, question) : 0;
      // Before anything is read: else those who are to be refused would read as many cohorts as those who are let in.
      question.charge?.(presumed);
      const of = await currentGeneration(table, question.fleet);
      const places = await placesOf(cells, of, question);
      question.charge?.(-presumed);
      const read = (kind: CellKind, name: string) => readCells(cells, of, question, places, kind, name);
      const charge = (names: number): void => {
        const ranges = rangesFor(names, places);
        question.charge?.(ranges);
      };
      return {
        read: async (kind, name) => {
          charge(1);
          return read(kind, name);
        },
        readAll: async (kind) => {
          const names = await namesIn(cells, of, places, kind);
          charge(names.length);
          return new Map(await inLanes(names, NAMES_AT_ONCE, async (name) => [name, await read(kind, name)] as const));
        },
      };
    },
    cohorts: async (fleet, period) => readCohorts(table, await currentGeneration(table, fleet), period),
  };
}

/** A period, and the cohorts in it that satisfy the filters. */
interface Place {
  readonly period: string;
  readonly cohorts: readonly string[];
  /** What the cells of each cohort are known by. */
  readonly stamps: ReadonlyMap<string, string>;
  /** Whether hosts that satisfy the filters may be missing. */
  readonly isCapped: boolean;
}

const isFiltered = ({ filters }: CellQuestion): boolean => COHORT_KEYS.some((key) => filters[key] !== undefined);

function cohortsKnown({ cohortCounts }: Cells, { fleet, periods }: CellQuestion): number {
  return periods.reduce((sum, period) => sum + (cohortCounts.get(`${fleet} ${period}`) ?? COHORTS_PRESUMED), 0);
}

function placesOf({ table, cohortCounts }: Cells, of: FleetGeneration, question: CellQuestion): Promise<Place[]> {
  return Promise.all(
    question.periods.map(async (period) => {
      if (!isFiltered(question)) {
        const stamps = await readStamps(table, of, period, EVERY_COHORT);
        return { period, cohorts: [EVERY_COHORT], stamps, isCapped: false };
      }
      const [matching, stamps] = await Promise.all([
        matchingCohorts(table, of, question.filters, period),
        readStamps(table, of, period),
      ]);
      if (cohortCounts.size >= MOST_PERIODS_KNOWN) cohortCounts.clear();
      cohortCounts.set(`${of.fleet} ${period}`, matching.listed);
      return { period, cohorts: matching.cohorts, isCapped: matching.isCapped, stamps };
    }),
  );
}

/** The pairs or backends that have cells in any of the periods, sorted. */
async function namesIn(
  { table, names }: Cells,
  of: FleetGeneration,
  places: readonly Place[],
  kind: "pair" | "backend",
): Promise<string[]> {
  const found = await Promise.all(
    places.map(({ period, stamps }) =>
      names.recall(`${cellPartition(of, period)} ${kind}`, stamps.get(EVERY_COHORT) ?? "", async () => {
        const value = await cellNames(table, of, period, kind);
        return { value, bytes: value.join().length };
      }),
    ),
  );
  return [...new Set(found.flat())].sort();
}

async function readCells(
  cells: Cells,
  of: FleetGeneration,
  question: CellQuestion,
  places: readonly Place[],
  kind: CellKind,
  name: string,
): Promise<CellReading> {
  const turn = takingTurns();
  const sums = places.map((place) => ({ place, sum: sumOverCohorts() }));
  const ranges = sums.flatMap(({ place, sum }) => place.cohorts.map((cohort) => ({ place, cohort, sum })));
  await inLanes(ranges, RANGES_AT_ONCE, async ({ place: { period, stamps }, cohort, sum }) => {
    const prefix = cellPrefix(cohort, kind, name, question.scope);
    sum.add(await cohortCells(cells, cellPartition(of, period), prefix, question.metrics ?? [], stamps.get(cohort)));
    await turn();
  });
  await nextTurn();
  const periods = sums.map(({ sum }) => sum.total());
  const trusted = mergeScopes(periods.map(({ views }) => views.trusted));
  const areAlike = periods.every(({ views }) => views.all === views.trusted);
  return {
    views: { trusted, all: areAlike ? trusted : mergeScopes(periods.map(({ views }) => views.all)) },
    writtenAt: latest(periods.map(({ writtenAt }) => writtenAt)),
    isCapped: places.some((place) => place.isCapped),
  };
}

/** The ranges that so many names take to read. Throws `bad_parameter` for more than one question may read. */
function rangesFor(names: number, places: readonly Place[]): number {
  const ranges = places.reduce((sum, { cohorts }) => sum + cohorts.length, 0) * names;
  if (ranges <= MOST_RANGES) return ranges;
  const text = `expected a question about at most ${MOST_RANGES} sums of hosts, found ${ranges}: every pair or backend (${names}) in every period in each cohort that the filters let through; ask for fewer periods or name more filters`;
  throw new AppError("bad_parameter", text);
}

function mergeScopes(periods: readonly ReadonlyMap<string, Cell>[]): ScopedCells {
  const scopes = new Set(periods.flatMap((period) => [...period.keys()]));
  return new Map(
    [...scopes].sort().map((scope) => [scope, mergePeriods(periods.flatMap((period) => period.get(scope) ?? []))]),
  );
}
