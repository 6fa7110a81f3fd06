// The pages that only read, as one part of the code that is loaded when the first of them is asked for: most requests are
// those of programs. One part and not one for each page, because each further one splits what it shares with the rest into
// more files, all of which every start of the function then has to load.

export { overview } from "./compare.tsx";
export { host, hosts } from "./hosts.tsx";
export { scriptResponse, styleResponse } from "./layout.tsx";
export { matrix } from "./matrix.tsx";
export { run, runs } from "./runs.tsx";
export { signedIn, signIn } from "./sign-in.tsx";
export { summary } from "./summary-page.tsx";
export { trend } from "./trend.tsx";
export { upload } from "./upload.tsx";
