// The store: everything that knows DynamoDB. In: runs, marks, summaries, cells, tokens and questions about them as plain
// values (shared/ports.ts). Out: the same, durable. This file holds every key of the one table (design, Storage), so the
// access patterns can be read off it; `#` never occurs inside a part that is followed by another part.

import { createHash } from "node:crypto";
import type { FleetGeneration } from "../../shared/cells/stored-summary.ts";
import { BUCKETS } from "../../shared/deployment.ts";
import { COHORT_KEYS, type CountedCohort, OTHER_COHORT } from "../../shared/run/cohort.ts";

/** A primary key. */
export interface Key {
  readonly pk: string;
  readonly sk: string;
}

/** A key as one text, for looking it up: a partition key holds no blank. */
export const idOf = ({ pk, sk }: Key): string => `${pk} ${sk}`;

/** The cohort that stands for all cohorts together. */
export const EVERY_COHORT = "*";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/**
 * The 64-bit hash that stands for a host in keys: 16 hexadecimal digits. Host names may be longer than a key may be, and
 * a run's id starts with it, so that the id alone finds the run.
 */
export function hostHash(fleet: string, host: string): string {
  return sha256(`${fleet}\0${host}`).slice(0, 16);
}

/** The bucket of a host: 0 to BUCKETS - 1. */
export const bucketOf = (fleet: string, host: string): number => bucketOfHash(hostHash(fleet, host));

/** The same of a host that is known by its hash, or by the id of a run, which begins with it. */
export function bucketOfHash(hash: string): number {
  return Number.parseInt(hash.slice(0, 8), 16) % BUCKETS;
}

/** The hash that stands for a cohort in keys; a host without any attribute is in a cohort of its own kind. */
export function cohortHash(cohort: CountedCohort): string {
  if (cohort === OTHER_COHORT) return OTHER_COHORT;
  return sha256(JSON.stringify(COHORT_KEYS.map((key) => cohort[key] ?? null))).slice(0, 16);
}

/** A run, by its id. */
export const runKey = (fleet: string, id: string): Key => ({ pk: `RUN#${fleet}#${id.slice(0, 16)}`, sk: id });

/** All runs of a host. */
export const runsOfHost = (fleet: string, host: string): string => `RUN#${fleet}#${hostHash(fleet, host)}`;

/** Whether a partition is that of a host's runs. */
export const isOfRuns = (pk: string): boolean => pk.startsWith("RUN#");

/** Place of a run in the order index: newest last within its backend and stratum. */
export const runOrder = (backend: string, stratum: string, finishedAt: string, id: string): string =>
  `${backend}#${stratum}#${finishedAt}#${id}`;

/** Place of a withdrawn run in the order index: apart from all that count, `~` sorts after every backend. */
export const withdrawnOrder = (order: string): string => `~${order}`;

/** Partition of the time index. */
export const timePartition = (fleet: string, bucket: number): string => `TIME#${fleet}#${bucket}`;

/** Place of a run in the time index. */
export const timeOrder = (finishedAt: string, id: string, backend: string): string => `${finishedAt}#${id}#${backend}`;

/** The work marks of one bucket. */
export const pendingPartition = (fleet: string, bucket: number): string => `WORK#${fleet}#${bucket}`;

/** Fleet and bucket of a partition of work marks; null for any other partition. */
export function pendingPositionOf(pk: string): { fleet: string; bucket: number } | null {
  const [, fleet, bucket] = /^WORK#([^#]+)#(\d+)$/.exec(pk) ?? [];
  return fleet === undefined ? null : { fleet, bucket: Number(bucket) };
}

/** The work mark of a host. */
export const pendingHostKey = (fleet: string, host: string): Key => ({
  pk: pendingPartition(fleet, bucketOf(fleet, host)),
  sk: host,
});

/** Which generation of a fleet is read, and which is being made. */
export const generationKey = (fleet: string): Key => ({ pk: `GENERATION#${fleet}`, sk: "generation" });

/** The summaries of one bucket in one period. */
export const summaryPartition = ({ fleet, generation }: FleetGeneration, period: string, bucket: number): string =>
  `HOST#${fleet}#${generation}#${period}#${bucket}`;

/** The summary of a host in one period. */
export const summaryKey = (of: FleetGeneration, period: string, host: string): Key => ({
  pk: summaryPartition(of, period, bucketOf(of.fleet, host)),
  sk: host,
});

/** The cells of a period, of every cohort, kind, name, scope and shard. */
export const cellPartition = ({ fleet, generation }: FleetGeneration, period: string): string =>
  `CELL#${fleet}#${generation}#${period}`;

/**
 * Common start of the cells of a pair, a backend or the fleet in one cohort: all scopes and shards follow, or those shards
 * of one scope.
 */
export const cellPrefix = (cohort: string, kind: string, name: string, scope?: string): string =>
  `${cohort}#${kind}#${name}#${scope === undefined ? "" : `${scope}#`}`;

/** One cell; `shard` is the bucket of the hosts it adds up. */
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

/** The stamps of a period. */
export const stampPartition = ({ fleet, generation }: FleetGeneration, period: string): string =>
  `STAMP#${fleet}#${generation}#${period}`;

/** Common start of the stamps of a cohort, one for each shard. */
export const stampPrefix = (cohort: string): string => `${cohort}#`;

/** The stamp of a cohort's cells in a shard: another one whenever any of them has changed. */
export const stampKey = (of: FleetGeneration, period: string, cohort: string, shard: number): Key => ({
  pk: stampPartition(of, period),
  sk: `${stampPrefix(cohort)}${shard}`,
});

/** The number of the form that the table's items have. */
export const FORMAT_KEY: Key = { pk: "FORMAT", sk: "format" };

/** Which one the first admin token is. */
export const FIRST_ADMIN_KEY: Key = { pk: "FIRST_ADMIN", sk: "first_admin" };

/** A token, by the SHA-256 of its secret, in 64 hexadecimal digits. It has no other item: who lists all finds it. */
export const tokenKey = (secretHash: string): Key => ({ pk: `TOKEN#${secretHash.slice(0, 1)}`, sk: secretHash });

/** The partitions in which all tokens are. */
export const TOKEN_PARTITIONS: readonly string[] = Array.from("0123456789abcdef", (digit) => `TOKEN#${digit}`);

/** In format 0 a token, by the SHA-256 of its secret. */
export const tokenKeyOfFormat0 = (secretHash: string): Key => ({ pk: `TOKEN#${secretHash}`, sk: "token" });

/** In format 0 the list of a fleet's tokens, by id. */
export const tokenListOfFormat0 = (fleet: string): string => `TOKENS#${fleet}`;

/** What was used with a token. */
const usePartition = (tokenId: string): string => `USE#${tokenId}`;

/** What was stored with a token on a day (`2026-12-01`). */
export const dayUseKey = (tokenId: string, day: string): Key => ({ pk: usePartition(tokenId), sk: `day#${day}` });

/** The kinds of host that were named with a token in a year (`2026`). */
export const cohortsNamedKey = (tokenId: string, year: string): Key => ({
  pk: usePartition(tokenId),
  sk: `cohorts#${year}`,
});

/** All that belongs to a share. */
export const sharePartition = (id: string): string => `SHARE#${id}`;

/** The share that a partition belongs to; null for any other partition. */
export const shareOfPartition = (pk: string): string | null => (pk.startsWith("SHARE#") ? pk.slice(6) : null);

/** A share itself. */
export const shareKey = (id: string): Key => ({ pk: sharePartition(id), sk: "share" });

/** Common start of the pieces of a share's document; of all its documents without a name. */
export const documentPrefix = (name?: string): string => (name === undefined ? "document#" : `document#${name}#`);

/** A piece of a document; a share has less than a hundred of one. */
export const documentKey = (id: string, name: string, piece: number): Key => ({
  pk: sharePartition(id),
  sk: `${documentPrefix(name)}${String(piece).padStart(2, "0")}`,
});

/** The shares of a fleet by the time they were made. */
export const fleetSharesPartition = (fleet: string): string => `SHARES#${fleet}`;

/** One share in the list of its fleet. */
export const fleetShareKey = (fleet: string, createdAt: string, id: string): Key => ({
  pk: fleetSharesPartition(fleet),
  sk: `${createdAt}#${id}`,
});

/** Every fleet there is. */
export const FLEETS_PARTITION = "FLEETS";

/** One fleet in the list of all. */
export const fleetKey = (fleet: string): Key => ({ pk: FLEETS_PARTITION, sk: fleet });

/** The rejected lines of a fleet. */
export const quarantinePartition = (fleet: string): string => `REJECT#${fleet}`;

/** One rejected line, by its id. */
export const quarantineKey = (fleet: string, id: string): Key => ({ pk: quarantinePartition(fleet), sk: id });

/**
 * Starts of the partitions whose items follow from others, and so are in no backup: those of aggregation, and the lists of
 * shares. Whatever is not among them is kept, so that an item of a kind to come cannot be forgotten.
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
