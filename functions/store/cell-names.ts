import type { FleetGeneration } from "../../shared/ports.ts";
import { textOf } from "./item.ts";
import { cellPartition, cellPrefix, EVERY_COHORT } from "./keys.ts";
import { queryPage, type Table } from "./table.ts";

/** The character after `#`, which ends a name in a sort key: the first text behind all cells of that name. */
const BEHIND = "$";

/**
 * The pairs or backends that have cells in a period, sorted. The list of all cohorts together is skipped through, one item
 * for each name, however many scopes and shards there are: at most 66 small reads for pairs, 12 for backends, and one more.
 */
export async function cellNames(
  table: Table,
  of: FleetGeneration,
  period: string,
  kind: "pair" | "backend",
): Promise<string[]> {
  const end = `${EVERY_COHORT}#${kind}${BEHIND}`;
  const names: string[] = [];
  let from = `${EVERY_COHORT}#${kind}#`;
  for (;;) {
    const { items } = await queryPage(table, {
      KeyConditionExpression: "pk = :pk AND sk BETWEEN :from AND :end",
      ExpressionAttributeValues: {
        ":pk": { S: cellPartition(of, period) },
        ":from": { S: from },
        ":end": { S: end },
      },
      ProjectionExpression: "pk, sk",
      Limit: 1,
      // Names are remembered under a stamp that was read before them, as cells are.
      ConsistentRead: true,
    });
    const [next] = items;
    const name = next === undefined ? undefined : textOf(next, "sk").split("#")[2];
    if (name === undefined) return names;
    names.push(name);
    from = cellPrefix(EVERY_COHORT, kind, name).replace(/#$/, BEHIND);
  }
}
