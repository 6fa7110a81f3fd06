// What the forms about shares do. Both lead back to the list.

import * as z from "zod";
import { once } from "../../shared/api/request-fields.ts";
import { newShare } from "../../shared/api/shares.ts";
import { SHARE_KINDS } from "../../shared/run/share.ts";
import type { EmbedDeps } from "../embed/deps.ts";
import { endShare } from "../embed/end-share.ts";
import { makeShare } from "../service/new-share.ts";
import { tokenOf } from "../web/http/auth.ts";
import { formBy, valuesOf } from "../web/http/form.ts";
import { FORM } from "../http/limits.ts";
import { checked } from "../web/http/parameters.ts";
import type { Page } from "../web/pages/layout.tsx";

const newForm = z.strictObject({
  kind: once(z.enum(SHARE_KINDS)),
  /** The parameters of the kind's endpoint, as in its address. */
  query: once(z.string().max(8_000)).prefault(""),
  lasts: once(z.enum(["frozen", "live"])),
  title: once(z.string()).optional(),
});

const endForm = z.strictObject({ id: once(z.string().max(100)) });

/** POST /shares */
export const shareMade: Page<EmbedDeps> = async (c, deps) => {
  const { kind, query, lasts, title } = await formBy(c, newForm, FORM);
  const asked = { kind, query: valuesOf(new URLSearchParams(query)), frozen: lasts === "frozen", title };
  const { share } = await makeShare(deps, tokenOf(c), checked(newShare, asked, "bad_body"));
  c.set("note", `made a ${lasts} share of kind ${share.kind}`);
  return c.redirect("/shares", 303);
};

/** POST /shares/end */
export const shareEnded: Page<EmbedDeps> = async (c, deps) => {
  const { id } = await formBy(c, endForm, FORM);
  const { kind } = await endShare(deps, tokenOf(c), id);
  c.set("note", `ended a share of kind ${kind}`);
  return c.redirect("/shares", 303);
};
