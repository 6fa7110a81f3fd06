// What the code and the infrastructure must agree on: the table's keys and indexes, and the number of buckets. The local
// server and the tests create the table from this, the CDK stack declares it from this. No imports, so that both can.

/** Keys of the one table. All are strings. */
export const TABLE = {
  partitionKey: "pk",
  sortKey: "sk",
  /** Runs of a whole fleet by time, spread over buckets; keys only. */
  timeIndex: { name: "by_time", partitionKey: "tpk", sortKey: "tsk" },
  /** Unix seconds after which an item counts as gone. */
  timeToLive: "ttl",
} as const;

/**
 * Hosts are spread over this many shards by the hash of their name. A shard has its own partitions of pending hosts and
 * summaries, and its own cells, so that workers on different shards never write the same items.
 */
export const SHARDS = 8;

/** Every so many hours one shard of every fleet is audited: each shard once a day. */
export const AUDIT_EVERY_HOURS = 24 / SHARDS;

/** Version of the service, shown by `GET /v1/status`; that of package.json, which a test compares. */
export const VERSION = "0.1.0";
