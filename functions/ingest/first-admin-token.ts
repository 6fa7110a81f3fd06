import { randomUUID } from "node:crypto";
import type { Token } from "../../shared/model/token.ts";
import type { Clock } from "../../shared/ports.ts";

/** The token that every other one comes from: an admin of fleet `default` who may make tokens for any fleet. */
export function firstAdminToken(clock: Clock): Token {
  return {
    id: randomUUID(),
    fleet: "default",
    scope: "admin",
    root: true,
    hosts: null,
    expires_at: null,
    label: "first admin token",
    created_at: new Date(clock()).toISOString(),
  };
}
