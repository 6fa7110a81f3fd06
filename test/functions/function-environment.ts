// The environment of a function in a test: the variables that Lambda and the stack set, for a table of the test engine, and the
// lines that the function logs.

import { vi } from "vitest";
import type { Table } from "../../functions/store/table/table.ts";
import type { TestEngine } from "../support/engine.ts";

/** Sets the environment of a function; handlers read it when they are imported, so import them after this. */
export function functionEnvironment(engine: TestEngine, table: Table): void {
  vi.stubEnv("TABLE_NAME", table.name);
  vi.stubEnv("AWS_REGION", "eu-central-1");
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
  // The SDK reads this; on AWS it is not set.
  vi.stubEnv("AWS_ENDPOINT_URL_DYNAMODB", engine.endpoint);
}

/** Collects what is written to standard output instead of printing it. */
export function loggedLines(): string[] {
  const lines: string[] = [];
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    lines.push(String(text));
    return true;
  });
  return lines;
}
