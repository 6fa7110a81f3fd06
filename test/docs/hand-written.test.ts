// The commands that measure without the agent, as README, agent/README.md, docs/api.md and the page of an empty fleet show them:
// run by sh in a Dom0 with a stub of ssh and of Bonnie++ against a real server. A result is stored as what it is, and every failure
// is loud and loses nothing.

import { execFile } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type LocalServer, startLocalServer } from "../../local/server/server.ts";
import { readCsv } from "../support/csv.ts";
import { LOOP } from "../support/fixtures.ts";
import { readHtml } from "../support/html.ts";
import { examplesOf } from "./examples.ts";

const folder = mkdtempSync(join(tmpdir(), "vbdstat-hand-written-"));
const bin = join(folder, "bin");
/** Where the administrator is: the files that the commands leave are here. */
const home = join(folder, "home");
let server: LocalServer;
let admin = "";
/** The command on the page, as long as the fleet is empty. */
let ofPage = "";

/** The guest vm101, by the name of its disk's Dom0, and how long its Bonnie++ takes, in seconds. */
const DOM0 = "dom0-fra-1";
const DURATION = 0.1;

const stub = (name: string, script: string) => {
  writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(bin, name), 0o755);
};

beforeAll(async () => {
  for (const path of [bin, home]) mkdirSync(path);
  const settings = {
    port: 0,
    host: "127.0.0.1",
    dataDir: join(folder, "data"),
    endpoint: null,
    engineIsolation: "auto" as const,
    tableName: "vbdstat",
    adminSecret: null,
    publicUrl: null,
  };
  server = await startLocalServer(settings, { request: () => undefined, error: () => undefined }, () => undefined);
  admin = server.adminToken.secret ?? "";
  const page = await fetch(server.url, { headers: { Authorization: `Bearer ${admin}`, Accept: "text/html" } });
  ofPage = readHtml(await page.text()).find(({ name }) => name === "pre")?.text ?? "";
  stub("uname", `echo ${DOM0}`);
  // Only ssh leads to the guest, where Bonnie++ is.
  mkdirSync(join(folder, "guest"));
  stub("ssh", `[ "$1" = root@vm101 ] || exit 255\nshift\nPATH="${folder}/guest:$PATH" exec "$@"`);
  stub("sleep", "exit 0");
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  for (const file of readdirSync(home)) rmSync(join(home, file));
});

/** Puts a Bonnie++ into the guest that prints this and ends with this status. */
function installBonnie(line: string, status = 0): void {
  const script = `/bin/sleep ${DURATION}\necho 'progress and a table' >&2\ncat <<'END'\n${line}END\nexit ${status}\n`;
  writeFileSync(join(folder, "guest/bonnie++"), `#!/bin/sh\n${script}`);
  chmodSync(join(folder, "guest/bonnie++"), 0o755);
}

/** A line of Bonnie++ that no other test has posted. */
let lines = 0;
const freshLine = () => `${LOOP.replace(",25511,", `,${20_000 + ++lines},`)}\n`;

interface Place {
  readonly url: string;
  readonly token: string;
}

/** The same command for another server and token: all else is as it is printed. */
function aim(command: string, { url, token }: Place): string {
  return command
    .replace(
      /https:\/\/vbdstat\.example\.com|http:\/\/127\.0\.0\.1:8080|\$VBDSTAT(?=\/)|http:\/\/127\.0\.0\.1:\d+/g,
      url,
    )
    .replace(/Bearer (\$TOKEN|\$ADMIN|TOKEN)/, `Bearer ${token}`);
}

/** What the shell prints and with what it ends; the backend in the command is the first word of `backend=`. */
function shell(script: string, environment: Readonly<Record<string, string>> = {}) {
  return new Promise<{ code: number; printed: string }>((resolve) => {
    const env = { PATH: `${bin}:/usr/bin:/bin`, ...environment };
    execFile("sh", ["-c", script], { cwd: home, env }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, printed: stdout + stderr });
    });
  });
}

async function newestRun(): Promise<Record<string, string> | undefined> {
  const response = await fetch(`${server.url}/v1/runs.csv`, { headers: { Authorization: `Bearer ${admin}` } });
  const [head = [], ...rows] = readCsv(await response.text());
  const runs = rows.map((row) => Object.fromEntries(head.map((name, at) => [name, row[at] ?? ""])));
  return runs.find((run) => run["putc_rate"] === String(20_000 + lines));
}

/** The block of a page that measures with Bonnie++ and sends with curl. */
const blockOf = (page: string) =>
  examplesOf(page).find(({ script }) => /bonnie\+\+[\s\S]*curl/.test(script))?.script ?? "";

const SOURCES: readonly (readonly [string, () => string])[] = [
  ["README.md", () => blockOf(readFileSync("README.md", "utf8"))],
  ["agent/README.md", () => blockOf(readFileSync("agent/README.md", "utf8"))],
  ["docs/api.md", () => blockOf(readFileSync("docs/api.md", "utf8"))],
  ["the page of an empty fleet", () => ofPage],
];

test("README, agent, API and page show one command, apart from server, token and backend", async () => {
  const commands = await Promise.all(SOURCES.map(async ([, find]) => aim(find(), { url: "URL", token: "TOKEN" })));
  const [first, ...others] = commands.map((command) => command.trim().replaceAll("qdisk", "loop"));
  expect(first).toContain("ssh root@vm101 bonnie++");
  for (const other of others) expect(other).toBe(first);
});

describe.each(SOURCES)("the command of %s", (_, find) => {
  const commandFor = (place: Partial<Place> = {}) => aim(find(), { url: server.url, token: admin, ...place });

  test("stores the run under the Dom0, the guest and the backend, finished when Bonnie++ had finished", async () => {
    installBonnie(freshLine());
    const command = commandFor();
    const started = Date.now();
    const { code, printed } = await shell(command);
    expect(printed).toMatch(/^(progress and a table\n)?stored 1, duplicate 0, rejected 0\n/);
    expect(code).toBe(0);
    const run = await newestRun();
    expect(run).toMatchObject({ host: DOM0, vm: "vm101", backend: /backend=(\w+)/.exec(command)?.[1] });
    expect(Date.parse(run?.["finished_at"] ?? "")).toBeGreaterThanOrEqual(started + DURATION * 1000);
    expect(readdirSync(home)).toEqual([]);
  });

  test("a Bonnie++ that fails after its first line: its status, nothing is sent, and its output is kept", async () => {
    installBonnie(freshLine(), 5);
    expect((await shell(commandFor())).code).toBe(5);
    expect(await newestRun()).toBeUndefined();
    expect(readdirSync(home)).toHaveLength(1);
  });

  test.each([
    ["a token that is not valid", () => ({ token: "vbd_wrong" }), 22],
    ["a server that is down", () => ({ url: "http://127.0.0.1:9" }), 7],
  ] as const)("%s: loud, and the result is kept until the same curl has stored it", async (_name, place, status) => {
    const line = freshLine();
    installBonnie(line);
    const { code, printed } = await shell(commandFor(place()));
    expect(code).toBe(status);
    expect(printed).toContain("curl: (");
    const [file = ""] = readdirSync(home);
    expect(readFileSync(join(home, file), "utf8")).toBe(line);
    const again = commandFor().replace(/^[\s\S]*?(?= *curl )/, `f=${file}\n`);
    expect((await shell(again)).code).toBe(0);
    expect(await newestRun()).toMatchObject({ host: DOM0 });
    expect(existsSync(join(home, file))).toBe(false);
  });
});

describe("the script of agent/README.md for an old curl", () => {
  const script =
    examplesOf(readFileSync("agent/README.md", "utf8")).find(({ script: text }) => text.includes("vbdstat-post"))
      ?.script ?? "";
  const post = (place: Partial<Place> = {}) => {
    const { url, token } = { url: server.url, token: admin, ...place };
    writeFileSync(join(folder, "curl.conf"), `header = "Authorization: Bearer ${token}"\n`, { mode: 0o600 });
    const text = aim(script, { url, token }).replace("/etc/vbdstat/curl.conf", join(folder, "curl.conf"));
    writeFileSync(join(bin, "vbdstat-post"), text);
    chmodSync(join(bin, "vbdstat-post"), 0o755);
    return shell("vbdstat-post 1.csv loop");
  };

  test("stores the run and deletes the file", async () => {
    writeFileSync(join(home, "1.csv"), freshLine());
    expect(await post()).toEqual({ code: 0, printed: "" });
    expect(await newestRun()).toMatchObject({ host: DOM0, vm: "vm101", backend: "loop" });
    expect(readdirSync(home)).toEqual([]);
  });

  test.each([
    [
      "a token that is not valid",
      () => ({ token: "vbd_wrong" }),
      /error unauthorized: [\s\S]*1\.csv is kept: status 401/,
    ],
    ["a server that is down", () => ({ url: "http://127.0.0.1:9" }), /curl: \(7\)[\s\S]*1\.csv is kept: status 000/],
  ] as const)("%s: loud with the reason, and the file is kept", async (_name, place, reason) => {
    writeFileSync(join(home, "1.csv"), freshLine());
    const { code, printed } = await post(place());
    expect(code).toBe(1);
    expect(printed).toMatch(reason);
    expect((await post()).code).toBe(0);
    expect(await newestRun()).toMatchObject({ host: DOM0 });
  });

  test("a line that the server rejects: the receipt is shown, and the file is kept", async () => {
    writeFileSync(join(home, "1.csv"), freshLine().replace(",18075,", ",12x,"));
    const { code, printed } = await post();
    expect(code).toBe(1);
    expect(printed).toMatch(/rejected 1[\s\S]*put_block[\s\S]*1\.csv is kept: status 422/);
  });
});
