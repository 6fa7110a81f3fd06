// Errors for people: a page with what is wrong and where to go from there, an alert above a form that was rejected, and the page
// that makes a browser repeat a request with its cookie. In: the same errors that programs get.

import type { Context } from "hono";
import type { FC } from "hono/jsx";
import { type Advice, type AppError, errorText } from "../../../shared/errors.ts";
import type { Issue } from "../../../shared/run/run.ts";
import type { HttpEnv } from "../http/app.ts";
import { sentence } from "../http/errors.ts";
import { findNavigationPage, homePath, pageResponse } from "./layout.tsx";

/** An error as a page, with its status and links to where the token may go. */
export function errorPage(c: Context<HttpEnv>, error: AppError): Response {
  const { code, status } = error;
  const title = TITLES[code] ?? "This request failed";
  const home = homePath(c.get("token"));
  // A token that may not open a page usually may not open its parent either.
  const parent = code === "forbidden" ? null : findNavigationPage(c.req.path);
  return pageResponse(
    c,
    { title, status },
    <div class="sheet">
      <h1>{title}</h1>
      <ErrorText error={error} lead={LEADS[code]} />
      <p>
        {parent !== null && parent.path !== home && (
          <>
            <a href={parent.path}>Back to {parent.name}</a> ·{" "}
          </>
        )}
        <a href={home}>Home</a> · <a href={`/docs#${code}`}>About this error</a>
      </p>
      <p class="muted">Request {c.get("requestId")}</p>
    </div>,
  );
}

const TITLES: Readonly<Partial<Record<AppError["code"], string>>> = {
  bad_parameter: "Invalid request",
  bad_body: "Invalid request",
  forbidden: "Access denied",
  not_found: "Not found",
  method_not_allowed: "Method not allowed",
  gone: "No longer available",
  too_large: "Too large",
  slow_down: "The service is overloaded",
  unavailable: "The store cannot be reached",
  internal: "Something went wrong",
};

/** In place of messages that tell programs what to do. */
const LEADS: Readonly<Partial<Record<AppError["code"], string>>> = {
  slow_down: "Try again in a few seconds. No data was lost.",
  unavailable: "Results can be neither read nor stored at the moment. Try again soon. No data was lost.",
};

/** Why a form was rejected, with what its user can do about it; the page shows the form below it. */
export const ErrorAlert: FC<{ heading: string; error: AppError; advice?: Advice }> = ({ heading, error, advice }) => (
  <div class="sheet">
    <div class="problem" role="alert">
      <h1>{heading}</h1>
      <ErrorText error={error} advice={advice} />
    </div>
  </div>
);

/** The message, or `lead` in place of it, and a list of the issues where there are several. No text appears twice. */
const ErrorText: FC<{ error: AppError; lead?: string | undefined; advice?: Advice | undefined }> = (props) => {
  const { error, lead, advice } = props;
  const { issues } = error;
  const text = errorText(error, { advice });
  return (
    <>
      {(issues.length < 2 || issues[0]?.text !== text) && <p class="lead">{lead ?? sentence(text)}</p>}
      {issues.length > 1 && (
        <ul>
          {issues.map((issue) => (
            <li>{sentence(`${formatPosition(issue)}${issue.text}`)}</li>
          ))}
        </ul>
      )}
    </>
  );
};

/** Where in the body, e.g. `line 2, column 4, putc: `; empty for parameters, whose texts begin with their name. */
function formatPosition({ line, column, field }: Pick<Issue, "line" | "column" | "field">): string {
  return line === 0 ? "" : `line ${line}, column ${column}${field === null ? "" : `, ${field}`}: `;
}

/**
 * A page that sends the browser to a path of this site. When another site led here, browsers withhold a SameSite=Strict
 * cookie; they send it with the request that this page of our own starts.
 */
export function sameSiteRedirectPage(c: Context<HttpEnv>, path: string): Response {
  return pageResponse(
    c,
    { title: "One moment", head: <meta http-equiv="refresh" content={`0; url=${path}`} /> },
    <div class="sheet">
      <h1>One moment</h1>
      <p>
        <a href={path}>Continue</a>
      </p>
    </div>,
  );
}
