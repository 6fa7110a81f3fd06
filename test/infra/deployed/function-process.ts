// A function as Lambda runs it: a process of its own that loads the bundle once, has the environment that the template gives
// it and nothing else, and is handed one event after the other.

import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** Reads events, one a line, and writes the result of the handler for each after a marker; its log lines are in between. */
const RUNTIME = `
  import { createInterface } from "node:readline";
  const [file, name] = process.argv.slice(1);
  const handler = (await import(file))[name];
  for await (const line of createInterface({ input: process.stdin })) {
    const context = { awsRequestId: "test", getRemainingTimeInMillis: () => 300_000 };
    let outcome;
    try {
      outcome = { answer: (await handler(JSON.parse(line), context)) ?? null };
    } catch (error) {
      outcome = { error: String(error?.stack ?? error) };
    }
    process.stdout.write("\\nANSWER " + JSON.stringify(outcome) + "\\n");
  }
`;

export interface FunctionProcess {
  /** What the handler answers to an event. Throws what it throws, and when the process ends. */
  invoke(event: unknown): Promise<unknown>;
  stop(): Promise<void>;
}

/** Starts the function in a folder; `handler` is its file and export, e.g. `index.handler`. */
export function startFunction(
  folder: string,
  handler: string,
  environment: Readonly<Record<string, string>>,
): FunctionProcess {
  const [file, name = ""] = handler.split(".");
  const args = ["--input-type=module", "--eval", RUNTIME, join(folder, `${file}.mjs`), name];
  const child = spawn(process.execPath, args, { cwd: folder, env: { ...environment }, stdio: "pipe" });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const said = outputOf(child);
  let last: Promise<unknown> = Promise.resolve();
  return {
    // Lambda hands a process one event at a time.
    invoke: (event) => {
      const answer = last.then(() => {
        child.stdin?.write(`${JSON.stringify(event)}\n`);
        return said.next();
      });
      last = answer.catch(() => undefined);
      return answer;
    },
    stop: async () => {
      child.stdin?.end();
      await exited;
    },
  };
}

function outputOf(child: ChildProcess): { next(): Promise<unknown> } {
  const log: string[] = [];
  let waiting: { resolve: (answer: unknown) => void; reject: (error: Error) => void } | null = null;
  const broke = () => waiting?.reject(new Error(`the function ended:\n${log.join("\n").slice(-4000)}`));
  child.once("exit", broke);
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on("line", (line) => {
      if (!line.startsWith("ANSWER ")) {
        log.push(line);
        return;
      }
      const { answer, error } = JSON.parse(line.slice("ANSWER ".length));
      if (error === undefined) waiting?.resolve(answer);
      else waiting?.reject(new Error(error));
    });
  }
  return {
    next: () =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        if (child.exitCode !== null) broke();
      }),
  };
}
