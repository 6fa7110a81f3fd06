// The style sheet of every page that shows a report: readable from 320 px to a wall, in light, dark and grey print. Verdicts
// have a shape beside their colour. All colours on their grounds reach 4.5 to 1 (WCAG AA).

const LIGHT = `
--ground: #ffffff; --ink: #1b1f24; --muted: #57606a; --rule: #d0d7de; --stripe: #f6f8fa; --warn: #fff4d6;
--better: #0a5aa8; --worse: #a03c00; --equal: #2f6b3a; --unclear: #57606a; color-scheme: light;
`;

const DARK = `
--ground: #14181d; --ink: #e6e9ed; --muted: #a3adb8; --rule: #3a424c; --stripe: #1b2027; --warn: #3a2f12;
--better: #79b8ff; --worse: #ffab70; --equal: #85d59a; --unclear: #a3adb8; color-scheme: dark;
`;

/** For a document whose root has the class `light`, `dark` or `auto`. It is a constant, so that a policy can name its hash. */
export const REPORT_STYLE = `
:root {${LIGHT}}
:root.dark {${DARK}}
@media (prefers-color-scheme: dark) { :root.auto {${DARK}} }
@media print { :root, :root.dark, :root.auto {${LIGHT}} }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
.report { max-width: 66rem; margin: 0 auto; padding: 1rem clamp(.75rem, 3vw, 2rem) 3rem; overflow-wrap: anywhere; }
.report h1 { font-size: 1.6rem; line-height: 1.25; margin: .5rem 0; }
.report h2 { font-size: 1.15rem; line-height: 1.3; margin: 2rem 0 .5rem; }
.report p { margin: .5rem 0; max-width: 48rem; }
.report .lead { font-size: 1.1rem; }
.report .facts { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: .75rem 0; color: var(--muted); font-size: .9rem; }
.report .facts div { display: flex; gap: .4rem; min-width: 0; }
.report .facts dd { margin: 0; color: var(--ink); }
.report figure { margin: 1.25rem 0; }
.report figure svg { display: block; max-width: 100%; height: auto; }
.report .table { overflow-x: auto; margin: .5rem 0; }
.report .table:focus-visible { outline: 2px solid var(--better); outline-offset: 2px; }
.report table { border-collapse: collapse; font-size: .92rem; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
.report caption { text-align: left; color: var(--muted); font-size: .85rem; padding-bottom: .25rem; }
.report th, .report td { padding: .3rem .9rem .3rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--rule); font-weight: normal; }
.report thead th { color: var(--muted); border-bottom-color: var(--ink); white-space: nowrap; }
.report tbody th { font-weight: 600; }
.report tbody th, .report tbody td { max-width: 24rem; overflow-wrap: break-word; }
.report .number { text-align: right; white-space: nowrap; }
.report .better, .report .worse, .report .equal, .report .unclear { white-space: nowrap; }
.report .better { color: var(--better); font-weight: 600; }
.report .better::before { content: "\\25B2\\00A0"; }
.report .worse { color: var(--worse); font-weight: 600; }
.report .worse::before { content: "\\25BC\\00A0"; }
.report .equal { color: var(--equal); font-weight: 600; }
.report .equal::before { content: "=\\00A0"; }
.report .unclear { color: var(--unclear); }
.report .unclear::before { content: "?\\00A0"; }
.report ul { list-style: none; margin: .5rem 0; padding: 0; max-width: 60rem; }
.report li { padding: .2rem .6rem; border-left: 3px solid var(--rule); margin: .25rem 0; }
.report li.warning { background: var(--warn); border-left-color: var(--worse); }
.report pre { white-space: pre-wrap; background: var(--stripe); padding: .6rem; margin: .5rem 0; }
.report code, .report pre { font: .9em/1.5 ui-monospace, monospace; }
@media print {
  body { font-size: 10pt; }
  .report { max-width: none; padding: 0; }
  .report .table { overflow: visible; }
  .report h2 { break-after: avoid; }
  .report tr, .report li, .report figure { break-inside: avoid; }
}
`;
