// Cold starts: from the start of a process to its first response, for the deployed bundle of each function and for a bare Hono app. The process
// loads the bundle and serves its handler over HTTP as `npm start` serves the apps; the first request is sent as soon as it listens, and
// needs no table, so that only the start is measured.

import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { bundle, bundleFile } from "../../infra/bundle.ts";
import { median, type Row, type Section } from "./section.ts";

/** The first request to each function: one that needs a token, without a token; or a public document. */
const FIRST_REQUESTS = {
  ingest: ["POST", "/v1/results"],
  read: ["GET", "/v1/compare?baseline=loop&candidate=phy"],
  embed: ["POST", "/v1/shares"],
  docs: ["GET", "/openapi.json"],
} as const;

/** Serves the handler of a bundle: every request becomes an event, every result of the handler a response. */
const SERVER = `
  import { createServer } from "node:http";
  const [file, listener] = process.argv.slice(1);
  const { getRequestListener } = await import(listener);
  const { handler } = await import(file);
  const server = createServer(getRequestListener(async ({ method, url }) => {
    const { host, pathname, search } = new URL(url);
    const http = { method, path: pathname };
    const requestContext = { domainName: host, http, requestId: "1", stage: "$default" };
    const event = {
      version: "2.0", routeKey: "$default", rawPath: pathname, rawQueryString: search.slice(1), headers: { host },
      requestContext, isBase64Encoded: false,
    };
    const { body, statusCode, headers } = await handler(event, { awsRequestId: "1" });
    return new Response(body, { status: statusCode, headers });
  }));
  server.listen(0, "127.0.0.1", () => console.log("port " + server.address().port));
`;

/** The maximum, as a multiple of the bare app. */
const TARGET = 1.6;

export const coldStart: Section = async ({ folder, quick }) => {
  const bundles = Object.entries(FIRST_REQUESTS).map(([name, [method, path]]) => {
    bundle(name, join(folder, "bundles", name));
    return { name, file: join(folder, "bundles", name, "index.mjs"), method: String(method), path: String(path) };
  });
  bundleFile("scripts/bench/bare-app.ts", join(folder, "bundles", "bare"));
  const bare = { name: "bare", file: join(folder, "bundles", "bare", "index.mjs"), method: "GET", path: "/healthz" };

  const taken = new Map<string, number[]>();
  // Alternating, so that other load affects all alike. The first round fills the disk cache.
  for (let round = 0; round < (quick ? 3 : 31); round += 1) {
    for (const { name, ...started } of [bare, ...bundles]) {
      const milliseconds = await timeFirstResponse(started);
      if (round > 0) taken.set(name, [...(taken.get(name) ?? []), milliseconds]);
    }
  }
  const bareMs = median(taken.get("bare") ?? []);
  return [...taken].map(([name, times]): Row => {
    const milliseconds = median(times);
    const target = name === "bare" ? {} : { target: TARGET };
    return {
      name: `ColdStart/${name}`,
      iterations: times.length,
      figures: [
        { value: milliseconds * 1e6, unit: "start-ns" },
        { value: milliseconds / bareMs, unit: "times-bare", ...target },
      ],
    };
  });
};

/** Milliseconds from the start of a process to the end of its first response. */
async function timeFirstResponse(first: { file: string; method: string; path: string }): Promise<number> {
  const started = performance.now();
  const args = ["--input-type=module", "--eval", SERVER, first.file, import.meta.resolve("@hono/node-server")];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"], env: FUNCTION_ENVIRONMENT });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  for await (const line of createInterface({ input: child.stdout })) {
    const port = /^port (\d+)$/.exec(line)?.[1];
    if (port === undefined) continue;
    const response = await fetch(`http://127.0.0.1:${port}${first.path}`, { method: first.method });
    await response.text();
    const milliseconds = performance.now() - started;
    child.kill();
    await exited;
    return milliseconds;
  }
  throw new Error(`${first.file} ended without a response`);
}

/** The environment of a function; the last two variables replace AWS, and silence a warning of the SDK. */
const FUNCTION_ENVIRONMENT = {
  TABLE_NAME: "vbdstat",
  AWS_REGION: "eu-central-1",
  AWS_ACCESS_KEY_ID: "none",
  AWS_SECRET_ACCESS_KEY: "none",
  AWS_ENDPOINT_URL_DYNAMODB: "http://127.0.0.1:1",
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
};
