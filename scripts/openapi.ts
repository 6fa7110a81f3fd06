// `npm run openapi`: generates docs/openapi.json and the tables of docs/api.md from the contract. Running it twice changes nothing; a test
// compares the committed files with the generated ones.

import { readFileSync, writeFileSync } from "node:fs";
import { CONTRACT } from "../shared/api/contract.ts";
import { openApiDocument } from "../shared/api/openapi.ts";
import { withTables } from "./api-tables.ts";

const docs = new URL("../docs/", import.meta.url);

writeFileSync(new URL("openapi.json", docs), `${JSON.stringify(openApiDocument(CONTRACT), null, 2)}\n`);
const page = new URL("api.md", docs);
writeFileSync(page, withTables(readFileSync(page, "utf8")));
