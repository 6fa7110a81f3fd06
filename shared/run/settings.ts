// Settings of a fleet, which its admins change while the service runs, and the durations in which some of them are given.

/** The settings of a fleet. */
export interface Settings {
  /** A host without a result for this long is silent; a duration such as `35d`. */
  readonly silent_after: string;
  /** The relative difference that is too small to matter. */
  readonly margin: number;
  /** The name of the fleet for people; null for none. */
  readonly title: string | null;
  /** An IANA time zone, e.g. `Europe/Berlin`. */
  readonly time_zone: string;
  readonly retention: {
    /** Withdrawn runs are deleted this many days after their withdrawal; null for never. */
    readonly withdrawn_days: number | null;
  };
}

/** The settings of a fleet whose admins have set none. */
export const DEFAULT_SETTINGS: Settings = {
  silent_after: "35d",
  margin: 0.03,
  title: null,
  time_zone: "UTC",
  retention: { withdrawn_days: null },
};

/** Hours, days or weeks, such as `36h`, `7d` or `5w`, up to five digits. */
export const DURATION = /^[1-9]\d{0,4}[hdw]$/;

const UNITS_MS: ReadonlyMap<string, number> = new Map([
  ["h", 3_600_000],
  ["d", 86_400_000],
  ["w", 604_800_000],
]);

/** The milliseconds of a duration that matches `DURATION`. */
const durationMs = (duration: string): number =>
  Number(duration.slice(0, -1)) * (UNITS_MS.get(duration.slice(-1)) ?? 0);

/** The time before which the newest result of a silent host finished, ISO 8601 UTC. */
export const silentBefore = ({ silent_after }: Pick<Settings, "silent_after">, now: number): string =>
  new Date(now - durationMs(silent_after)).toISOString();
