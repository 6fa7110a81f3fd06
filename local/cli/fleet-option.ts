import { FLEET_PATTERN } from "../../shared/model/token.ts";
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
