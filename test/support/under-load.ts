// What a server does for others while somebody keeps it busy: uploads and health checks sent all the while, how long each
// took, and how much memory the server's process took at most.

import { readFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { LOOP } from "./fixtures.ts";

/** A server to be watched, with a token that may post. */
export interface Watched {
  readonly url: string;
  readonly token: string;
  readonly pid: number | undefined;
}

/** Answers to one kind of request: how many of each status, and the times that half and 99 of 100 took at most, in ms. */
interface Answered {
  readonly statuses: Readonly<Record<string, number>>;
  readonly p50: number;
  readonly p99: number;
}

/** What was seen while some work was done. */
export interface Seen {
  readonly uploads: Answered;
  readonly health: Answered;
  /** Largest resident memory of the server's process meanwhile, in MB. */
  readonly rssMb: number;
  readonly seconds: number;
}

/** One request over a connection of the agent's; gives the status, `0` for a connection that broke, and the body's size. */
export function send(
  { url, token }: Pick<Watched, "url" | "token">,
  path: string,
  { agent, method = "GET", body, headers = {} }: SendOptions = {},
): Promise<{ status: number; ms: number; bytes: number; retryAfter: string | undefined; text: string }> {
  const started = performance.now();
  return new Promise((resolve) => {
    const all = { Authorization: `Bearer ${token}`, ...headers };
    const sent = request(url + path, { method, headers: all, ...(agent && { agent }) }, (answer) => {
      const pieces: Buffer[] = [];
      answer.on("data", (piece: Buffer) => pieces.push(piece));
      answer.on("error", () => end(0));
      answer.on("end", () => end(answer.statusCode ?? 0, answer.headers["retry-after"]));
      function end(status: number, retryAfter?: string): void {
        const whole = Buffer.concat(pieces);
        resolve({ status, ms: performance.now() - started, bytes: whole.length, retryAfter, text: whole.toString() });
      }
    });
    sent.on("error", () =>
      resolve({ status: 0, ms: performance.now() - started, bytes: 0, retryAfter: undefined, text: "" }),
    );
    sent.end(body);
  });
}

interface SendOptions {
  readonly agent?: Agent;
  readonly method?: string;
  readonly body?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends the same requests over and over, `inFlight` at a time, until `isOver`; how often each status came. */
export async function flood(
  server: Pick<Watched, "url" | "token">,
  paths: readonly string[],
  inFlight: number,
  isOver: () => boolean,
): Promise<Record<string, number>> {
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight });
  const statuses: Record<string, number> = {};
  let next = 0;
  const lane = async (): Promise<void> => {
    while (!isOver()) {
      const path = paths[next++ % paths.length] ?? "/";
      const { status, retryAfter } = await send(server, path, { agent });
      statuses[status] = (statuses[status] ?? 0) + 1;
      // Somebody who was turned away does not ask again at once, or it is another flood than that of questions.
      if (retryAfter !== undefined) await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  agent.destroy();
  return statuses;
}

let sent = 0;

/** Uploads of one line and health checks, each kind one after the other with a pause, while `work` goes on. */
export async function watching(server: Watched, work: () => Promise<unknown>, pauseMs = 50): Promise<Seen> {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  let isOver = false;
  let rssMb = 0;
  const started = performance.now();
  const uploads: [number, number][] = [];
  const health: [number, number][] = [];
  const pause = () => new Promise((resolve) => setTimeout(resolve, pauseMs));
  const probe = async (into: [number, number][], ask: () => ReturnType<typeof send>): Promise<void> => {
    do {
      const { status, ms } = await ask();
      into.push([status, ms]);
      rssMb = Math.max(rssMb, rssOf(server.pid));
      await pause();
    } while (!isOver);
  };
  const probes = [
    probe(uploads, () => {
      sent += 1;
      const query = `?backend=loop&host=watching-${sent % 50}&run=${process.pid}-${sent}-${Date.now()}`;
      return send(server, `/v1/results${query}`, { agent, method: "POST", body: LOOP });
    }),
    probe(health, () => send(server, "/healthz", { agent })),
  ];
  await work();
  isOver = true;
  await Promise.all(probes);
  agent.destroy();
  return {
    uploads: answered(uploads),
    health: answered(health),
    rssMb: Math.round(rssMb),
    seconds: Math.round((performance.now() - started) / 100) / 10,
  };
}

function answered(all: readonly [number, number][]): Answered {
  const statuses: Record<string, number> = {};
  for (const [status] of all) statuses[status] = (statuses[status] ?? 0) + 1;
  const times = all.map(([, ms]) => ms).sort((a, b) => a - b);
  const at = (share: number) => Math.round(times[Math.min(times.length - 1, Math.floor(share * times.length))] ?? 0);
  return { statuses, p50: at(0.5), p99: at(0.99) };
}

/** Resident memory of a process in MB; 0 where /proc does not tell. */
function rssOf(pid: number | undefined): number {
  try {
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
