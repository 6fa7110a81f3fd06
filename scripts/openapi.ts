// `npm run openapi`: generates docs/openapi.json and the tables of docs/api.md from the contract. Running it twice changes nothing; a test
// compares the committed files with the generated ones.

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { CONTRACT } from "../shared/api/contract.ts";
import { openApiDocument } from "../shared/api/openapi.ts";
import { ERROR_STATUS } from "../shared/errors.ts";
import {
  BACKEND_DESCRIPTIONS,
  ERROR_DESCRIPTIONS,
  FLAG_DESCRIPTIONS,
  NOTICE_DESCRIPTIONS,
  QUALITY_DESCRIPTIONS,
  REASON_DESCRIPTIONS,
  VERDICT_DESCRIPTIONS,
} from "../shared/report/glossary.ts";
import { listAliases } from "../shared/run/aliases.ts";
import { BACKENDS } from "../shared/run/backends.ts";
import { describeFactKind, FACTS } from "../shared/run/facts.ts";
import { METRICS } from "../shared/run/metrics.ts";

// The tables of docs/api.md, generated from the registries and inserted between markers: `<!-- facts -->` ... `<!-- /facts -->`.

type Row = readonly string[];

function table(heads: Row, rows: readonly Row[]): string {
  return [heads, heads.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

const meanings = (of: Readonly<Record<string, string>>): string =>
  table(
    ["word", "meaning"],
    Object.entries(of).map(([word, meaning]) => [`\`${word}\``, meaning]),
  );

/** A section for each error code, so that links can point to it. */
const errors = (): string => {
  const statuses = new Map<string, number>(Object.entries(ERROR_STATUS));
  return Object.entries(ERROR_DESCRIPTIONS)
    .map(([code, meaning]) => `### ${code}\n\nStatus ${statuses.get(code)}. ${meaning}`)
    .join("\n\n");
};

const SECTIONS: Readonly<Record<string, () => string>> = {
  endpoints: () =>
    table(
      ["endpoint", "scope", "what it does"],
      CONTRACT.map(({ method, path, scopes, summary }) => [
        `\`${method.toUpperCase()} ${path}\``,
        scopes === null ? "none" : [...scopes, "admin"].join(", "),
        summary,
      ]),
    ),
  errors,
  facts: () =>
    table(
      ["key", "meaning", "values"],
      FACTS.map(({ key, kind, description }) => [`\`${key}\``, description, describeFactKind(kind)]),
    ),
  backends: () =>
    table(
      ["slug", "who moves the bytes", "aliases"],
      BACKENDS.map((backend) => [
        `\`${backend}\``,
        BACKEND_DESCRIPTIONS[backend],
        listAliases(backend)
          .map(({ word, ambiguous }) => `\`${word}\`${ambiguous ? "\\*" : ""}`)
          .join(" "),
      ]),
    ),
  metrics: () =>
    table(
      ["metric", "test", "unit"],
      METRICS.map(({ name, label, unit }) => [`\`${name}\``, label, unit]),
    ),
  verdicts: () => meanings(VERDICT_DESCRIPTIONS),
  reasons: () => meanings(REASON_DESCRIPTIONS),
  flags: () => meanings(FLAG_DESCRIPTIONS),
  notices: () => meanings(NOTICE_DESCRIPTIONS),
  quality: () => meanings(QUALITY_DESCRIPTIONS),
};

/** The page with every table up to date. Throws when the markers of a table are missing. */
export function withTables(page: string): string {
  let filled = page;
  for (const [name, make] of Object.entries(SECTIONS)) {
    const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
    const from = filled.indexOf(open);
    const to = filled.indexOf(close);
    if (from < 0 || to < from) throw new Error(`docs/api.md: the markers ${open} and ${close} are missing`);
    filled = `${filled.slice(0, from + open.length)}\n\n${make()}\n\n${filled.slice(to)}`;
  }
  return filled;
}

/** Writes both files. */
function main(): void {
  const docs = new URL("../docs/", import.meta.url);

  writeFileSync(new URL("openapi.json", docs), `${JSON.stringify(openApiDocument(CONTRACT), null, 2)}\n`);
  const page = new URL("api.md", docs);
  writeFileSync(page, withTables(readFileSync(page, "utf8")));
}

// A test imports this file for the tables.
if (process.argv[1] === fileURLToPath(import.meta.url)) main();
