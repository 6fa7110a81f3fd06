import { AppError } from "../../shared/errors.ts";
import { SHARE_ID, type Share } from "../../shared/run/share.ts";
import type { Token } from "../../shared/run/token.ts";
import type { EmbedDeps } from "./deps.ts";

/** Ends a share of the token's fleet, which its maker and admins may. Throws `not_found`, `forbidden`. */
export async function endShare(
  { shares, clock }: Pick<EmbedDeps, "shares" | "clock">,
  token: Token,
  id: string,
): Promise<Share> {
  const found = SHARE_ID.test(id) ? await shares.find(id) : null;
  if (found === null || found.share.fleet !== token.fleet) {
    throw new AppError("not_found", "this fleet has no share with that id");
  }
  if (!mayEnd(token, found.share)) {
    throw new AppError("forbidden", "another token made this share; that one or an admin's can end it");
  }
  await shares.end(found.share, new Date(clock()).toISOString());
  return found.share;
}

/** Whether a token made the share or is an admin's. */
export function mayEnd({ id, scope }: Token, { made_by }: Share): boolean {
  return scope === "admin" || made_by.token_id === id;
}
