// Cold starts: from the start of a process until its first answer is there, for each function's bundle as it is deployed and
// for a bare Hono app. The process does as Lambda's runtime does: it loads the bundle, asks for an event over HTTP, hands it
// to the handler and posts the answer. The first events ask no table, so that nothing but the start is measured.

import { spawn } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { bundle, bundleFile } from "../../infra/bundle.ts";
import type { Row } from "./rows.ts";
import type { Section } from "./section.ts";
import { median } from "./timing.ts";

const request = (method: string, path: string) => ({
  version: "2.0",
  routeKey: `${method} ${path}`,
  rawPath: path,
  rawQueryString: "",
  headers: { host: "vbdstat.example.org" },
  requestContext: { domainName: "vbdstat.example.org", http: { method, path }, requestId: "1", stage: "$default" },
  isBase64Encoded: false,
});

/** A first event for each function: a request without token, records of a stream that are none. */
const FIRST_EVENTS = {
  ingest: request("POST", "/v1/results"),
  read: request("GET", "/v1/status"),
  embed: request("POST", "/v1/shares"),
  docs: request("GET", "/openapi.json"),
  aggregate: { Records: [] },
} as const;

/** What Lambda's runtime does with a bundle, once. */
const RUNTIME = `
  import { request } from "node:http";
  const [file, api] = process.argv.slice(1);
  const call = (method, path, body) =>
    new Promise((resolve, reject) => {
      const sent = request(api + path, { method }, (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (piece) => (text += piece)).on("end", () => resolve(text));
      });
      sent.on("error", reject).end(body);
    });
  const { handler } = await import(file);
  const context = { awsRequestId: "1", getRemainingTimeInMillis: () => 29000 };
  const answer = await handler(JSON.parse(await call("GET", "/next")), context);
  await call("POST", "/answer", JSON.stringify(answer));
  process.exit(0);
`;

/** Most times as long as the bare app. */
const TARGET = 1.6;

export const coldStart: Section = async ({ folder, quick }) => {
  const bundles = Object.entries(FIRST_EVENTS).map(([name, event]) => {
    bundle(name, join(folder, "bundles", name));
    return { name, file: join(folder, "bundles", name, "index.mjs"), event: event as object };
  });
  bundleFile("scripts/bench/bare-app.ts", join(folder, "bundles", "bare"));
  const bare = { name: "bare", file: join(folder, "bundles", "bare", "index.mjs"), event: request("GET", "/healthz") };

  const taken = new Map<string, number[]>();
  // In turns, so that what else the machine does meets all alike.
  for (let round = 0; round < (quick ? 3 : 31); round += 1) {
    for (const { name, file, event } of [bare, ...bundles]) {
      const milliseconds = await firstAnswer(file, event);
      if (round > 0) taken.set(name, [...(taken.get(name) ?? []), milliseconds]);
    }
  }
  const bareMs = median(taken.get("bare") ?? []);
  return [...taken].map(([name, times]): Row => {
    const milliseconds = median(times);
    const ratio = milliseconds / bareMs;
    return {
      name: `ColdStart/${name}`,
      iterations: times.length,
      figures: [
        { value: milliseconds * 1e6, unit: "start-ns" },
        { value: ratio, unit: "times-bare", ...(name !== "bare" && { target: TARGET }) },
      ],
    };
  });
};

/** Milliseconds from the start of a process to its answer to an event. */
async function firstAnswer(file: string, event: object): Promise<number> {
  let answered = (_at: number): void => undefined;
  const first = new Promise<number>((resolve) => {
    answered = resolve;
  });
  const api = createServer((asked, answer) => {
    if (asked.url === "/next") {
      answer.end(JSON.stringify(event));
      return;
    }
    answered(performance.now());
    asked.resume().on("end", () => answer.end());
  });
  await new Promise<void>((resolve) => api.listen(0, "127.0.0.1", resolve));
  // A server that listens on a port has an AddressInfo.
  const { port } = api.address() as AddressInfo;
  const started = performance.now();
  const args = ["--input-type=module", "--eval", RUNTIME, file, `http://127.0.0.1:${port}`];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"], env: FUNCTION_ENVIRONMENT });
  let said = "";
  child.stderr.on("data", (piece) => {
    said += String(piece);
  });
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const failed = exited.then((code) => Promise.reject(new Error(`${file} ended with ${code}: ${said.slice(0, 2000)}`)));
  failed.catch(() => undefined);
  const at = await Promise.race([first, failed]);
  await exited;
  api.close();
  return at - started;
}

/** On AWS there is no endpoint to name, and a Node that the SDK does not warn of. */
const FUNCTION_ENVIRONMENT = {
  TABLE_NAME: "vbdstat",
  AWS_REGION: "eu-central-1",
  AWS_ACCESS_KEY_ID: "none",
  AWS_SECRET_ACCESS_KEY: "none",
  AWS_ENDPOINT_URL_DYNAMODB: "http://127.0.0.1:1",
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
};
