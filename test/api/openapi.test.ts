// docs/openapi.json: what client generators and people read must be the contract of today, and a valid document.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { CONTRACT } from "../../shared/api/contract.ts";
import { openApiDocument } from "../../shared/api/openapi.ts";
import { ERROR_STATUS } from "../../shared/errors.ts";
import { FACTS } from "../../shared/run/facts.ts";

const committed = readFileSync(new URL("../../docs/openapi.json", import.meta.url), "utf8");
const document = openApiDocument(CONTRACT);

test("the committed file is the one that `npm run openapi` writes", () => {
  expect(committed).toBe(`${JSON.stringify(document, null, 2)}\n`);
});

/** All values under a key, anywhere. */
function everywhere(key: string, value: unknown): unknown[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([own, inner]) => (own === key ? [inner] : everywhere(key, inner)));
}

test("every reference leads to something", () => {
  const references = everywhere("$ref", document);
  expect(references.length).toBeGreaterThan(50);
  for (const reference of references) {
    const steps = String(reference).split("/");
    expect(steps[0]).toBe("#");
    const target = steps.slice(1).reduce<unknown>((at, step) => new Map(Object.entries(at ?? {})).get(step), document);
    expect(target, String(reference)).toBeDefined();
  }
});

test("schemas of answers leave room for keys of later versions, those of requests do not", () => {
  const { components, paths } = JSON.parse(committed);
  expect(everywhere("additionalProperties", components.schemas)).not.toContain(false);
  const tokenBody = paths["/v1/tokens"].post.requestBody.content["application/json"].schema;
  expect(tokenBody.additionalProperties).toBe(false);
});

test("every error code is documented by an endpoint, but the one for methods that an address does not take", () => {
  const documented = new Set(everywhere("x-errors", document).flat());
  expect(Object.keys(ERROR_STATUS).filter((code) => !documented.has(code))).toEqual(["method_not_allowed"]);
});

test("every fact is a parameter of an upload, with a description", () => {
  const { paths } = JSON.parse(committed);
  const parameters: { name: string; description?: string }[] = paths["/v1/results"].post.parameters;
  const described = new Map(parameters.map(({ name, description }) => [name, description]));
  for (const { key, description } of FACTS) expect(described.get(key)).toBe(description);
});

test("defaults are shown as they are sent", () => {
  const { paths } = JSON.parse(committed);
  const parameters: { name: string; schema: { default?: unknown } }[] = paths["/v1/compare"].get.parameters;
  const defaults = parameters.flatMap(({ name, schema }) =>
    schema.default === undefined ? [] : [[name, schema.default]],
  );
  expect(Object.fromEntries(defaults)).toEqual({
    period: "all",
    view: "trusted",
    margin: 0.03,
    width: 720,
    theme: "auto",
  });
});
