// A person with a browser, as the service sees one: a token in a cookie, and forms with the headers of the sending site.

import { expect } from "vitest";
import type { TestService } from "../../support/service.ts";

type Form = Readonly<Record<string, string | readonly string[]>>;

export interface Visitor {
  /** Requests a page. */
  visit(path: string, headers?: Readonly<Record<string, string>>): Promise<Response>;
  /** Sends a form, from a page of the service unless the headers name another site. */
  submit(path: string, form: Form, headers?: Readonly<Record<string, string>>): Promise<Response>;
}

/** The Accept header of browsers; requests with it get errors as pages. */
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

/** The HTML of a response, which must have this status. */
export async function expectPage(answer: Response | Promise<Response>, status: number): Promise<string> {
  const response = await answer;
  const text = await response.text();
  expect(response.status, text.slice(0, 2_000)).toBe(status);
  expect(response.headers.get("Content-Type")).toBe("text/html; charset=UTF-8");
  return text;
}

/** Where a response redirects to; it must be 303, which is followed with GET. */
export function redirectTarget({ status, headers }: Response): string | null {
  expect(status).toBe(303);
  return headers.get("Location");
}
