// Creates the first admin token in a deployed table, with the AWS permissions of the user who runs it, and prints it once. Only this output ever
// contains the secret: not the template, not a log, not the environment of a function.
//   AWS_REGION=eu-central-1 npx tsx scripts/first-token.ts TABLE [--replace]

import { installFirstAdmin, makeSecret, secretHash, validRootTokens } from "../functions/service/tokens.ts";
import { openTable } from "../functions/store/client.ts";
import { makeFirstAdminStore, makeTokenStore } from "../functions/store/fleet/tokens.ts";
import { beginFormat, requireFormat } from "../functions/store/table/format.ts";

const [tableName, option, ...further] = process.argv.slice(2);
if (tableName === undefined || (option !== undefined && option !== "--replace") || further.length > 0) {
  console.error("usage: npx tsx scripts/first-token.ts TABLE [--replace]");
  process.exit(2);
}

function fail(why: string): never {
  console.error(`no token was created: ${why}`);
  process.exit(1);
}

const secret = makeSecret();
try {
  const table = openTable({ tableName });
  await beginFormat(table);
  await requireFormat(table);
  const deps = { tokens: makeTokenStore(table), firstAdmin: makeFirstAdminStore(table), clock: Date.now };
  const roots = await validRootTokens(deps);
  if (roots.length > 0 && option === undefined) {
    const ids = roots.map(({ token }) => `${token.id}, created ${token.created_at}`).join("; ");
    fail(`a root token exists (${ids}). Use --replace to create a new one and revoke that one`);
  }
  await installFirstAdmin(deps, secretHash(secret));
} catch (error) {
  const why = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  fail(why instanceof Error ? `${why.name}: ${why.message}` : String(why));
}
console.error("admin token of fleet default, which may create tokens for any fleet; shown only once:");
console.log(secret);
