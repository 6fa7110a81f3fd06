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

/** Whether statements allow an access to items of a table. */
export const allowsAccess = (statements: readonly Statement[], tableId: string, access: Access): boolean =>
  statements.some(
    ({ Effect, Action, Resource, Condition }) =>
      Effect === "Allow" &&
      [Action].flat().includes(`dynamodb:${access.action}`) &&
      isTable(Resource, tableId, access.index) &&
      matches(Condition, access.partition),
  );

/** Whether statements allow an action on what an attribute of a resource names. */
export const allowsOn = (statements: readonly Statement[], action: string, id: string, attribute: string): boolean =>
  statements.some(
    ({ Effect, Action, Resource }) =>
      Effect === "Allow" &&
      [Action].flat().includes(action) &&
      [Resource].flat().some((one) => one["Fn::GetAtt"]?.[0] === id && one["Fn::GetAtt"]?.[1] === attribute),
  );

function isTable(resource: Statement, tableId: string, index: string | null): boolean {
  if (index === null) return resource["Fn::GetAtt"]?.[0] === tableId && resource["Fn::GetAtt"]?.[1] === "Arn";
  const [arn, path] = resource["Fn::Join"]?.[1] ?? [];
  return arn?.["Fn::GetAtt"]?.[0] === tableId && path === `/index/${index}`;
}

/** The condition on partition keys; a statement without it does not narrow them. */
function matches(condition: Statement, partition: string): boolean {
  if (condition === undefined) return true;
  const patterns: string[] = condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"];
  return patterns.some((pattern) =>
    pattern.endsWith("*") ? partition.startsWith(pattern.slice(0, -1)) : partition === pattern,
  );
}
