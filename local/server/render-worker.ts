// The program of the thread in render-thread.ts: executes the calls that it receives, one after the other.

import { parentPort } from "node:worker_threads";
import { makeRasterizer } from "../../functions/service/rasterizer.ts";
import { makeRenderer } from "../../functions/service/renderer.ts";
import { AppError } from "../../shared/errors.ts";
import { type RenderCall, type RenderOutcome, rasterizerFiles } from "./render-thread.ts";

const renderer = makeRenderer(makeRasterizer(rasterizerFiles));

async function execute(call: RenderCall): Promise<RenderOutcome> {
  try {
    switch (call.method) {
      case "document":
        return { result: await renderer.document(...call.args) };
      case "badge":
        return { result: await renderer.badge(...call.args) };
      case "picture":
        return { result: await renderer.picture(...call.args) };
      case "title":
        return { result: await renderer.title(...call.args) };
    }
  } catch (error) {
    if (error instanceof AppError) return { code: error.code, message: error.message };
    return { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

parentPort?.on("message", async (call: RenderCall) => parentPort?.postMessage(await execute(call)));
