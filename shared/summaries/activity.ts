// What the admins of a fleet did, newest first, page by page: who, what and when.

import * as z from "zod";
import { formatInstant } from "../report/format.ts";
import { cell, column, named, type RenderOptions, type Report, section } from "../report/model.ts";
import { buildRecords, type Field, type Records } from "../report/records.ts";
import { ACTION_WORDS, type Action, type Activity } from "../run/activity.ts";
import { formatCount } from "../run/format.ts";
import { cursor, limit } from "./fields.ts";
import type { FleetSource, SummaryKind } from "./kind.ts";
import { lazily, schemas } from "./schemas.ts";

const query = z.strictObject({ limit, cursor });

/** A page of the log; `cursor` is null on the last page. */
export interface ActivityPage {
  readonly activity: readonly Activity[];
  readonly cursor: string | null;
}

/** The actions, as the tuple that an enum needs; sound because they are the keys of a literal. */
const ACTIONS = Object.keys(ACTION_WORDS) as [Action, ...Action[]];

const result = lazily(() => {
  const { instant, nextCursor } = schemas();
  const entry = z
    .strictObject({
      at: instant,
      action: z.enum(ACTIONS),
      by: z
        .strictObject({ token_id: z.string(), label: z.string().nullable() })
        .meta({ description: "The token that was used." }),
      subject: z.string().nullable().meta({
        description: "The id of the run, token, share or line, or the name of the host; null for several.",
      }),
      details: z.string().nullable().meta({ description: "For people: the reason, or what exactly was done." }),
    })
    .meta({ id: "Activity", description: "Something that somebody did." }) satisfies z.ZodType<Activity>;
  return z.strictObject({ activity: z.array(entry), cursor: nextCursor }).meta({ id: "ActivityPage" });
});

export const activity: SummaryKind<typeof query, ActivityPage> = {
  endpoint: {
    id: "listActivity",
    summary: "What admins did, newest first.",
    description:
      "Tokens created and revoked, shares revoked, runs withdrawn, restored and relabeled, quarantined lines deleted and retried, settings changed, hosts retired. Kept for a year.",
    result: "A page of the log.",
  },
  query,
  result,
  title: () => TITLE,
  compute,
  report,
  records,
};

const TITLE = "Activity";

async function compute(source: FleetSource, { limit: most, cursor: from }: z.output<typeof query>) {
  const page = await source.activity(most, from);
  return { activity: page.items, cursor: page.cursor };
}

function report({ activity: entries, cursor: next }: ActivityPage, options: RenderOptions): Report {
  const rows = entries.map(({ at, action, by, subject, details }) => [
    cell(formatInstant(at)),
    cell(ACTION_WORDS[action]),
    cell(by.label ?? by.token_id),
    subject !== null && IS_OF_RUN.has(action) ? named(subject, "run", subject) : cell(subject ?? ""),
    cell(details ?? ""),
  ]);
  const columns = [
    column("<", "time"),
    column("<", "action"),
    column("<", "token", "by"),
    column("<", "subject"),
    column("<", "details"),
  ];
  return {
    title: options.title ?? TITLE,
    lead: entries.length === 0 ? "Nothing is logged." : `${formatCount(entries.length, "action")}, newest first.`,
    guide: null,
    facts: [],
    notices: [],
    sections: [section("Activity", { table: { caption: "What was done, newest first", columns, rows } })],
    cursor: next,
  };
}

/** Actions whose subject is a run. */
const IS_OF_RUN: ReadonlySet<Action> = new Set(["run_withdrawn", "run_restored", "run_relabeled"]);

function records({ activity: entries }: ActivityPage): Records {
  return buildRecords(FIELDS, entries);
}

const FIELDS: readonly Field<Activity>[] = [
  ["at", ({ at }) => at],
  ["action", ({ action }) => action],
  ["token_id", ({ by }) => by.token_id],
  ["token_label", ({ by }) => by.label],
  ["subject", ({ subject }) => subject],
  ["details", ({ details }) => details],
];
