// One request, and how it was answered: for floods, and for the innocent client beside them.

import { type Agent, request } from "node:http";

/** How a request was answered. */
export interface Answered {
  /** The status, or what became of the connection: `ECONNRESET` and the like, `no answer` after a minute. */
  readonly outcome: string;
  readonly milliseconds: number;
}

/** What is asked. Without an agent each request has a connection of its own, as each curl of a Dom0 has. */
export interface Question {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly agent?: Agent;
}

const PATIENCE_MS = 60_000;

/** Sends a request and reads the answer to its end. Never rejects. */
export function ask(url: string, { method = "GET", headers = {}, body, agent }: Question = {}): Promise<Answered> {
  const started = performance.now();
  return new Promise((resolve) => {
    const done = (outcome: string) => resolve({ outcome, milliseconds: performance.now() - started });
    const broken = (error: NodeJS.ErrnoException) => done(error.code ?? error.message);
    const options = { method, headers, agent: agent ?? false, timeout: PATIENCE_MS };
    const sent = request(url, options, (answer) => {
      answer.resume();
      answer.once("end", () => done(String(answer.statusCode)));
      answer.once("error", broken);
    });
    sent.once("timeout", () => sent.destroy(new Error("no answer")));
    sent.on("error", broken);
    sent.end(body);
  });
}
