// `npm run openapi`: writes what is made from the contract, docs/openapi.json and the tables of docs/api.md. Running it
// twice changes nothing; a test compares the committed files with what is made here.

import { readFileSync, writeFileSync } from "node:fs";
import { CONTRACT } from "../shared/api/contract.ts";
import { openApiDocument } from "../shared/api/openapi.ts";
import { withTables } from "./api-tables.ts";

const docs = new URL("../docs/", import.meta.url);

writeFileSync(new URL("openapi.json", docs), `${JSON.stringify(openApiDocument(CONTRACT), null, 2)}\n`);
const page = new URL("api.md", docs);
writeFileSync(page, withTables(readFileSync(page, "utf8")));
