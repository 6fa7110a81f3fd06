// What everybody else notices of an attack on a server: how uploads and /healthz of an innocent client are answered meanwhile,
// and the memory that the server, its engine and its connector take.

import { fork } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { expect } from "vitest";
import type { Answered } from "./ask.ts";
import type { Seen } from "./innocent-client.ts";
import type { ServerProcess } from "./server-process.ts";

/** Answers of one kind in a few numbers. */
export interface Times {
  readonly count: number;
  /** How often each status came, or each way for a connection to break. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Milliseconds; 0 of no answers. */
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
}

/** The most resident memory that each process has had since it was started, in MB; 0 for one that is not there. */
interface Memory {
  readonly server: number;
  readonly engine: number;
  readonly connector: number;
}

export interface Impact {
  readonly uploads: Times;
  readonly health: Times;
  /** The attack's own answers, of those attacks that read any. */
  readonly attack: Times;
  readonly memory: Memory;
}

/**
 * Attacks a server with the innocent client beside it, from before the attack until both it is over and there are a hundred
 * samples of each kind. What is `settled` after that counts for memory alone.
 */
export async function impactOf(
  server: ServerProcess,
  attack: () => Promise<readonly Answered[]>,
  settled: () => Promise<unknown> = async () => undefined,
): Promise<Impact> {
  const client = fork(new URL("./innocent-client.ts", import.meta.url), [server.url, server.token], {
    execArgv: ["--import", "tsx"],
  });
  await once(client, "message");
  await new Promise((resolve) => setTimeout(resolve, 300));
  try {
    const answers = await attack();
    const ended = once(client, "message");
    client.send("end");
    // The client is ours, and sends this and nothing else.
    const [{ uploads, health }] = (await ended) as [Seen];
    await settled();
    const memory = memoryOf(server.process.pid ?? 0);
    return { uploads: timesOf(uploads), health: timesOf(health), attack: timesOf(answers), memory };
  } finally {
    client.kill();
  }
}

/** Everybody else is served: nothing refused, nothing slow, and memory to spare. */
export function expectHarmless({ uploads, health, memory }: Impact): void {
  expect(uploads.outcomes).toEqual({ 201: uploads.count });
  expect(health.outcomes).toEqual({ 200: health.count });
  expect(uploads.p99).toBeLessThanOrEqual(1_000);
  expect(health.p99).toBeLessThanOrEqual(250);
  expect(memory.server).toBeLessThanOrEqual(400);
}

function timesOf(answers: readonly Answered[]): Times {
  const times = answers.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
  const outcomes: Record<string, number> = {};
  for (const { outcome } of answers) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  // The smallest time that such a share of all is not above.
  const quantile = (share: number) => times[Math.max(0, Math.ceil(share * times.length) - 1)] ?? 0;
  return { count: times.length, outcomes, p50: quantile(0.5), p99: quantile(0.99), most: times.at(-1) ?? 0 };
}

function memoryOf(server: number): Memory {
  const below = descendants(server);
  const most = (part: string) =>
    Math.max(0, ...below.filter((pid) => procFile(pid, "cmdline").includes(part)).map(peakMb));
  return { server: peakMb(server), engine: most("dynoxide"), connector: most("engine-connector") };
}

function descendants(parent: number): number[] {
  const children = readdirSync("/proc").filter((pid) => new RegExp(`^PPid:\\s${parent}$`, "m").test(status(pid)));
  return children.map(Number).flatMap((pid) => [pid, ...descendants(pid)]);
}

const peakMb = (pid: number): number => Number(/^VmHWM:\s+(\d+) kB$/m.exec(status(pid))?.[1] ?? 0) / 1024;

const status = (pid: number | string): string => (/^\d+$/.test(String(pid)) ? procFile(pid, "status") : "");

/** A file of a process; empty when the process has ended. */
function procFile(pid: number | string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}
