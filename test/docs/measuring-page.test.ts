// docs/measuring.md: what it shares with the page /docs and the examples is the same there, and its commands are sound.

import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import openApi from "../../docs/openapi.json" with { type: "json" };
import { ATTACH_COMMANDS } from "../../functions/web/docs/measuring.tsx";
import { renderDocsPage } from "../../functions/web/docs/page.tsx";
import { resolveBackend } from "../../shared/run/resolution.ts";
import { isInstalled } from "../agent/shells.ts";
import { readHtml } from "../support/html.ts";
import { examplesOf } from "./examples.ts";

const PAGE = readFileSync("docs/measuring.md", "utf8");

test("the page /docs shows the same commands that attach a disk", () => {
  const rows = PAGE.split("\n").filter((line) => /^\| (xl|xm|libvirt|xapi) \|/.test(line));
  expect(rows).toEqual(
    ATTACH_COMMANDS.map(
      ({ toolstack, backend, command, when }) => `| ${toolstack} | ${backend} | \`${command}\` | ${when} |`,
    ),
  );
  const html = readHtml(renderDocsPage(openApi));
  for (const { command } of ATTACH_COMMANDS) {
    expect(html.some(({ name, text }) => name === "code" && text === command)).toBe(true);
  }
});

test.each<[toolstack: "xl" | "xm", backend: string, releases: readonly string[], word: string, storage?: string]>([
  ["xl", "loop", ["4.6", "4.13", "4.17", "4.19"], "raw"],
  ["xl", "phy", ["4.2", "4.6", "4.17"], "raw", "lvm"],
  ["xm", "loop", ["3.0", "3.4", "4.0", "4.1", "4.4"], "file"],
  ["xm", "phy", ["3.0", "4.4"], "phy"],
  ["xm", "blktap1", ["3.0", "3.4", "4.1", "4.4"], "tap:aio"],
  ["xm", "blktap2", ["4.1", "4.4"], "tap2:aio"],
])(
  "%s attaches %s in the releases %j, as the table of resolution says",
  (toolstack, backend, releases, word, storage) => {
    expect(ATTACH_COMMANDS).toContainEqual(expect.objectContaining({ toolstack, backend }));
    for (const xen_version of releases) {
      const resolved = resolveBackend(word, { toolstack: toolstack === "xm" ? "xend" : "xl", xen_version, storage });
      expect(resolved, xen_version).toMatchObject({ backend });
    }
  },
);

test("with tap:aio, Xen 4.0 is the exception that the page names", () => {
  expect(resolveBackend("tap:aio", { toolstack: "xend", xen_version: "4.0" })).toMatchObject({ backend: "blktap2" });
});

test("its links lead somewhere", () => {
  for (const [, target = ""] of PAGE.matchAll(/\]\(([^)]+)\)/g)) {
    const [file = "", heading] = target.split("#");
    expect(existsSync(join("docs", file)), file).toBe(true);
    if (heading === undefined) continue;
    const headings = [...readFileSync(join("docs", file), "utf8").matchAll(/^#+ (.+)$/gm)].map(([, text = ""]) => text);
    expect(headings.map((text) => text.toLowerCase().replaceAll(" ", "-"))).toContain(heading);
  }
});

test("its commands install the schedules", () => {
  const script = examplesOf(PAGE).find(({ script: text }) => text.includes("cd agent/examples"))?.script ?? "";
  const dom0 = mkdtempSync(join(tmpdir(), "vbdstat-measuring-"));
  try {
    for (const path of ["bin", "usr/local/sbin", "etc/vbdstat", "etc/cron.d", "etc/systemd/system"])
      mkdirSync(join(dom0, path), { recursive: true });
    writeFileSync(join(dom0, "bin/systemctl"), "#!/bin/sh\necho systemctl $*\n", { mode: 0o755 });
    const env = { PATH: `${dom0}/bin:/usr/bin:/bin` };
    const aimed = script.replaceAll(/ (?=\/(usr|etc)\/)/g, ` ${dom0}`);
    expect(execFileSync("sh", ["-euc", aimed], { env, encoding: "utf8" })).toBe(
      "systemctl enable --now vbdstat-measure.timer\n",
    );
    const installed = readdirSync(dom0, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(installed.map(({ parentPath, name }) => join(parentPath, name).slice(dom0.length)).sort()).toEqual([
      "/bin/systemctl",
      "/etc/cron.d/vbdstat-measure",
      "/etc/systemd/system/vbdstat-measure.service",
      "/etc/systemd/system/vbdstat-measure.timer",
      "/etc/vbdstat/measure.list",
      "/usr/local/sbin/vbdstat-measure",
    ]);
  } finally {
    rmSync(dom0, { recursive: true });
  }
});

test.skipIf(!isInstalled("shellcheck"))("shellcheck finds no mistake in its commands", async () => {
  const folder = mkdtempSync(join(tmpdir(), "vbdstat-measuring-"));
  try {
    const examples = examplesOf(PAGE);
    expect(examples.length).toBeGreaterThan(4);
    for (const { line, script } of examples) {
      const file = join(folder, `line-${line}.sh`);
      writeFileSync(file, script);
      // For a person at a prompt: variables for later use, and a `cd` whose failure is seen.
      await promisify(execFile)("shellcheck", ["-s", "sh", "-S", "warning", "-e", "SC2034,SC2164", file]);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
