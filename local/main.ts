// `npm start`: the server on this machine, until SIGTERM or Ctrl-C.

import { localSettings, SettingsFault } from "../functions/env.ts";
import { faultText, readableLog } from "./log.ts";
import { startLocalServer } from "./server.ts";
import { StartFault } from "./start-fault.ts";

const print = (line: string) => console.log(line);

try {
  const settings = localSettings();
  const server = await startLocalServer(settings, readableLog(print), print);
  print(`vbdstat listens on ${server.url}, data in ${settings.dataDir}`);
  if (server.adminToken.isNew) {
    print(`admin token, shown this once and kept in ${server.adminToken.file}:\n  ${server.adminToken.secret}`);
  }
  let stopping = false;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (stopping) return;
      stopping = true;
      print(`${signal}: finishing requests, then stopping`);
      server.stop().then(
        () => process.exit(0),
        (error: unknown) => {
          console.error(faultText(error));
          process.exit(1);
        },
      );
    });
  }
} catch (error) {
  const expected = error instanceof StartFault || error instanceof SettingsFault;
  console.error(expected ? `vbdstat does not start: ${error.message}` : faultText(error));
  process.exit(1);
}
