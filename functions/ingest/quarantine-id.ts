import { hash } from "node:crypto";
import { codeUnitOrder } from "../../shared/model/code-unit-order.ts";

/** The id of a rejected line: the same line with the same context gets the same one. */
export function quarantineId(fleet: string, raw: string, context: Readonly<Record<string, string>>): string {
  const said = Object.entries(context).sort(([a], [b]) => codeUnitOrder(a, b));
  return hash("sha256", JSON.stringify([fleet, raw, said])).slice(0, 32);
}
