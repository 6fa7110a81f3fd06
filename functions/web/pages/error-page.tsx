import type { Context } from "hono";
import type { AppError } from "../../../shared/errors.ts";
import type { HttpEnv } from "../../http/http-env.ts";
import { Faults } from "../../pages/faults.tsx";
import { homeOf, pageAbove, pageAnswer } from "./layout.tsx";

/** A refusal in words, with its status, and the ways back. */
export function refusalPage(c: Context<HttpEnv>, error: AppError): Response {
  const { code, status } = error;
  const title = TITLES[code] ?? "This is not possible";
  const home = homeOf(c.get("token"));
  const above = code === "forbidden" ? null : pageAbove(c.req.path);
  return pageAnswer(
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
