import axe from "axe-core";
import type { Page } from "playwright-core";

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

interface Violation {
  readonly id: string;
  readonly help: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

/**
 * Accessibility faults of a page as it is shown, with every disclosure open: WCAG 2.2 A and AA, and what axe calls best
 * practice. One line for each fault and element; empty is good.
 */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  await page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true");
  await page.evaluate(axe.source);
  return faults(page, { type: "tag", values: RULES });
}

/** The same page in other colors: text and links with too little contrast. */
export function contrastFaults(page: Page): Promise<string[]> {
  return faults(page, { type: "rule", values: ["color-contrast", "link-in-text-block"] });
}

async function faults(page: Page, runOnly: axe.RunOnly): Promise<string[]> {
  const options = JSON.stringify({ runOnly, resultTypes: ["violations"] });
  // Evaluated in the page, about which TypeScript knows nothing; the shape is axe's.
  const violations = (await page.evaluate(
    `axe.run(document, ${options}).then(({ violations }) => violations)`,
  )) as Violation[];
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, failureSummary = "" }) => `${id}: ${help}: ${html.slice(0, 200)} ${failureSummary}`),
  );
}
