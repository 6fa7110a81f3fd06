// A table whose requests can be made to fail, to lose their answer, or to wait: what networks and throttling do, which the
// embedded engine never does by itself.

import type { Table } from "../../functions/store/table/table.ts";

/** One request: the name of its command (`TransactWriteItems`), its input, and how many of its name came before, plus 1. */
export interface Request {
  readonly name: string;
  // The inputs of all commands; tests look into those they know.
  readonly input: Readonly<Record<string, unknown>>;
  readonly count: number;
}

/**
 * The table with `interfere` around every request. It may throw instead of passing the request on, wait before it, or
 * throw after `pass` so that what was done is not acknowledged.
 */
export function interfering(
  table: Table,
  interfere: (request: Request, pass: () => Promise<unknown>) => Promise<unknown>,
): Table {
  const counts = new Map<string, number>();
  const send = (command: { input: Readonly<Record<string, unknown>> }) => {
    const name = command.constructor.name.replace(/Command$/, "");
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    // The SDK's client takes each command by an overload of its own; here they all pass through.
    return interfere({ name, input: command.input, count }, () => table.client.send(command as never));
  };
  const client = new Proxy(table.client, {
    get: (target, property) => (property === "send" ? send : Reflect.get(target, property)),
  });
  return { name: table.name, client };
}

/** A table that stops before the `count`th request of a kind, and does not go on until told to. */
export function stoppingBefore(
  table: Table,
  request: string,
  count: number,
): { slow: Table; stopped: Promise<void>; goOn: () => void } {
  const stopped = gate();
  const released = gate();
  const slow = interfering(table, async (sent, pass) => {
    if (sent.name === request && sent.count >= count) {
      stopped.open();
      await released.opened;
    }
    return pass();
  });
  return { slow, stopped: stopped.opened, goOn: released.open };
}

/** Something to wait for until somebody opens it. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
