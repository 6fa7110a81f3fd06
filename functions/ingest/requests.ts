// What admins may ask, with zod to check it, loaded when the first of them does: nothing that a host sends needs either, and
// they would be a fifth of what this function takes to start.

export const pageRequests = () => import("../../shared/api/paging.ts");

export const tokenRequests = () => import("../../shared/api/token-requests.ts");
