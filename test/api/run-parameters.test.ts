// The documented parameters of an upload against the reader of facts: what the one allows the other must take.

import fc from "fast-check";
import { expect, test } from "vitest";
import { runParameters } from "../../shared/api/run-parameters.ts";
import { FACTS, type FactKind, parseFact } from "../../shared/run/facts.ts";

/** Values around the edges of a kind, good and bad. */
function candidates(kind: FactKind): string[] {
  switch (kind.kind) {
    case "text":
      return ["x", "", "x".repeat(200), "x".repeat(201)];
    case "integer":
      return [kind.min - 1, kind.min, kind.max, kind.max + 1, 1.5].map(String);
    case "number":
      return [String(kind.min), String(kind.max), String(kind.max * 2), "abc"];
    case "boolean":
      return ["yes", "no", "true", "false", "1", "0", "maybe", "2"];
    case "enum":
      return [...kind.words.keys(), "nonsense"];
  }
}

test.each(FACTS.map((fact) => [fact.key, fact] as const))("%s is documented as it is read", (key, { kind }) => {
  for (const value of candidates(kind)) {
    const documented = runParameters.safeParse({ [key]: value }).success;
    expect(documented, JSON.stringify(value)).toBe(!("code" in parseFact(key, value)));
  }
});

test("a label is documented as it is read", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z0-9_.-]{1,40}$/), fc.stringMatching(/^[!-~]{1,200}$/), (name, value) => {
      expect(runParameters.safeParse({ [`label.${name}`]: value }).success).toBe(true);
      expect(parseFact(`label.${name}`, value)).toEqual({ key: `label.${name}`, value });
    }),
    { seed: 1 },
  );
});
