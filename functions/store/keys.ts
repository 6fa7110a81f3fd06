// Every key of the table. The files of this folder are the only ones that know DynamoDB, and this one shows what they can
// read with one query: the items of one partition, or those whose sort key starts with a prefix (docs/architecture.md has
// the table of items). `#` never occurs inside a part of a key that another part follows.

import { createHash } from "node:crypto";
import type { FleetGeneration } from "../../shared/cells/stored-summary.ts";
import { SHARDS } from "../../shared/deployment.ts";
import { COHORT_KEYS, type CountedCohort, OTHER_COHORT } from "../../shared/run/cohort.ts";

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
export function shardOfHash(hash: string): number {
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

/** The sort key of a run in the order index: newest last within its backend and stratum. */
export const runOrder = (backend: string, stratum: string, finishedAt: string, id: string): string =>
  `${backend}#${stratum}#${finishedAt}#${id}`;

/** The sort key of a withdrawn run in the order index: after all runs that count, because `~` sorts after every backend. */
export const withdrawnOrder = (order: string): string => `~${order}`;

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

/** The cells of a period: of every cohort, kind, name, scope and shard. */
export const cellPartition = ({ fleet, generation }: FleetGeneration, period: string): string =>
  `CELL#${fleet}#${generation}#${period}`;

/** The common start of the cells of a pair, a backend or the fleet in one cohort: of all scopes, or of the given one. */
export const cellPrefix = (cohort: string, kind: string, name: string, scope?: string): string =>
  `${cohort}#${kind}#${name}#${scope === undefined ? "" : `${scope}#`}`;

/** One cell; `shard` is the shard of the hosts that it adds up. */
export const cellKey = (
  of: FleetGeneration,
  period: string,
  cell: { cohort: string; kind: string; name: string; scope: string; shard: number },
): Key => ({
  pk: cellPartition(of, period),
  sk: `${cellPrefix(cell.cohort, cell.kind, cell.name, cell.scope)}${cell.shard}`,
});

/** The cohorts of a period. */
export const cohortPartition = ({ fleet, generation }: FleetGeneration, period: string): string =>
  `COHORT#${fleet}#${generation}#${period}`;

/** One cohort of a period, by its hash. */
export const cohortKey = (of: FleetGeneration, period: string, cohort: string): Key => ({
  pk: cohortPartition(of, period),
  sk: cohort,
});

/** The versions of the cells of a period. */
export const cellVersionPartition = ({ fleet, generation }: FleetGeneration, period: string): string =>
  `STAMP#${fleet}#${generation}#${period}`;

/** The common start of the versions of a cohort's cells, one version for each shard. */
export const cellVersionPrefix = (cohort: string): string => `${cohort}#`;

/** The version of a cohort's cells in a shard, which changes whenever any of them does. */
export const cellVersionKey = (of: FleetGeneration, period: string, cohort: string, shard: number): Key => ({
  pk: cellVersionPartition(of, period),
  sk: `${cellVersionPrefix(cohort)}${shard}`,
});

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

/** The rejected lines of a fleet. */
export const quarantinePartition = (fleet: string): string => `REJECT#${fleet}`;

/** One rejected line, by its id. */
export const quarantineKey = (fleet: string, id: string): Key => ({ pk: quarantinePartition(fleet), sk: id });

/**
 * How partitions start whose items can be derived from others, and are in no backup: those of aggregation, and the lists of
 * shares. A backup contains all other items, so that it cannot miss items of a kind that is added later.
 */
export const DERIVED_PARTITIONS = [
  "WORK#",
  "GENERATION#",
  "HOST#",
  "CELL#",
  "COHORT#",
  "STAMP#",
  "SHARES#",
  "PING",
] as const;
