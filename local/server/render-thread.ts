// Renders images in a worker thread, so that other requests do not wait for them. In: a call of the renderer. Out: its bytes, or `slow_down`
// when too many calls are waiting. The thread starts with the first call, and is terminated when a call takes too long, when it fails,
// and when it has been idle for a while, because it never returns memory.

import { Worker } from "node:worker_threads";
import type { RasterizerFiles } from "../../functions/service/rasterizer.ts";
import type { Renderer } from "../../functions/service/renderer.ts";
import { AppError, type ErrorCode } from "../../shared/errors.ts";

/** The rasterizer's files where npm has installed them. */
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
export type RenderCall = {
  [Method in keyof Renderer]: { readonly method: Method; readonly args: Parameters<Renderer[Method]> };
}[keyof Renderer];

/** The outcome of a call. */
export type RenderOutcome =
  | { readonly result: Uint8Array | string }
  | { readonly code: ErrorCode; readonly message: string }
  | { readonly error: string };

export interface RenderThread {
  /** For requests with a token, which have priority. */
  readonly forTokens: Renderer;
  /** For requests of share links. */
  readonly forLinks: Renderer;
  /** Terminates the thread; rejects waiting calls. */
  stop(): Promise<void>;
}

export interface RenderThreadOptions {
  /** How many calls may wait, for tokens and for links each. */
  readonly maxWaiting?: number;
  /** How long a call may take, including the start of the thread. */
  readonly patienceMs?: number;
  /** How long an idle thread is kept. */
  readonly idleMs?: number;
}

interface Job {
  readonly call: RenderCall;
  readonly resolve: (result: Uint8Array | string) => void;
  readonly reject: (error: unknown) => void;
}

/** The maximum heap of the thread, in MB; exceeding it ends the thread and not the process. */
const HEAP_MB = 256;

/** Prepares the thread, which starts with the first call. */
export function makeRenderThread(options: RenderThreadOptions = {}): RenderThread {
  const { maxWaiting = 8, patienceMs = 10_000, idleMs = 60_000 } = options;
  const errorImages: Job[] = [];
  const ofTokens: Job[] = [];
  const ofLinks: Job[] = [];
  let worker: Worker | null = null;
  let current: Job | null = null;
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;

  function start(): Worker {
    const started = new Worker(PROGRAM, { resourceLimits: { maxOldGenerationSizeMb: HEAP_MB } });
    started.on("message", (outcome: RenderOutcome) => {
      const job = current;
      current = null;
      if (job !== null) settle(job, outcome);
      next();
    });
    started.on("error", (error) => lost(started, error));
    started.on("exit", () => lost(started, new Error("the render thread ended")));
    return started;
  }

  /** The thread has ended, or is given up; the next call starts another one. */
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
    const job = isStopped ? undefined : (errorImages.shift() ?? ofTokens.shift() ?? ofLinks.shift());
    if (job === undefined) {
      timer = setTimeout(rest, idleMs).unref();
      return;
    }
    worker ??= start();
    const at = worker;
    current = job;
    timer = setTimeout(() => lost(at, new Error(`rendering took more than ${patienceMs} ms`)), patienceMs);
    at.postMessage(job.call);
  }

  function rest(): void {
    const resting = worker;
    worker = null;
    void resting?.terminate();
  }

  function render(queue: Job[], call: RenderCall, max = maxWaiting): Promise<Uint8Array | string> {
    return new Promise((resolve, reject) => {
      if (isStopped || queue.length >= max) {
        reject(new AppError("slow_down", "too many images are being rendered; retry in a few seconds"));
        return;
      }
      queue.push({ call, resolve, reject });
      next();
    });
  }

  function makeQueueRenderer(queue: Job[]): Renderer {
    return {
      document: (...args) => render(queue, { method: "document", args }).then(toBytes),
      badge: (...args) => render(queue, { method: "badge", args }).then(toBytes),
      // Images of errors, which are few and cached: "too many are waiting" must be shown at once.
      picture: (...args) => render(errorImages, { method: "picture", args }, Number.POSITIVE_INFINITY).then(toBytes),
      title: (...args) => render(queue, { method: "title", args }).then(String),
    };
  }

  return {
    forTokens: makeQueueRenderer(ofTokens),
    forLinks: makeQueueRenderer(ofLinks),
    stop: async () => {
      isStopped = true;
      clearTimeout(timer);
      const stopped = new AppError("slow_down", "the server is stopping; retry in a few seconds");
      for (const job of [...errorImages, ...ofTokens, ...ofLinks]) job.reject(stopped);
      current?.reject(stopped);
      const ending = worker;
      worker = null;
      await ending?.terminate();
    },
  };
}

/** Next to this file: in the bundle or in the source. */
const IS_SOURCE = import.meta.url.endsWith(".ts");
const PROGRAM = new URL(IS_SOURCE ? "./render-worker-source.mjs" : "./render-worker.js", import.meta.url);

function settle({ resolve, reject }: Job, outcome: RenderOutcome): void {
  if ("result" in outcome) resolve(outcome.result);
  else if ("code" in outcome) reject(new AppError(outcome.code, outcome.message));
  else reject(new Error(`rendering failed: ${outcome.error}`));
}

function toBytes(result: Uint8Array | string): Uint8Array {
  if (typeof result === "string") throw new Error("the render thread returned text instead of bytes");
  return result;
}
