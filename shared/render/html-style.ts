// The style sheet of every page that shows a report: readable from 320 px to a wall, in light, dark and grey print. Verdicts
// have a shape beside their colour, the one they have in charts.

import { type Colours, DARK, LIGHT } from "./colors.ts";

const variables = (colours: Colours, scheme: "light" | "dark"): string =>
  [...Object.entries(colours).map(([role, colour]) => `--${role}:${colour}`), `color-scheme:${scheme}`].join(";");

/** Charts in a page take the page's colours, by their classes. */
const CHART = Object.keys(LIGHT)
  .map((role) => `.vbdstat .fill-${role}{fill:var(--${role})}.vbdstat .stroke-${role}{stroke:var(--${role})}`)
  .join("\n");

/** For a document whose root has the class `light`, `dark` or `auto`. It is a constant, so that a policy can name its hash. */
export const REPORT_STYLE = `
:root { ${variables(LIGHT, "light")} }
@media screen { :root.dark { ${variables(DARK, "dark")} } }
@media screen and (prefers-color-scheme: dark) { :root.auto { ${variables(DARK, "dark")} } }
${CHART}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
.report { max-width: 66rem; margin: 0 auto; padding: 1rem clamp(.75rem, 3vw, 2rem) 3rem; overflow-wrap: anywhere; }
.report h1 { font-size: 1.6rem; line-height: 1.25; margin: .5rem 0; }
.report h2 { font-size: 1.15rem; line-height: 1.3; margin: 2rem 0 .5rem; }
.report p { margin: .5rem 0; max-width: 48rem; }
.report .lead { font-size: 1.1rem; }
.report .facts { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: .75rem 0; color: var(--muted); font-size: .9rem; }
.report .facts div { display: flex; gap: .4rem; min-width: 0; }
.report .facts dt { flex: none; }
.report .facts dd { margin: 0; color: var(--ink); }
.report figure { margin: 1.25rem 0; }
.report figure svg { display: block; max-width: 100%; height: auto; }
.report .narrow { display: none; }
@media screen and (max-width: 44rem) { .report .narrow { display: block; } .report .wide { display: none; } }
.report .table { overflow-x: auto; margin: .5rem 0; }
.report .table:focus-visible { outline: 2px solid var(--better); outline-offset: 2px; }
.report table { border-collapse: collapse; font-size: .92rem; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
.report caption { text-align: left; color: var(--muted); font-size: .85rem; padding-bottom: .25rem; }
.report th, .report td { padding: .3rem .9rem .3rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--grid); font-weight: normal; }
.report thead th { color: var(--muted); border-bottom-color: var(--ink); white-space: nowrap; }
.report tbody th { font-weight: 600; }
.report tbody th, .report tbody td { max-width: 24rem; overflow-wrap: break-word; }
.report .number { text-align: right; }
.report .short { white-space: nowrap; }
.report .better { color: var(--better); font-weight: 600; }
.report .better::before { content: "\\25B2\\00A0"; }
.report .worse { color: var(--worse); font-weight: 600; }
.report .worse::before { content: "\\25BC\\00A0"; }
.report .equal { color: var(--equal); font-weight: 600; }
.report .equal::before { content: "\\25C6\\00A0"; }
.report .unclear, .report .incomparable { color: var(--unclear); }
.report .unclear::before { content: "\\25CB\\00A0"; }
.report .incomparable::before { content: "\\2013\\00A0"; }
.report ul { list-style: none; margin: .5rem 0; padding: 0; max-width: 60rem; }
.report li { padding: .2rem .6rem; border-left: 3px solid var(--grid); margin: .25rem 0; }
.report li.warning { background: var(--worse-tint); border-left-color: var(--worse); }
.report pre { white-space: pre-wrap; background: var(--zone); padding: .6rem; margin: .5rem 0; }
.report code, .report pre { font: .9em/1.5 ui-monospace, monospace; }
@media print {
  :root { font-size: 10pt; }
  .report { max-width: none; padding: 0; }
  .report .table { overflow: visible; }
  .report td.short { white-space: normal; }
  .report tbody th:not(.short), .report td:not(.short) { overflow-wrap: anywhere; }
  .report h2 { break-after: avoid; }
  .report tr, .report li, .report figure { break-inside: avoid; }
}
`;
