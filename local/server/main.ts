// `npm start`: runs the server on this machine until SIGTERM or Ctrl-C. Settings come from the environment (functions/env.ts).

import { isatty } from "node:tty";
import { setFlagsFromString } from "node:v8";
import { localSettings, SettingsError } from "../../functions/env.ts";
import { formatError, printTo, readableLog } from "./log.ts";
import { startLocalServer } from "./server.ts";
import { StartError } from "./start-error.ts";

const STDOUT = 1;
const STDERR = 2;
const print = printTo(STDOUT);

// Collect garbage when the heap has doubled. By default V8 lets it grow to four times the peak of a burst of uploads, and collects the
// garbage of the burst only then.
setFlagsFromString("--heap-growing-percent=100");

// Files that the server or the engine creates are readable by this user only.
process.umask(0o077);

/** Aborts the wait for a data folder that another process still holds. */
const waiting = new AbortController();

/** Resolves with the first stop signal, also if it comes while the server is starting. */
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
  // Without a terminal the output goes to a log, which others may read.
  if (isNew && isatty(STDOUT)) print(`admin token, shown only once and stored in ${file}:\n  ${secret}`);
  else if (isNew) print(`created the admin token; it is in ${file}`);
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
  printTo(STDERR)(expected ? `vbdstat does not start: ${error.message}` : formatError(error));
  process.exit(1);
}
