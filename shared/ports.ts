// Ports: what the apps need from the outside, handed to them when they are made. The store implements them over
// DynamoDB; there is no other implementation.

import type { CellKind } from "./cells/cell.ts";
import type { HostSummary, RunSample } from "./cells/host-values.ts";
import type { Merged } from "./compare/merge-periods.ts";
import type { Backend } from "./run/backends.ts";
import type { Cohort, CohortKey, CountedCohort } from "./run/cohort.ts";
import type { MetricName } from "./run/metrics.ts";
import type { Run, View } from "./run/run.ts";
import type { Share } from "./run/share.ts";
import type { Token } from "./run/token.ts";

/** The present, as milliseconds since 1970. */
export type Clock = () => number;

/** A run to be stored, with the sample that aggregation reads. */
export interface NewRun {
  readonly run: Run;
  readonly sample: RunSample;
}

/** Which runs to list, newest first. Times are ISO 8601 UTC; `from` is inclusive, `to` exclusive. */
export interface RunQuery {
  readonly host?: string | undefined;
  readonly backend?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** One page of a listing; `cursor` is null on the last page. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly cursor: string | null;
}

/** A stored run that cannot be read: its bytes were damaged, or a version that this one does not know wrote them. */
export interface UnreadableRun {
  readonly id: string;
  /** Null where not even that can be read. */
  readonly host: string | null;
  /** What was expected and what was found. */
  readonly reason: string;
}

/** One page of runs; those of it that cannot be read are named beside it. */
export interface RunPage extends Page<Run> {
  readonly unreadable: readonly UnreadableRun[];
  /** How many results were looked at, when the page ended before it was full: further ones may be behind the cursor. */
  readonly lookedAt?: number;
}

export interface RunStore {
  /**
   * Stores runs that are not there yet, each together with the work mark of its host. Resolves only when they are
   * durable; the answer has one word for each run, in order.
   */
  add(runs: readonly NewRun[]): Promise<readonly ("stored" | "duplicate")[]>;
  /** Null when there is no such run. Throws `unreadable` when it cannot be read. */
  get(fleet: string, id: string): Promise<Run | null>;
  /** A page, which may be short, or empty, without being the last. */
  list(fleet: string, query: RunQuery): Promise<RunPage>;
  /**
   * Takes a run out of all statistics, and marks its host. Null when there is no such run; repeating changes nothing. One
   * that cannot be read can be withdrawn as long as its host is known; else this throws `unreadable`.
   */
  withdraw(fleet: string, id: string, at: string): Promise<Pick<Run, "host" | "withdrawn_at"> | null>;
}

/** A line that was rejected, kept with all that is needed to try it again. */
export interface QuarantinedLine {
  readonly id: string;
  readonly fleet: string;
  readonly received_at: string;
  /** The line as received, at most 32 768 characters of it. */
  readonly raw: string;
  readonly raw_length: number;
  readonly raw_encoding: Run["raw_encoding"];
  readonly line: number;
  readonly column: number;
  readonly field: string | null;
  readonly code: string;
  readonly text: string;
  /** What was said about the line: query parameters and `# key: value` lines. */
  readonly context: Readonly<Record<string, string>>;
  /** The hosts that the token it came with may post for; null for all. */
  readonly hosts: string | null;
}

export interface QuarantineStore {
  add(lines: readonly QuarantinedLine[]): Promise<void>;
  get(fleet: string, id: string): Promise<QuarantinedLine | null>;
  list(fleet: string, limit: number, cursor?: string): Promise<Page<QuarantinedLine>>;
  remove(fleet: string, id: string): Promise<void>;
}

/** A token as it lies in the store. */
export interface StoredToken {
  /** SHA-256 of its secret. */
  readonly secretHash: string;
  readonly token: Token;
  /** False for what was written or changed past the service: it opens nothing, whatever it says. */
  readonly isGenuine: boolean;
}

export interface TokenStore {
  /**
   * Stores a token under the SHA-256 of its secret. A genuine one that is there already stays as it is. Throws `forbidden`
   * for the secret of one that was revoked.
   */
  add(token: Token, secretHash: string): Promise<void>;
  /** The token with a secret, revoked or not; null when no genuine one has it. */
  find(secretHash: string): Promise<Token | null>;
  /**
   * Everything that a secret could lead to: the tokens that say they are of a fleet or, for null, all, revoked ones and what
   * is not genuine too. The oldest first.
   */
  list(fleet: string | null): Promise<readonly StoredToken[]>;
  /** Ends a token for good: it stays in the store, and says since when it opens nothing. Again changes nothing. */
  revoke(stored: StoredToken, at: string): Promise<void>;
}

/** That the first admin token was made, and which one it is. */
export interface FirstAdminStore {
  /** The SHA-256 of its secret, whether the token was revoked since or not; null when none was ever made. */
  get(): Promise<string | null>;
  set(secretHash: string): Promise<void>;
}

/** What was stored with a token. */
export interface Use {
  readonly bytes: number;
  readonly runs: number;
}

export interface UseStore {
  /** Adds to what was stored with a token on a day (`2026-12-01`); gives what all processes together have stored. */
  add(tokenId: string, day: string, use: Use): Promise<Use>;
  /** The kinds of host that were named with a token in a year (`2026`). */
  cohorts(tokenId: string, year: string): Promise<ReadonlySet<string>>;
  /** Adds kinds to those named; false, and nothing is added, when there are not as many as `before` any more. */
  addCohorts(tokenId: string, year: string, cohorts: readonly string[], before: number): Promise<boolean>;
}

/** A document of a frozen share: its bytes under a name, such as `png`. */
export interface StoredDocument {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface ShareStore {
  /** Stores a share with the documents it begins with. It is there when all of them are, or not at all. */
  add(share: Share, documents: readonly StoredDocument[]): Promise<void>;
  /** A share, ended or not; null when there never was one. */
  find(id: string): Promise<{ readonly share: Share; readonly revokedAt: string | null } | null>;
  /** A fleet's shares that have not ended, newest first. */
  list(fleet: string, limit: number, cursor?: string): Promise<Page<Share>>;
  /** Ends a share and drops its documents; what it was stays known. Repeating it finishes what was broken off. */
  end(share: Share, at: string): Promise<void>;
  /** The bytes of a document; null when none has that name. */
  document(id: string, name: string): Promise<Uint8Array | null>;
  /**
   * Keeps a document unless there is one of that name, for ever: gives the bytes that are kept, which are those that came
   * first; null when the share has ended.
   */
  keep(id: string, document: StoredDocument): Promise<Uint8Array | null>;
}

/** Cells of one pair or backend by scope, periods merged. */
export type ScopedCells = ReadonlyMap<string, Merged>;

/** What to read cells for. */
export interface CellQuery {
  readonly fleet: string;
  readonly periods: readonly string[];
  readonly filters: Readonly<Partial<Record<CohortKey, readonly string[]>>>;
  /** One scope alone, `ALL` or a stratum; all scopes when not given. */
  readonly scope?: string | undefined;
  /** The metrics that the cells are read for; all of them when none is named. Others are then left out of the cells. */
  readonly metrics?: readonly MetricName[];
  /** Told how many ranges of cells are about to be read, each time before they are; throws when that is too much now. */
  readonly charge?: ((ranges: number) => void) | undefined;
}

/** Cells of one pair or backend in both views, and the newest time at which any of them was written (ISO 8601 UTC). */
export interface CellReading {
  readonly views: Readonly<Record<View, ScopedCells>>;
  readonly writtenAt: string | null;
  /** Whether filters were asked for and a period has hosts in `OTHER_COHORT`, which no filter finds. */
  readonly isCapped: boolean;
}

/** The cells for one question. They may be shared with those of other questions, and must not be changed. */
interface OpenCells {
  /** The cells of one kind and name, e.g. `pair`, `blktap1:loop`. */
  read(kind: CellKind, name: string): Promise<CellReading>;
  /** The cells of every pair or every backend that has any, by name in alphabetical order. */
  readAll(kind: "pair" | "backend"): Promise<ReadonlyMap<string, CellReading>>;
}

export interface CellStore {
  /** Finds out where the cells for a question are, and gives what reads them. */
  open(question: CellQuery): Promise<OpenCells>;
  /** Every cohort of a period that filters can find. */
  cohorts(fleet: string, period: string): Promise<readonly Cohort[]>;
}

/** One host over all time, as last counted. */
export interface CountedHost {
  readonly summary: HostSummary;
  readonly cohort: Cohort;
  /** Whether it has results that are not counted yet. */
  readonly isPending: boolean;
}

export interface HostStore {
  /** Hosts with results that count, in the order of the bytes of their names. */
  list(fleet: string, limit: number, cursor?: string): Promise<Page<Omit<CountedHost, "isPending">>>;
  /** Null for a host that has no results, neither counted nor pending. */
  get(fleet: string, host: string): Promise<CountedHost | null>;
}

export interface StatusStore {
  /** Open work marks of a fleet, exactly, and the time of the oldest one. */
  pendingHostCount(fleet: string): Promise<{ readonly count: number; readonly oldestAt: string | null }>;
  /** Hosts with results that are not counted yet, at most a second ago. */
  pendingHosts(fleet: string): Promise<number>;
  /** Quarantined lines, counted up to 10 000. */
  quarantined(fleet: string): Promise<number>;
  /** Answers when the store can be reached, throws `unavailable` when not. */
  ping(): Promise<void>;
}

/** A period, usually a month, and a backend and stratum in which a host's runs have changed. */
export interface Touched {
  readonly period: string;
  readonly backend: Backend;
  readonly stratum: string;
}

/** An open work mark as it was read. */
export interface PendingHost {
  readonly fleet: string;
  readonly host: string;
  readonly touched: readonly Touched[];
  /** Equal for hosts whose newest uploads name the same cohort: they probably share cells. A hint, "" where nobody said. */
  readonly cohort: string;
  /** Changes with every write; names the state that was read. */
  readonly token: string;
  /** Why what it touches cannot be read; only in a list of marks, of one that is damaged. */
  readonly fault?: Error;
}

/** A host summary as stored: what the host has contributed to the cells, and under which cohort. */
export interface StoredSummary {
  readonly summary: HostSummary;
  readonly cohort: CountedCohort;
  /** Names the state that was read; null when there is none yet. */
  readonly version: string | null;
}

/** One host's step from one summary of a period to the next. */
export interface SummaryStep {
  readonly period: string;
  readonly before: StoredSummary;
  /** The cohort it should be counted in; where the period has no room for it, the store takes `OTHER_COHORT`. */
  readonly after: { readonly summary: HostSummary; readonly cohort: CountedCohort };
}

/** One derivation of a fleet's summaries and cells from its runs. */
export interface FleetGeneration {
  readonly fleet: string;
  readonly generation: string;
}

export interface AggregationStore {
  fleets(): Promise<readonly string[]>;
  /**
   * The generations that aggregation keeps up to date: the one that is read, and the one that a rebuild is making. To be
   * asked after the marks are read: a rebuild derives itself what was marked before its generation was known.
   */
  generations(fleet: string): Promise<readonly FleetGeneration[]>;
  /** Up to `limit` open marks of a bucket in order of host, after the host `after`. */
  marks(fleet: string, bucket: number, limit: number, after?: string): Promise<readonly PendingHost[]>;
  mark(fleet: string, host: string): Promise<PendingHost | null>;
  /** How many marks are open, exactly, and the time of the oldest one (ISO 8601 UTC). */
  pendingHostCount(fleet: string): Promise<{ readonly count: number; readonly oldestAt: string | null }>;
  /** Removes the marks, except those written again since they were read. */
  clear(marks: readonly PendingHost[]): Promise<void>;
  /** The newest `limit` samples of a group whose `finished_at` lies in the window, newest first. */
  samples(
    group: { readonly fleet: string; readonly host: string; readonly backend: Backend; readonly stratum: string },
    window: { readonly from: string; readonly to: string },
    limit: number,
  ): Promise<readonly RunSample[]>;
  /** The stored summaries, in the order of the keys; an empty one with version null where there is none. */
  summaries(
    of: FleetGeneration,
    keys: readonly { readonly period: string; readonly host: string }[],
  ): Promise<readonly StoredSummary[]>;
  /**
   * Commits steps of hosts of one bucket: for each step the new summary and the cells less the old contributions plus the
   * new ones, all or nothing; a step that changes nothing gets a new version all the same. The steps that were not committed, because somebody else changed an item of theirs
   * meanwhile, are returned: read again and try again.
   */
  commit(
    of: FleetGeneration,
    bucket: number,
    steps: readonly SummaryStep[],
    at: string,
  ): Promise<readonly SummaryStep[]>;
}

/** Called after runs were stored or withdrawn, with the hosts that now have a work mark. May do nothing. */
export type Wake = (fleet: string, hosts: readonly string[]) => void;
