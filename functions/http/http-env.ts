import type { Hono } from "hono";
import type { Token } from "../../shared/run/token.ts";
import type { Ticket } from "../web/http/admission.ts";
import type { ResultCounts } from "../web/http/log.ts";

/** Variables of a request. */
export interface HttpEnv {
  Variables: {
    requestId: string;
    token: Token | null;
    note: string | null;
    results: ResultCounts | null;
    /** What a question counts for that `admitted` has let through. */
    ticket: Ticket | null;
    /** Whether the answer goes on after the request was dealt with. */
    isStream: boolean;
    /** Takes an error that comes when the answer has begun, for the log. */
    fault: (error: unknown) => void;
  };
}

/** An app that routes are added to. */
export type HttpApp = Hono<HttpEnv>;
