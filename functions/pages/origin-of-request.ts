import type { Context } from "hono";

/** A name or address with a port, as it may stand in a command for a shell. */
const HOST = /^([a-z0-9_.-]+|\[[0-9a-f:.]+\])(:\d{1,5})?$/;

/** The address at which the browser reaches the service, to show it; a placeholder for one that is no plain host name. */
export function originOfRequest(c: Context): string {
  const { protocol, host } = new URL(c.req.url);
  const isHttps = protocol === "https:" || c.req.header("X-Forwarded-Proto")?.split(",")[0] === "https";
  return HOST.test(host) ? `${isHttps ? "https" : "http"}://${host}` : "https://vbdstat.example.org";
}
