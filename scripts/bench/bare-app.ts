// The least that an app can be: Hono with one route. What the cold starts of the functions are held against.

import { Hono } from "hono";
import { handle } from "hono/aws-lambda";

const app = new Hono();
app.get("/healthz", (c) => c.json({ status: "ok" }));

export const handler = handle(app);
