// The agent, as a Dom0 runs it: shellcheck, and the bats files under every shell that a Dom0 may have as /bin/sh. What is
// not installed is said, not passed over (.ci/run installs all of it).

import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isName, parseMetadata } from "../../functions/service/upload/metadata.ts";
import { readUpload } from "../../functions/service/upload/upload.ts";
import { readBonnie } from "../../shared/bonnie/reader.ts";
import { VERSION } from "../../shared/deployment.ts";
import { FACTS } from "../../shared/run/facts.ts";
import { AGENT, COMMON_SHELLS, isInstalled, SHELLS } from "./shells.ts";

const run = promisify(execFile);

const missing = ["bats", "shellcheck", ...SHELLS.map((shell) => shell.split(" ")[0] ?? "")].filter(
  (program) => !isInstalled(program),
);
if (missing.length > 0) process.stderr.write(`test/agent: NOT RUN, because not installed: ${missing.join(", ")}\n`);

test.runIf(process.env["CI"] === "true")(
  "in CI every shell that the agent is promised for is there to try it in",
  () => {
    expect(missing).toEqual([]);
  },
);

// What is not installed cannot run the agent: said above, and in CI a failure.

test.skipIf(!isInstalled("shellcheck"))("shellcheck finds nothing in the agent and its tests", async () => {
  await run("shellcheck", [
    "-s",
    "sh",
    AGENT,
    "agent/build.sh",
    ...readdirSync("test/agent/stubs").map((stub) => `test/agent/stubs/${stub}`),
  ]);
  const bats = readdirSync("test/agent").filter((file) => /\.(bats|bash)$/.test(file));
  await run("shellcheck", ["-s", "bash", "-x", ...bats.map((file) => `test/agent/${file}`)]);
});

// The rarer shells run what uses each function of the agent once; with AGENT_TESTS=all they run everything. What does not
// depend on the shell has the tag `once`.
const all = process.env["AGENT_TESTS"] === "all";

describe.concurrent("the bats files pass under", () => {
  const hosts = mkdtempSync(join(tmpdir(), "vbdstat-hosts-"));
  beforeAll(async () => {
    if (!isInstalled("bats")) return;
    await run("bash", ["-c", '. "$0/hosts.bash" && STUBS=$0/stubs build_hosts "$1"', resolve("test/agent"), hosts]);
  });
  afterAll(() => rmSync(hosts, { recursive: true }));
  for (const shell of SHELLS) {
    const installed = isInstalled("bats") && isInstalled(shell.split(" ")[0] ?? "");
    // Skipped only without the shell, for the reason above.
    test.skipIf(!installed)(shell, { timeout: 1_500_000 }, async () => {
      const whole = all || COMMON_SHELLS.includes(shell);
      const filter = shell === "dash" ? [] : ["--filter-tags", whole ? "!once" : "everywhere"];
      const env = { ...process.env, AGENT_SHELL: shell, AGENT_HOSTS: hosts };
      // A failure is in what bats printed, not in its exit code alone.
      const printed = await run("bats", ["--tap", ...filter, "test/agent"], { env }).then(
        ({ stdout }) => stdout,
        (error: { stdout?: string }) => error.stdout ?? String(error),
      );
      expect(printed.split("\n").filter((line) => line !== "" && !/^(ok \d|1\.\.)/.test(line))).toEqual([]);
      // As many as bats announced, and not none.
      expect(printed).toMatch(/^1\.\.[1-9]\d/);
      expect(printed.match(/^ok /gm)).toHaveLength(Number(/^1\.\.(\d+)/.exec(printed)?.[1]));
    });
  }
});

test("the agent that is installed is what the build makes of its parts", () => {
  const folder = mkdtempSync(join(tmpdir(), "vbdstat-agent-"));
  try {
    const built = join(folder, "agent");
    execFileSync("sh", ["agent/build.sh", built]);
    expect(readFileSync(AGENT).equals(readFileSync(built)), "run `npm run agent`, and edit agent/src only").toBe(true);
    expect(statSync(AGENT).mode & 0o777).toBe(0o755);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the server takes every line that detect prints for every kind of host", () => {
  const goldens = readdirSync("test/agent/golden");
  expect(goldens.length).toBeGreaterThan(20);
  for (const golden of goldens) {
    const { entries, ignored } = readBonnie(readFileSync(`test/agent/golden/${golden}`, "utf8"));
    const directives = entries.filter((entry) => entry.kind === "directive");
    expect(entries.filter((entry) => entry.kind !== "directive")).toEqual([]);
    expect(parseMetadata(directives)).toHaveProperty("value");
    expect(entries.length).toBeGreaterThan(20);
    expect({ ...ignored, comment: 0 }).toEqual({ blank: 0, header: 0, comment: 0, table: 0, other: 0 });
  }
});

// The guest reads 4 GiB, Dom0's memory answers, and sda delivers 64 MiB: 131 072 of 8 388 608 sectors.
test.each([
  ["qubes_dm_over_loop", "loop8", 0.0156, "cached"],
  ["xl_zvol", "zd16", undefined, "probably-cached"],
])("reads that Dom0's memory answers on %s do not pass as proven", (host, device, ratio, verdict) => {
  const folder = mkdtempSync(join(tmpdir(), "vbdstat-agent-"));
  const disk = "root/sys/bus/xen-backend/devices/vbd-10-51712/statistics/rd_sect";
  const line = `work,2064M,25511,35,18075,3,19948,47,71094,98,22000,86,350.1,2,16${",+++++,+++".repeat(6)}`;
  const measure = `echo 8389608 >${disk}
    echo '  10 0 8389608 10 0 0 0 0 0 0 0' >root/sys/block/${device}/stat
    echo '  1100 0 631072 10 2000 0 700000 20 0 30 30' >root/sys/block/sda/stat
    echo '${line}'`;
  const script = `. "$0/hosts.bash" && STUBS=$0/stubs STUB_HOST=$PWD && host_${host} && export STUB_HOST
    PATH=$STUB_HOST/bin:$PATH VBDSTAT_ROOT=$STUB_HOST/root VBDSTAT_CONFIG=/dev/null "$1" run work xvda --server '' -- sh -c "$2"`;
  try {
    const words = ["-c", script, resolve("test/agent"), resolve(AGENT), measure];
    const env = { ...process.env, VBDSTAT_SPOOL: join(folder, "spool") };
    execFileSync("bash", words, { cwd: folder, env, stdio: "pipe" });
    const [name = ""] = readdirSync(join(folder, "spool/new"));
    const reading = readBonnie(readFileSync(join(folder, "spool/new", name), "utf8"));
    const about = { fleet: "f", receivedAt: "2026-12-01T00:00:00Z", sentBy: null } as const;
    const { runs, rejected } = readUpload(reading, { ...about, encoding: "utf-8", parameters: {} });
    expect(rejected).toEqual([]);
    expect(runs.map(({ run }) => [run.facts["device_read_ratio"], run.quality.verdict])).toEqual([[ratio, verdict]]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the agent knows every fact of the registry, so that check warns of none", () => {
  const folder = mkdtempSync(join(tmpdir(), "vbdstat-agent-"));
  const facts = FACTS.flatMap(({ key }) => ["--fact", `${key}=1`]);
  const env = { PATH: process.env["PATH"], VBDSTAT_SPOOL: folder, VBDSTAT_ROOT: folder };
  try {
    // It ends with 1, because this machine is no Dom0.
    const printed = execFileSync("sh", ["-c", '"$@" || :', "-", AGENT, "check", "--server", "", ...facts], {
      env,
      stdio: "pipe",
    });
    expect(printed.toString().match(/sent with every result/g)).toHaveLength(FACTS.length);
    expect(printed.toString()).not.toContain("not a fact that this agent knows");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("of a name the agent leaves out what the server refuses in one, and nothing else", () => {
  const refused: string[] = [];
  for (let code = 1; code <= 0x10ffff; code++) {
    const character = String.fromCodePoint(code);
    if ((code < 0xd800 || code > 0xdfff) && character !== "\n" && !isName(`a${character}b`)) refused.push(character);
  }
  expect(refused.length).toBeGreaterThan(4000);
  const kept = "Gr\u00fc\u00dfe \u65e5\u672c \u{1f600} e\u0301 \ud7ff\u{10ffff}";
  const clean = readFileSync(AGENT, "utf8").match(/^cleaned\(\) \{[\s\S]*?^\}$/m)?.[0] ?? "";
  const input = `${kept}${refused.join("")}${kept}`;
  const env = { ...process.env, LC_ALL: "C" };
  const printed = execFileSync("sh", ["-c", `${clean}\ncleaned "$(cat)"`], { input, env }).toString();
  expect(printed).toBe(`${kept}${kept}\n`);
});

test("the agent has the version of the service", () => {
  expect(execFileSync(AGENT, ["--version"]).toString()).toBe(`vbdstat-agent ${VERSION}\n`);
});
