// A proxy before the engine that looks at every request, and may refuse it in DynamoDB's manner.

import { createServer, request as send } from "node:http";
import type { AddressInfo } from "node:net";

/** A request as DynamoDB's API has it. */
export interface Command {
  /** e.g. `TransactWriteItems`. */
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: each command has an input of its own.
  readonly input: any;
}

/** What DynamoDB answers when it refuses: the name of an exception, and its fields. */
export interface Refusal {
  readonly exception: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface EngineProxy {
  readonly endpoint: string;
  stop(): Promise<void>;
}

const JSON_TYPE = "application/x-amz-json-1.0";

/** Starts a proxy before the engine at `behind`; `judge` gives a refusal, or null to let a command through. */
export async function engineProxy(behind: string, judge: (command: Command) => Refusal | null): Promise<EngineProxy> {
  const server = createServer(async (request, answer) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece);
    const body = Buffer.concat(pieces);
    const name = String(request.headers["x-amz-target"]).split(".").at(-1) ?? "";
    const refusal = judge({ name, input: JSON.parse(body.toString()) });
    if (refusal !== null) {
      const { exception, fields } = refusal;
      answer.writeHead(400, { "Content-Type": JSON_TYPE });
      answer.end(JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${exception}`, ...fields }));
      return;
    }
    const { method, headers } = request;
    const passed = send(behind, { method: method ?? "POST", headers }, (given) => {
      answer.writeHead(given.statusCode ?? 500, given.headers);
      given.pipe(answer);
    });
    passed.on("error", () => answer.destroy());
    passed.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A server that listens on a port has an AddressInfo.
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
