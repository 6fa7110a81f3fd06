import type { Context } from "hono";
import type { FC } from "hono/jsx";
import { type Advice, type AppError, errorText } from "../../../shared/errors.ts";
import type { Issue } from "../../../shared/run/run.ts";
import type { HttpEnv } from "../http/app.ts";
import { sentence } from "../http/errors.ts";
import { homeOf, pageAbove, pageResponse } from "./layout.tsx";

/** What is wrong, in `lead` or the message, and every fault where there are several; the first is not said twice. */
const Faults: FC<{ error: AppError; lead?: string | undefined; advice?: Advice | undefined }> = ({
  error,
  lead,
  advice,
}) => {
  const { issues } = error;
  const text = errorText(error, { advice });
  return (
    <>
      {(issues.length < 2 || issues[0]?.text !== text) && <p class="lead">{lead ?? sentence(text)}</p>}
      {issues.length > 1 && (
        <ul>
          {issues.map((issue) => (
            <li>{sentence(`${placeOf(issue)}${issue.text}`)}</li>
          ))}
        </ul>
      )}
    </>
  );
};

/** Where in a text that was sent; the fault of a parameter names it itself. */
function placeOf({ line, column, field }: Pick<Issue, "line" | "column" | "field">): string {
  return line === 0 ? "" : `line ${line}, column ${column}${field === null ? "" : `, ${field}`}: `;
}

/** Why what a form asked for could not be done; the form stands beside it. */
export const Problem: FC<{ title: string; error: AppError; advice?: Advice }> = ({ title, error, advice }) => (
  <div class="sheet">
    <div class="problem" role="alert">
      <h1>{title}</h1>
      <Faults error={error} advice={advice} />
    </div>
  </div>
);

/** A refusal in words, with its status, and the ways back. */
export function errorPage(c: Context<HttpEnv>, error: AppError): Response {
  const { code, status } = error;
  const title = TITLES[code] ?? "This is not possible";
  const home = homeOf(c.get("token"));
  const above = code === "forbidden" ? null : pageAbove(c.req.path);
  return pageResponse(
    c,
    { title, status },
    <div class="sheet">
      <h1>{title}</h1>
      <Faults error={error} lead={LEADS[code]} />
      <p>
        {above !== null && above.path !== home && (
          <>
            <a href={above.path}>Back to {above.name}</a> ·{" "}
          </>
        )}
        <a href={home}>Where to begin</a> · <a href={`/docs#${code}`}>What {code} means</a>
      </p>
      <p class="muted">Request {c.get("requestId")}</p>
    </div>,
  );
}

const TITLES: Readonly<Partial<Record<AppError["code"], string>>> = {
  forbidden: "This is not allowed",
  not_found: "Not found",
  method_not_allowed: "Not a page to open",
  too_large: "Too large",
  slow_down: "Too much is being asked",
  unavailable: "The store cannot be reached",
  internal: "Something went wrong",
};

/** In place of messages that tell programs what to do. */
const LEADS: Readonly<Partial<Record<AppError["code"], string>>> = {
  slow_down: "There is more to do than can be done just now. Try again in a few seconds; nothing is lost.",
  unavailable: "Nothing can be read or stored until it can. Try again in a moment; nothing is lost.",
};
