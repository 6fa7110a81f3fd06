// What stands above and below every chart: the words of its report.

import type { Report } from "../report/model.ts";
import { type Block, type Frame, paragraph, space } from "./layout.ts";
import { rect, text } from "./items.ts";
import { broken, type Font } from "./text-metrics.ts";

/** The parts of a report that a picture shows beside its marks. */
export interface Words extends Pick<Report, "title" | "lead" | "guide" | "facts" | "notices"> {
  /** Whether they stand in the page around the picture, so that it need not draw them; what a chart adds it always draws. */
  readonly inPage?: boolean;
}

const TITLE: Font = { size: 18, weight: "bold" };
const LEAD: Font = { size: 13, weight: "normal" };
const NOTE: Font = { size: 11.5, weight: "normal" };

/** Title, finding, and how to read the numbers. */
export function heading({ title, lead, guide, inPage = false }: Words, frame: Frame): Block[] {
  if (inPage) return guide === null ? [] : [paragraph(guide, frame, NOTE, "muted", 4), space(14)];
  return [
    paragraph(title, frame, TITLE, "ink", 2),
    space(4),
    paragraph(lead, frame, LEAD, "ink", 5),
    ...(guide === null ? [] : [space(3), paragraph(guide, frame, NOTE, "muted", 4)]),
    space(14),
  ];
}

/** What to mind, and the facts about the numbers: sample size, period, filters, view, method, freshness. */
export function caption({ facts, notices, inPage = false }: Words, notes: readonly string[], frame: Frame): Block[] {
  if (inPage && notes.length === 0) return [];
  const warnings = [...notes, ...(inPage ? [] : notices.map(({ text }) => sentence(text)))];
  const about = inPage ? "" : facts.map(({ label, text }) => `${label} ${text}`).join(" · ");
  return [
    space(12),
    ...warnings.flatMap((warning) => [paragraph(warning, frame, NOTE, "ink", 3), space(3)]),
    paragraph(about, frame, NOTE, "muted", 5),
  ];
}

/** A picture of nothing: why there is nothing to see, in words, where the marks would be. */
export function emptiness(message: string, { left, right }: Frame): Block {
  const lines = broken(message, right - left - 32, LEAD, 5);
  const step = LEAD.size * 1.5;
  const height = 56 + lines.length * step;
  return {
    height,
    draw: (y) => [
      rect("zone", left, y, right - left, height, 4),
      ...lines.flatMap((each, index) =>
        text(each, (left + right) / 2, y + 28 + (index + 0.75) * step, { ...LEAD, anchor: "middle", role: "muted" }),
      ),
    ],
  };
}

const sentence = (words: string): string => `${words.slice(0, 1).toUpperCase()}${words.slice(1)}`;

/** The words of a picture, for its description: what it says, then `data`, then what the numbers are of. */
export function description(words: Words, data: readonly string[]): string {
  const { lead, guide, facts, notices } = words;
  const about = facts.map(({ label, text }) => `${label} ${text}`).join(", ");
  const parts = [
    lead,
    guide ?? "",
    ...data,
    ...notices.map(({ text }) => sentence(text)),
    about === "" ? "" : `${sentence(about)}.`,
  ];
  return parts.filter((part) => part !== "").join(" ");
}
