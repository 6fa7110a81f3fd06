// Cursors: where a page of a listing ended, as a text that a client hands back. It is bound to what was listed, for a place
// in another listing is a place there as well, and the rows between would be missed without a word.

import { createHash } from "node:crypto";
import { AppError } from "../../shared/errors.ts";

/** What is listed: everything that must be the same on every page, in one order. */
type Listing = readonly (string | undefined)[];

const DIGITS = 12;

/** The cursor for a place in a listing. */
export function cursorAt(listing: Listing, place: string): string {
  return Buffer.from(checkOf(listing, place) + place).toString("base64url");
}

/** The place that a cursor of the very same listing stands for. Throws `bad_parameter` for any other text. */
export function placeAt(listing: Listing, cursor: string): string {
  const text = Buffer.from(cursor, "base64url").toString("utf8");
  const place = text.slice(DIGITS);
  if (cursorAt(listing, place) !== cursor) {
    throw new AppError(
      "bad_parameter",
      "cursor: expected one that this service gave for the same question, found another; leave it out to start from the first page",
    );
  }
  return place;
}

/** Against accidents: whoever makes up a cursor sees nothing but pages of what he may list anyway. */
function checkOf(listing: Listing, place: string): string {
  return createHash("sha256")
    .update(JSON.stringify([...listing.map((part) => part ?? null), place]))
    .digest("hex")
    .slice(0, DIGITS);
}
