import { listFleets } from "../../functions/store/fleets.ts";
import type { Table } from "../../functions/store/table.ts";
import { FLEET_PATTERN } from "../../shared/run/token.ts";
import { type Arguments, textOption, UsageFault } from "./command.ts";

/** The fleet that `--fleet` names; undefined when it was not given. */
export function fleetOption(given: Arguments): string | undefined {
  const fleet = textOption(given, "fleet");
  if (fleet !== undefined && !FLEET_PATTERN.test(fleet)) {
    throw new UsageFault(`--fleet: expected 1 to 63 letters, digits and inner . _ -, found ${JSON.stringify(fleet)}`);
  }
  return fleet;
}

/** The fleet of a machine that knows of no other, as that of the first admin token. */
export const DEFAULT_FLEET = "default";

/**
 * Refuses a fleet that the store does not have: of a misspelt one there is nothing to find wrong, and nothing to write, which
 * must not look like success. The default one is there from the beginning.
 */
export async function refuseUnknownFleet(table: Table, fleet: string): Promise<void> {
  if (fleet === DEFAULT_FLEET) return;
  const fleets = await listFleets(table);
  if (fleets.includes(fleet)) return;
  const some = [DEFAULT_FLEET, ...fleets.filter((name) => name !== DEFAULT_FLEET)].slice(0, 10);
  const others = fleets.length > 10 ? " ..." : "";
  throw new UsageFault(
    `--fleet: expected a fleet of this store (${some.join(", ")}${others}), found ${JSON.stringify(fleet)}`,
  );
}
