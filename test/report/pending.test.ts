// How an answer says how many hosts have newer results: they are counted up to 1 000.

import { expect, test } from "vitest";
import { DEFAULT_RENDER_OPTIONS } from "../../shared/report/model.ts";
import { reportOf } from "../support/kinds.ts";

test.each([
  [0, "0", null],
  [1, "1", "1 host has"],
  [2, "2", "2 hosts have"],
  [999, "999", "999 hosts have"],
  [1_000, "1 000 or more", "1 000 or more hosts have"],
])("%d pending hosts are %s", (pending_hosts, fact, late) => {
  const question = { periods: ["all"], view: "trusted", filters: {} } as const;
  const about = { as_of: null, pending_hosts, notices: [], method_version: "1", backends: {} };
  const { facts, notices } = reportOf({ kind: "backends", result: { ...question, ...about } }, DEFAULT_RENDER_OPTIONS);
  expect(facts.find(({ label }) => label === "pending hosts")?.text).toBe(fact);
  const texts = notices.map(({ text }) => text);
  expect(texts).toEqual(late === null ? [] : [`${late} newer results that are not in these numbers yet.`]);
});
