// The settings, from environment variables, which no other file reads. Each has its default and its meaning here; docs/runbook.md
// lists them for operators. In: the environment. Out: typed settings, or a SettingsError that names each wrong variable.

import { delimiter } from "node:path";
import * as z from "zod";
import type { TokenLimits } from "./service/upload/upload-limits.ts";
import { type Connect, embeddedClient, type TableAddress } from "./store/client.ts";

const isTableName = (text: string): boolean => /^[\w.-]{3,255}$/.test(text);
const TABLE_NAME_EXPECTED = "expected 3 to 255 of A-Z a-z 0-9 _ . -";

/** Whether text is the URL of a host: without user, path and query. */
const isHostUrl = (text: string): boolean => /^https?:\/\/[^/?#@]+\/?$/i.test(text) && URL.canParse(text);
const PUBLIC_URL_EXPECTED = "expected a URL such as https://vbdstat.example.org, without user, path or query";

const ENGINE_ISOLATIONS = ["auto", "namespace", "address"] as const;
export type EngineIsolation = (typeof ENGINE_ISOLATIONS)[number];
const TOKEN_LIMITS = { TOKEN_BYTES_PER_DAY: 2e9, TOKEN_RUNS_PER_DAY: 2e6, TOKEN_COHORTS_PER_YEAR: 500 } as const;
const TOKEN_LIMIT_EXPECTED = "expected a whole number of at least 1";

const wholeNumber = (usual: number) =>
  z.coerce.number(TOKEN_LIMIT_EXPECTED).int(TOKEN_LIMIT_EXPECTED).min(1, TOKEN_LIMIT_EXPECTED).default(usual);

/** The limits of a token unless others are set. */
export const USUAL_TOKEN_LIMITS: TokenLimits = {
  day: { bytes: TOKEN_LIMITS.TOKEN_BYTES_PER_DAY, runs: TOKEN_LIMITS.TOKEN_RUNS_PER_DAY },
  cohorts: TOKEN_LIMITS.TOKEN_COHORTS_PER_YEAR,
};

/** All settings of the single-machine server and its programs. */
const allSettings = () =>
  z.object({
    /** Name of the one table. */
    TABLE_NAME: z.string().refine(isTableName, TABLE_NAME_EXPECTED).default("vbdstat"),
    /** The public URL of the service, for links in shares; without it links use the host of the request. */
    PUBLIC_URL: z
      .string()
      .refine(isHostUrl, PUBLIC_URL_EXPECTED)
      .transform((url) => new URL(url).origin)
      .optional(),
    /** Port to listen on. */
    PORT: z.coerce.number("expected a port from 0 to 65535").int().min(0).max(65_535).default(8080),
    /** Address to listen on; 0.0.0.0 for all. */
    HOST: z.string().min(1).default("127.0.0.1"),
    /** Folder of the embedded engine's data, the lock and the admin token. */
    DATA_DIR: z.string().min(1).default(".data"),
    /** Another DynamoDB (DynamoDB Local, LocalStack, AWS); without it the embedded engine is started. */
    DYNAMODB_ENDPOINT: z
      .url({ protocol: /^https?$/, error: "expected a URL such as http://127.0.0.1:8000" })
      .optional(),
    /**
     * Where the embedded engine listens: `namespace`, in a network namespace of its own; `address`, on an address of
     * 127.0.0.0/8 that every user of the machine can reach; `auto`, in a namespace if possible.
     */
    ENGINE_ISOLATION: z.enum(ENGINE_ISOLATIONS, "expected auto, namespace or address").default("auto"),
    /** Secret of the first admin token, as sent in a header; without it one is created and stored in DATA_DIR/admin-token. */
    VBDSTAT_ADMIN_TOKEN: z
      .string()
      .regex(/^[\x21-\x7e]{16,256}$/, "expected at least 16 characters and at most 256, ASCII without spaces")
      .optional(),
    /** The limits of one token (`TokenLimits`). */
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
  /** Null: start the embedded engine, unless there is a region. */
  readonly endpoint: string | null;
  /** The AWS region of the table, with the credentials that the SDK finds. */
  readonly region?: string;
  readonly engineIsolation: EngineIsolation;
  readonly tableName: string;
  readonly adminSecret: string | null;
  /** The usual ones unless given. */
  readonly tokenLimits?: TokenLimits;
  /** Origin of links to this service, e.g. `https://vbdstat.example.org`; null: that of the request. */
  readonly publicUrl: string | null;
}

/** A setting that is wrong; the message has its name, what was expected and what was found. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
}

type Environment = Readonly<Record<string, string | undefined>>;

function parseSettings<T extends z.ZodType>(settings: T, environment: Environment): z.output<T> {
  // An empty variable counts as not set, as in shells and unit files.
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
  const set = parseSettings(allSettings(), environment);
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

/** A table behind an endpoint that the SDK would not find. */
export type EndpointTable = TableAddress & { readonly endpoint: string };

/** How to reach a table behind an endpoint. Local engines check no credentials, but the SDK requires some. */
export function tableAt(endpoint: string, tableName: string, environment: Environment = process.env): EndpointTable {
  const { AWS_REGION, AWS_ACCESS_KEY_ID } = parseSettings(allSettings(), environment);
  return {
    tableName,
    endpoint,
    region: AWS_REGION ?? "local",
    ...(AWS_ACCESS_KEY_ID === undefined ? { credentials: { accessKeyId: "local", secretAccessKey: "local" } } : {}),
  };
}

/** How to reach a table in the embedded engine: at its address, or through `connect`. */
export function embeddedTable(
  { endpoint, connect }: { readonly endpoint: string; readonly connect?: Connect | undefined },
  tableName: string,
): EndpointTable {
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  // Its disk may be busy with other writes.
  return { tableName, endpoint, region: "local", credentials, embedded: embeddedClient(connect), timeoutMs: 15_000 };
}

/** The environment for a child process: that of this process, with some settings replaced. */
export function environmentWith(
  settings: Readonly<Record<string, string>>,
  environment: Environment = process.env,
): Record<string, string | undefined> {
  return { ...environment, ...settings };
}

/** The folders that are searched for programs. */
export function searchPath(environment: Environment = process.env): readonly string[] {
  return (environment["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
}

// The settings of functions on AWS. They are checked without zod, because building a schema would slow down every start.

/** The table of a function; the SDK finds region and credentials. Throws SettingsError. */
export function functionSettings({ TABLE_NAME }: Environment = process.env): TableAddress {
  // No default: a function without the setting must fail, and not use another table.
  if (!TABLE_NAME) throw new SettingsError("TABLE_NAME: expected the name of the table, found nothing");
  if (!isTableName(TABLE_NAME)) throw settingsError("TABLE_NAME", TABLE_NAME_EXPECTED, TABLE_NAME);
  return { tableName: TABLE_NAME };
}

/** The limits of a token, by default the usual ones. Throws SettingsError. */
export function functionTokenLimits(environment: Environment = process.env): TokenLimits {
  const limit = (name: keyof typeof TOKEN_LIMITS): number => {
    const set = environment[name];
    if (!set) return TOKEN_LIMITS[name];
    if (!/^[1-9]\d{0,14}$/.test(set)) throw settingsError(name, TOKEN_LIMIT_EXPECTED, set);
    return Number(set);
  };
  return {
    day: { bytes: limit("TOKEN_BYTES_PER_DAY"), runs: limit("TOKEN_RUNS_PER_DAY") },
    cohorts: limit("TOKEN_COHORTS_PER_YEAR"),
  };
}

/** The public origin of this deployment, or null. Throws SettingsError. */
export function functionPublicUrl({ PUBLIC_URL }: Environment = process.env): string | null {
  if (!PUBLIC_URL) return null;
  if (!isHostUrl(PUBLIC_URL)) throw settingsError("PUBLIC_URL", PUBLIC_URL_EXPECTED, PUBLIC_URL);
  return new URL(PUBLIC_URL).origin;
}

const settingsError = (name: string, expected: string, found: string): SettingsError =>
  new SettingsError(`${name}: ${expected}, found ${JSON.stringify(found)}`);
