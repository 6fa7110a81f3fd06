// Refusals where a summary is embedded: a picture or a frame says in words why it is not there, with the status of the
// refusal. Programs get the envelope of every other endpoint.

import type { Context } from "hono";
import type { AppError } from "../../shared/errors.ts";
import { errorAnswer } from "../http/error-answer.ts";
import type { HttpEnv } from "../http/http-env.ts";
import { sentence } from "../http/sentence.ts";
import type { EmbedDeps } from "./deps.ts";
import type { DocumentFormat } from "./renderer.ts";
import { sent } from "./sent.ts";

const WIDTH = 480;
const BADGE_WIDTH = 220;

const TITLES: Readonly<Partial<Record<AppError["status"], string>>> = {
  404: "No such summary",
  410: "No longer shared",
};

/** The refusal of something that would have been shown so. */
export async function refusal(
  c: Context<HttpEnv>,
  { renderer }: Pick<EmbedDeps, "renderer">,
  shown: DocumentFormat | "badge",
  error: AppError,
): Promise<Response> {
  // Sets the headers that a client waits by, and is the answer for programs.
  const answer = errorAnswer(c, error);
  const title = TITLES[error.status] ?? "This summary cannot be shown";
  if (shown === "badge") return sent(c, "svg", await renderer.notice("svg", title, "", BADGE_WIDTH), error.status);
  if (shown !== "html" && shown !== "svg" && shown !== "png") return answer;
  // The fault of a parameter begins with its name, which stays as it is typed.
  const words = error.issues.length > 0 ? error.message : sentence(error.message);
  return sent(c, shown, await renderer.notice(shown, title, words, WIDTH), error.status);
}
