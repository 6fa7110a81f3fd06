// The settings of fleets in the table: one item a fleet, which each process reads at most once a minute.

import type { Clock } from "../../../shared/run/periods.ts";
import { DEFAULT_SETTINGS, type Settings } from "../../../shared/run/settings.ts";
import { retryingTransient } from "../table/errors.ts";
import { itemText, keyItem } from "../table/item.ts";
import { settingsKey } from "../table/keys.ts";
import { getItem, type Table, transact } from "../table/table.ts";

/** How old settings may be: a change that another process made is seen after this time. */
const CACHE_MS = 60_000;

/** Fleets whose settings are cached; with more, the cache starts again. */
const MAX_CACHED = 1_000;

/** The settings of the fleets of a table. */
export function makeSettingsStore(table: Table, clock: Clock) {
  const cache = new Map<string, { readonly at: number; readonly settings: Settings }>();
  const keep = (fleet: string, settings: Settings): void => {
    if (cache.size >= MAX_CACHED) cache.clear();
    cache.set(fleet, { at: clock(), settings });
  };
  return {
    /** The settings of a fleet, with the defaults where none were stored. */
    get: async (fleet: string): Promise<Settings> => {
      const cached = cache.get(fleet);
      if (cached !== undefined && clock() - cached.at < CACHE_MS) return cached.settings;
      const item = await getItem(table, settingsKey(fleet));
      // `put` has written it, maybe of a version that knew fewer settings.
      const stored = item === null ? {} : (JSON.parse(itemText(item, "settings")) as Partial<Settings>);
      const settings = { ...DEFAULT_SETTINGS, ...stored };
      keep(fleet, settings);
      return settings;
    },
    put: async (fleet: string, settings: Settings): Promise<void> => {
      const item = { ...keyItem(settingsKey(fleet)), settings: { S: JSON.stringify(settings) } };
      await retryingTransient(() => transact(table, [{ Put: { TableName: table.name, Item: item } }]));
      keep(fleet, settings);
    },
  };
}
