// What may be asked, loaded with the first question, as in `functions/read`: making the schemas of questions that nobody has
// asked yet would be a tenth of what this function takes to start.

export const lookRequests = () => import("../../shared/api/look-parameters.ts");

export const pageRequests = () => import("../../shared/api/paging.ts");

export const shareRequests = () => import("../../shared/api/shares.ts");
