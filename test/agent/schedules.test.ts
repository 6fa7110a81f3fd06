// The examples that cron and systemd start: what they start exists, is sound, and is run as cron and systemd would run it.

import { execFile } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isInstalled } from "./shells.ts";

const run = promisify(execFile);
const EXAMPLES = "agent/examples";
const files = readdirSync(EXAMPLES);
const read = (name: string) => readFileSync(join(EXAMPLES, name), "utf8");

/** A Dom0: its /usr/local/sbin with the script of the examples and a stub of the agent, and its list of measurements. */
const dom0 = mkdtempSync(join(tmpdir(), "vbdstat-schedules-"));
const sbin = join(dom0, "usr/local/sbin");

beforeAll(() => {
  for (const path of [sbin, join(dom0, "etc/vbdstat"), join(dom0, "var/run")]) mkdirSync(path, { recursive: true });
  cpSync(join(EXAMPLES, "vbdstat-measure"), join(sbin, "vbdstat-measure"));
  writeFileSync(join(sbin, "vbdstat-agent"), `#!/bin/sh\nprintf '%s\\n' "$*" >>"${dom0}/asked"\n`);
  // No test waits for hours.
  writeFileSync(join(sbin, "sleep"), `#!/bin/sh\nprintf '%s\\n' "$*" >>"${dom0}/slept"\n`);
  for (const name of readdirSync(sbin)) chmodSync(join(sbin, name), 0o755);
});
afterAll(() => rmSync(dom0, { recursive: true }));

/** Runs a command line as cron does: by /bin/sh, with hardly any environment. */
async function asCron(command: string): Promise<{ printed: string; asked: string; slept: number }> {
  for (const file of ["asked", "slept"]) writeFileSync(join(dom0, file), "");
  const env = { HOME: "/root", SHELL: "/bin/sh", PATH: `${sbin}:/usr/bin:/bin`, VBDSTAT_ROOT: dom0 };
  const { stdout, stderr } = await run("/bin/sh", ["-c", command.replaceAll("/usr/local/sbin", sbin)], { env });
  return {
    printed: stdout + stderr,
    asked: readFileSync(join(dom0, "asked"), "utf8"),
    slept: Number(readFileSync(join(dom0, "slept"), "utf8") || 0),
  };
}

/** The jobs of a file for /etc/cron.d: five fields of time, the user, the command. */
const jobsOf = (name: string) =>
  read(name)
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const [, time = "", user = "", command = ""] = /^((?:\S+ ){5})(\S+) (.*)$/.exec(line) ?? [];
      return { time: time.trim(), user, command };
    });

/** The list of the examples with its lines as an operator turns them on. */
const list = read("measure.list").replaceAll(/^#(?=vm)/gm, "");

describe.each(files.filter((name) => name.startsWith("cron.d-")))("%s", (name) => {
  test("has one job for root at a time that cron understands", () => {
    const jobs = jobsOf(name);
    expect(jobs).toHaveLength(1);
    expect(jobs[0]?.user).toBe("root");
    expect(jobs[0]?.time).toMatch(/^([\d*/]+ ){4}[\d*/]+$/);
    // cron takes a % for the end of the line.
    expect(jobs[0]?.command).not.toContain("%");
  });

  // Skipped only where shellcheck is not installed; .ci/run installs it.
  test.skipIf(!isInstalled("shellcheck"))("shellcheck finds nothing in its command", async () => {
    const script = join(dom0, `${name}.sh`);
    writeFileSync(script, `#!/bin/sh\n${jobsOf(name)[0]?.command}\n`);
    await run("shellcheck", ["-s", "sh", script]);
  });
});

test("the cron job measures the example's disks after a wait of less than the four hours that its comment says, and mails nothing", async () => {
  writeFileSync(join(dom0, "etc/vbdstat/measure.list"), list);
  const { printed, asked, slept } = await asCron(jobsOf("cron.d-vbdstat-measure")[0]?.command ?? "");
  expect(printed).toBe("");
  expect(asked.split("\n")).toEqual([
    expect.stringMatching(/^run --quiet vm101 xvdb -- ssh -n .* root@vm101 bonnie\+\+ -u nobody -d \/bench -q -x 1 /),
    expect.stringMatching(/^run --quiet vm102 xvdb -- ssh -n .* root@vm102 bonnie\+\+ -u nobody -d \/bench -q -x 1 /),
    "",
  ]);
  expect(slept).toBeLessThan(4 * 3600);
});

test("the service measures the same disks, without a wait: the timer has waited", async () => {
  writeFileSync(join(dom0, "etc/vbdstat/measure.list"), list);
  const command = /^ExecStart=(.*)$/m.exec(read("vbdstat-measure.service"))?.[1] ?? "";
  const { asked, slept } = await asCron(command);
  expect(asked.match(/^run /gm)).toHaveLength(2);
  expect(slept).toBe(0);
  expect(read("vbdstat-measure.timer")).toMatch(/^RandomizedDelaySec=4h$/m);
});

test("the list of the examples measures nothing before it has been edited", async () => {
  writeFileSync(join(dom0, "etc/vbdstat/measure.list"), read("measure.list"));
  expect((await asCron("/usr/local/sbin/vbdstat-measure")).asked).toBe("");
});

// As above.
test.skipIf(!isInstalled("shellcheck"))("shellcheck finds nothing in vbdstat-measure", async () => {
  await run("shellcheck", ["-s", "sh", join(EXAMPLES, "vbdstat-measure")]);
});

// Skipped only on a machine without systemd, which has nothing else that checks units.
test.skipIf(!isInstalled("systemd-analyze"))("systemd accepts the units", async () => {
  const units = files.filter((name) => /\.(service|timer)$/.test(name));
  expect(units).toHaveLength(4);
  const folder = join(dom0, "units");
  mkdirSync(folder, { recursive: true });
  for (const unit of units) writeFileSync(join(folder, unit), read(unit).replaceAll("/usr/local/sbin", sbin));
  const { stdout, stderr } = await run("systemd-analyze", ["verify", ...units.map((unit) => join(folder, unit))]);
  expect(stdout + stderr).not.toContain("vbdstat");
});
