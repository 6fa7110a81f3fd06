// The receipt: what became of every result and every fault of an upload (docs/api.md#post-results), as JSON and as text.

import { hash } from "node:crypto";
import type { Reading } from "../../shared/bonnie/types.ts";
import { wrapLines } from "../../shared/render/wrap.ts";
import type { Issue, Quality, QualityReason, Run } from "../../shared/run/run.ts";
import { codeUnitOrder, printable } from "../../shared/run/text.ts";
import { takingTurns } from "../store/turns.ts";
import { issueLine } from "../web/http/errors.ts";

/** The id of a rejected line: the same line with the same context gets the same one. */
export function quarantineId(fleet: string, raw: string, context: Readonly<Record<string, string>>): string {
  const said = Object.entries(context).sort(([a], [b]) => codeUnitOrder(a, b));
  return hash("sha256", JSON.stringify([fleet, raw, said])).slice(0, 32);
}

/** One result of the upload. */
export interface ReceiptResult {
  readonly line: number;
  readonly status: "stored" | "duplicate";
  readonly id: string;
  readonly url: string;
  readonly host: string;
  readonly backend: string;
  readonly stratum: string;
  readonly quality: {
    readonly verdict: Quality["verdict"];
    readonly reasons: readonly Pick<QualityReason, "rule" | "text">[];
  };
  readonly warnings: readonly string[];
}

/** One rejected line, as it can be found again in the quarantine. */
type ReceiptIssue = Omit<Issue, "raw"> & { readonly quarantine_id: string };

export interface Receipt {
  readonly stored: number;
  readonly duplicate: number;
  readonly rejected: number;
  readonly results: readonly ReceiptResult[];
  readonly issues: readonly ReceiptIssue[];
  /** Lines that were left aside as noise, by reason. */
  readonly ignored: Reading["ignored"];
}

/** A stored or recognised run as the receipt tells of it; `line` is that of the upload, counted from 1. */
export function receiptResult(line: number, status: "stored" | "duplicate", run: Run): ReceiptResult {
  const { id, host, backend, stratum, quality, warnings } = run;
  const reasons = quality.reasons.map(({ rule, text }) => ({ rule, text }));
  return {
    line,
    status,
    id,
    url: `/v1/runs/${id}`,
    host,
    backend,
    stratum,
    quality: { verdict: quality.verdict, reasons },
    warnings,
  };
}

/** 201 when something new was stored and nothing rejected, 200 for duplicates only, 422 when a line was rejected. */
export function receiptStatus(receipt: Receipt): 200 | 201 | 422 {
  if (receipt.rejected > 0) return 422;
  return receipt.stored > 0 ? 201 : 200;
}

/** The counts in one line, the first of a receipt for a shell: `stored 1, duplicate 0, rejected 0`. */
export function receiptSummary({ stored, duplicate, rejected }: Receipt): string {
  return `stored ${stored}, duplicate ${duplicate}, rejected ${rejected}`;
}

/** The receipt for a shell: the counts, then a line for each result and issue, what needs saying indented below. */
export async function receiptText(receipt: Receipt): Promise<string> {
  const turn = takingTurns("writes");
  const lines = [receiptSummary(receipt)];
  for (const { line, status, id, host, backend, stratum, quality, warnings } of receipt.results) {
    lines.push(`line ${line}: ${status} ${id} ${host} ${backend} ${stratum} ${quality.verdict}`);
    for (const { rule, text } of quality.reasons) lines.push(...below(`${rule}: ${text}`));
    for (const warning of warnings) lines.push(...below(`warning: ${warning}`));
    await turn();
  }
  for (const issue of receipt.issues) lines.push(`${issueLine(issue)} quarantined as ${issue.quarantine_id}`);
  return `${lines.map(printable).join("\n")}\n`;
}

const WIDTH = 100;

const below = (text: string) => wrapLines(text, WIDTH - 2, "  ").map((line) => `  ${line}`);
