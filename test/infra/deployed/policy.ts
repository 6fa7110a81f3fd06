// What a function may do: the statements of its role's policies, asked for every access to the table.

import type { Access } from "../recorded-table.ts";
import { idOf, resourcesOfType, type TemplateFile } from "./assembly.ts";

// biome-ignore lint/suspicious/noExplicitAny: statements are JSON of many shapes.
type Statement = any;

/** The statements that hold for a role. */
export const statementsOf = (template: TemplateFile, roleId: string): Statement[] =>
  resourcesOfType(template, "AWS::IAM::Policy").flatMap(([, { Properties }]) =>
    Properties.Roles.some((role: Statement) => idOf(role) === roleId) ? Properties.PolicyDocument.Statement : [],
  );

/** A table as statements name it: by its logical id, or, if the stack adopts it, by its name. */
interface NamedTable {
  readonly id: string;
  readonly name: string;
}

/** Whether statements allow an access to items of a table. */
export const allowsAccess = (statements: readonly Statement[], table: NamedTable, access: Access): boolean =>
  statements.some(
    ({ Effect, Action, Resource, Condition }) =>
      Effect === "Allow" &&
      [Action].flat().includes(`dynamodb:${access.action}`) &&
      isTable(Resource, table, access.index) &&
      matches(Condition, access.partition),
  );

/** Whether statements allow an action on the stream of a table. */
export const allowsOnStream = (statements: readonly Statement[], action: string, { id, name }: NamedTable): boolean =>
  statements.some(
    ({ Effect, Action, Resource }) =>
      Effect === "Allow" &&
      [Action].flat().includes(action) &&
      [Resource]
        .flat()
        .some((one) =>
          typeof one === "string"
            ? one.includes(`:table/${name}/stream/`)
            : one["Fn::GetAtt"]?.[0] === id && one["Fn::GetAtt"]?.[1] === "StreamArn",
        ),
  );

function isTable(resource: Statement, { id, name }: NamedTable, index: string | null): boolean {
  const [arn, path] = resource["Fn::Join"]?.[1] ?? [];
  const end = index === null ? "" : `/index/${index}`;
  const last = resource["Fn::Join"]?.[1].at(-1);
  if (typeof last === "string" && last.endsWith(`:table/${name}${end}`)) return true;
  if (index === null) return resource["Fn::GetAtt"]?.[0] === id && resource["Fn::GetAtt"]?.[1] === "Arn";
  return arn?.["Fn::GetAtt"]?.[0] === id && path === end;
}

/** The condition on partition keys; a statement without it does not narrow them. */
function matches(condition: Statement, partition: string): boolean {
  if (condition === undefined) return true;
  const patterns: string[] = condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"];
  return patterns.some((pattern) =>
    pattern.endsWith("*") ? partition.startsWith(pattern.slice(0, -1)) : partition === pattern,
  );
}
