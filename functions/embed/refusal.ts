// Refusals where a summary is embedded: a picture or a frame says in words why it is not there, with the status of the
// refusal. Programs get the envelope of every other endpoint.

import type { Context } from "hono";
import type { AppError, ErrorCode } from "../../shared/errors.ts";
import { errorAnswer } from "../web/http/errors.ts";
import type { HttpEnv } from "../http/http-env.ts";
import { sentence } from "../http/sentence.ts";
import type { EmbedDeps } from "./deps.ts";
import { noticePage, noticePicture } from "./notice.ts";
import type { DocumentFormat, Renderer } from "../service/renderer.ts";
import { documentAnswer, encoded } from "./sent.ts";

const WIDTH = 480;
const BADGE_WIDTH = 220;

const TITLES: Readonly<Partial<Record<ErrorCode, string>>> = {
  not_found: "No such summary",
  gone: "No longer shared",
  slow_down: "Too many at once",
};

const titleOf = (code: ErrorCode): string => TITLES[code] ?? "This summary cannot be shown";

/** The refusal of something that would have been shown so. */
export async function refusal(
  c: Context<HttpEnv>,
  { linkRenderer }: Pick<EmbedDeps, "linkRenderer">,
  shown: DocumentFormat | "badge",
  error: AppError,
): Promise<Response> {
  // Sets the headers that a client waits by, and is the answer for programs.
  const answer = errorAnswer(c, error);
  const { code, status } = error;
  // The fault of a parameter begins with its name, which stays as it is typed.
  const words = error.issues.length > 0 ? error.message : sentence(error.message);
  switch (shown) {
    case "html":
      return documentAnswer(c, "html", encoded(await noticePage(titleOf(code), words)), status);
    case "svg":
      return documentAnswer(c, "svg", encoded(await noticePicture(titleOf(code), words, WIDTH, "auto")), status);
    case "badge":
      return documentAnswer(c, "svg", encoded(await noticePicture(titleOf(code), "", BADGE_WIDTH, "auto")), status);
    case "png":
      return documentAnswer(c, "png", encoded(await paintedRefusal(linkRenderer, code)), status);
    default:
      return answer;
  }
}

/** What pixels say: only what follows from the code, so that there are few of them, whatever was asked. */
const WORDS: Readonly<Partial<Record<ErrorCode, string>>> = {
  bad_parameter: "This address asks for a picture that cannot be made. The same address with .svg says what is wrong.",
  not_found: "There is no share with this address, or not as a picture. It may be misspelt.",
  gone: "This summary is not shared any more.",
  not_kept: "This was frozen by another version of the service, and is shown only as it was then.",
  too_large: "This picture has too much in it to be painted. The same address with .svg has it.",
  slow_down: "More pictures are asked for than can be drawn. Load this again in a few seconds.",
};

/** The pictures of a renderer's refusals, each painted when it is first needed. */
const painted = new WeakMap<Renderer, Map<ErrorCode, Promise<Uint8Array>>>();

function paintedRefusal(renderer: Renderer, code: ErrorCode): Promise<Uint8Array> {
  const ofRenderer = painted.get(renderer) ?? new Map<ErrorCode, Promise<Uint8Array>>();
  painted.set(renderer, ofRenderer);
  const known = ofRenderer.get(code);
  if (known !== undefined) return known;
  const words = WORDS[code] ?? "Load this again later.";
  const picture = noticePicture(titleOf(code), words, WIDTH, "light").then((svg) => renderer.picture(svg));
  ofRenderer.set(code, picture);
  picture.catch(() => ofRenderer.delete(code));
  return picture;
}
