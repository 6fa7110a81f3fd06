// The fleet of the worked example in docs/statistics.md: seven hosts that measured block writes on both backends.

/** Host, block write on loop and on phy in K/s. */
export const EXAMPLE: readonly (readonly [host: string, loop: number, phy: number])[] = [
  ["dom0-a", 80_000, 88_000],
  ["dom0-b", 60_000, 72_000],
  ["dom0-c", 100_000, 125_000],
  ["dom0-d", 70_000, 91_000],
  ["dom0-e", 90_000, 126_000],
  ["dom0-f", 50_000, 75_000],
  ["dom0-g", 40_000, 80_000],
];

/** A Bonnie++ 1.03 line of a run that measured block writes only. */
const lineOf = (host: string, rate: number): string => `${host},8G,,,${rate},12${",".repeat(21)}`;

/** The body that posts the whole example. */
export const EXAMPLE_BODY = ["loop", "phy"]
  .flatMap((backend, index) => [
    `# backend: ${backend}`,
    ...EXAMPLE.map(([host, ...rates]) => lineOf(host, rates[index] ?? 0)),
  ])
  .join("\n");
