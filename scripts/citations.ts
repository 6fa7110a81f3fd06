// Citations: what comments say about the repository's pages, and whether the pages have it.
//
// There is one form of each:
//   bonnie-formats.md, section 4.2  a numbered section of a page in docs/reference/, which may also be written in full;
//                                   several: `xen-backends.md, sections 1.1, 2.4 and 3`, `statistics.md, sections 1 to 3`
//   docs/api.md#post-results        a page, and a heading of it
//   RFC 4180, section 2             a section of a document that is not ours; also `PNG specification, section 9`
// A section without a page, and a pointer to "the contract" in parentheses, send the reader nowhere: they are unresolved.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** A citation in a comment that leads nowhere. */
export interface UnresolvedCitation {
  /** From the root of the repository. */
  readonly file: string;
  /** 1-based line on which the citation begins. */
  readonly line: number;
  /** The citation as it is written, on one line. */
  readonly text: string;
}

const FOLDERS = ["shared", "functions", "local", "agent", "scripts", "infra", "test"];
const REFERENCES = "docs/reference";

/** Files whose comments begin with `//`, or with `#`. Files without an ending are shell scripts. */
const SLASHES = /\.(?:ts|tsx|mjs|js)$/;
const HASHES = /\.(?:sh|bash|bats|py|service|timer)$|(?:^|\/)[^/.]+$/;

/** Every citation of all comments that does not resolve, by file and line. Empty when all of them do. */
export function unresolvedCitations(root = "."): UnresolvedCitation[] {
  const pages = new Pages(root);
  return FOLDERS.flatMap((folder) =>
    filesBelow(root, folder).flatMap((file) =>
      findComments(file, readFileSync(join(root, file), "utf8")).flatMap((comment) =>
        unresolvedIn(comment, file, pages),
      ),
    ),
  );
}

/** Every relative link in a page of the repository whose file or heading does not exist. */
export function brokenLinks(root = "."): UnresolvedCitation[] {
  const pages = new Pages(root);
  const files = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "agent/README.md"].concat(
    filesBelow(root, "docs").filter((file) => file.endsWith(".md")),
  );
  return files.flatMap((file) => {
    const lines = readFileSync(join(root, file), "utf8").split("\n");
    return lines.flatMap((line, index) =>
      [...line.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([text, target = ""]) => {
        if (/^[a-z]+:/.test(target)) return [];
        const [path = "", heading = null] = target.split("#");
        const page = path === "" ? file : join(dirname(file), path);
        return pages.has(page, heading) ? [] : [{ file, line: index + 1, text }];
      }),
    );
  });
}

/** A comment, or several that follow each other on lines of their own: its text, and the line of each character. */
interface Comment {
  readonly text: string;
  readonly lines: readonly { readonly from: number; readonly line: number }[];
}

/** The comments of a source file. A comment marker inside a string counts only after a space, as in no string of ours. */
function findComments(file: string, source: string): Comment[] {
  const marker = SLASHES.test(file)
    ? /(?:^|\s)\/\/+|^\s*\/?\*+\/?|(?:^|\s)\/\*+/
    : HASHES.test(file)
      ? /(?:^|\s)#+/
      : null;
  if (marker === null) return [];
  const comments: { text: string; lines: { from: number; line: number }[] }[] = [];
  let alone = false;
  for (const [index, line] of source.split("\n").entries()) {
    const found = marker.exec(line);
    if (found === null) {
      alone = false;
      continue;
    }
    const startsLine = line.slice(0, found.index).trim() === "";
    if (!alone || !startsLine) comments.push({ text: "", lines: [] });
    const comment = comments[comments.length - 1];
    if (comment === undefined) continue;
    comment.lines.push({ from: comment.text.length, line: index + 1 });
    comment.text += `${line.slice(found.index + found[0].length).trim()} `;
    alone = startsLine;
  }
  return comments;
}

const SECTION = /\bsections? (\d+(?:\.\d+)*(?:(?:, | and | to )\d+(?:\.\d+)*)*)/gi;
/** What may be in front of a section: a page of ours, or the name of a document that is not ours. */
const PAGE = /(?:docs\/reference\/)?([a-z][a-z-]*\.md), $/;
const ELSEWHERE = /(?:\bRFC \d+|\bspecification), $/;
const PATH = /\bdocs\/[\w./-]*\w(?:#[\w-]+)?/g;
const NOWHERE = /[(;] ?(?:contract|docs\/decisions)(?:, [^);]*)?[);]/g;

function unresolvedIn({ text, lines }: Comment, file: string, pages: Pages): UnresolvedCitation[] {
  const at = (index: number) => lines.findLast(({ from }) => from <= index)?.line ?? 1;
  const unresolved = (index: number, cited: string) => ({ file, line: at(index), text: cited });
  const sections = [...text.matchAll(SECTION)].flatMap(({ index, 0: cited, 1: numbers = "" }) => {
    const before = text.slice(0, index);
    if (ELSEWHERE.test(before)) return [];
    const page = PAGE.exec(before);
    if (page === null) return [unresolved(index, cited)];
    const missing = numbers.split(/, | and | to /).filter((number) => !pages.hasSection(page[1] ?? "", number));
    return missing.map((number) => unresolved(page.index, `${page[0]}section ${number}`));
  });
  const paths = [...text.matchAll(PATH)].flatMap(({ index, 0: cited }) => {
    const [path = "", heading = null] = cited.split("#");
    return pages.has(path, heading) ? [] : [unresolved(index, cited)];
  });
  const nowhere = [...text.matchAll(NOWHERE)].map(({ index, 0: cited }) => unresolved(index, cited));
  return [...sections, ...paths, ...nowhere];
}

/** The pages of the repository: which exist, and which headings each has. */
class Pages {
  readonly #root: string;
  readonly #headings = new Map<string, string[]>();

  constructor(root: string) {
    this.#root = root;
  }

  /** Whether a file or folder exists and, if a heading is asked for, has it under that anchor. */
  has(path: string, anchor: string | null): boolean {
    if (!existsSync(join(this.#root, path))) return false;
    return anchor === null || this.#headingsOf(path).some((heading) => toAnchor(heading) === anchor);
  }

  /** Whether a reference has a heading with this number, such as `4` or `3.2`. */
  hasSection(reference: string, number: string): boolean {
    const page = join(REFERENCES, reference);
    if (!this.has(page, null)) return false;
    return this.#headingsOf(page).some((heading) => /^[\d.]*\d/.exec(heading)?.[0] === number);
  }

  #headingsOf(path: string): string[] {
    const known = this.#headings.get(path);
    if (known !== undefined) return known;
    const page = readFileSync(join(this.#root, path), "utf8").replaceAll(/^```[\s\S]*?^```/gm, "");
    const headings = [...page.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => heading);
    this.#headings.set(path, headings);
    return headings;
  }
}

/** The anchor that GitHub gives a heading. */
function toAnchor(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{Letter}\p{Number}\s_-]/gu, "")
    .replaceAll(" ", "-");
}

function filesBelow(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(folder, join(entry.parentPath, entry.name).slice(join(root, folder).length + 1)));
}
