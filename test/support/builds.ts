// The builds that are attacked: this one, which must hold, and beside it, for comparison, the one in the folder that
// COMPARED_BUILD names (`npm run build` writes such a folder, `dist`). They take turns, attack by attack.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Impact } from "./impact.ts";
import { BUNDLE, type ServerProcess, startServerProcess } from "./server-process.ts";

export interface Build {
  readonly name: "this" | "other";
  /** Folder of the bundle. */
  readonly folder: string;
}

const compared = process.env["COMPARED_BUILD"];

export const BUILDS: readonly Build[] = [
  { name: "this", folder: BUNDLE },
  ...(compared === undefined || compared === "" ? [] : [{ name: "other", folder: compared } as const]),
];

/** Each attack on each build, one build after the other. */
export const onEachBuild = <T extends readonly unknown[]>(attacks: readonly T[]): [...T, Build][] =>
  attacks.flatMap((attack) => BUILDS.map((build): [...T, Build] => [...attack, build]));

/** Gives `use` a server of its own: memory that one attack has cost is not given back, and would count for the next one. */
export async function withServer<T>(
  { folder }: Build,
  dataDir: string,
  use: (server: ServerProcess) => Promise<T>,
): Promise<T> {
  const logFile = `${dataDir}.${Date.now()}.log`;
  const server = await startServerProcess({ dataDir, program: `${folder}/main.js`, logFile });
  try {
    return await use(server);
  } finally {
    await server.end("SIGTERM");
  }
}

/** Runs a command on a data folder; what it printed. Rejects when it fails. */
export async function command({ folder }: Build, dataDir: string, words: readonly string[]): Promise<string> {
  const env = { PATH: process.env["PATH"], DATA_DIR: dataDir };
  return (await promisify(execFile)(process.execPath, [`${folder}/vbdstat.js`, ...words], { env })).stdout;
}

/** A row of the table that is printed at the end: a test puts it into its `meta`. */
export interface Measured {
  readonly attack: string;
  readonly build: Build["name"];
  readonly impact: Impact;
  /** What else there is to say of it. */
  readonly note?: string;
}

declare module "vitest" {
  interface TaskMeta {
    measured?: Measured;
  }
}
