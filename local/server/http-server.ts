// The HTTP server of one machine, with limits for each connection. Requests on one connection are answered one after the other; a client
// that does not send, does not read, or sends too much loses its connection, and does not delay other clients. In: a listener. Out: the
// URL; the limits are in docs/api.md.

import { readFileSync } from "node:fs";
import { createServer, IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { clientConnected, turnIn } from "../../functions/runtime/turns.ts";
import { StartError } from "./start-error.ts";

/** The limits of connections. The table in docs/api.md has the same numbers for clients. */
export const CONNECTION_LIMITS = {
  /** Unanswered requests of a connection. HTTP allows clients to send the next request without waiting; hardly any client does. */
  requestsAtOnce: 8,
  /** Bytes of a request's URL and headers together, and the number of headers. */
  headerBytes: 16_384,
  headers: 100,
  /** From the beginning of a connection or request to the end of its headers; delays of the server count as well. */
  headersMs: 30_000,
  /** How long a body may take: this long, plus a second for each KiB received. Even a slow line is faster. */
  bodyMs: 10_000,
  bodyBytesPerSecond: 1_024,
  /** The maximum number of chunks of a body: this many, plus one for each `chunkBytes` bytes received. */
  chunks: 256,
  chunkBytes: 64,
  /** How long the rest of a rejected body is read, so that the client sees the response. */
  rejectedBodyMs: 500,
  /** How long a connection may wait for its next request. */
  keepAliveMs: 5_000,
  /** How long a client may read nothing of a response. */
  unreadMs: 30_000,
  /** Bytes of responses that clients have not read yet, and of unfinished bodies, of all connections together. */
  unreadBytes: 64 * 1_048_576,
  unfinishedBytes: 64 * 1_048_576,
  /** Connections at once; fewer if the system allows the process fewer files. */
  connections: 8_192,
} as const;

/** File descriptors that the process needs itself: connections to the engine, logs, and Node's own files. */
const OWN_FILES = 512;

/** Bytes that are parsed at once when they may contain several requests: about thirty of the shortest. */
const PIECE_BYTES = 1_024;

/** How many connections may finish sending a rejected body, so that their clients see the error. */
const MAX_DRAINING = 16;

/** How often unfinished bodies are checked. */
const CHECK_MS = 500;

/** How often ended connections are reported. */
const REPORT_EVERY_MS = 60_000;

/** Why a connection was ended. */
type Reason =
  | "requests without waiting"
  | "slow body"
  | "tiny chunks"
  | "rejected body"
  | "blank lines"
  | "unread answer"
  | "too many connections";

/** Answers a request; resolves when the whole response has been written to the connection. Never rejects. */
type Listener = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Counts the parts of its body: each costs about the same, however small it is. */
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

  /** Node calls this when the response is sent and nobody has read the body. The original method would push no further parts. */
  _dump(): void {
    this.resume();
  }
}

interface Turn {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** `bytesRead` of the connection when the request came. */
  readonly from: number;
  /** How long the server has waited for its body. */
  waitedMs: number;
}

interface Connection {
  readonly socket: Socket;
  /** The unanswered requests: the first is being answered, the others wait for it. */
  readonly turns: Turn[];
  /** Bytes of a complete response that the client has not read yet. */
  unread: number;
  /** Bytes still to come of a body with a Content-Length, at least: before them no other request begins. */
  bodyLeft: number;
  /** The latest request, whose body may be incomplete, and the number of pieces parsed after its headers. */
  request: CountedRequest | null;
  pieces: number;
  /** Since when its client has sent only empty lines after a request and its response. */
  blankSince: number | null;
}

export interface HttpServer {
  /** Address to send requests to, e.g. `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Sets the listener; call it as soon as the server listens. */
  answer(listener: Listener): void;
  /** Stops accepting connections, lets requests in progress finish, and closes idle connections. */
  close(): Promise<void>;
}

export interface HttpServerOptions {
  readonly host: string;
  readonly port: number;
  /** Gets a message, at most once a minute, about connections that exceeded a limit and were ended. */
  readonly onEnded: (message: string) => void;
  /** Other limits, for tests. */
  readonly limits?: Partial<Record<keyof typeof CONNECTION_LIMITS, number>>;
}

/** Starts to listen. Throws StartError when it cannot. */
export async function startHttpServer({ host, port, onEnded, limits: own }: HttpServerOptions): Promise<HttpServer> {
  const limits = { ...CONNECTION_LIMITS, connections: maxConnections(), ...own };
  const server = createServer<typeof CountedRequest>({
    IncomingMessage: CountedRequest,
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersMs,
    // Bodies have their own rule below, which is stricter.
    requestTimeout: 30 * 60_000,
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: 1_000,
  });
  server.timeout = limits.unreadMs;

  const connections = new Map<Socket, Connection>();
  /** Connections without a request, longest idle first. */
  const idle = new Set<Connection>();
  /** Connections with an unread response, longest waiting first. */
  const unread = new Set<Connection>();
  const draining = new Set<Connection>();
  let unreadBytes = 0;
  let listener: Listener = async () => undefined;
  const ended = countEnded(onEnded);

  function end(connection: Connection, reason: Reason, lastResponse: string | null = null): void {
    const { socket } = connection;
    ended.count(reason);
    forget(connection);
    if (lastResponse === null) {
      // With a reset the system drops its buffers of the connection, too.
      socket.resetAndDestroy();
    } else {
      socket.end(lastResponse);
      socket.destroySoon();
    }
  }

  function forget(connection: Connection): void {
    connections.delete(connection.socket);
    idle.delete(connection);
    draining.delete(connection);
    clearUnread(connection);
    connection.turns.length = 0;
  }

  function clearUnread(connection: Connection): void {
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
    parseInPieces(connection, mayContinue);
    idle.add(connection);
    socket.once("close", () => forget(connection));
    if (connections.size <= limits.connections) return;
    // Many idle connections must not keep other clients out.
    const [longestIdle = connection] = idle;
    end(longestIdle, "too many connections");
  });

  server.on("request", (request, response) => {
    const connection = connections.get(request.socket);
    // Data that an ended connection has already sent is still parsed.
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

  // Node's own responses to requests that it cannot parse are empty. One of them needs words: a token from a Windows file.
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    const [turn] = connections.get(socket)?.turns ?? [];
    if (socket.writable && turn?.response.headersSent !== true) socket.write(clientErrorResponse(error));
    socket.destroy(error);
  });

  function nextTurn(connection: Connection): void {
    if (!connections.has(connection.socket)) return;
    clearUnread(connection);
    const turn = connection.turns.shift();
    if (turn?.request.complete === false) drain(connection, turn.request);
    if (connection.turns.length > 0) {
      void takeTurn(connection);
      return;
    }
    connection.blankSince = performance.now();
    idle.add(connection);
  }

  /** Whether a connection may continue after a piece was parsed. */
  function mayContinue(connection: Connection, piece: Buffer): boolean {
    if (!connections.has(connection.socket)) return false;
    const { request } = connection;
    connection.pieces += 1;
    if (request?.complete === false) {
      // A chunk may be split between two pieces, which is not the client's fault.
      const chunks = request.parts - connection.pieces;
      if (chunks > limits.chunks + request.bodyBytes / limits.chunkBytes) {
        const [turn, ...others] = connection.turns;
        const canRespond = turn?.request === request && others.length === 0 && !turn.response.headersSent;
        end(connection, "tiny chunks", canRespond ? BAD_REQUEST : null);
        return false;
      }
    } else if (connection.blankSince !== null) {
      // Node restarts its timeout with every byte, and counts a request only from its first letter.
      if (!isBlank(piece)) connection.blankSince = null;
      else if (performance.now() - connection.blankSince > limits.keepAliveMs) {
        end(connection, "blank lines");
        return false;
      }
    }
    return true;
  }

  /** Reads and discards the rest of a body for a moment after the response was sent. */
  function drain(connection: Connection, request: IncomingMessage): void {
    if (draining.size >= MAX_DRAINING) {
      end(connection, "rejected body");
      return;
    }
    draining.add(connection);
    const patience = setTimeout(() => end(connection, "rejected body"), limits.rejectedBodyMs);
    const stop = () => {
      clearTimeout(patience);
      connection.socket.off("close", stop);
      draining.delete(connection);
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
      // Nothing is computed for a client that has disconnected.
      if (!connections.has(connection.socket)) return;
    }
    await listener(request, response);
    if (response.writableFinished || !connections.has(connection.socket)) return;
    connection.unread = connection.socket.writableLength;
    unreadBytes += connection.unread;
    unread.add(connection);
    for (const longest of unread) {
      if (unreadBytes <= limits.unreadBytes) break;
      end(longest, "unread answer");
    }
  }

  // Emitted when a connection has been idle for `unreadMs`, or for `keepAliveMs` after a response.
  server.on("timeout", (socket) => {
    const connection = connections.get(socket);
    if (connection === undefined || connection.turns.length === 0) socket.destroy();
    else if (socket.writableLength > 0) end(connection, "unread answer");
    // Otherwise a response is being computed, or a body is incomplete, which has its own rule.
  });

  const checking = setInterval(() => {
    let unfinishedBytes = 0;
    const unfinished: Connection[] = [];
    for (const connection of connections.values()) {
      const turn = connection.turns.at(-1);
      if (turn === undefined || turn.request.complete) continue;
      const bytes = connection.socket.bytesRead - turn.from;
      // While unread data is buffered, the client cannot send more.
      if (turn.request.readableLength === 0) turn.waitedMs += CHECK_MS;
      if (turn.waitedMs > limits.bodyMs + (bytes / limits.bodyBytesPerSecond) * 1_000) {
        const canRespond = connection.turns.length === 1 && !turn.response.headersSent;
        end(connection, "slow body", canRespond ? REQUEST_TIMEOUT : null);
        continue;
      }
      unfinishedBytes += bytes;
      unfinished.push(connection);
    }
    // In the order of connection.
    for (const connection of unfinished) {
      if (unfinishedBytes <= limits.unfinishedBytes) break;
      unfinishedBytes -= connection.socket.bytesRead - (connection.turns.at(-1)?.from ?? 0);
      end(connection, "slow body");
    }
  }, CHECK_MS);
  checking.unref();

  // Connections that are not accepted yet wait in the system's queue, up to net.core.somaxconn. When it is full, the system drops clients,
  // which retry seconds later, and resets some that are already connected.
  await listen(server, { host, port, backlog: limits.connections });
  return {
    url: formatUrl(server, host),
    answer: (added) => {
      listener = added;
    },
    close: async () => {
      await close(server);
      clearInterval(checking);
      ended.stop();
    },
  };
}

/**
 * Passes data to Node's parser in small pieces, so that a connection that exceeds a limit costs no more than one piece: a chunk has up to
 * 64 kB, and may contain two thousand requests.
 */
function parseInPieces(connection: Connection, mayContinue: (connection: Connection, piece: Buffer) => boolean): void {
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
      if (!mayContinue(connection, piece)) return;
    }
  });
}

function isBlank(piece: Buffer): boolean {
  return piece.every((byte) => byte === 0x0a || byte === 0x0d);
}

/** Whether a request is a health check, which costs almost nothing; a monitor may restart a server that answers it late. */
const isHealthCheck = ({ method, url }: IncomingMessage): boolean => method === "GET" && url === "/healthz";

const emptyResponse = (status: string): string =>
  `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;

/** Node's response to a request that it cannot parse. */
const BAD_REQUEST = emptyResponse("400 Bad Request");

/** The response to a header with a carriage return at its end. */
const CARRIAGE_RETURN = textResponse(
  "400 Bad Request",
  "error bad_parameter: a header ends with a carriage return, as a token from a Windows file does; remove it, for example with tr -d '\\r'\n",
);

function textResponse(status: string, text: string): string {
  const type = "Content-Type: text/plain; charset=utf-8";
  return `HTTP/1.1 ${status}\r\nConnection: close\r\n${type}\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
}

/** The response to a request that cannot be parsed, with the statuses that Node gives them. */
function clientErrorResponse({ code }: NodeJS.ErrnoException): string {
  switch (code) {
    case "HPE_LF_EXPECTED":
    case "HPE_CR_EXPECTED":
      return CARRIAGE_RETURN;
    case "HPE_HEADER_OVERFLOW":
      return emptyResponse("431 Request Header Fields Too Large");
    case "HPE_CHUNK_EXTENSIONS_OVERFLOW":
      return emptyResponse("413 Payload Too Large");
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return REQUEST_TIMEOUT;
    default:
      return BAD_REQUEST;
  }
}

/** Node's response to headers that are too slow. */
const REQUEST_TIMEOUT = emptyResponse("408 Request Timeout");

/** The maximum number of connections, from the maximum number of open files; CONNECTION_LIMITS.connections if that is unknown. */
function maxConnections(): number {
  let limits: string;
  try {
    limits = readFileSync("/proc/self/limits", "utf8");
  } catch {
    return CONNECTION_LIMITS.connections;
  }
  const files = Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
  return Math.max(1, Math.min(CONNECTION_LIMITS.connections, files - OWN_FILES));
}

/** Counts ended connections, and reports them at most once a minute. */
function countEnded(report: (message: string) => void) {
  const counts = new Map<Reason, number>();
  let timer: NodeJS.Timeout | null = null;
  function flush(): void {
    timer = null;
    const list = [...counts].map(([reason, count]) => `${count} for ${reason}`).join(", ");
    counts.clear();
    report(`ended connections: ${list}`);
  }
  return {
    count: (reason: Reason) => {
      counts.set(reason, (counts.get(reason) ?? 0) + 1);
      timer ??= setTimeout(flush, REPORT_EVERY_MS).unref();
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
          ? `port ${port} on ${host} is in use; set PORT to another port, or to 0 for any free port`
          : error.code === "EACCES"
            ? `this process may not listen on port ${port}; set PORT to a port above 1023`
            : `cannot listen on ${host}:${port}: ${error.message}`;
      reject(new StartError(why));
    });
    server.listen({ port, host, backlog }, () => resolve());
  });
}

function formatUrl(server: Server, host: string): string {
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Stops accepting connections, lets requests in progress finish, and closes idle connections; after 10 seconds closes all. */
function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    // A connection becomes idle after its last response, which may be after the server was closed.
    const idle = setInterval(() => server.closeIdleConnections(), 20);
    // A client that never finishes a request must not keep the server from stopping.
    const patience = setTimeout(() => server.closeAllConnections(), 10_000);
    server.close(() => {
      clearInterval(idle);
      clearTimeout(patience);
      resolve();
    });
  });
}
