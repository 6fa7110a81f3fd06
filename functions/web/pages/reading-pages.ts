// The pages that only read, behind one dynamic import: most requests come from programs and need none of them. It is one import
// and not one for each page, because every further one makes esbuild split what the pages share with the start into more files,
// and each start would load all of those.

export { scriptResponse, styleResponse } from "./assets.ts";
export { host, hosts } from "./hosts.tsx";
export { matrix } from "./matrix.tsx";
export { overview } from "./overview.tsx";
export { run, runs } from "./runs.tsx";
export { postSignIn, signIn } from "./sign-in.tsx";
export { plainSummaryPage } from "./summary.tsx";
export { trend } from "./trend.tsx";
export { upload } from "./upload.tsx";
