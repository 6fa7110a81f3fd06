// The activity log: what the admins of a fleet did, and the owners of shares.

/** What somebody can do, in words. */
export const ACTION_WORDS = {
  token_created: "token created",
  token_revoked: "token revoked",
  share_revoked: "share revoked",
  run_withdrawn: "run withdrawn",
  runs_withdrawn: "runs withdrawn",
  run_restored: "run restored",
  run_relabeled: "run relabeled",
  quarantine_deleted: "quarantined line deleted",
  quarantine_retried: "quarantined line retried",
  settings_changed: "settings changed",
  host_retired: "host retired",
} as const satisfies Readonly<Record<string, string>>;

export type Action = keyof typeof ACTION_WORDS;

/** One entry of the log. */
export interface Activity {
  /** ISO 8601 UTC. */
  readonly at: string;
  readonly action: Action;
  /** The token that was used, by its id, and its label at that time. */
  readonly by: { readonly token_id: string; readonly label: string | null };
  /** What it was done to: the id of a run, token, share or line, or the name of a host; null for several. */
  readonly subject: string | null;
  /** For people: a reason, or what exactly was done; null for nothing. */
  readonly details: string | null;
}
