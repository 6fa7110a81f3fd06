// The environment: the only file that reads it. Every setting of the service is here, with its default and what it does;
// docs/runbook.md repeats the list for operators.

import { delimiter } from "node:path";
import * as z from "zod";
import type { TokenLimits } from "./service/upload-limits.ts";
import { type Connect, embeddedClient, type TableAddress } from "./store/client.ts";

// What functions on AWS are told is checked by hand: they start sooner where nothing makes a schema.

const isTableName = (text: string): boolean => /^[\w.-]{3,255}$/.test(text);
const TABLE_NAME_EXPECTED = "expected 3 to 255 of A-Z a-z 0-9 _ . -";

/** Whether text is the address of a host: without user, path and query. */
const isHostAddress = (text: string): boolean => /^https?:\/\/[^/?#@]+\/?$/i.test(text) && URL.canParse(text);
const PUBLIC_URL_EXPECTED = "expected an address such as https://vbdstat.example.org, without user, path or query";

const ENGINE_ISOLATIONS = ["auto", "namespace", "address"] as const;
export type EngineIsolation = (typeof ENGINE_ISOLATIONS)[number];
const TOKEN_LIMITS = { TOKEN_BYTES_PER_DAY: 2e9, TOKEN_RUNS_PER_DAY: 2e6, TOKEN_COHORTS_PER_YEAR: 500 } as const;
const TOKEN_LIMIT_EXPECTED = "expected a whole number of at least 1";

const wholeNumber = (otherwise: number) =>
  z.coerce.number(TOKEN_LIMIT_EXPECTED).int(TOKEN_LIMIT_EXPECTED).min(1, TOKEN_LIMIT_EXPECTED).default(otherwise);

/** The limits of a token unless others are set. */
export const USUAL_TOKEN_LIMITS: TokenLimits = {
  day: { bytes: TOKEN_LIMITS.TOKEN_BYTES_PER_DAY, runs: TOKEN_LIMITS.TOKEN_RUNS_PER_DAY },
  cohorts: TOKEN_LIMITS.TOKEN_COHORTS_PER_YEAR,
};

/** All settings, of the single-machine server and of the programs beside it. */
const allSettings = () =>
  z.object({
    /** Name of the one table. */
    TABLE_NAME: z.string().refine(isTableName, TABLE_NAME_EXPECTED).default("vbdstat"),
    /** Where the service is reached from outside, for links in shares; without it links are to where a request was sent. */
    PUBLIC_URL: z
      .string()
      .refine(isHostAddress, PUBLIC_URL_EXPECTED)
      .transform((url) => new URL(url).origin)
      .optional(),
    /** Port to listen on. */
    PORT: z.coerce.number("expected a port from 0 to 65535").int().min(0).max(65_535).default(8080),
    /** Address to listen on; 0.0.0.0 for all. */
    HOST: z.string().min(1).default("127.0.0.1"),
    /** Folder of the embedded engine's data, the lock and the admin token. */
    DATA_DIR: z.string().min(1).default(".data"),
    /** DynamoDB elsewhere (DynamoDB Local, LocalStack, AWS); without it the embedded engine is started. */
    DYNAMODB_ENDPOINT: z
      .url({ protocol: /^https?$/, error: "expected an address such as http://127.0.0.1:8000" })
      .optional(),
    /**
     * Where the embedded engine listens: `namespace`, in a network namespace of its own; `address`, on an address of
     * 127.0.0.0/8 that every user of the machine can reach; `auto`, in a namespace where one can be made.
     */
    ENGINE_ISOLATION: z.enum(ENGINE_ISOLATIONS, "expected auto, namespace or address").default("auto"),
    /** Secret of the first admin token, as it can stand in a header; without it one is made and kept in DATA_DIR/admin-token. */
    VBDSTAT_ADMIN_TOKEN: z
      .string()
      .regex(/^[\x21-\x7e]{16,256}$/, "expected at least 16 characters and at most 256, ASCII without blanks")
      .optional(),
    /** What may be stored with one token on a day (UTC), and the kinds of host it may name in a year. */
    TOKEN_BYTES_PER_DAY: wholeNumber(TOKEN_LIMITS.TOKEN_BYTES_PER_DAY),
    TOKEN_RUNS_PER_DAY: wholeNumber(TOKEN_LIMITS.TOKEN_RUNS_PER_DAY),
    TOKEN_COHORTS_PER_YEAR: wholeNumber(TOKEN_LIMITS.TOKEN_COHORTS_PER_YEAR),
    /** Region and credentials for DYNAMODB_ENDPOINT; a local engine takes any. */
    AWS_REGION: z.string().min(1).optional(),
    AWS_ACCESS_KEY_ID: z.string().min(1).optional(),
    AWS_SECRET_ACCESS_KEY: z.string().min(1).optional(),
  });

/** Settings of the single-machine server. */
export interface LocalSettings {
  readonly port: number;
  readonly host: string;
  readonly dataDir: string;
  /** Null: start the embedded engine. */
  readonly endpoint: string | null;
  readonly engineIsolation: EngineIsolation;
  readonly tableName: string;
  readonly adminSecret: string | null;
  /** The usual ones unless given. */
  readonly tokenLimits?: TokenLimits;
  /** Origin of links to this service, e.g. `https://vbdstat.example.org`; null: that of the request. */
  readonly publicUrl: string | null;
}

/** A setting that is not what it must be; the message names it, what was found and what was expected. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
}

type Environment = Readonly<Record<string, string | undefined>>;

function parsed<T extends z.ZodType>(settings: T, environment: Environment): z.output<T> {
  // An empty variable is one that was not set: shells and unit files write it so.
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
  const result = settings.safeParse(set);
  if (result.success) return result.data;
  const lines = result.error.issues.map(({ path, message }) => {
    const name = String(path[0]);
    const found = name === "VBDSTAT_ADMIN_TOKEN" ? "another" : JSON.stringify(environment[name]);
    return `${name}: ${message}, found ${found}`;
  });
  throw new SettingsError(lines.join("\n"));
}

/** The settings of `npm start`. Throws SettingsError. */
export function localSettings(environment: Environment = process.env): LocalSettings {
  const set = parsed(allSettings(), environment);
  return {
    port: set.PORT,
    host: set.HOST,
    dataDir: set.DATA_DIR,
    endpoint: set.DYNAMODB_ENDPOINT ?? null,
    engineIsolation: set.ENGINE_ISOLATION,
    tableName: set.TABLE_NAME,
    adminSecret: set.VBDSTAT_ADMIN_TOKEN ?? null,
    tokenLimits: {
      day: { bytes: set.TOKEN_BYTES_PER_DAY, runs: set.TOKEN_RUNS_PER_DAY },
      cohorts: set.TOKEN_COHORTS_PER_YEAR,
    },
    publicUrl: set.PUBLIC_URL ?? null,
  };
}

/** A table that is not on AWS, or not where the SDK would look. */
export type EndpointTable = TableAddress & { readonly endpoint: string };

/** How to reach a table behind an endpoint: local engines check no credentials, but the SDK wants some. */
export function tableAt(endpoint: string, tableName: string, environment: Environment = process.env): EndpointTable {
  const { AWS_REGION, AWS_ACCESS_KEY_ID } = parsed(allSettings(), environment);
  return {
    tableName,
    endpoint,
    region: AWS_REGION ?? "local",
    ...(AWS_ACCESS_KEY_ID === undefined ? { credentials: { accessKeyId: "local", secretAccessKey: "local" } } : {}),
  };
}

/** How to reach a table in the embedded engine, at its address or by what connects to it. */
export function embeddedTable(
  { endpoint, connect }: { readonly endpoint: string; readonly connect?: Connect | undefined },
  tableName: string,
): EndpointTable {
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  // Its disk may be busy with what others write.
  return { tableName, endpoint, region: "local", credentials, embedded: embeddedClient(connect), timeoutMs: 15_000 };
}

/** The environment of a program that is started, with settings of its own beside what is there. */
export function environmentWith(
  settings: Readonly<Record<string, string>>,
  environment: Environment = process.env,
): Record<string, string | undefined> {
  return { ...environment, ...settings };
}

/** The folders in which programs are looked for. */
export function searchPath(environment: Environment = process.env): readonly string[] {
  return (environment["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
}

/** The settings of a function on AWS: the table; region and credentials the SDK finds itself. Throws SettingsError. */
export function functionSettings({ TABLE_NAME }: Environment = process.env): TableAddress {
  // No default: a function whose table was forgotten must not come up and look for another.
  if (!TABLE_NAME) throw new SettingsError("TABLE_NAME: expected the name of the table, found nothing");
  if (!isTableName(TABLE_NAME)) throw notAsExpected("TABLE_NAME", TABLE_NAME_EXPECTED, TABLE_NAME);
  return { tableName: TABLE_NAME };
}

/** The limits of a token that a function was told, or the usual ones. Throws SettingsError. */
export function functionTokenLimits(environment: Environment = process.env): TokenLimits {
  const limit = (name: keyof typeof TOKEN_LIMITS): number => {
    const set = environment[name];
    if (!set) return TOKEN_LIMITS[name];
    if (!/^[1-9]\d{0,14}$/.test(set)) throw notAsExpected(name, TOKEN_LIMIT_EXPECTED, set);
    return Number(set);
  };
  return {
    day: { bytes: limit("TOKEN_BYTES_PER_DAY"), runs: limit("TOKEN_RUNS_PER_DAY") },
    cohorts: limit("TOKEN_COHORTS_PER_YEAR"),
  };
}

/** Where this deployment is reached from outside, if its function was told: an origin. Throws SettingsError. */
export function functionPublicUrl({ PUBLIC_URL }: Environment = process.env): string | null {
  if (!PUBLIC_URL) return null;
  if (!isHostAddress(PUBLIC_URL)) throw notAsExpected("PUBLIC_URL", PUBLIC_URL_EXPECTED, PUBLIC_URL);
  return new URL(PUBLIC_URL).origin;
}

const notAsExpected = (name: string, expected: string, found: string): SettingsError =>
  new SettingsError(`${name}: ${expected}, found ${JSON.stringify(found)}`);
