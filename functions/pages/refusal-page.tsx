import type { Context } from "hono";
import type { AppError } from "../../shared/errors.ts";
import type { HttpEnv } from "../http/http-env.ts";
import { issueLine } from "../http/issue-line.ts";
import { homeOf, pageAnswer } from "./page.tsx";
import { sentence } from "./sentence.ts";

/** A refusal in words, with the status it has. */
export function refusalPage(c: Context<HttpEnv>, error: AppError): Response {
  const { code, message, issues } = error;
  // The statuses of refusals that have no page of their own, such as a method that is not there, are those of programs.
  const status = PAGE_STATUSES.find((one) => one === error.status) ?? 400;
  const title = TITLES[code] ?? "This is not possible";
  return pageAnswer(
    c,
    { title, status },
    <div class="sheet">
      <h1>{title}</h1>
      <p class="lead">{sentence(message)}</p>
      {issues.length > 1 && (
        <ul>
          {issues.map((issue) => (
            <li>{issueLine(issue)}</li>
          ))}
        </ul>
      )}
      <p>
        <a href={homeOf(c.get("token"))}>Where to begin</a> · <a href={`/docs#${code}`}>What {code} means</a>
      </p>
      <p class="muted">Request {c.get("requestId")}</p>
    </div>,
  );
}

const PAGE_STATUSES = [400, 403, 404, 409, 410, 413, 429, 500, 503] as const;

const TITLES: Readonly<Partial<Record<AppError["code"], string>>> = {
  forbidden: "This is not allowed",
  not_found: "Not found",
  too_large: "Too large",
  slow_down: "The store is busy",
  unavailable: "The store cannot be reached",
  internal: "Something went wrong",
};
