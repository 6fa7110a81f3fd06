// Posts results to the server over HTTP while it aggregates them, as in real use.

import { generateFleet } from "../../local/demo/generated-fleet.ts";
import { FLEET, singleResults } from "./fleets.ts";
import { type Figure, percentile, progress, type Row, type Section, timed, untilAggregated } from "./section.ts";
import { type BenchServer, startServer } from "./server.ts";

/** One result per request, as cron jobs send them. */
export const singles: Section = async ({ folder, quick, profile }) => {
  const rows: Row[] = [];
  for (const inFlight of [8, 64]) {
    const server = await startServer(`${folder}/singles-${inFlight}`, profile(`singles-${inFlight}`));
    const count = quick ? 100 : 10_000;
    const bodies = [...singleResults({ ...FLEET, hosts: count / 2 })];
    const { figures } = await postAll(server, bodies, { inFlight, results: 1, target: inFlight === 64 ? 2_500 : null });
    await server.stop();
    rows.push({ name: `PostSingle/inflight=${inFlight}`, iterations: count, figures });
  }
  return rows;
};

/** A hundred results per request: ten hosts with ten results each. */
export const batches: Section = async ({ folder, quick, profile }) => {
  const server = await startServer(`${folder}/batches`, profile("batches"));
  const count = quick ? 10 : 300;
  const uploads = generateFleet({ ...FLEET, hosts: count * 10, runs: 5 });
  const bodies = Array.from({ length: count }, () => {
    return Array.from({ length: 10 }, () => uploads.next().value?.body ?? "").join("");
  });
  const { figures } = await postAll(server, bodies, { inFlight: 4, results: 100, target: 5_000 });
  await server.stop();
  return [{ name: "PostBatch/results=100/inflight=4", iterations: count, figures }];
};

/** Posts all bodies, then waits for the aggregation to catch up. */
async function postAll(
  server: BenchServer,
  bodies: readonly string[],
  { inFlight, results, target }: { inFlight: number; results: number; target: number | null },
): Promise<{ figures: Figure[] }> {
  await warmUp(server);
  const report = progress(`posting, ${inFlight} in flight`, bodies.length);
  let done = 0;
  const before = server.usage();
  const timing = await timed(bodies, inFlight, async (body) => {
    await server.ask("/v1/results", body);
    report(++done);
  });
  const after = server.usage();
  const aggregated = await untilAggregated(server);
  const count = bodies.length * results;
  return {
    figures: [
      { value: count / timing.seconds, unit: "results/s", ...(target !== null && { target }) },
      { value: percentile(timing, 0.5), unit: "p50-ns" },
      { value: percentile(timing, 0.99), unit: "p99-ns" },
      { value: (after.server.cpu - before.server.cpu) / count, unit: "server-cpu-ns/result" },
      { value: (after.engine.cpu - before.engine.cpu) / count, unit: "engine-cpu-ns/result" },
      { value: aggregated * 1e9, unit: "until-aggregated-ns" },
      { value: server.usage().server.memory, unit: "server-B", target: 300e6 },
    ],
  };
}

/** Warms up: the first requests run code that is not compiled yet. */
async function warmUp(server: BenchServer): Promise<void> {
  await timed(
    singleResults({ ...FLEET, seed: 99, hosts: 50 }),
    8,
    async (body) => void (await server.ask("/v1/results", body)),
  );
}
