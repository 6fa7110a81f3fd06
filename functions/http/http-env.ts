import type { Hono } from "hono";
import type { Token } from "../../shared/model/token.ts";
import type { ResultCounts } from "./log.ts";

/** Variables of a request. */
export interface HttpEnv {
  Variables: {
    requestId: string;
    token: Token | null;
    note: string | null;
    results: ResultCounts | null;
    /** Takes an error that comes when the answer has begun, for the log. */
    fault: (error: unknown) => void;
  };
}

/** An app that routes are added to. */
export type HttpApp = Hono<HttpEnv>;
