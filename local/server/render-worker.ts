// The program of the thread in render-thread.ts: draws and paints what it is sent, one after the other.

import { parentPort } from "node:worker_threads";
import { makeRasterizer } from "../../functions/service/rasterizer.ts";
import { makeRenderer } from "../../functions/service/renderer.ts";
import { AppError } from "../../shared/errors.ts";
import { type Drawing, type Drawn, rasterizerFiles } from "./render-thread.ts";

const renderer = makeRenderer(makeRasterizer(rasterizerFiles));

async function drawn(drawing: Drawing): Promise<Drawn> {
  try {
    switch (drawing.what) {
      case "document":
        return { result: await renderer.document(...drawing.of) };
      case "badge":
        return { result: await renderer.badge(...drawing.of) };
      case "picture":
        return { result: await renderer.picture(...drawing.of) };
      case "title":
        return { result: await renderer.title(...drawing.of) };
    }
  } catch (error) {
    if (error instanceof AppError) return { refusal: error.code, message: error.message };
    return { fault: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

parentPort?.on("message", async (drawing: Drawing) => parentPort?.postMessage(await drawn(drawing)));
