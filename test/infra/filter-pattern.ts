// Filter patterns of CloudWatch Logs for lines of JSON, as far as the stack uses them: clauses `$.field = "text"` and
// `$.field >= 0`, all of which must hold.

const CLAUSE = /^\(\$\.(?<path>[\w.]+) (?:= "(?<text>[^"]*)"|>= (?<least>\d+))\)$/;

/** What is at a path such as `$.results.stored` in a line; undefined when it is not JSON or has no such field. */
export function fieldOf(line: string, path: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  for (const name of path.replace(/^\$\./, "").split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    value = Object.entries(value).find(([key]) => key === name)?.[1];
  }
  return value;
}

/** Whether a pattern takes a line. Throws for syntax that is not known here. */
export function takes(pattern: string, line: string): boolean {
  const inside = /^\{ (.+) \}$/.exec(pattern)?.[1];
  if (inside === undefined) throw new Error(`not a pattern for JSON: ${pattern}`);
  return inside.split(" && ").every((clause) => {
    const { path, text, least } = CLAUSE.exec(clause)?.groups ?? {};
    if (path === undefined) throw new Error(`a clause that is not known here: ${clause}`);
    const value = fieldOf(line, path);
    return text === undefined ? typeof value === "number" && value >= Number(least) : value === text;
  });
}
