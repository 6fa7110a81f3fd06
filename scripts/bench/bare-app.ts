// The smallest app: Hono with one route. The baseline for the cold starts of the functions.

import { Hono } from "hono";
import { handle } from "hono/aws-lambda";

const app = new Hono();
app.get("/healthz", (c) => c.json({ status: "ok" }));

export const handler = handle(app);
