// Drawing and painting in a thread of its own, so that nobody else waits for a picture. In: what to draw. Out: its bytes, or
// `slow_down` where as many wait as may. The thread begins with the first drawing, and is ended when a drawing takes too
// long, when it dies, and when nothing was drawn for a while, since what it has used of memory it keeps.

import { Worker } from "node:worker_threads";
import type { RasterizerFiles } from "../../functions/service/rasterizer.ts";
import type { Renderer } from "../../functions/service/renderer.ts";
import { AppError, type ErrorCode } from "../../shared/errors.ts";

/** The painter's files where npm has put them. */
export function rasterizerFiles(): RasterizerFiles {
  return {
    wasm: new URL(import.meta.resolve("@resvg/resvg-wasm/index_bg.wasm")),
    fonts: [
      new URL(import.meta.resolve("dejavu-fonts-ttf/ttf/DejaVuSans.ttf")),
      new URL(import.meta.resolve("dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf")),
    ],
  };
}

/** A call of the renderer. */
export type Drawing = {
  [What in keyof Renderer]: { readonly what: What; readonly of: Parameters<Renderer[What]> };
}[keyof Renderer];

/** What came of it. */
export type Drawn =
  | { readonly result: Uint8Array | string }
  | { readonly refusal: ErrorCode; readonly message: string }
  | { readonly fault: string };

export interface RenderThread {
  /** For those who have a token: theirs come before those of links. */
  readonly forTokens: Renderer;
  /** For those who have a link. */
  readonly forLinks: Renderer;
  /** Ends the thread; what waits is refused. */
  stop(): Promise<void>;
}

export interface RenderThreadOptions {
  /** Drawings that may wait, of tokens and of links each. */
  readonly mostWaiting?: number;
  /** How long a drawing may take, the start of the thread included. */
  readonly patienceMs?: number;
  /** How long the thread stays without a drawing. */
  readonly idleMs?: number;
}

interface Job {
  readonly drawing: Drawing;
  readonly resolve: (result: Uint8Array | string) => void;
  readonly reject: (error: unknown) => void;
}

/** Memory of the thread's objects, in MB; one that needs more is ended, and not the process. */
const HEAP_MB = 256;

/** A thread that is not there yet. */
export function makeRenderThread(options: RenderThreadOptions = {}): RenderThread {
  const { mostWaiting = 8, patienceMs = 10_000, idleMs = 60_000 } = options;
  const refusals: Job[] = [];
  const ofTokens: Job[] = [];
  const ofLinks: Job[] = [];
  let worker: Worker | null = null;
  let current: Job | null = null;
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;

  function start(): Worker {
    const started = new Worker(PROGRAM, { resourceLimits: { maxOldGenerationSizeMb: HEAP_MB } });
    started.on("message", (drawn: Drawn) => {
      const job = current;
      current = null;
      if (job !== null) settle(job, drawn);
      next();
    });
    started.on("error", (error) => lost(started, error));
    started.on("exit", () => lost(started, new Error("the thread that draws ended")));
    return started;
  }

  /** The thread is gone, or is given up; the next drawing gets another one. */
  function lost(gone: Worker, error: Error): void {
    if (gone !== worker) return;
    worker = null;
    void gone.terminate();
    current?.reject(error);
    current = null;
    next();
  }

  function next(): void {
    if (current !== null) return;
    clearTimeout(timer);
    const job = isStopped ? undefined : (refusals.shift() ?? ofTokens.shift() ?? ofLinks.shift());
    if (job === undefined) {
      timer = setTimeout(rest, idleMs).unref();
      return;
    }
    worker ??= start();
    const at = worker;
    current = job;
    timer = setTimeout(() => lost(at, new Error(`a drawing took more than ${patienceMs} ms`)), patienceMs);
    at.postMessage(job.drawing);
  }

  function rest(): void {
    const resting = worker;
    worker = null;
    void resting?.terminate();
  }

  function draw(line: Job[], drawing: Drawing, most = mostWaiting): Promise<Uint8Array | string> {
    return new Promise((resolve, reject) => {
      if (isStopped || line.length >= most) {
        reject(new AppError("slow_down", "more is asked to be drawn than can be now; ask again in a few seconds"));
        return;
      }
      line.push({ drawing, resolve, reject });
      next();
    });
  }

  function rendererOf(line: Job[]): Renderer {
    return {
      document: (...of) => draw(line, { what: "document", of }).then(bytesOf),
      badge: (...of) => draw(line, { what: "badge", of }).then(bytesOf),
      // Of refusals, which are few and kept: that too much waits must be said while it does.
      picture: (...of) => draw(refusals, { what: "picture", of }, Number.POSITIVE_INFINITY).then(bytesOf),
      title: (...of) => draw(line, { what: "title", of }).then(String),
    };
  }

  return {
    forTokens: rendererOf(ofTokens),
    forLinks: rendererOf(ofLinks),
    stop: async () => {
      isStopped = true;
      clearTimeout(timer);
      const stopped = new AppError("slow_down", "the server is stopping; ask again in a few seconds");
      for (const job of [...refusals, ...ofTokens, ...ofLinks]) job.reject(stopped);
      current?.reject(stopped);
      const ending = worker;
      worker = null;
      await ending?.terminate();
    },
  };
}

/** Beside this file: in the bundle or in the source. */
const IS_SOURCE = import.meta.url.endsWith(".ts");
const PROGRAM = new URL(IS_SOURCE ? "./render-worker-source.mjs" : "./render-worker.js", import.meta.url);

function settle({ resolve, reject }: Job, drawn: Drawn): void {
  if ("result" in drawn) resolve(drawn.result);
  else if ("refusal" in drawn) reject(new AppError(drawn.refusal, drawn.message));
  else reject(new Error(`drawing failed: ${drawn.fault}`));
}

function bytesOf(result: Uint8Array | string): Uint8Array {
  if (typeof result === "string") throw new Error("the thread that draws gave text for bytes");
  return result;
}
