// The files that every page loads from this service: the style sheet and a script that only copies snippets. Their URLs have
// a hash of their content, so that browsers may cache them forever. The icon is in the page itself, as a data URL.

import { createHash } from "node:crypto";
import type { Context } from "hono";
import { CACHE_CONTROL } from "../../../shared/api/endpoint.ts";
import { REPORT_STYLE } from "../../../shared/render/html.tsx";
import { constantResponse } from "../http/etag.ts";

/** Adds a Copy button after every element with `data-copy`. Without the script a click selects the snippet instead. */
const COPY_SCRIPT = `
"use strict";
for (const snippet of document.querySelectorAll("[data-copy]")) {
  if (navigator.clipboard === undefined) break;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.setAttribute("aria-label", "Copy " + snippet.dataset.copy);
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(snippet.textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  snippet.after(button);
}
`;

/**
 * The style of pages, on top of the report's, whose colors it uses: light, dark and print. Text has a contrast of at least
 * 4.5 to 1, click targets are at least 24 px high, and the focus is always visible.
 */
const PAGE_STYLE = `
body { display: flex; flex-direction: column; min-height: 100vh; }
main { flex: 1; }
:root { --accent: var(--better); --line: var(--grid); --field: var(--paper); --radius: 6px; }
a { color: var(--accent); text-underline-offset: .15em; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 2px; }
.skip { position: absolute; left: -999rem; top: 0; padding: .5rem 1rem; background: var(--paper); z-index: 1; }
.skip:focus { left: 0; }
main:focus { outline: none; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.muted, .help { color: var(--muted); font-size: .9rem; }

.top { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem 1.5rem; padding: .5rem max(clamp(.75rem, 3vw, 2rem), calc((100% - 66rem) / 2 + 2rem)); background: var(--zone); border-bottom: 1px solid var(--line); }
.brand { font-weight: 700; font-size: 1.15rem; letter-spacing: -.01em; color: var(--ink); text-decoration: none; padding: .25rem 0; }
.top nav { display: flex; flex-wrap: wrap; gap: 0 .25rem; margin-left: -.6rem; flex: 1; }
.top nav a { padding: .35rem .6rem; color: var(--ink); text-decoration: none; border-bottom: 2px solid transparent; }
.top nav a:hover { border-bottom-color: var(--line); }
.top nav a[aria-current] { font-weight: 600; border-bottom-color: var(--accent); }
.who { display: flex; align-items: center; gap: .75rem; font-size: .9rem; color: var(--muted); }
.who strong { color: var(--ink); overflow-wrap: anywhere; }
@media screen and (max-width: 48rem) { .top { justify-content: space-between; } .top nav { order: 1; flex-basis: 100%; } }
footer { width: 100%; max-width: 66rem; margin: 0 auto; padding: 1rem clamp(.75rem, 3vw, 2rem) 2rem; color: var(--muted); font-size: .85rem; }

.sheet, .query-form, .after-report, .next, .report > .pairs { max-width: 66rem; margin: 0 auto; padding: 1rem clamp(.75rem, 3vw, 2rem); overflow-wrap: anywhere; }
.sheet h1 { font-size: 1.6rem; line-height: 1.25; margin: .5rem 0; }
.sheet h2 { font-size: 1.15rem; line-height: 1.3; margin: 1.5rem 0 .5rem; }
.sheet p { margin: .5rem 0; max-width: 48rem; }
.sheet .lead { font-size: 1.1rem; }
.narrow-sheet { max-width: 32rem; padding-top: 2.5rem; }
code, pre { font: .9em/1.5 ui-monospace, monospace; }

button, .button, input, select, textarea { font: inherit; color: var(--ink); border: 1px solid var(--muted); border-radius: var(--radius); background: var(--field); padding: .4rem .65rem; min-height: 2.4rem; max-width: 100%; }
input[type="checkbox"], input[type="radio"] { min-height: 0; margin: 0 .15rem 0 0; accent-color: var(--accent); vertical-align: -.05em; }
button, .button { cursor: pointer; display: inline-block; text-decoration: none; font-weight: 500; }
button:hover, .button:hover { border-color: var(--ink); }
.primary { background: var(--accent); border-color: var(--accent); color: var(--paper); font-weight: 600; }
.who button, .danger { min-height: 2rem; padding: .2rem .6rem; font-size: .9rem; }
.danger { color: var(--worse); border-color: var(--worse); }
::placeholder { color: var(--muted); opacity: 1; }
input:not([type="checkbox"], [type="radio"]), select { height: 2.4rem; }
textarea { width: 100%; font: .85rem/1.5 ui-monospace, monospace; resize: vertical; }

.row { display: flex; flex-wrap: wrap; align-items: end; gap: .75rem 1rem; }
.field { display: flex; flex-direction: column; gap: .2rem; min-width: 0; }
.field.grow { flex: 1 1 14rem; }
.field label, legend { font-size: .85rem; color: var(--muted); padding: 0; }
.fields { display: flex; flex-direction: column; align-items: stretch; gap: .9rem; margin: 1rem 0; }
.fields > button { align-self: start; }
.narrow-sheet .fields { gap: .3rem; }
.narrow-sheet .fields button { margin-top: .75rem; }
fieldset { border: 0; margin: 0; padding: 0; min-width: 0; }
fieldset.plain { display: flex; flex-direction: column; gap: .2rem; }
.boxes { display: flex; flex-wrap: wrap; gap: .15rem 1rem; padding-top: .2rem; }
.boxes label, .plain label { padding: .15rem 0; }

.query-form { padding-bottom: 0; }
.query-form .row { padding-bottom: .75rem; }
.swap { align-self: end; display: inline-grid; place-items: center; min-width: 2.4rem; min-height: 2.4rem; margin: 0 -.5rem; color: var(--muted); text-decoration: none; font-size: 1.1rem; }
.query-form::after { content: ""; display: block; border-bottom: 1px solid var(--line); padding-top: .25rem; }
.more summary, .sheet summary, .verdicts summary { cursor: pointer; color: var(--accent); padding: .15rem 0; width: fit-content; }
.filter-fields { display: flex; flex-direction: column; align-items: start; gap: .75rem; padding: .5rem 0 .75rem; }
.more .row { padding: .5rem 0; }

.note, .problem { border-left: 4px solid var(--accent); background: var(--better-tint); padding: .6rem .9rem; border-radius: 0 var(--radius) var(--radius) 0; max-width: 48rem; }
.problem { border-left-color: var(--worse); background: var(--worse-tint); }
.problem h1 { font-size: 1.2rem; margin: 0; }
.problem p, .problem ul { margin: .25rem 0; }
.sheet .problem .lead { font-size: 1rem; }

/* A chart has padding of its own: its text starts where the text of the page starts. */
.report .wide svg { margin-left: -20px; }
.report .narrow svg { margin-left: -.75rem; max-width: calc(100% + 1.5rem); }

.report tbody th { min-width: 5.5rem; }
.report .verdicts { width: 100%; }
.report .verdicts .finding { max-width: none; min-width: 18rem; }
.report .verdicts tbody th { white-space: nowrap; }
.report .verdicts code { display: block; font-size: .8rem; font-weight: 400; color: var(--muted); }
.verdicts dl { margin: .25rem 0 .5rem; padding: .1rem .9rem .6rem; background: var(--zone); border-left: 3px solid var(--line); }
.verdicts dt { font-weight: 600; margin-top: .5rem; }
.verdicts dd { margin: .1rem 0; }
@media screen and (max-width: 48rem) {
  .report .verdicts thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .report .verdicts tr { display: grid; grid-template-columns: 1fr auto; gap: .1rem 1rem; padding: .7rem 0; border-bottom: 1px solid var(--line); }
  .report .verdicts th, .report .verdicts td { border: 0; padding: 0; max-width: none; text-align: left; }
  .report .verdicts .verdict { text-align: right; }
  .report .verdicts td.number:nth-child(5) { text-align: right; }
  .report .verdicts td:nth-child(3)::before { content: "ratio "; color: var(--muted); }
  .report .verdicts td:nth-child(4)::before { content: "95 % interval "; color: var(--muted); }
  .report .verdicts td:nth-child(5)::before { content: "hosts "; color: var(--muted); }
  .report .verdicts td:nth-child(3), .report .verdicts td:nth-child(4) { grid-column: 1; }
  .report .verdicts td:nth-child(5) { grid-row: 2; grid-column: 2; }
  .report .verdicts .finding { grid-column: 1 / -1; min-width: 0; padding-top: .25rem; }
}

.list .report h2 { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
@media screen { .list .report td:not(.short) { min-width: 14rem; } }
/* A column off the screen must not make rows of several lines, which would look empty. */
@media screen and (max-width: 48rem) { .list .report td { white-space: nowrap; max-width: none; } }
.pairs { font-size: .95rem; color: var(--muted); }
.report .pairs { padding: 0; margin: .5rem 0; }
.report .pairs ul { display: flex; flex-wrap: wrap; gap: 0 1.25rem; max-width: none; }
.report .pairs li { border: 0; padding: .15rem 0; margin: 0; }
.after-report { padding-top: 0; }
.share-panel { border: 1px solid var(--line); border-radius: var(--radius); padding: .25rem 1rem 1rem; background: var(--zone); }
.share-panel h2 { font-size: 1.15rem; margin: .5rem 0 .25rem; }
.share-panel p { margin: .25rem 0 .75rem; max-width: 48rem; color: var(--muted); }
.formats { font-size: .9rem; color: var(--muted); }

.counts { display: flex; flex-wrap: wrap; gap: .5rem 2.5rem; margin: 1rem 0; }
.counts div { display: flex; flex-direction: column-reverse; }
.counts dt { color: var(--muted); font-size: .9rem; }
.counts dd { margin: 0; font-size: 1.8rem; font-weight: 600; line-height: 1.2; font-variant-numeric: tabular-nums; }
.counts .none dd { color: var(--muted); font-weight: 400; }
.report-table { position: relative; overflow-x: auto; margin: 1rem 0; }
.report-table table { border-collapse: collapse; font-size: .92rem; overflow-wrap: normal; }
.report-table caption { text-align: left; color: var(--muted); font-size: .85rem; padding-bottom: .25rem; }
.report-table th, .report-table td { padding: .3rem .9rem .3rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
.report-table thead th { font-weight: 400; color: var(--muted); border-bottom-color: var(--ink); }
.report-table .help { margin: .1rem 0; min-width: 14rem; max-width: 28rem; }
@media screen and (max-width: 48rem) {
  .report-table thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .report-table tr { display: flex; flex-wrap: wrap; gap: .1rem .9rem; padding: .6rem 0; border-bottom: 1px solid var(--line); }
  .report-table th, .report-table td { border: 0; padding: 0; overflow-wrap: anywhere; }
  .report-table [data-head]::before { content: attr(data-head) " "; color: var(--muted); }
  .report-table .whole { flex-basis: 100%; }
}
.steps { padding-left: 1.25rem; }
.steps h2 { font-size: 1.05rem; }
pre { background: var(--zone); border: 1px solid var(--line); border-radius: var(--radius); padding: .6rem .8rem; margin: .5rem 0; overflow-x: auto; white-space: pre-wrap; }

.share { border-top: 1px solid var(--line); padding: 1rem 0 1.25rem; margin-top: 1rem; }
.share h2 { margin-top: 0; }
.share .about { color: var(--muted); font-size: .9rem; }
.share img { display: block; max-width: 100%; height: auto; border: 1px solid var(--line); border-radius: var(--radius); margin: .75rem 0; background: var(--paper); }
.share form { margin-top: .75rem; }
.tag { border: 1px solid var(--muted); border-radius: 1rem; padding: .05rem .6rem; color: var(--ink); }
.snippet { display: grid; grid-template-columns: 11rem minmax(0, 1fr) auto; align-items: start; gap: .25rem .75rem; margin: .4rem 0; }
.snippet > span { color: var(--muted); font-size: .9rem; padding-top: .35rem; }
.snippet code { user-select: all; background: var(--zone); border: 1px solid var(--line); border-radius: var(--radius); padding: .35rem .6rem; overflow-wrap: anywhere; }
.snippet button { min-height: 2.1rem; padding: .2rem .7rem; }
@media screen and (max-width: 40rem) { .snippet { grid-template-columns: minmax(0, 1fr) auto; } .snippet > span { grid-column: 1 / -1; padding: 0; } }

@media print {
  .top nav, .who, .skip, .query-form, .after-report, .next, .share form, .report .pairs, footer .way, .verdicts summary { display: none; }
  .top { background: none; padding: 0; border: 0; }
  footer { padding: 1rem 0 0; }
  .sheet { max-width: none; padding: 0; }
  .report .wide svg { margin-left: 0; }
  .report .verdicts { font-size: 9pt; }
  .report .verdicts .finding { min-width: 0; }
  .report .verdicts .short { white-space: nowrap; }
}
@media (prefers-reduced-motion: no-preference) { button, .button, .top nav a { transition: border-color .1s; } }
`;

const STYLE = `${REPORT_STYLE}${PAGE_STYLE}`;

const computeVersion = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 12);

const buildUrl = (path: string, text: string): string => `${path}?v=${computeVersion(text)}`;

export const STYLE_URL = buildUrl("/pages.css", STYLE);
export const COPY_SCRIPT_URL = buildUrl("/pages.js", COPY_SCRIPT);

/** The icon of the browser tab: two points with their intervals around 1, as in the ratio chart. */
export const ICON = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path d="M8 1v14" stroke="#8b949e"/><path d="M2 5h8M6 11h9" stroke="#0b5cad" stroke-width="2"/><circle cx="6" cy="5" r="2.6" fill="#ad4200"/><circle cx="11" cy="11" r="2.6" fill="#0b5cad"/></svg>',
)}`;

const style = constantResponse(() => ({ text: STYLE, headers: { "Content-Type": "text/css; charset=utf-8" } }));
const script = constantResponse(() => ({
  text: COPY_SCRIPT,
  headers: { "Content-Type": "text/javascript; charset=utf-8" },
}));

/** GET /pages.css */
export function styleResponse(c: Context): Response {
  return style(c, cacheHeaders(c, STYLE));
}

/** GET /pages.js */
export function scriptResponse(c: Context): Response {
  return script(c, cacheHeaders(c, COPY_SCRIPT));
}

/** Cached forever under the URL that current pages use; briefly under an older page's URL or one without a version. */
function cacheHeaders(c: Context, text: string): Record<string, string> {
  const isCurrent = c.req.query("v") === computeVersion(text);
  return { "Cache-Control": CACHE_CONTROL[isCurrent ? "frozen" : "documents"] };
}
