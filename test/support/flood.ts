// What everybody else notices while somebody attacks a server: uploads and /healthz of an innocent client, and the memory of
// the server's process. For attacks of a few seconds in test/attacks, and of minutes in its slow tests.

import { fork } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** One answer, as the innocent client saw it; status 0: none came within a minute. */
export interface Answered {
  readonly status: number;
  readonly milliseconds: number;
}

/** Everything that it saw. */
export interface Seen {
  readonly uploads: Answered[];
  readonly health: Answered[];
  /** Samples of the server's resident memory, in MB. */
  readonly residentMb: number[];
}

/** What it saw, in a few numbers: milliseconds and MB. */
export interface Impact {
  readonly uploads: number;
  /** Uploads that were not answered 201. */
  readonly failedUploads: number;
  readonly uploadP50: number;
  readonly uploadP99: number;
  readonly uploadMost: number;
  readonly healthP50: number;
  readonly healthP99: number;
  readonly healthMost: number;
  /** Questions to /healthz that were not answered 200. */
  readonly failedHealth: number;
  readonly peakMb: number;
}

/** A server that is attacked. */
export interface Target {
  readonly url: string;
  readonly pid: number;
  /** May post results. */
  readonly token: string;
}

/** Runs the attack with the innocent client beside it, which begins before it and ends `afterMs` after it. */
export async function impactOf(target: Target, attack: () => Promise<void>, afterMs = 500): Promise<Impact> {
  const client = fork(
    new URL("./innocent-client.ts", import.meta.url),
    [target.url, String(target.pid), target.token],
    { execArgv: ["--import", "tsx"] },
  );
  await once(client, "message");
  await new Promise((resolve) => setTimeout(resolve, 300));
  try {
    await attack();
    await new Promise((resolve) => setTimeout(resolve, afterMs));
  } finally {
    client.send("end");
  }
  // The client is ours, and sends this and nothing else.
  const [seen] = (await once(client, "message")) as [Seen];
  return summed(seen);
}

function summed({ uploads, health, residentMb }: Seen): Impact {
  const uploadTimes = uploads.map(({ milliseconds }) => milliseconds);
  const healthTimes = health.map(({ milliseconds }) => milliseconds);
  return {
    uploads: uploads.length,
    failedUploads: uploads.filter(({ status }) => status !== 201).length,
    uploadP50: quantile(uploadTimes, 0.5),
    uploadP99: quantile(uploadTimes, 0.99),
    uploadMost: Math.max(0, ...uploadTimes),
    healthP50: quantile(healthTimes, 0.5),
    healthP99: quantile(healthTimes, 0.99),
    healthMost: Math.max(0, ...healthTimes),
    failedHealth: health.filter(({ status }) => status !== 200).length,
    peakMb: Math.max(0, ...residentMb),
  };
}

/** The smallest value that a share `q` of all is not above; 0 of none. */
function quantile(values: readonly number[], q: number): number {
  return values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(q * values.length) - 1)] ?? 0;
}

/** One line of a table of impacts: uploads not answered 201, milliseconds, MB. */
export function impactRow(name: string, impact: Impact): string {
  const { uploads, failedUploads, uploadP50, uploadP99, healthP50, healthP99, healthMost, failedHealth, peakMb } =
    impact;
  const cells = [
    name.padEnd(44),
    `${failedUploads}/${uploads}`.padStart(8),
    ...[uploadP50, uploadP99, healthP50, healthP99, healthMost].map((ms) => ms.toFixed(0).padStart(7)),
    String(failedHealth).padStart(7),
    peakMb.toFixed(0).padStart(7),
  ];
  return cells.join(" ");
}

/** The head of that table. */
export const IMPACT_HEAD = [
  "attack".padEnd(44),
  "not 201".padStart(8),
  ...["up p50", "up p99", "hz p50", "hz p99", "hz max", "hz not", "RSS MB"].map((head) => head.padStart(7)),
].join(" ");

/** A connection to a server that is only written to: what comes back is left unread in the kernel. */
export async function deafConnection(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.pause();
  // The server may well end it.
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}

/** Calls `act` so many times, so many at once. */
export async function together(times: number, atOnce: number, act: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < times) {
      const index = next;
      next += 1;
      await act(index);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}
