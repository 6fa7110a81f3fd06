// The agent's text, read: no arithmetic, eval, pattern, program or format in it takes a value that was not checked. Shells
// evaluate what they calculate with, in tests with -eq and the like too, so text in it that a driver domain wrote is a program
// that root runs. A new use of a variable fails here until the script itself checks what goes into it.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { AGENT } from "../agent/shells.ts";

const script = readFileSync(AGENT, "utf8");

/**
 * The script as code: comments and here-documents are taken out, and each text in single quotes, whatever it holds, is `''`.
 * Throws where quotes or parentheses do not match.
 */
function codeOf(text: string): string {
  let at = 0;
  let code = "";
  let waiting: string | null = null;

  function take(count = 1): void {
    code += text.slice(at, at + count);
    at += count;
  }
  function skipTo(end: string, from = at): void {
    const found = text.indexOf(end, from);
    if (found < 0) throw new Error(`no ${end} behind line ${text.slice(0, from).split("\n").length}`);
    at = found + end.length;
  }
  function takeSubstitution(): void {
    if (text.startsWith("$((", at)) {
      // Up to its own end: there may be substitutions in it.
      take(3);
      for (let depth = 2; depth > 0; ) {
        depth += text[at] === "(" ? 1 : text[at] === ")" ? -1 : 0;
        take();
      }
    } else {
      take(2);
      takeCode(")");
    }
  }
  function takeQuoted(): void {
    take();
    while (text[at] !== '"') {
      if (at >= text.length) throw new Error("a quotation does not end");
      if (text[at] === "\\") take(2);
      else if (text.startsWith("$(", at)) takeSubstitution();
      else take();
    }
    take();
  }
  function takeCode(end: string | null): void {
    let depth = 0;
    while (at < text.length) {
      const character = text[at];
      if (character === "\\") take(2);
      else if (character === "'") {
        skipTo("'", at + 1);
        code += "''";
      } else if (character === '"') takeQuoted();
      else if (text.startsWith("$(", at)) takeSubstitution();
      else if (character === "#" && /\s/.test(text[at - 1] ?? "\n")) at = text.indexOf("\n", at);
      else if (text.startsWith("<<", at)) {
        const [mark = "", word = ""] = /^<<(\w+)/.exec(text.slice(at)) ?? [];
        waiting = word;
        take(mark.length);
      } else if (character === "\n" && waiting !== null) {
        take();
        const start = at;
        skipTo(`\n${waiting}\n`, at - 1);
        at -= 1;
        // Nothing is calculated or run in a here-document.
        expect(text.slice(start, at)).not.toContain("$(");
        waiting = null;
      } else if (character === end && depth === 0) {
        take();
        return;
      } else {
        // A pattern of `case` has no parenthesis before it, but no `case` stands in a substitution.
        if (end !== null) depth += character === "(" ? 1 : character === ")" ? -1 : 0;
        take();
      }
    }
    if (end !== null) throw new Error(`no ${end}`);
  }
  takeCode(null);
  return code;
}

const code = codeOf(script);

/** The body of each function, as code. */
const functions = new Map(
  [...code.matchAll(/^(\w+)\(\) ([{(])\n([\s\S]*?)\n[})]$/gm)].map(([, name = "", , body = ""]) => [name, body]),
);

function bodyOf(name: string): string {
  const body = functions.get(name);
  if (body === undefined) throw new Error(`there is no function ${name}`);
  return body;
}

/** The settings that load_settings lets through as numbers only. */
const [, list = "", checks = ""] =
  /for load_name in ((?:[A-Z_]+ ?)+); do\n([\s\S]*?)\n {2}done/.exec(
    bodyOf("load_settings").split("FLAG_$load_name")[1] ?? "",
  ) ?? [];
const settings = list.trim().split(" ");

/** What is assigned to each variable, by `=`, by `read` (as "read") and by `for` (as "for"). */
function assignmentsOf(name: string): string[] {
  const assigned = [
    ...code.matchAll(new RegExp(`(?<![\\w$"{/-])${name}=("[^"]*"|\\$\\(\\(.*?\\)\\)|\\$\\([^)]*\\)|[^\\s;)]*)`, "g")),
  ];
  const read = [...code.matchAll(/\bread -r ([\w ]+)/g)].filter(([, names = ""]) => names.split(" ").includes(name));
  const looped = code.match(new RegExp(`\\bfor ${name} in`, "g")) ?? [];
  return [...assigned.map(([, value = ""]) => value), ...read.map(() => "read"), ...looped.map(() => "for")];
}

const known = new Map<string, boolean>();

/** Whether a variable can only ever hold a number: all that is assigned to it is one. */
function isNumeric(name: string): boolean {
  const answer = known.get(name);
  if (answer !== undefined) return answer;
  // While it is looked at: what is assigned from itself changes nothing.
  known.set(name, true);
  const values = assignmentsOf(name);
  const numeric = values.length > 0 && values.every((value) => isNumber(value) || isCheckedThere(name, value));
  // What was found with the help of this name was found too early.
  if (!numeric) known.clear();
  known.set(name, numeric);
  return numeric;
}

/** The two functions that make numbers of text, each behind a pattern that lets nothing else through. */
function isCheckedThere(name: string, value: string): boolean {
  if (name === "NUMBER" && /^\$(1|\{NUMBER#0\})$/.test(value)) {
    const body = bodyOf("whole");
    return (
      body.startsWith("  case $1 in '' | *[!0-9]* | ????????????????*) return 1 ;; esac\n") &&
      body.includes(`NUMBER=${value}`)
    );
  }
  if (name === "hex_digits" && value === "$1") {
    return bodyOf("hexadecimal").startsWith(
      "  case $1 in '' | *[!0-9a-fA-F]* | ????????*) return 1 ;; esac\n  hex_digits=$1\n",
    );
  }
  return settings.includes(name) && value === "$NUMBER";
}

/** Whether a word of a command can only be a number. */
function isNumber(word: string): boolean {
  const bare = word.replace(/^"(.*)"$/, "$1");
  if (/^(-?\d+|\$[#?!]|\$\{#\w+\})$/.test(bare)) return true;
  const [, variable] =
    /^\$(?:\{(\w+)\}|(\w+))$/.exec(bare)?.filter((part, index) => index === 0 || part !== undefined) ?? [];
  if (variable !== undefined) return /^[A-Za-z_]/.test(variable) && isNumeric(variable);
  if (bare.startsWith("$((")) return namesIn(bare).every(isNumeric) && callsIn(bare).every(printsNumber);
  const [, call] = /^\$\((\w+)(?: .*)?\)$/.exec(bare) ?? [];
  return call !== undefined && printsNumber(call);
}

/** The variables of an arithmetic expansion; positional ones as they are, so that they are no name of a number. */
function namesIn(expansion: string): string[] {
  const flat = expansion.replace(/\$\((?!\()\w+/g, "").replace(/0x(?=\$)/g, "");
  return flat.match(/\b[A-Za-z_]\w*|\$\{?\d/g) ?? [];
}

function callsIn(expansion: string): string[] {
  return [...expansion.matchAll(/\$\((?!\()(\w+)/g)].map(([, name = ""]) => name);
}

/** Whether all that a function prints is numbers. */
function printsNumber(name: string): boolean {
  const body = functions.get(name);
  if (body === undefined) return false;
  const printed = [...body.matchAll(/\bprintf '' (.*)$/gm)].map(([, value = ""]) => value);
  return (
    printed.length > 0 &&
    printed.every(isNumber) &&
    !/\b(cat|echo|sed|awk)\b[^|)]*$/m.test(body.replace(/\$\([^()]*\)/g, ""))
  );
}

const lineOf = (index: number) => code.slice(0, index).split("\n").at(-1) ?? "";

test("the text is read as code, to its end", () => {
  expect(functions.size).toBeGreaterThan(150);
  expect(code).toMatch(/main \$\{1\+"\$@"\}\s*$/);
  expect(code).not.toContain("Written for every /bin/sh");
});

test("settings that are calculated with pass the check for numbers", () => {
  expect(settings).toContain("TIMEOUT");
  expect(checks).toContain('whole "$load_value" || stop "$MISUSED"');
  expect(checks).toMatch(/eval "\$load_name=\\\$NUMBER"$/);
});

test("nothing is calculated with but numbers", () => {
  const expansions = [...code.matchAll(/\$\(\((?:[^()]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))*\)\)/g)];
  expect(expansions.length).toBeGreaterThan(40);
  expect(expansions.length).toBe(
    code.split("$((").length - 1 - expansions.reduce((sum, [it]) => sum + it.slice(3).split("$((").length - 1, 0),
  );
  const unchecked = expansions
    .filter(([expansion]) => !isNumber(expansion))
    .map(([expansion, ...rest]) => [expansion, ...rest].join());
  expect(unchecked).toEqual([]);
});

test("nothing is compared as a number but numbers", () => {
  const word = String.raw`\$\(\(.*?\)\)|"\$\([^"]*\)"|[^\s]+`;
  const comparisons = [...code.matchAll(new RegExp(`(${word}) -(?:eq|ne|lt|le|gt|ge) (${word})`, "g"))];
  expect(comparisons.length).toBeGreaterThan(40);
  const unchecked = comparisons
    .filter(([, left = "", right = ""]) => !isNumber(left) || !isNumber(right))
    .map(([text]) => text);
  expect(unchecked).toEqual([]);
  // Other ways to evaluate text.
  expect(code).not.toMatch(/\[\[|\blet \b|\btypeset\b|\bdeclare\b|\(\(\s*\w+\s*[<>=]/);
});

test("eval sees no text but the names of settings", () => {
  const places: Readonly<Record<string, readonly [string, string]>> = {
    '"$read_key=\\$read_value"': ["read_config", 'is_setting "$read_key" || stop "$MISUSED"'],
    '"[ \\"\\${VBDSTAT_$load_name+set}\\" = set ] && $load_name=\\$VBDSTAT_$load_name"': [
      "load_settings",
      "for load_name in $SETTINGS; do",
    ],
    '"$load_name=\\$FLAG_$load_name"': ["load_settings", "for load_name in $SETTINGS; do"],
    '"load_value=\\$$load_name"': ["load_settings", `for load_name in ${list}; do`],
    '"$load_name=\\$NUMBER"': ["load_settings", `for load_name in ${list}; do`],
    '"FLAG_$SETTING=\\$2"': ["set_flag", 'need_flag "$1"'],
  };
  const found = [...code.matchAll(/\beval (.*?)(?: ;; esac)?$/gm)].map(([, text = ""]) => text);
  expect(found.sort()).toEqual(Object.keys(places).sort());
  for (const [text, [name, guard]] of Object.entries(places)) {
    const body = bodyOf(name);
    expect(body.indexOf(guard)).toBeGreaterThanOrEqual(0);
    expect(body.indexOf(guard)).toBeLessThan(body.indexOf(`eval ${text}`));
  }
  expect(bodyOf("need_flag")).toContain('setting_of_flag "$1" || stop "$MISUSED"');
  expect(bodyOf("setting_of_flag")).toMatch(/is_setting "\$SETTING"$/);
});

test("no pattern has a value in it that is not quoted", () => {
  const unquoted = (pattern: string) => pattern.replace(/"[^"]*"/g, "").includes("$");
  const arms = [...code.matchAll(/(?:\bin|;;)\s+((?:[^()"\n;]|"[^"]*"|\\.)+?)\)/g)].map(([, pattern = ""]) => pattern);
  expect(arms.length).toBeGreaterThan(250);
  expect(arms.filter(unquoted)).toEqual([]);
  const cuts = [...code.matchAll(/\$\{\w+(?:##?|%%?)((?:"(?:[^"\\]|\\.)*"|\\.|[^"}\\])+)\}/g)].map(
    ([, pattern = ""]) => pattern,
  );
  expect(cuts.length).toBeGreaterThan(60);
  expect(cuts.filter(unquoted)).toEqual([]);
});

test("no program for awk or sed, pattern for grep or format for printf has a value in it", () => {
  expect(script).not.toMatch(/\bawk\b[^\n']* -v/);
  const calls = [
    ...code.matchAll(
      /(?:^|[|({;] *|&& |\$\(|\w=\S* )(awk|sed|grep|printf)((?: -[A-EG-Za-z]+(?: (?=''\s''))?)*)((?: -F ?\S+)?) (\S+)/gm,
    ),
  ];
  expect(calls.length).toBeGreaterThan(100);
  const open = calls
    .filter(([, , , , program = ""]) => !/^(''.*|1d|2p|1p|\.)$/.test(program.replace(/[)";|]+$/, "")))
    .map(([text]) => text.trim());
  // Words that grep takes as they are.
  expect(open.filter((text) => !/^\W*grep -F -e "\$2"/.test(text))).toEqual([]);
  // No call that the pattern above has not seen.
  for (const name of ["awk", "sed"]) {
    const all = [...code.matchAll(new RegExp(`(?<![\\w"$./-])${name} (?!in\\b|and\\b)`, "g"))].filter(
      ({ index }) => !/"[^"]*$/.test(lineOf(index).replace(/"[^"]*\$\(/g, "")),
    );
    expect(all.length).toBeLessThanOrEqual(calls.filter(([, program]) => program === name).length);
  }
});
