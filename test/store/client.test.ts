// A store that cannot be reached is said to be so within seconds, however it fails: else every request of the service,
// the check of its health included, hangs with it.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { tableAt } from "../../functions/env.ts";
import { ensureTable, openTable } from "../../functions/store/client.ts";
import { getItem } from "../../functions/store/table/table.ts";

test("an engine that takes requests and never answers is one that cannot be reached", async () => {
  let requests = 0;
  const silent = createServer(() => {
    requests += 1;
  });
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const { port } = silent.address() as AddressInfo; // of a server on TCP
  const table = openTable({ ...tableAt(`http://127.0.0.1:${port}`, "vbdstat"), timeoutMs: 300 });
  try {
    await expect(getItem(table, { pk: "a", sk: "b" })).rejects.toMatchObject({ code: "unavailable" });
    expect(requests).toBe(4);
  } finally {
    table.client.destroy();
    silent.closeAllConnections();
    silent.close();
  }
});

test("an engine that is silent while it starts, as after a crash with much to recover, is waited for", async () => {
  let requests = 0;
  const starting = createServer((_, answer) => {
    requests += 1;
    // Two rounds of four attempts without an answer, then one that knows the table.
    if (requests > 8) answer.end(JSON.stringify({ Table: { TableStatus: "ACTIVE" } }));
  });
  await new Promise<void>((resolve) => starting.listen(0, "127.0.0.1", resolve));
  const { port } = starting.address() as AddressInfo; // of a server on TCP
  const table = openTable({ ...tableAt(`http://127.0.0.1:${port}`, "vbdstat"), timeoutMs: 300 });
  try {
    await ensureTable(table);
    // Besides: is there a format number, is a fleet listed, then write the number.
    expect(requests).toBe(13);
  } finally {
    table.client.destroy();
    starting.closeAllConnections();
    starting.close();
  }
});
