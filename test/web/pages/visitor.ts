// A person with a browser, as the service sees one: a token in a cookie, and forms that say which site sent them.

import { expect } from "vitest";
import type { TestService } from "../../support/service.ts";

type Form = Readonly<Record<string, string | readonly string[]>>;

export interface Visitor {
  /** Asks for a page. */
  visit(path: string, headers?: Readonly<Record<string, string>>): Promise<Response>;
  /** Sends a form, from one of our pages unless the headers say otherwise. */
  submit(path: string, form: Form, headers?: Readonly<Record<string, string>>): Promise<Response>;
}

/** What browsers accept; whoever sends this gets refusals as pages. */
export const BROWSER = {
  Accept: "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8",
} as const;

/** A visitor with the secret of a token; null for one who is not signed in. */
export function visitor(service: TestService, secret: string | null): Visitor {
  const own: Record<string, string> = secret === null ? BROWSER : { ...BROWSER, Cookie: `vbdstat=${secret}` };
  return {
    visit: (path, headers = {}) => service.send(path, { token: null, headers: { ...own, ...headers } }),
    submit: (path, form, headers = { "Sec-Fetch-Site": "same-origin" }) => {
      const pairs = Object.entries(form).flatMap(([name, values]) =>
        [values].flat().map((value): [string, string] => [name, value]),
      );
      const init = { method: "POST", body: new URLSearchParams(pairs), token: null };
      return service.send(path, { ...init, headers: { ...own, ...headers } });
    },
  };
}

/** The HTML of an answer with a status. */
export async function pageOf(answer: Response | Promise<Response>, status: number): Promise<string> {
  const response = await answer;
  const text = await response.text();
  expect(response.status, text.slice(0, 2_000)).toBe(status);
  expect(response.headers.get("Content-Type")).toBe("text/html; charset=UTF-8");
  return text;
}

/** Where an answer leads; it must be a redirect that is asked for with GET. */
export function wayOf({ status, headers }: Response): string | null {
  expect(status).toBe(303);
  return headers.get("Location");
}
