/** What a reader must know about a whole answer: `cohorts_capped`, hosts that match the filters may be missing. */
export type Notice = "cohorts_capped";
