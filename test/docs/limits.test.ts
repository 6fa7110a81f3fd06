// The limits that clients are told are those that hold.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  FORM,
  JSON_BODY,
  MAX_FIELDS,
  MAX_PARAMETERS,
  MAX_UNPACKED,
  SIGN_IN_FORM,
  UPLOAD,
  UPLOAD_FORM,
} from "../../functions/web/http/body.ts";
import { CONNECTION_LIMITS } from "../../local/server/http-server.ts";
import { SHARE_WIDTHS } from "../../shared/report/model.ts";
import { formatNumber } from "../../shared/run/format.ts";

const page = readFileSync("docs/api.md", "utf8").replaceAll(/\s+/g, " ");

test.each([
  `an upload (\`POST /v1/results\`) | ${UPLOAD.words}, ${MAX_UNPACKED / 1_048_576} MiB unpacked`,
  `the form of \`/upload\`, read after its token | ${UPLOAD_FORM.words}`,
  `JSON for a token or a share | ${JSON_BODY.words}`,
  `the form of \`/sign-in\` | ${SIGN_IN_FORM.words}`,
  `any other form | ${FORM.words}`,
  `fields of a form | ${MAX_FIELDS} |`,
  `parameters of a URL | ${MAX_PARAMETERS} |`,
  `URL and headers together | ${CONNECTION_LIMITS.headerBytes / 1_024} KiB, ${CONNECTION_LIMITS.headers} headers`,
  `without waiting for responses | ${CONNECTION_LIMITS.requestsAtOnce};`,
  `URL and headers | within ${CONNECTION_LIMITS.headersMs / 1_000} s`,
  `a body | within ${CONNECTION_LIMITS.bodyMs / 1_000} s, and 1 s more for each KiB`,
  `a body in chunks | ${CONNECTION_LIMITS.chunks} chunks of any size, and one more for each ${CONNECTION_LIMITS.chunkBytes} bytes`,
  `read for ${CONNECTION_LIMITS.rejectedBodyMs / 1_000} s`,
  `the next request | within ${CONNECTION_LIMITS.keepAliveMs / 1_000} s`,
  `the client reads some of it every ${CONNECTION_LIMITS.unreadMs / 1_000} s`,
  `responses not yet read, of all connections | ${CONNECTION_LIMITS.unreadBytes / 1_048_576} MiB`,
  `incomplete bodies, of all connections | ${CONNECTION_LIMITS.unfinishedBytes / 1_048_576} MiB`,
  `connections | ${formatNumber(CONNECTION_LIMITS.connections)}, or`,
  `widths of ${SHARE_WIDTHS.slice(0, -1).join(", ")} and ${SHARE_WIDTHS.at(-1)} px`,
])("%s", (row) => {
  expect(page).toContain(row);
});

test("limits in words are those in bytes", () => {
  for (const { bytes, words } of [UPLOAD, UPLOAD_FORM, JSON_BODY, SIGN_IN_FORM, FORM]) {
    expect(words).toBe(bytes >= 1_048_576 ? `${bytes / 1_048_576} MiB` : `${bytes / 1_024} KiB`);
  }
});
