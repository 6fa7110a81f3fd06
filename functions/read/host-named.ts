import type { HostStore } from "../../shared/ports.ts";

/**
 * The name under which a host is stored that somebody asks for: in NFC, as names are taken in. An earlier version stored them
 * as they were sent: where there is such a host, it is that one.
 */
export async function hostNamed(hosts: HostStore, fleet: string, asked: string): Promise<string> {
  const composed = asked.normalize("NFC");
  return composed === asked || (await hosts.get(fleet, asked)) !== null ? asked : composed;
}
