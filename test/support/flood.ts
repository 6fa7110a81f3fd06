// What floods are made of.

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Answered } from "./ask.ts";

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

/** Calls `act` so many times, so many at once; what it gave. */
export async function together<T>(
  times: number,
  atOnce: number,
  act: (index: number) => Promise<T>,
): Promise<readonly T[]> {
  const given: T[] = [];
  let next = 0;
  const lane = async () => {
    while (next < times) {
      const index = next;
      next += 1;
      given.push(await act(index));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return given;
}

/** Calls `act` for so many seconds, so many at once. */
export async function flooded(
  seconds: number,
  atOnce: number,
  act: (index: number) => Promise<Answered>,
): Promise<readonly Answered[]> {
  const until = performance.now() + seconds * 1_000;
  const lanes = await together(atOnce, atOnce, async (lane) => {
    const answers: Answered[] = [];
    for (let index = lane; performance.now() < until; index += atOnce) answers.push(await act(index));
    return answers;
  });
  return lanes.flat();
}

/** Calls `act` so many times at the same time, begun evenly within so long: all in one moment with 0. */
export const crowd = <T>(size: number, withinMs: number, act: (index: number) => Promise<T>): Promise<readonly T[]> =>
  together(size, size, async (index) => {
    if (withinMs > 0) await new Promise((resolve) => setTimeout(resolve, (index * withinMs) / size));
    return act(index);
  });
