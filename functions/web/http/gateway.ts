// An app behind API Gateway: events in payload format 2.0 in, responses out.

import { handle, type LambdaContext, type LambdaEvent } from "hono/aws-lambda";
import type { HttpApp } from "./app.ts";

/** Characters in a decoded path that would end it or start another segment, and a percent sign that starts no escape. */
const MISLEADING = /[?#\\]|%(?![0-9a-f]{2})/gi;

/** The Lambda handler of an app. API Gateway decodes paths; characters of a host name that would change the path are encoded again. */
export function gatewayHandler(app: HttpApp) {
  const handler = handle(app);
  return (event: LambdaEvent, context?: LambdaContext) => {
    if (!("rawPath" in event)) return handler(event, context);
    const rawPath = event.rawPath.replace(MISLEADING, (character) => encodeURIComponent(character));
    return handler({ ...event, rawPath }, context);
  };
}
