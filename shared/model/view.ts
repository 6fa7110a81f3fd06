// A view says which runs count. `trusted` leaves out the read-path metrics (rewrite, getc, get_block, seeks) of runs that
// are `cached` or `probably-cached`; `all` keeps them, as reported. Source: statistics.md, section 9, suspect_cached_reads.

export const VIEWS = ["trusted", "all"] as const;

export type View = (typeof VIEWS)[number];
