import type { FC } from "hono/jsx";
import type { AppError } from "../../shared/errors.ts";
import { issueLine } from "../http/issue-line.ts";
import { sentence } from "./sentence.ts";

/** Why what a form asked for could not be done; the form stands beside it. */
export const Problem: FC<{ title: string; error: AppError }> = ({ title, error: { message, issues } }) => (
  <div class="sheet">
    <div class="problem" role="alert">
      <h1>{title}</h1>
      <p>{sentence(message)}</p>
      {issues.length > 1 && (
        <ul>
          {issues.map((issue) => (
            <li>{issueLine(issue)}</li>
          ))}
        </ul>
      )}
    </div>
  </div>
);
