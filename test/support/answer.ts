// Answers in tests: the body as JSON, once the status is what it must be.

import { expect } from "vitest";

/** The JSON of an answer. A wrong status fails with the body in the message, which says why. */
export async function jsonOf<T>(answer: Response | Promise<Response>, status: number): Promise<T> {
  const response = await answer;
  const text = await response.text();
  expect(response.status, text.slice(0, 2_000)).toBe(status);
  expect(response.headers.get("Content-Type")).toMatch(/^application\/json/);
  // A test says which shape it expects and then looks at the values.
  return JSON.parse(text) as T;
}

/** The text of an answer. */
export async function textOf(answer: Response | Promise<Response>, status: number): Promise<string> {
  const response = await answer;
  const text = await response.text();
  expect(response.status, text.slice(0, 2_000)).toBe(status);
  expect(response.headers.get("Content-Type")).toMatch(/^text\/plain/);
  return text;
}

/** The envelope of every refusal (docs/api.md#errors). */
export interface Refusal {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly docs: string;
    readonly request_id: string;
    readonly issues?: readonly {
      readonly line: number;
      readonly column: number;
      readonly field: string | null;
      readonly code: string;
      readonly text: string;
    }[];
  };
}

export const asJson = { headers: { Accept: "application/json" } } as const;
