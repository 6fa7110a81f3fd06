// Every key of the table. The files of this folder are the only ones that know DynamoDB, and this one shows what they can
// read with one query: the items of one partition, or those whose sort key starts with a prefix (docs/architecture.md has
// the table of items). `#` never occurs inside a part of a key that another part follows.

import { createHash } from "node:crypto";
import type { CellKind } from "../../../shared/cells/cell.ts";
import type { FleetGeneration } from "../../../shared/cells/stored-summary.ts";
import { isTotal } from "../../../shared/cells/totals.ts";
import { SHARDS } from "../../../shared/deployment.ts";
import { COHORT_KEYS, type CountedCohort, OTHER_COHORT } from "../../../shared/run/cohort.ts";
import type { RunPlace } from "../../../shared/run/run-codec.ts";

/** A primary key. */
export interface Key {
  readonly pk: string;
  readonly sk: string;
}

/** A key as one text, for maps; unambiguous, because a partition key contains no blank. */
export const keyText = ({ pk, sk }: Key): string => `${pk} ${sk}`;

/** In keys of cells: the hosts of all cohorts together. */
export const ALL_COHORTS = "*";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/**
 * The 64-bit hash of a host in keys: 16 hexadecimal digits. A host name may be longer than a key may be. The id of a run
 * starts with this hash, so that the id alone is enough to find the run.
 */
export function hostHash(fleet: string, host: string): string {
  return sha256(`${fleet}\0${host}`).slice(0, 16);
}

/** The shard of a host: 0 to SHARDS - 1. */
export const computeShard = (fleet: string, host: string): number => shardOfHash(hostHash(fleet, host));

/** The shard of a host that is known by its hash, or by the id of one of its runs, which starts with the hash. */
function shardOfHash(hash: string): number {
  return Number.parseInt(hash.slice(0, 8), 16) % SHARDS;
}

/** The hash of a cohort in keys. Hosts without any attribute have a cohort, too. */
export function cohortHash(cohort: CountedCohort): string {
  if (cohort === OTHER_COHORT) return OTHER_COHORT;
  return sha256(JSON.stringify(COHORT_KEYS.map((key) => cohort[key] ?? null))).slice(0, 16);
}

/** A run, by its id. */
export const runKey = (fleet: string, id: string): Key => ({ pk: `RUN#${fleet}#${id.slice(0, 16)}`, sk: id });

/** All runs of a host. */
export const runsOfHost = (fleet: string, host: string): string => `RUN#${fleet}#${hostHash(fleet, host)}`;

/** Whether a partition contains the runs of a host. */
export const isOfRuns = (pk: string): boolean => pk.startsWith("RUN#");

/** The samples of a host, and the places of its withdrawn runs. */
export const samplesOfHost = (fleet: string, host: string): string => `SAMPLE#${fleet}#${hostHash(fleet, host)}`;

/** The sample of a run: newest last within its backend and stratum. */
export const sampleKey = (fleet: string, host: string, { backend, stratum, finished_at, id }: RunPlace): Key => ({
  pk: samplesOfHost(fleet, host),
  sk: `${backend}#${stratum}#${finished_at}#${id}`,
});

/** The entry of a withdrawn run, after all samples, because `~` sorts after every backend. */
export function withdrawnKey(fleet: string, host: string, place: RunPlace): Key {
  const { pk, sk } = sampleKey(fleet, host, place);
  return { pk, sk: `~${sk}` };
}

/** The partition of a shard in the time index. */
export const timePartition = (fleet: string, shard: number): string => `TIME#${fleet}#${shard}`;

/** The sort key of a run in the time index. */
export const timeOrder = (finishedAt: string, id: string, backend: string): string => `${finishedAt}#${id}#${backend}`;

/** The pending hosts of one shard. */
export const pendingPartition = (fleet: string, shard: number): string => `WORK#${fleet}#${shard}`;

/** Fleet and shard of a partition of pending hosts; null for any other partition. */
export function parsePendingPartition(pk: string): { fleet: string; shard: number } | null {
  const [, fleet, shard] = /^WORK#([^#]+)#(\d+)$/.exec(pk) ?? [];
  return fleet === undefined ? null : { fleet, shard: Number(shard) };
}

/** A pending host. */
export const pendingHostKey = (fleet: string, host: string): Key => ({
  pk: pendingPartition(fleet, computeShard(fleet, host)),
  sk: host,
});

/** The generations of a fleet: which one is active, and which one a rebuild is making. */
export const generationKey = (fleet: string): Key => ({ pk: `GENERATION#${fleet}`, sk: "generation" });

/** The summaries of one shard in one period. */
export const summaryPartition = ({ fleet, generation }: FleetGeneration, period: string, shard: number): string =>
  `HOST#${fleet}#${generation}#${period}#${shard}`;

/** The summary of a host in one period. */
export const summaryKey = (of: FleetGeneration, period: string, host: string): Key => ({
  pk: summaryPartition(of, period, computeShard(of.fleet, host)),
  sk: host,
});

/** The hosts of a shard that an admin has retired. */
export const retiredPartition = (fleet: string, shard: number): string => `RETIRED#${fleet}#${shard}`;

/** The mark of a retired host. */
export const retiredKey = (fleet: string, host: string): Key => ({
  pk: retiredPartition(fleet, computeShard(fleet, host)),
  sk: host,
});

/** The counts of a fleet's hosts, as of the last sweep. */
export const hostCountsKey = (fleet: string): Key => ({ pk: `COUNTS#${fleet}`, sk: "hosts" });

/** The settings of a fleet. */
export const settingsKey = (fleet: string): Key => ({ pk: `SETTINGS#${fleet}`, sk: "settings" });

/** The cells of a pair or backend in one cohort of a period. */
interface NamedCells {
  readonly cohort: string;
  readonly kind: CellKind;
  readonly name: string;
}

/**
 * The cells of all cohorts together are written with every result, so a pair or backend has several partitions of them, each
 * with its share of the shards. A partition takes 1 000 write units a second.
 */
const PARTITIONS_OF_ALL = 4;

const cellPartition = (
  { fleet, generation }: FleetGeneration,
  period: string,
  { cohort, kind, name }: NamedCells,
  shard: number,
): string =>
  `CELL#${fleet}#${generation}#${period}#${cohort}#${kind}#${name}${cohort === ALL_COHORTS ? `#${shard % PARTITIONS_OF_ALL}` : ""}`;

/** The partitions with the cells of a pair or backend in one cohort of a period, of every scope; of some shards or all. */
export function cellPartitions(
  of: FleetGeneration,
  period: string,
  cells: NamedCells,
  shards: readonly number[] = ALL_SHARDS,
): readonly string[] {
  return [...new Set(shards.map((shard) => cellPartition(of, period, cells, shard)))];
}

const ALL_SHARDS = Array.from({ length: SHARDS }, (_, shard) => shard);

/** The common start of the cells of one scope in their partition. */
export const scopePrefix = (scope: string): string => `${scope}#`;

/** The totals of the cohorts that have hosts in a shard. */
export const totalsPartition = ({ fleet, generation }: FleetGeneration, period: string, shard: number): string =>
  `TOTAL#${fleet}#${generation}#${period}#${shard}`;

/** The totals of a cohort in a shard. Their version changes whenever any cell of the cohort in the shard does. */
export const totalsKey = (of: FleetGeneration, period: string, cohort: string, shard: number): Key => ({
  pk: totalsPartition(of, period, shard),
  sk: cohort,
});

/** The list of a period's cohorts is spread over partitions: at the start of a month every host enters its cohort. */
const COHORT_PARTITIONS = 4;

const cohortPartition = ({ fleet, generation }: FleetGeneration, period: string, part: number): string =>
  `COHORT#${fleet}#${generation}#${period}#${part}`;

/** The partitions with the cohorts of a period. */
export const cohortPartitions = (of: FleetGeneration, period: string): readonly string[] =>
  Array.from({ length: COHORT_PARTITIONS }, (_, part) => cohortPartition(of, period, part));

/** One cohort of a period, by its hash. */
export const cohortKey = (of: FleetGeneration, period: string, cohort: string): Key => ({
  pk: cohortPartition(of, period, shardOfHash(sha256(cohort)) % COHORT_PARTITIONS),
  sk: cohort,
});

/** The months of a shard that were audited without a difference, in one generation. */
export const auditPartition = ({ fleet, generation }: FleetGeneration, shard: number): string =>
  `AUDIT#${fleet}#${generation}#${shard}`;

/** The item that a cell is in: the totals, or one of its own. `shard` is the shard of the hosts that the cell adds up. */
export function cellKey(
  of: FleetGeneration,
  period: string,
  { scope, shard, ...cells }: NamedCells & { readonly scope: string; readonly shard: number },
): Key {
  if (isTotal({ kind: cells.kind, scope })) return totalsKey(of, period, cells.cohort, shard);
  return { pk: cellPartition(of, period, cells, shard), sk: `${scopePrefix(scope)}${shard}` };
}

/** Whether a partition contains totals. */
const isOfTotals = (pk: string): boolean => pk.startsWith("TOTAL#");

/** The shard of an item with cells: its partition ends with it for totals, its sort key for any other. */
export const parseCellShard = ({ pk, sk }: Key): number => Number((isOfTotals(pk) ? pk : sk).split("#").at(-1));

/** The number of the format that the items of the table have. */
export const FORMAT_KEY: Key = { pk: "FORMAT", sk: "format" };

/** Which token is the first admin token. */
export const FIRST_ADMIN_KEY: Key = { pk: "FIRST_ADMIN", sk: "first_admin" };

/** A token, by the SHA-256 of its secret in 64 hexadecimal digits. It has no other item, so listing all tokens finds it. */
export const tokenKey = (secretHash: string): Key => ({ pk: `TOKEN#${secretHash.slice(0, 1)}`, sk: secretHash });

/** The partitions of all tokens. */
export const TOKEN_PARTITIONS: readonly string[] = Array.from("0123456789abcdef", (digit) => `TOKEN#${digit}`);

/** In format 0: a token, by the SHA-256 of its secret. */
export const tokenKeyOfFormat0 = (secretHash: string): Key => ({ pk: `TOKEN#${secretHash}`, sk: "token" });

/** In format 0: the list of the tokens of a fleet, by id. */
export const tokenListOfFormat0 = (fleet: string): string => `TOKENS#${fleet}`;

/** What was stored with a token. */
const usePartition = (tokenId: string): string => `USE#${tokenId}`;

/** What was stored with a token on a day (`2026-12-01`). */
export const dayUseKey = (tokenId: string, day: string): Key => ({ pk: usePartition(tokenId), sk: `day#${day}` });

/** The kinds of host that were named with a token in a year (`2026`). */
export const cohortsNamedKey = (tokenId: string, year: string): Key => ({
  pk: usePartition(tokenId),
  sk: `cohorts#${year}`,
});

/** The bytes that lines of a fleet, or of a token, took in quarantine on a day. No id of a token contains `#`. */
export const quarantineUseKey = (of: { readonly fleet: string } | { readonly tokenId: string }, day: string): Key => ({
  pk: usePartition("fleet" in of ? `fleet#${of.fleet}` : of.tokenId),
  sk: `quarantine#${day}`,
});

/** What was done to a fleet by its admins in a month (`2026-12`). */
export const activityPartition = (fleet: string, month: string): string => `ACTIVITY#${fleet}#${month}`;

/** One entry of that log, by its time (ISO 8601) and a random part. */
export const activityKey = (fleet: string, at: string, random: string): Key => ({
  pk: activityPartition(fleet, at.slice(0, 7)),
  sk: `${at}#${random}`,
});

/** A share and its documents. */
export const sharePartition = (id: string): string => `SHARE#${id}`;

/** The id of the share that a partition belongs to; null for any other partition. */
export const shareOfPartition = (pk: string): string | null => (pk.startsWith("SHARE#") ? pk.slice(6) : null);

/** A share itself. */
export const shareKey = (id: string): Key => ({ pk: sharePartition(id), sk: "share" });

/** The common start of the chunks of a document of a share; without a name, of all its documents. */
export const documentPrefix = (name?: string): string => (name === undefined ? "document#" : `document#${name}#`);

/** A chunk of a document, which has fewer than 100 of them. */
export const documentKey = (id: string, name: string, chunk: number): Key => ({
  pk: sharePartition(id),
  sk: `${documentPrefix(name)}${String(chunk).padStart(2, "0")}`,
});

/** The shares of a fleet by the time of their creation. */
export const fleetSharesPartition = (fleet: string): string => `SHARES#${fleet}`;

/** One share in the list of its fleet. */
export const fleetShareKey = (fleet: string, createdAt: string, id: string): Key => ({
  pk: fleetSharesPartition(fleet),
  sk: `${createdAt}#${id}`,
});

/** The list of all fleets. */
export const FLEETS_PARTITION = "FLEETS";

/** One fleet in that list. */
export const fleetKey = (fleet: string): Key => ({ pk: FLEETS_PARTITION, sk: fleet });

/** The rejected lines of a fleet whose ids are in a shard. */
export const quarantinePartition = (fleet: string, shard: number): string => `REJECT#${fleet}#${shard}`;

const quarantinePartitionOf = (fleet: string, id: string): string =>
  quarantinePartition(fleet, shardOfHash(sha256(id)));

/** One rejected line, by its id. */
export const quarantineKey = (fleet: string, id: string): Key => ({
  pk: quarantinePartitionOf(fleet, id),
  sk: `line#${id}`,
});

/** The place of a rejected line in the list of its shard, by its time of receipt. */
export const quarantineOrderKey = (fleet: string, receivedAt: string, id: string): Key => ({
  pk: quarantinePartitionOf(fleet, id),
  sk: `at#${receivedAt}#${id}`,
});

/**
 * How partitions start whose items can be derived from others, and are in no backup: those of aggregation, and the lists of
 * shares. A backup contains all other items, so that it cannot miss items of a kind that is added later.
 */
export const DERIVED_PARTITIONS = [
  "WORK#",
  "SAMPLE#",
  "GENERATION#",
  "HOST#",
  "CELL#",
  "COHORT#",
  "TOTAL#",
  "AUDIT#",
  "COUNTS#",
  "SHARES#",
  "PING",
] as const;
