import { pairName } from "../../shared/cells/contribution.ts";
import { backendsOf, type HostProfile, hostProfile, pairsOf } from "../../shared/compare/host.ts";
import { PERIOD_ALL } from "../../shared/run/periods.ts";
import type { ReadDeps } from "./deps.ts";
import { hostNamed } from "./host-named.ts";

/** No host has a longer name, and no key of a table holds a much longer one. */
const MAX_NAME = 255;

/** What is known of a host; null when nothing is. */
export async function hostAnswer(
  deps: Pick<ReadDeps, "hosts" | "cells">,
  fleet: string,
  host: string,
): Promise<HostProfile | null> {
  if (host.length > MAX_NAME) return null;
  const counted = await deps.hosts.get(fleet, await hostNamed(deps.hosts, fleet, host));
  if (counted === null) return null;
  const about = { fleet, periods: [PERIOD_ALL], filters: {} };
  const { summary } = counted;
  const cells = await deps.cells.open(about);
  const [ofBackends, ofPairs] = await Promise.all([
    Promise.all(
      backendsOf(summary).map(async (backend) => [backend, (await cells.read("backend", backend)).views] as const),
    ),
    Promise.all(
      pairsOf(summary).map(async ({ baseline, candidate }) => {
        const name = pairName(baseline, candidate);
        return [name, (await cells.read("pair", name)).views] as const;
      }),
    ),
  ]);
  return hostProfile({ ...counted, backendCells: new Map(ofBackends), pairCells: new Map(ofPairs) });
}
