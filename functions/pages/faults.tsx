import type { FC } from "hono/jsx";
import type { AppError } from "../../shared/errors.ts";
import type { Issue } from "../../shared/model/issue.ts";
import { sentence } from "../http/sentence.ts";

/** What is wrong, in `lead` or the message, and every fault where there are several; the first is not said twice. */
export const Faults: FC<{ error: AppError; lead?: string | undefined }> = ({ error: { message, issues }, lead }) => (
  <>
    {(issues.length < 2 || issues[0]?.text !== message) && <p class="lead">{lead ?? sentence(message)}</p>}
    {issues.length > 1 && (
      <ul>
        {issues.map((issue) => (
          <li>{sentence(`${placeOf(issue)}${issue.text}`)}</li>
        ))}
      </ul>
    )}
  </>
);

/** Where in a text that was sent; the fault of a parameter names it itself. */
function placeOf({ line, column, field }: Pick<Issue, "line" | "column" | "field">): string {
  return line === 0 ? "" : `line ${line}, column ${column}${field === null ? "" : `, ${field}`}: `;
}
