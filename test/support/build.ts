// Before any test: the bundle that `npm start` runs, so that tests of the server start what users start.

import { execFileSync } from "node:child_process";

export default function build(): void {
  execFileSync("npm", ["run", "--silent", "build"], { stdio: "inherit" });
}
