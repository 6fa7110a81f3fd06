// Cursors: the position where a page of a listing ended, as text that the client sends back for the next page. A cursor is
// bound to its listing: a position of one listing is also a position of another, which would then silently skip rows.

import { createHash } from "node:crypto";
import { AppError } from "../../shared/errors.ts";

/** What is listed: everything that must be the same for every page, in a fixed order. */
type Listing = readonly (string | undefined)[];

const DIGITS = 12;

/** The cursor for a position in a listing. */
export function cursorAt(listing: Listing, position: string): string {
  return Buffer.from(checkOf(listing, position) + position).toString("base64url");
}

/** The position of a cursor of the very same listing. Throws `bad_parameter` for any other text. */
export function positionAt(listing: Listing, cursor: string): string {
  const text = Buffer.from(cursor, "base64url").toString("utf8");
  const position = text.slice(DIGITS);
  if (cursorAt(listing, position) !== cursor) {
    throw new AppError("bad_parameter", "invalid cursor for this query; omit it to start over");
  }
  return position;
}

/** Against mistakes, not attacks: with a forged cursor a client sees only what it may list anyway. */
function checkOf(listing: Listing, position: string): string {
  return createHash("sha256")
    .update(JSON.stringify([...listing.map((part) => part ?? null), position]))
    .digest("hex")
    .slice(0, DIGITS);
}
