/**
 * What questions may hold, loaded with the first question: it takes a tenth of a function's start to make these schemas, and
 * what asks nothing (health, status, signing in, refusals) needs none of them.
 */
export const requests = () => import("../../shared/api/requests.ts");
