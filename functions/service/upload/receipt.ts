// The receipt of an upload (docs/api.md#post-results): what happened to every result and every rejected line, as data for JSON
// and pages, and as text for shells.

import { hash } from "node:crypto";
import type { Reading } from "../../../shared/bonnie/types.ts";
import { issueText } from "../../../shared/errors.ts";
import { wrapLines } from "../../../shared/render/text.ts";
import type { Issue, Quality, QualityReason, Run } from "../../../shared/run/run.ts";
import { codeUnitOrder, printable } from "../../../shared/run/text.ts";
import { takingTurns } from "../../runtime/turns.ts";
import type { AddedStatus } from "../../store/runs/runs.ts";
import type { UploadMetadata } from "./metadata.ts";

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
  /** Only of a duplicate whose run is withdrawn: it is in no statistics, and stays so. */
  readonly withdrawn?: true;
}

/** One rejected line. */
export interface ReceiptIssue extends Omit<Issue, "raw"> {
  /** Its id in the quarantine; null if it is not kept there. */
  readonly quarantine_id: string | null;
  /** Why it is not kept; only if it is not. */
  readonly not_kept?: string;
}

export interface Receipt {
  readonly stored: number;
  readonly duplicate: number;
  readonly rejected: number;
  readonly results: readonly ReceiptResult[];
  readonly issues: readonly ReceiptIssue[];
  /** Lines that were ignored as noise, by reason. */
  readonly ignored: Reading["ignored"];
  /** How to send the upload differently, if the way it was sent may have damaged it. */
  readonly hints?: readonly string[];
}

/** A stored or duplicate run as a result of the receipt; `line` is that of the upload, counted from 1. */
export function receiptResult(
  line: number,
  status: AddedStatus,
  run: Run,
  sameLine: string | undefined,
): ReceiptResult {
  const { id, host, backend, stratum, quality } = run;
  const reasons = quality.reasons.map(({ rule, text }) => ({ rule, text }));
  return {
    line,
    status: status === "stored" ? "stored" : "duplicate",
    id,
    url: `/v1/runs/${id}`,
    host,
    backend,
    stratum,
    quality: { verdict: quality.verdict, reasons },
    warnings: sameLine === undefined ? run.warnings : [...run.warnings, sameLine],
    ...(status === "withdrawn" && { withdrawn: true }),
  };
}

/** The id of a rejected line: equal lines with equal metadata get the same. */
export function quarantineId(fleet: string, raw: string, metadata: UploadMetadata): string {
  const entries = Object.entries(metadata).sort(([a], [b]) => codeUnitOrder(a, b));
  return hash("sha256", JSON.stringify([fleet, raw, entries])).slice(0, 32);
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

/** The receipt for a shell: the counts, then a line for each result and issue, with details indented below. */
export async function receiptText(receipt: Receipt): Promise<string> {
  const turn = takingTurns("writes");
  const lines = [receiptSummary(receipt)];
  for (const { line, status, id, host, backend, stratum, quality, warnings, withdrawn } of receipt.results) {
    const end = withdrawn === true ? ` ${WITHDRAWN}` : "";
    lines.push(`line ${line}: ${status} ${id} ${host} ${backend} ${stratum} ${quality.verdict}${end}`);
    for (const { rule, text } of quality.reasons) lines.push(...indented(`${rule}: ${text}`));
    for (const warning of warnings) lines.push(...indented(`warning: ${warning}`));
    await turn();
  }
  for (const issue of receipt.issues) lines.push(`${issueText(issue)} ${placeText(issue)}`);
  for (const hint of receipt.hints ?? []) lines.push(`hint: ${hint}`);
  return `${lines.map(printable).join("\n")}\n`;
}

/** Where a rejected line is now. */
const placeText = ({ quarantine_id, not_kept }: Pick<ReceiptIssue, "quarantine_id" | "not_kept">): string =>
  quarantine_id === null ? `not kept: ${not_kept}` : `quarantined as ${quarantine_id}`;

/** What a receipt says about a duplicate of a withdrawn run. */
const WITHDRAWN = "(withdrawn: it is in no statistics)";

const WIDTH = 100;

const indented = (text: string) => wrapLines(text, WIDTH - 2, "  ").map((line) => `  ${line}`);
