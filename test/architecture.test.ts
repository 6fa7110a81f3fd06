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

/** The table of docs/architecture.md: what each folder may import besides itself. */
function readRules(): ReadonlyMap<string, readonly string[]> {
  const [, section = ""] = readFileSync("docs/architecture.md", "utf8").split("## Who may import whom");
  const [table = ""] = section.split("\n## ");
  const rows = [...table.matchAll(/^\| `([^`]+)` +\|[^|]*\|([^|]*)\|$/gm)];
  const folders = rows.map(([, folder = ""]) => folder);
  return new Map(
    rows.map(([, folder = "", may = ""]) => [
      folder,
      [...may.matchAll(/(all of )?`([^`]+)`/g)].flatMap(([, all, name = ""]) =>
        all === undefined
          ? [name]
          : folders.filter((other) => other !== folder && (other === name || other.startsWith(`${name}/`))),
      ),
    ]),
  );
}

const RULES = readRules();

const ALLOWED_PACKAGES: readonly [folder: RegExp, packages: RegExp][] = [
  [/^shared(\/(?!render|api|summaries).*)?$/, /^zod$/],
  [/^shared\/(render|api|summaries)$/, /^(zod|hono\/.*)$/],
  [/^functions\/runtime$/, /^$/],
  [/^functions\/store(\/.*)?$/, /^(@aws-sdk\/client-dynamodb|node:.*)$/],
  [/^functions\/service(\/upload)?$/, /^(zod|node:.*|@resvg\/resvg-wasm)$/],
  [/^functions(\/web\/.*)?$/, /^(zod|hono|hono\/.*|node:.*)$/],
];

const violations = (of: readonly Import[], isRight: (entry: Import) => boolean): string[] =>
  of.filter((entry) => !isRight(entry)).map(({ file, from }) => `${file} imports ${from}`);

const codeOf = (file: string) => readFileSync(file, "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");

test("every folder has its row in docs/architecture.md, and imports only what that row allows", () => {
  const folders = new Set(sources.filter((file) => !file.startsWith("scripts/")).map(folderOf));
  expect([...RULES.keys()].sort()).toEqual([...folders].sort());
  const ours = imports.filter((entry) => isOurs(entry.from) && RULES.has(folderOf(entry.file)));
  expect(ours.length).toBeGreaterThan(300);
  expect(
    violations(ours, ({ file, from }) =>
      [folderOf(file), ...(RULES.get(folderOf(file)) ?? [])].includes(folderOf(from)),
    ),
  ).toEqual([]);
});

test("no folder imports one that imports it, directly or through others", () => {
  const reaches = (from: string, seen = new Set<string>()): ReadonlySet<string> => {
    for (const next of RULES.get(from) ?? []) {
      if (seen.has(next)) continue;
      seen.add(next);
      reaches(next, seen);
    }
    return seen;
  };
  const folders = [...RULES.keys()];
  expect(folders.filter((folder) => reaches(folder).has(folder))).toEqual([]);
});

test("infra sees nothing of the product but what both must agree on", () => {
  const ofInfra = imports.filter(
    ({ file, from }) => file.startsWith("infra/") && isOurs(from) && !from.startsWith("infra/"),
  );
  const agreed = ["shared/deployment.ts", "shared/summaries/registry.ts"];
  expect(violations(ofInfra, ({ from }) => agreed.includes(from))).toEqual([]);
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
  expect(violations(ofWeb, ({ from }) => !folderOf(from).startsWith("functions/store"))).toEqual([]);
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
