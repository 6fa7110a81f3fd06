// `npm start`: the server on this machine, until SIGTERM or Ctrl-C.

import { isatty } from "node:tty";
import { setFlagsFromString } from "node:v8";
import { localSettings, SettingsError } from "../../functions/env.ts";
import { faultText, printTo, readableLog } from "./log.ts";
import { startLocalServer } from "./server.ts";
import { StartError } from "./start-error.ts";

const STDOUT = 1;
const STDERR = 2;
const print = printTo(STDOUT);

// Memory is collected when it has doubled since the last time. As V8 would have it, it may grow to four times what a burst of
// uploads holds at its worst moment, and what the burst has left is collected only then.
setFlagsFromString("--heap-growing-percent=100");

// What is written here, by the engine as well, is for this user only.
process.umask(0o077);

/** Ends the waiting for a data folder that another process still holds. */
const waiting = new AbortController();

/** Resolves with the first signal to stop, also with one that comes while the server is still starting. */
const stopSignal = new Promise<string>((resolve) => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      waiting.abort();
      resolve(signal);
    });
  }
});

try {
  const settings = localSettings();
  const server = await startLocalServer(settings, readableLog(print), print, waiting.signal);
  const { isNew, secret, file } = server.adminToken;
  // Where nobody looks on, what is printed is kept in a log, which others read.
  if (isNew && isatty(STDOUT)) print(`admin token, shown this once and kept in ${file}:\n  ${secret}`);
  else if (isNew) print(`made the admin token; it is in ${file}`);
  print(`vbdstat listens on ${server.url}, data in ${settings.dataDir}`);
  print(`${await stopSignal}: finishing requests, then stopping`);
  await server.stop();
  process.exit(0);
} catch (error) {
  if (error instanceof Error && error.name === "AbortError" && waiting.signal.aborted) {
    print("stopped while waiting for the data folder");
    process.exit(0);
  }
  const expected = error instanceof StartError || error instanceof SettingsError;
  printTo(STDERR)(expected ? `vbdstat does not start: ${error.message}` : faultText(error));
  process.exit(1);
}
