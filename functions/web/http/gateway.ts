// An app behind API Gateway: events in payload format 2.0 in, answers out.

import { handle, type LambdaContext, type LambdaEvent } from "hono/aws-lambda";
import type { HttpApp } from "./app.ts";

/** What in an address would end its path or begin another segment, and a percent sign that begins no code. */
const MISUNDERSTOOD = /[?#\\]|%(?![0-9a-f]{2})/gi;

/** The handler of an app. API Gateway decodes paths, and what a host's name has of an address's signs is put back into code. */
export function gatewayHandler(app: HttpApp) {
  const answer = handle(app);
  return (event: LambdaEvent, context?: LambdaContext) => {
    if (!("rawPath" in event)) return answer(event, context);
    const rawPath = event.rawPath.replace(MISUNDERSTOOD, (sign) => encodeURIComponent(sign));
    return answer({ ...event, rawPath }, context);
  };
}
