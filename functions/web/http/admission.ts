// Admission of requests that read: a middleware that gives a request its ticket, and one response to equal requests.

import type { Context, MiddlewareHandler } from "hono";
import { type Admission, withTicket } from "../../service/admission.ts";
import type { HttpEnv } from "./app.ts";

/** The part of a response that equal requests share. */
interface SharedResponse {
  readonly body: ArrayBuffer;
  readonly headers: Headers;
}

/** A request under way, and whether an equal request waits for its response. */
interface UnderWay {
  /** Null where the response cannot be shared. */
  readonly response: Promise<SharedResponse | null>;
  isShared: boolean;
}

/**
 * Admits a request at a cost and puts its ticket in the context. An equal request of the same fleet that comes while the
 * first is under way gets the same response and costs nothing. Throws `slow_down` when the budget has no room.
 */
export function admitted({ admission }: { readonly admission: Admission }, cost: number): MiddlewareHandler<HttpEnv> {
  const all = new Map<string, UnderWay>();
  return async function admitQuery(c, next) {
    const key = requestKey(c);
    const same = all.get(key);
    if (same !== undefined) {
      same.isShared = true;
      const shared = await same.response;
      if (shared !== null) return new Response(shared.body, { headers: shared.headers });
    }
    const handling = withTicket(admission, cost, async (ticket) => {
      c.set("ticket", ticket);
      await next();
    });
    const underWay: UnderWay = {
      // An error names its own request, and a stream can be read only once: the requests that waited run on their own then.
      response: handling.then(
        async () =>
          underWay.isShared && c.res.status === 200 && !c.get("isStream") ? copyResponse(c.res.clone()) : null,
        () => null,
      ),
      isShared: false,
    };
    all.set(key, underWay);
    try {
      await handling;
      await underWay.response;
    } finally {
      if (all.get(key) === underWay) all.delete(key);
    }
    return;
  };
}

async function copyResponse(response: Response): Promise<SharedResponse> {
  return { body: await response.arrayBuffer(), headers: response.headers };
}

/** Equal for requests with the same response: fleet, scope, path with its suffix, parameters in any order, Accept. */
function requestKey(c: Context<HttpEnv>): string {
  const { pathname, searchParams } = new URL(c.req.url);
  searchParams.sort();
  const token = c.get("token");
  return JSON.stringify([token?.fleet, token?.scope, pathname, searchParams.toString(), c.req.header("Accept")]);
}
