// Makes an admin token in a deployed table, with the AWS rights of whoever runs it, and prints it once. Nothing but this
// output ever holds the secret: not the template, not a log, not the environment of a function.
//   AWS_REGION=eu-central-1 npx tsx scripts/first-token.ts TABLE

import { makeSecret, secretHash } from "../functions/http/secret.ts";
import { firstAdminToken } from "../functions/ingest/first-admin-token.ts";
import { openTable } from "../functions/store/open-table.ts";
import { makeTokenStore } from "../functions/store/tokens.ts";

const [tableName, ...further] = process.argv.slice(2);
if (tableName === undefined || further.length > 0) {
  console.error("usage: npx tsx scripts/first-token.ts TABLE");
  process.exit(2);
}

const secret = makeSecret();
try {
  await makeTokenStore(openTable({ tableName })).add(firstAdminToken(Date.now), secretHash(secret));
} catch (error) {
  const why = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  console.error(`no token was made: ${why instanceof Error ? `${why.name}: ${why.message}` : String(why)}`);
  process.exit(1);
}
console.error("admin token of fleet default, which may make tokens for any fleet; shown this once:");
console.log(secret);
