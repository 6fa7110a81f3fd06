// Counts of a fleet's hosts, as the sweep stores them.

/** The hosts of a fleet at a time, ISO 8601 UTC. */
export interface HostCounts {
  readonly counted_at: string;
  /** Hosts in lists: those with a run that counts, without the retired ones. */
  readonly listed_hosts: number;
  readonly retired_hosts: number;
  /** Listed hosts without a result for as long as the fleet's settings allow. */
  readonly silent_hosts: number;
  /** When the newest run of a listed host finished; null without any. */
  readonly newest_result_at: string | null;
  /** Listed hosts by the program that sent their newest run that names one, most hosts first; null for hosts without one. */
  readonly agents: readonly { readonly agent: string | null; readonly hosts: number }[];
}
