// The HTTP server of one machine: what a connection may cost. Requests on one connection are answered one after the other; a
// client that does not send, does not read, or sends more than can wait loses its connection, and costs nobody else their turn.

import { readFileSync } from "node:fs";
import { createServer, IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { clientConnected, turnIn } from "../../functions/runtime/turns.ts";
import { StartError } from "./start-error.ts";

/** What connections may cost. The table in docs/api.md says the same to those who connect. */
export const CONNECTION_LIMITS = {
  /** Requests of a connection that have no answer yet. HTTP lets clients send on without waiting; hardly any does. */
  requestsAtOnce: 8,
  /** Bytes of a request's address and headers together, and how many headers. */
  headerBytes: 16_384,
  headers: 100,
  /** From the beginning of a connection or request to the end of its headers; what the server itself is late counts as well. */
  headersMs: 30_000,
  /** How long a body may take: so long, and a second more for each KiB that has come. A slow line has more than that. */
  bodyMs: 10_000,
  bodyBytesPerSecond: 1_024,
  /** Into how many chunks a body may be cut: so many of any size, and one more for each `chunkBytes` bytes that have come. */
  chunks: 256,
  chunkBytes: 64,
  /** How long the rest of a body that was not wanted is taken, so that its client hears the answer. */
  refusedBodyMs: 500,
  /** How long the next request on a connection is waited for. */
  keepAliveMs: 5_000,
  /** How long a client may take nothing of an answer that is ready for it. */
  unreadMs: 30_000,
  /** Bytes of answers that clients have not taken yet, and of bodies that have not come to their end. */
  unreadBytes: 64 * 1_048_576,
  unfinishedBytes: 64 * 1_048_576,
  /** Connections at once; fewer where the system allows the process fewer files. */
  connections: 8_192,
} as const;

/** Files that the process needs for itself: the engine's connections, its logs, and what Node has open. */
const OWN_FILES = 512;

/** Bytes that are parsed at once where they may hold several requests: some thirty of the shortest. */
const PIECE_BYTES = 1_024;

/** Connections whose client still sends a body that was refused, and is heard out so that it hears the refusal. */
const MAX_HEARD_OUT = 16;

/** How often bodies are looked at. */
const LOOK_MS = 500;

/** How often it is told that connections were ended. */
const TOLD_EVERY_MS = 60_000;

/** Why a connection is ended. */
type Reason =
  | "requests without waiting"
  | "slow body"
  | "tiny chunks"
  | "refused body"
  | "blank lines"
  | "unread answer"
  | "too many connections";

/** Answers a request; resolves when the whole answer has been given to the connection. Never rejects. */
type Listener = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Counts the parts in which its body comes: each costs about the same, however small it is. */
class CountedRequest extends IncomingMessage {
  parts = 0;
  bodyBytes = 0;

  override push(part: Buffer | null, encoding?: BufferEncoding): boolean {
    if (part !== null) {
      this.parts += 1;
      this.bodyBytes += part.length;
    }
    return super.push(part, encoding);
  }

  /** Node calls this when the answer is out and nobody has read the body. Its own would push no further parts. */
  _dump(): void {
    this.resume();
  }
}

interface Turn {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** `bytesRead` of the connection when the request came. */
  readonly from: number;
  /** For how long its client has kept us waiting for its body. */
  waitedMs: number;
}

interface Connection {
  readonly socket: Socket;
  /** The requests that have no answer yet: the first is being answered, the others wait for it. */
  readonly turns: Turn[];
  /** Bytes of an answer that is complete and waits to be taken. */
  unread: number;
  /** Bytes that are still to come of a body whose length was said, at least: so far on no other request begins. */
  bodyLeft: number;
  /** The latest request, whose body may still come, and in how many pieces we have parsed what came after its headers. */
  request: CountedRequest | null;
  pieces: number;
  /** Since when its client has sent nothing but blank lines after a request and its answer. */
  blankSince: number | null;
}

export interface HttpServer {
  /** Address to send requests to, e.g. `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Begins to answer; to be called as soon as the server listens. */
  answer(listener: Listener): void;
  /** Stops accepting, lets requests that are being answered finish, and drops connections that only wait. */
  close(): Promise<void>;
}

export interface HttpServerOptions {
  readonly host: string;
  readonly port: number;
  /** Told, once a minute at most, how many connections were ended for what they cost. */
  readonly onEnded: (words: string) => void;
  /** Other limits, for tests. */
  readonly limits?: Partial<Record<keyof typeof CONNECTION_LIMITS, number>>;
}

/** Listens. Throws StartError when it cannot. */
export async function startHttpServer({ host, port, onEnded, limits: own }: HttpServerOptions): Promise<HttpServer> {
  const limits = { ...CONNECTION_LIMITS, connections: connectionsPossible(), ...own };
  const server = createServer<typeof CountedRequest>({
    IncomingMessage: CountedRequest,
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersMs,
    // The rule for bodies is below; no body that we take is longer than this by it.
    requestTimeout: 30 * 60_000,
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: 1_000,
  });
  server.timeout = limits.unreadMs;

  const connections = new Map<Socket, Connection>();
  /** Those without a request, the one that has waited for its next one the longest first. */
  const idle = new Set<Connection>();
  /** Those with an answer to take, the one that has not taken it the longest first. */
  const unread = new Set<Connection>();
  const heardOut = new Set<Connection>();
  let unreadBytes = 0;
  let answer: Listener = async () => undefined;
  const ended = endedConnections(onEnded);

  function end(connection: Connection, reason: Reason, lastWords: string | null = null): void {
    const { socket } = connection;
    ended.count(reason);
    forget(connection);
    if (lastWords === null) {
      // With a reset the system drops what it holds for the connection, too.
      socket.resetAndDestroy();
    } else {
      socket.end(lastWords);
      socket.destroySoon();
    }
  }

  function forget(connection: Connection): void {
    connections.delete(connection.socket);
    idle.delete(connection);
    heardOut.delete(connection);
    taken(connection);
    connection.turns.length = 0;
  }

  function taken(connection: Connection): void {
    unread.delete(connection);
    unreadBytes -= connection.unread;
    connection.unread = 0;
  }

  server.on("connection", (socket) => {
    clientConnected();
    const connection: Connection = {
      socket,
      turns: [],
      unread: 0,
      bodyLeft: 0,
      request: null,
      pieces: 0,
      blankSince: null,
    };
    connections.set(socket, connection);
    parseInPieces(connection, goesOn);
    idle.add(connection);
    socket.once("close", () => forget(connection));
    if (connections.size <= limits.connections) return;
    // Many who only hold a connection must not keep others out.
    const [longestIdle = connection] = idle;
    end(longestIdle, "too many connections");
  });

  server.on("request", (request, response) => {
    const connection = connections.get(request.socket);
    // Of a connection that was ended, the rest of what had come in is still parsed.
    if (connection === undefined) return;
    const { turns, socket } = connection;
    if (turns.length >= limits.requestsAtOnce) {
      end(connection, "requests without waiting");
      return;
    }
    turns.push({ request, response, from: socket.bytesRead, waitedMs: 0 });
    connection.bodyLeft = Number(request.headers["content-length"] ?? 0);
    connection.request = request;
    connection.pieces = 0;
    connection.blankSince = null;
    response.once("close", () => nextTurn(connection));
    idle.delete(connection);
    if (turns.length === 1) void takeTurn(connection);
  });

  function nextTurn(connection: Connection): void {
    if (!connections.has(connection.socket)) return;
    taken(connection);
    const turn = connection.turns.shift();
    if (turn?.request.complete === false) hearOut(connection, turn.request);
    if (connection.turns.length > 0) {
      void takeTurn(connection);
      return;
    }
    connection.blankSince = performance.now();
    idle.add(connection);
  }

  /** Whether a connection goes on after a piece was parsed. */
  function goesOn(connection: Connection, piece: Buffer): boolean {
    if (!connections.has(connection.socket)) return false;
    const { request } = connection;
    connection.pieces += 1;
    if (request?.complete === false) {
      // Our pieces may cut chunks in two, which is not their client's doing.
      const chunks = request.parts - connection.pieces;
      if (chunks > limits.chunks + request.bodyBytes / limits.chunkBytes) {
        const [turn, ...others] = connection.turns;
        const isHeard = turn?.request === request && others.length === 0 && !turn.response.headersSent;
        end(connection, "tiny chunks", isHeard ? BAD_REQUEST : null);
        return false;
      }
    } else if (connection.blankSince !== null) {
      // Node waits for the next request anew with whatever comes, and knows of no request before its first letter.
      if (!isBlank(piece)) connection.blankSince = null;
      else if (performance.now() - connection.blankSince > limits.keepAliveMs) {
        end(connection, "blank lines");
        return false;
      }
    }
    return true;
  }

  /** Lets a client that has its answer send the rest of its body for a moment, which is thrown away. */
  function hearOut(connection: Connection, request: IncomingMessage): void {
    if (heardOut.size >= MAX_HEARD_OUT) {
      end(connection, "refused body");
      return;
    }
    heardOut.add(connection);
    const patience = setTimeout(() => end(connection, "refused body"), limits.refusedBodyMs);
    const stop = () => {
      clearTimeout(patience);
      connection.socket.off("close", stop);
      heardOut.delete(connection);
      connection.blankSince = performance.now();
    };
    request.once("close", stop);
    connection.socket.once("close", stop);
  }

  async function takeTurn(connection: Connection): Promise<void> {
    const [turn] = connection.turns;
    if (turn === undefined) return;
    const { request, response } = turn;
    if (request.rawHeaders.length > 2 * limits.headers) {
      response.writeHead(431, { Connection: "close" }).end();
      return;
    }
    if (!isHealthCheck(request)) {
      await turnIn(request.method === "GET" || request.method === "HEAD" ? "reads" : "writes");
      // Nothing is worked out for a client that has gone meanwhile.
      if (!connections.has(connection.socket)) return;
    }
    await answer(request, response);
    if (response.writableFinished || !connections.has(connection.socket)) return;
    connection.unread = connection.socket.writableLength;
    unreadBytes += connection.unread;
    unread.add(connection);
    for (const longest of unread) {
      if (unreadBytes <= limits.unreadBytes) break;
      end(longest, "unread answer");
    }
  }

  // Comes when a connection has been still for `unreadMs`, or for `keepAliveMs` after an answer.
  server.on("timeout", (socket) => {
    const connection = connections.get(socket);
    if (connection === undefined || connection.turns.length === 0) socket.destroy();
    else if (socket.writableLength > 0) end(connection, "unread answer");
    // Else an answer is being worked out, or a body waited for, which has its own rule.
  });

  const looking = setInterval(() => {
    let unfinishedBytes = 0;
    const coming: Connection[] = [];
    for (const connection of connections.values()) {
      const turn = connection.turns.at(-1);
      if (turn === undefined || turn.request.complete) continue;
      const bytes = connection.socket.bytesRead - turn.from;
      // While we have not read what has come, its client cannot send on.
      if (turn.request.readableLength === 0) turn.waitedMs += LOOK_MS;
      if (turn.waitedMs > limits.bodyMs + (bytes / limits.bodyBytesPerSecond) * 1_000) {
        const isHeard = connection.turns.length === 1 && !turn.response.headersSent;
        end(connection, "slow body", isHeard ? REQUEST_TIMEOUT : null);
        continue;
      }
      unfinishedBytes += bytes;
      coming.push(connection);
    }
    // In the order in which they connected.
    for (const connection of coming) {
      if (unfinishedBytes <= limits.unfinishedBytes) break;
      unfinishedBytes -= connection.socket.bytesRead - (connection.turns.at(-1)?.from ?? 0);
      end(connection, "slow body");
    }
  }, LOOK_MS);
  looking.unref();

  // What is not taken yet waits in the system's queue, as far as that is allowed to be so long (net.core.somaxconn). When it
  // is full the system drops clients, who come again seconds later, and resets some that were told that they are connected.
  await listen(server, { host, port, backlog: limits.connections });
  return {
    url: urlOf(server, host),
    answer: (listener) => {
      answer = listener;
    },
    close: async () => {
      await close(server);
      clearInterval(looking);
      ended.stop();
    },
  };
}

/**
 * Gives Node's parser what comes in a piece at a time, so that a connection which is ended for what a piece held costs no more
 * than that: a chunk has up to 64 kB, and may hold two thousand requests.
 */
function parseInPieces(connection: Connection, goesOn: (connection: Connection, piece: Buffer) => boolean): void {
  const { socket } = connection;
  const parsers = socket.listeners("data");
  socket.removeAllListeners("data");
  socket.on("data", (chunk: Buffer) => {
    let rest = chunk;
    while (rest.length > 0 && !socket.destroyed) {
      if (socket.isPaused()) {
        socket.unshift(rest);
        return;
      }
      const piece = connection.bodyLeft >= rest.length ? rest : rest.subarray(0, PIECE_BYTES);
      rest = rest.subarray(piece.length);
      for (const parse of parsers) parse.call(socket, piece);
      connection.bodyLeft = Math.max(0, connection.bodyLeft - piece.length);
      if (!goesOn(connection, piece)) return;
    }
  });
}

function isBlank(piece: Buffer): boolean {
  return piece.every((byte) => byte === 0x0a || byte === 0x0d);
}

/** Whether a request only asks if the service works: that costs next to nothing, and who asks may restart a server that is late. */
const isHealthCheck = ({ method, url }: IncomingMessage): boolean => method === "GET" && url === "/healthz";

/** As Node answers to a request that it cannot parse. */
const BAD_REQUEST = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

/** As Node answers to headers that are too slow. */
const REQUEST_TIMEOUT = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

/** Connections that the process may have, by the files that it may open; where nothing says how many, the most there are. */
function connectionsPossible(): number {
  let limits: string;
  try {
    limits = readFileSync("/proc/self/limits", "utf8");
  } catch {
    return CONNECTION_LIMITS.connections;
  }
  const files = Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
  return Math.max(1, Math.min(CONNECTION_LIMITS.connections, files - OWN_FILES));
}

/** Counts ended connections, and tells of them once in a while. */
function endedConnections(tell: (words: string) => void) {
  const counts = new Map<Reason, number>();
  let timer: NodeJS.Timeout | null = null;
  function told(): void {
    timer = null;
    const words = [...counts].map(([reason, count]) => `${count} for ${reason}`).join(", ");
    counts.clear();
    tell(`ended connections: ${words}`);
  }
  return {
    count: (reason: Reason) => {
      counts.set(reason, (counts.get(reason) ?? 0) + 1);
      timer ??= setTimeout(told, TOLD_EVERY_MS).unref();
    },
    stop: () => {
      if (timer !== null) clearTimeout(timer);
    },
  };
}

function listen(
  server: Server,
  { port, host, backlog }: { readonly port: number; readonly host: string; readonly backlog: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const why =
        error.code === "EADDRINUSE"
          ? `port ${port} on ${host} is taken; set PORT to another one, or to 0 for any free one`
          : error.code === "EACCES"
            ? `port ${port} needs rights this process does not have; set PORT to one above 1023`
            : `cannot listen on ${host}:${port}: ${error.message}`;
      reject(new StartError(why));
    });
    server.listen({ port, host, backlog }, () => resolve());
  });
}

function urlOf(server: Server, host: string): string {
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Stops accepting, lets requests that are being answered finish, and drops connections that only wait. */
function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    // A connection falls idle when its last answer is out, which may be after the server was closed.
    const idle = setInterval(() => server.closeIdleConnections(), 20);
    // A client that keeps a request open for ever must not keep the server from stopping.
    const patience = setTimeout(() => server.closeAllConnections(), 10_000);
    server.close(() => {
      clearInterval(idle);
      clearTimeout(patience);
      resolve();
    });
  });
}
