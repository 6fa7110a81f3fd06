// The program behind flood.ts: somebody who does nothing wrong. It posts results and asks /healthz at a steady rate, each on
// a connection of its own as a Dom0 with curl does, however long the answers take, and notes the resident memory of the
// server. A process of its own, so that whatever the attack costs its own process is not measured.
// Arguments: the server's URL, its process id, a token that may post. A message ends it; it answers with what it saw.

import { readFileSync } from "node:fs";
import { request } from "node:http";
import type { Answered, Seen } from "./flood.ts";

const UPLOAD_EVERY_MS = 100;
const HEALTH_EVERY_MS = 40;
const MEMORY_EVERY_MS = 50;
const PATIENCE_MS = 60_000;

const [url = "", serverPid = "", token = ""] = process.argv.slice(2);
const line = readFileSync(new URL("../fixtures/bonnie/seed-loop.csv", import.meta.url));

const seen: Seen = { uploads: [], health: [], residentMb: [] };
const underWay = new Set<Promise<void>>();

function ask(method: string, path: string, body: Uint8Array | null, into: Answered[]): void {
  const started = performance.now();
  const answered = new Promise<void>((resolve) => {
    const done = (status: number) => {
      into.push({ status, milliseconds: performance.now() - started });
      resolve();
    };
    const headers = { Authorization: `Bearer ${token}` };
    const sent = request(`${url}${path}`, { method, headers, agent: false, timeout: PATIENCE_MS }, (answer) => {
      answer.resume();
      answer.once("end", () => done(answer.statusCode ?? 0));
      answer.once("error", () => done(0));
    });
    sent.once("timeout", () => sent.destroy(new Error("no answer")));
    sent.once("error", () => done(0));
    sent.end(body ?? undefined);
  });
  underWay.add(answered);
  void answered.then(() => underWay.delete(answered));
}

/** Megabytes that the server holds in memory now. */
function residentMb(): number {
  const [, kilobytes = "0"] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${serverPid}/status`, "utf8")) ?? [];
  return Number(kilobytes) / 1024;
}

let posted = 0;
const timers = [
  setInterval(() => {
    posted += 1;
    const query = `?backend=loop&host=innocent-${posted % 50}&run=${process.pid}-${posted}`;
    ask("POST", `/v1/results${query}`, line, seen.uploads);
  }, UPLOAD_EVERY_MS),
  setInterval(() => ask("GET", "/healthz", null, seen.health), HEALTH_EVERY_MS),
  setInterval(() => seen.residentMb.push(residentMb()), MEMORY_EVERY_MS),
];

process.once("message", async () => {
  for (const timer of timers) clearInterval(timer);
  await Promise.all(underWay);
  process.send?.(seen, () => process.exit(0));
});
process.send?.("started");
