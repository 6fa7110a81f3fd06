// A network as it is, in front of the server: by chance it refuses a connection, is slow, cuts a request or an answer in the
// middle, or answers 502, 503 or 429 itself; and it goes away and comes back.

import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface FaultyProxy {
  readonly url: string;
  /** How often each fault happened, and `passed`. */
  readonly happened: Record<string, number>;
  /** Where requests go from now on. */
  target(url: string): void;
  /** Passes everything on from now on. */
  heal(): void;
  /** Refuses connections for a while. */
  restart(milliseconds: number): Promise<void>;
  stop(): Promise<void>;
}

type Fault = (from: IncomingMessage, to: ServerResponse, pass: () => void) => void;

const answering =
  (status: number, headers: Record<string, string> = {}): Fault =>
  (from, to) => {
    from.resume();
    from.on("end", () => to.writeHead(status, headers).end("<html>not now</html>"));
  };

const FAULTS: Readonly<Record<string, Fault>> = {
  refused: (from) => void from.socket.destroy(),
  slow: (_, __, pass) => void setTimeout(pass, 150),
  "cut in the request": (from) => {
    from.once("data", () => from.socket.destroy());
    from.once("end", () => from.socket.destroy());
  },
  "502": answering(502),
  "503": answering(503, { "Retry-After": "1" }),
  "429": answering(429, { "Retry-After": "1" }),
  "200 from somebody else": answering(200),
};

/** Starts it; `uniform` gives chance, from 0 to 1. Every fifth request meets a fault until it is healed. */
export async function startFaultyProxy(uniform: () => number): Promise<FaultyProxy> {
  let target = "";
  let healthy = false;
  const happened: Record<string, number> = {};
  const names = [...Object.keys(FAULTS), "cut in the answer"];

  function pass(from: IncomingMessage, to: ServerResponse, cut: boolean): void {
    const onward = request(target + (from.url ?? ""), { method: from.method, headers: from.headers }, (answer) => {
      if (cut) {
        // The server has stored it; the client will never know.
        answer.once("data", () => to.destroy());
        to.writeHead(answer.statusCode ?? 500, answer.headers);
        to.flushHeaders();
      } else {
        to.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(to);
      }
      answer.on("error", () => to.destroy());
    });
    onward.on("error", () => to.destroy());
    from.pipe(onward);
  }

  const server: Server = createServer((from, to) => {
    from.on("error", () => undefined);
    const name = healthy || uniform() < 0.8 ? "passed" : (names[Math.floor(uniform() * names.length)] ?? "passed");
    happened[name] = (happened[name] ?? 0) + 1;
    const fault = FAULTS[name];
    if (fault === undefined) pass(from, to, name === "cut in the answer");
    else fault(from, to, () => pass(from, to, false));
  });
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  await listen(0);
  // The address of a server that listens on a port is never text or null.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    happened,
    target: (url) => {
      target = url;
    },
    heal: () => {
      healthy = true;
    },
    restart: async (milliseconds) => {
      await close();
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      await listen(port);
      happened["restart"] = (happened["restart"] ?? 0) + 1;
    },
    stop: close,
  };
}
