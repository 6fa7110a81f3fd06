// What a guest prints under `run`, however it writes it, is read by the server's own reader as nothing but what a guest may say;
// its results pass byte for byte. The agent sends to a stub for curl, which keeps the upload.

import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readUpload } from "../../functions/service/upload/upload.ts";
import { decode } from "../../functions/web/http/body.ts";
import { readBonnie } from "../../shared/bonnie/reader.ts";
import { FACTS } from "../../shared/run/facts.ts";
import { AGENT } from "../agent/shells.ts";

const host = mkdtempSync(join(tmpdir(), "vbdstat-guest-words-"));

beforeAll(() => {
  mkdirSync(join(host, "bin"));
  mkdirSync(join(host, "replies"));
  for (const stub of ["curl", "logger"]) symlinkSync(resolve("test/agent/stubs", stub), join(host, "bin", stub));
  writeFileSync(join(host, "token"), "vbd_secret\n");
  chmodSync(join(host, "token"), 0o600);
});
afterAll(() => rmSync(host, { recursive: true }));

let runs = 0;

/** Runs the agent on a guest that prints this; the body it sent. */
function sentFor(printed: Uint8Array): Uint8Array {
  const file = join(host, "printed");
  writeFileSync(file, printed);
  const words = ["run", "--backend", "loop", "--fact", "guest_fs=xfs", "vm101", "xvda", "--", "cat", file];
  const env = {
    PATH: `${host}/bin:${process.env["PATH"]}`,
    STUB_HOST: host,
    VBDSTAT_CONFIG: "/dev/null",
    VBDSTAT_ROOT: host,
    VBDSTAT_HOST: "dom0-1",
    VBDSTAT_SERVER: "https://vbdstat.test",
    VBDSTAT_TOKEN_FILE: join(host, "token"),
    VBDSTAT_SPOOL: join(host, "spool"),
  };
  // The receipt may not fit what is no result: the upload was sent all the same.
  execFileSync("sh", ["-c", '"$@" || :', "-", AGENT, ...words], { env, stdio: "pipe" });
  runs += 1;
  rmSync(join(host, "spool"), { recursive: true });
  return readFileSync(join(host, `sent.${runs}`));
}

const LINE = `vm101,2064M,1,96,93549,20,38118,10,54955,76,131645,8,249.1,0,16,29488,79${",+++++,+++".repeat(5)}`;

/** Ways to write a directive that a reader might take for one. */
function variants(key: string): Buffer[] {
  const bytes = (text: string) => Buffer.from(text, "utf8");
  const before = ["", " ", "\t", "\r", "\u00a0", "\ufeff", "\ufeff \u00a0", "\u2003", "\u200b", "\0", "\u001b"].map(
    bytes,
  );
  const inside = [`#${key}:`, `# ${key}: `, `#\t${key}\u00a0:`, `#\u00a0${key.toUpperCase()}:`, `# ${key}\r:\r`].map(
    bytes,
  );
  return before.flatMap((start) => inside.map((middle) => Buffer.concat([start, middle, bytes("1\n")])));
}

/** What the agent says itself, and a guest says of itself. */
const ALLOWED = new Set([
  "guest_mem_mb",
  "guest_vcpus",
  "guest_type",
  "guest_kernel",
  "guest_fs_opts",
  "guest_io_scheduler",
  "os_version",
  "bonnie_version",
  "bonnie_flags",
]);

const KEYS = [
  "host",
  "vm",
  "run",
  "finished",
  "backend",
  ...FACTS.map(({ key }) => key),
  "label.x",
  "unknown",
  "guest_secret",
];

for (const [name, end] of [
  ["in UTF-8", Buffer.from("\u00fc\n", "utf8")],
  // Bytes that are no UTF-8 have the whole body read as Latin-1, where 0xa0 alone is a blank.
  [
    "in Latin-1",
    Buffer.concat([Buffer.from([0xfc, 0x0a]), ...KEYS.map((key) => Buffer.from(`\xa0#\xa0${key}\xa0: 1\n`, "latin1"))]),
  ],
] as const) {
  test(`whatever is written ${name}, nobody but the agent says who measured what`, () => {
    const keys = KEYS.flatMap(variants);
    const sent = sentFor(Buffer.concat([...keys, Buffer.from(`${LINE}\n`), end]));
    const { text, encoding } = decode(sent);
    expect(encoding).toBe(name === "in UTF-8" ? "utf-8" : "latin-1");
    const { entries } = readBonnie(text);
    const lines = text.split("\n");
    const own = lines.findIndex((line) => line.startsWith("# finished: ")) + 1;
    const said = entries.filter((entry) => entry.kind === "directive").filter(({ line }) => line > own);
    // guest_fs was said by the operator, and all values are checked as the server checks them.
    expect(said.filter(({ key }) => !ALLOWED.has(key))).toEqual([]);
    expect(said.map(({ key }) => key)).toContain("guest_kernel");
    const upload = readUpload(readBonnie(text), {
      fleet: "f",
      receivedAt: "2026-12-01T00:00:00.000Z",
      encoding,
      parameters: {},
      sentBy: null,
    });
    expect(upload.rejected).toEqual([]);
    expect(upload.runs.map(({ run }) => run)).toMatchObject([
      { host: "dom0-1", vm: "vm101", backend: "loop", raw: LINE, facts: { guest_fs: "xfs" } },
    ]);
  });
}

test("results pass byte for byte: lines, tables, what stands around them", () => {
  for (const sample of ["seed-loop.csv", "seed-blktap.csv"]) {
    const printed = readFileSync(join("local/demo/samples", sample));
    const sent = Buffer.from(sentFor(printed)).toString("latin1");
    const whole = printed
      .toString("latin1")
      .split("\n")
      .filter((line) => !line.startsWith("#"))
      .join("\n");
    expect(sent).toContain(whole.trimEnd());
  }
  const table = [
    "Version 1.03c       ------Sequential Output------ --Sequential Input- --Random-",
    "                    -Per Chr- --Block-- -Rewrite- -Per Chr- --Block-- --Seeks--",
    "Machine        Size K/sec %CP K/sec %CP K/sec %CP K/sec %CP K/sec %CP  /sec %CP",
    "vm101         2064M 47838  96 93549  20 38118  10 54955  76 131645   8 249.1   0",
    "\t trailing blanks and a carriage return  \r",
    "a#b, 100 % sure\\n \u00e9",
  ].join("\n");
  expect(Buffer.from(sentFor(Buffer.from(table))).toString("utf8")).toContain(`\n${table}\n`);
});

test("a receipt has at most as many results as the upload has lines, but may have fewer than lines that look like results", () => {
  const commas = ",".repeat(26);
  const table = [
    "Version 1.03c       ------Sequential Output------ --Sequential Input- --Random-",
    "                    -Per Chr- --Block-- -Rewrite- -Per Chr- --Block-- --Seeks--",
    `-Per Chr-${commas}`,
    "Machine        Size K/sec %CP K/sec %CP K/sec %CP K/sec %CP K/sec %CP  /sec %CP",
    "vm101         2064M 47838  96 93549  20 38118  10 54955  76 131645   8 249.1   0",
  ];
  const seen = new Set<boolean>();
  // Headings in all places, and any number of times.
  for (let from = 0; from < table.length; from++) {
    for (let count = 0; count < 4; count++) {
      const lines = [
        ...table.slice(0, from),
        ...Array.from({ length: count }, () => `-Per Chr-${commas}`),
        ...table.slice(from),
      ];
      const found = readBonnie(`${lines.join("\n")}\n`).entries.filter(({ kind }) => kind !== "directive").length;
      const alike = lines.filter((line) => line.split(",").length === 27).length;
      expect(found).toBeLessThanOrEqual(lines.length);
      seen.add(found < alike);
    }
  }
  // So counting such lines tells nothing about the server's count.
  expect(seen).toContain(true);
});
