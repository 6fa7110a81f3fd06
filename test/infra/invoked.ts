// A bundle invoked as Lambda does it: loaded by a process of its own, from a folder without node_modules, with the
// environment of a function and nothing else.

import { execFile } from "node:child_process";
import { dirname } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const INVOKE = `
  const [file, event] = process.argv.slice(1);
  const { handler } = await import(file);
  const answer = await handler(JSON.parse(event), { awsRequestId: "test", getRemainingTimeInMillis: () => 300_000 });
  process.stdout.write("\\nANSWER " + JSON.stringify(answer ?? null));
  process.exit(0);
`;

/** What the handler in `file` answers to an event. Throws with the process's output when it does not. */
export async function invoked(file: string, event: unknown, endpoint: string, tableName: string): Promise<unknown> {
  const [, answer] = (await outputOf(file, event, endpoint, tableName)).split("\nANSWER ");
  if (answer === undefined) throw new Error(`${file} gave no answer`);
  return JSON.parse(answer);
}

/** All that the process writes while it answers an event, the answer last. */
export async function outputOf(file: string, event: unknown, endpoint: string, tableName: string): Promise<string> {
  const { stdout } = await run(
    process.execPath,
    ["--input-type=module", "--eval", INVOKE, file, JSON.stringify(event)],
    {
      cwd: dirname(file),
      env: {
        TABLE_NAME: tableName,
        AWS_REGION: "eu-central-1",
        AWS_ACCESS_KEY_ID: "test",
        AWS_SECRET_ACCESS_KEY: "test",
        AWS_SESSION_TOKEN: "test",
        AWS_ENDPOINT_URL_DYNAMODB: endpoint,
      },
    },
  );
  return stdout;
}
