// The body of an upload: received from the client first, then unpacked and processed when it is its turn at the gate.

import type { Context } from "hono";
import { SMALL_BYTES } from "../../service/upload/upload-gate.ts";
import type { UploadLimits } from "../../service/upload/upload-limits.ts";
import type { HttpEnv } from "./app.ts";
import { currentToken } from "./auth.ts";
import { type BodyLimit, bodyBytes, bytesWithin, receiveBody } from "./body.ts";

/**
 * Receives the body of an upload, and calls `work` with its unpacked bytes when it is its turn. Throws `slow_down` before anything is
 * received when the token has used up its day, and later when too many uploads wait; and what `receiveBody`, `bodyBytes` and
 * `work` throw.
 */
export async function withUploadBody(
  c: Context<HttpEnv>,
  { gate, budget }: Pick<UploadLimits, "gate" | "budget">,
  limit: BodyLimit,
  work: (body: Buffer) => Promise<Response>,
): Promise<Response> {
  const { id } = currentToken(c);
  budget.assertNotSpent(id);
  const sent = await receiveBody(c.req.raw, limit);
  const { length } = sent.bytes;
  if (length <= SMALL_BYTES) {
    const response = await inTurn(gate.small(id, length, sent.isPacked), async () => {
      const body = await bytesWithin(sent, SMALL_BYTES);
      return body === null ? null : work(body);
    });
    if (response !== null) return response;
  }
  return inTurn(gate.large(id, length), async () => work(await bodyBytes(sent)));
}

async function inTurn<T>(turn: Promise<() => void>, work: () => Promise<T>): Promise<T> {
  const leave = await turn;
  try {
    return await work();
  } finally {
    leave();
  }
}
