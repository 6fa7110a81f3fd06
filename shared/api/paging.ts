// Pages of a listing: how long they are, and where one goes on.

import * as z from "zod";
import { once } from "./request-fields.ts";

export const limit = once(
  z.coerce.number().int().min(1).max(100).meta({ description: "Most entries of a page." }),
).prefault(50);

export const cursor = once(
  z.string().max(200).meta({ description: "Where the page before ended: its `cursor`; not given for the first page." }),
).optional();

/** Pages of a listing. */
export const pageQuery = z.strictObject({ limit, cursor });
