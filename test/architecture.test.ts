// The import rules of docs/architecture.md, read off the source itself. When one of these fails, a part has begun to know
// what it must not know, and the next reader no longer finds a change where the map says it is.

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";
import manifest from "../package.json" with { type: "json" };
import { VERSION } from "../shared/deployment.ts";

interface Import {
  readonly file: string;
  readonly from: string;
}

const TOP = ["shared", "functions", "local", "infra", "scripts"];

const sources = TOP.flatMap((top) =>
  readdirSync(top, { recursive: true, encoding: "utf8" }).map((file) => join(top, file)),
).filter((file) => /\.tsx?$/.test(file));

const imports: Import[] = sources.flatMap((file) =>
  [...readFileSync(file, "utf8").matchAll(/^(?:import|export)[^;]*?from "([^"]+)"/gms)].map(([, from = ""]) => ({
    file,
    from: from.startsWith(".") ? normalize(join(dirname(file), from)) : from,
  })),
);

/** Folder of a file as the rules name it: `shared/run`, `functions/store`, `functions/web/http`, `local`. */
function folderOf(path: string): string {
  const folders = path.split("/").slice(0, -1);
  const [top = ""] = folders;
  return top === "shared" || top === "functions" ? folders.join("/") : top;
}

const isOurs = (from: string) => TOP.includes(from.split("/")[0] ?? "");

/** What each folder may import besides itself; `shared` and `functions` alone are the files directly in them. */
const MAY: Record<string, readonly string[]> = {
  "shared/run": [],
  "shared/bonnie": ["shared/run"],
  "shared/quality": ["shared/run", "shared/bonnie"],
  "shared/cells": ["shared/run"],
  "shared/compare": ["shared/run", "shared/cells"],
  "shared/report": ["shared/run", "shared/compare"],
  "shared/chart": ["shared/run", "shared/compare", "shared/report"],
  "shared/render": ["shared/run", "shared/compare", "shared/report", "shared/chart"],
};
MAY["shared/summaries"] = [...Object.keys(MAY)];
const SHARED = ["shared", ...Object.keys(MAY), "shared/api"];
MAY["shared/api"] = SHARED;
MAY["shared"] = SHARED;
MAY["functions/runtime"] = [];
MAY["functions/store"] = [...SHARED, "functions/runtime"];
MAY["functions/service"] = [...SHARED, "functions/runtime", "functions/store"];
MAY["functions/web/http"] = [...SHARED, "functions/service"];
MAY["functions/web/routes"] = [...SHARED, "functions/runtime", "functions/service", "functions/web/http"];
MAY["functions/web/docs"] = [...SHARED, "functions/web/http"];
MAY["functions/web/pages"] = [...SHARED, "functions/service", "functions/web/http", "functions/web/routes"];
MAY["functions"] = [...SHARED, ...Object.keys(MAY).filter((folder) => folder.startsWith("functions/"))];
MAY["local"] = [...SHARED, "functions", ...Object.keys(MAY).filter((folder) => folder.startsWith("functions/"))];
MAY["infra"] = ["shared"];

const ALLOWED_PACKAGES: readonly [folder: RegExp, packages: RegExp][] = [
  [/^shared(\/(?!render|api|summaries).*)?$/, /^zod$/],
  [/^shared\/(render|api|summaries)$/, /^(zod|hono\/.*)$/],
  [/^functions\/runtime$/, /^$/],
  [/^functions\/store$/, /^(@aws-sdk\/client-dynamodb|lru-cache|p-map|node:.*)$/],
  [/^functions\/service$/, /^(zod|node:.*|@resvg\/resvg-wasm|lru-cache|p-map)$/],
  [/^functions(\/web\/.*)?$/, /^(zod|hono|hono\/.*|node:.*)$/],
];

const violations = (of: readonly Import[], isRight: (entry: Import) => boolean): string[] =>
  of.filter((entry) => !isRight(entry)).map(({ file, from }) => `${file} imports ${from}`);

const codeOf = (file: string) => readFileSync(file, "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");

test("a folder imports only those to its left", () => {
  const ours = imports.filter((entry) => isOurs(entry.from) && folderOf(entry.file) in MAY);
  expect(ours.length).toBeGreaterThan(300);
  expect(
    violations(ours, ({ file, from }) => [folderOf(file), ...(MAY[folderOf(file)] ?? [])].includes(folderOf(from))),
  ).toEqual([]);
});

test("infra sees nothing of the product but what both must agree on", () => {
  const ofInfra = imports.filter(
    ({ file, from }) => file.startsWith("infra/") && isOurs(from) && !from.startsWith("infra/"),
  );
  expect(violations(ofInfra, ({ from }) => from === "shared/deployment.ts")).toEqual([]);
});

test("a folder uses only the packages it may", () => {
  const ofPackages = imports.filter(({ from }) => !isOurs(from) && !/^(package|docs\/openapi)\.json$/.test(from));
  const right = ({ file, from }: Import) => {
    const rule = ALLOWED_PACKAGES.find(([folder]) => folder.test(folderOf(file)));
    return rule === undefined ? /^(local|infra|scripts)$/.test(folderOf(file)) : rule[1].test(from);
  };
  expect(violations(ofPackages, right)).toEqual([]);
});

test("pages and routes see the store through interfaces only", () => {
  const ofWeb = imports.filter(({ file }) => file.startsWith("functions/web/"));
  expect(violations(ofWeb, ({ from }) => folderOf(from) !== "functions/store")).toEqual([]);
});

test("zod comes in whole, for the named import bundles four times the code", () => {
  expect(sources.filter((file) => /import \{[^}]*\bz\b[^}]*\} from "zod"/.test(codeOf(file)))).toEqual([]);
});

test("the core reads no clock, chance, environment or network", () => {
  const impure = /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bprocess\.|\bfetch\(|\bcrypto\./;
  expect(sources.filter((file) => file.startsWith("shared/") && impure.test(codeOf(file)))).toEqual([]);
});

test("only functions/env.ts reads the environment of the service", () => {
  const readers = sources.filter((file) => /^(functions|local)\//.test(file) && codeOf(file).includes("process.env"));
  expect(readers).toEqual(["functions/env.ts"]);
});

test("the version the service tells is the package's", () => {
  expect(VERSION).toBe(manifest.version);
});

interface LockEntry {
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly inBundle?: boolean;
  readonly integrity?: string;
}

test("every package that is installed anywhere has the checksum of its file in the lock", () => {
  const { packages }: { packages: Record<string, LockEntry> } = JSON.parse(readFileSync("package-lock.json", "utf8"));
  const fetched = Object.entries(packages).filter(([path, { inBundle }]) => path !== "" && inBundle !== true);
  expect(fetched.length).toBeGreaterThan(100);
  expect(fetched.filter(([, { integrity = "" }]) => !integrity.startsWith("sha512-"))).toEqual([]);
});

test("npm ci works elsewhere: the lock has an entry for every platform's package, and no download address", () => {
  const text = readFileSync("package-lock.json", "utf8");
  const { packages }: { packages: Record<string, LockEntry> } = JSON.parse(text);
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {}, inBundle = false }]) =>
    // A bundled package brings what it wants with it.
    (inBundle ? [] : Object.keys(optionalDependencies)).filter(
      (name) => !(`node_modules/${name}` in packages || `${path}/node_modules/${name}` in packages),
    ),
  );
  expect(missing).toEqual([]);
  expect(text).not.toContain('"resolved": "http');
});
