// What `npm start` does first: a server may run from the bundle that another start or a `vbdstat` command makes again.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "vbdstat-build-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const build = (outdir: string) =>
  execFileSync(process.execPath, ["local/build.mjs", outdir], { encoding: "utf8", stdio: "pipe" });

test("building again touches no file of a running server, and replaces one that differs", () => {
  const outdir = join(folder, "dist");
  build(outdir);
  const files = readdirSync(outdir);
  expect(files).toEqual(expect.arrayContaining(["main.js", "demo.js", "vbdstat.js"]));
  const inodes = () => new Map(files.map((name) => [name, statSync(join(outdir, name)).ino]));
  const first = inodes();
  const main = readFileSync(join(outdir, "main.js"), "utf8");

  build(outdir);
  expect(inodes()).toEqual(first);

  writeFileSync(join(outdir, "main.js"), main.slice(0, 100));
  build(outdir);
  expect(readFileSync(join(outdir, "main.js"), "utf8")).toBe(main);
  expect(inodes()).toEqual(new Map(first).set("main.js", statSync(join(outdir, "main.js")).ino));
  expect(readdirSync(outdir)).toEqual(files);
});

test("a folder that cannot be written is said to be so once, and not for each of its files", () => {
  writeFileSync(join(folder, "file"), "");
  expect(() => build(join(folder, "file", "dist"))).toThrow(/ENOTDIR|EEXIST/);
});
