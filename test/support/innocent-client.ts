// The program behind impact.ts: a client that does nothing wrong. It posts results and asks /healthz at a steady rate, however
// long the answers take, each request on a connection of its own. A process of its own, so that what an attack costs the
// process it comes from is not measured. Arguments: the server's URL and a token that may post. Any message asks for the end,
// which comes when there are enough samples; then it sends what it saw.

import { readFileSync } from "node:fs";
import { type Answered, ask } from "./ask.ts";

/** Everything that the innocent client saw. */
export interface Seen {
  readonly uploads: Answered[];
  readonly health: Answered[];
}

/** Enough for a p99. Health checks come more often, so there are more of them. */
const MIN_UPLOADS = 100;
const UPLOAD_EVERY_MS = 100;
const HEALTH_EVERY_MS = 50;

const [url = "", token = ""] = process.argv.slice(2);
const headers = { Authorization: `Bearer ${token}` };
const body = readFileSync(new URL("../fixtures/bonnie/seed-loop.csv", import.meta.url));
const name = `${process.pid}-${Date.now()}`;

const seen: Seen = { uploads: [], health: [] };
const underWay: Promise<unknown>[] = [];
let posted = 0;
let isAskedToEnd = false;

function post(): void {
  posted += 1;
  const query = `backend=loop&host=innocent-${posted % 50}&run=${name}-${posted}`;
  const answer = ask(`${url}/v1/results?${query}`, { method: "POST", headers, body });
  underWay.push(answer.then((answered) => seen.uploads.push(answered)));
  if (isAskedToEnd && posted >= MIN_UPLOADS) void end();
}

function check(): void {
  underWay.push(ask(`${url}/healthz`).then((answered) => seen.health.push(answered)));
}

async function end(): Promise<void> {
  for (const timer of timers) clearInterval(timer);
  await Promise.all(underWay);
  process.send?.(seen, () => process.exit(0));
}

const timers = [setInterval(post, UPLOAD_EVERY_MS), setInterval(check, HEALTH_EVERY_MS)];
process.once("message", () => {
  isAskedToEnd = true;
});
process.send?.("started");
