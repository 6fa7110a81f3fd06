// What admins may ask, loaded when the first of them does: nothing that a host sends needs these schemas, and making them
// takes milliseconds of a start.

export const pageRequests = () => import("../../shared/api/paging.ts");

export const tokenRequests = () => import("../../shared/api/token-requests.ts");
