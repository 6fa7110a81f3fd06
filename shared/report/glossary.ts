// Descriptions of the enum values in answers, for OpenAPI, the page /docs and docs/api.md. Each list is complete by its type: a
// value that is added elsewhere does not compile until it is described here.

import type { Flag, Notice } from "../compare/flags.ts";
import type { Reason, Verdict } from "../compare/verdict.ts";
import type { ErrorCode } from "../errors.ts";
import type { Backend } from "../run/backends.ts";
import type { Quality } from "../run/run.ts";

/** The values that a list describes, as the tuple that a Zod enum needs. Throws for an empty list. */
export function enumValues<T extends string>(descriptions: Readonly<Record<T, unknown>>): [T, ...T[]] {
  // Sound for object literals typed by their keys, which all lists here are.
  const [first, ...others] = Object.keys(descriptions) as T[];
  if (first === undefined) throw new Error("a list of descriptions is empty");
  return [first, ...others];
}

type Descriptions<T extends string> = Readonly<Record<T, string>>;

/** Why a request failed, and what to do. */
export const ERROR_DESCRIPTIONS: Descriptions<ErrorCode> = {
  bad_parameter:
    "A query parameter, or a `# key: value` line, is unknown, repeated or out of range. The message names it and the expected values. Nothing was stored.",
  bad_body:
    "The body does not match its headers or the endpoint: broken or unannounced gzip, UTF-16, an incomplete multipart body, invalid JSON, an unknown key, an invalid value, or a repeated key.",
  no_backend:
    "No line of the upload names a backend: add `?backend=loop` to the URL, or a line `# backend: loop` before the results.",
  no_result:
    "The body contains nothing that looks like a Bonnie++ result. The message names other programs whose output it looks like.",
  unauthorized:
    "The token is missing, malformed, revoked or expired; the message says which. Send `Authorization: Bearer TOKEN`.",
  forbidden: "The token is valid, but its scope, fleet or hosts do not allow this. Nothing was stored.",
  not_found: "The path does not exist, or the fleet of the token has no such resource, or the format is not available.",
  method_not_allowed: "The path exists, but does not accept this method.",
  snapshot_unavailable:
    "A frozen share that another version of the service created has its original renderings only. Request it without `width`, `theme` and `metrics`.",
  gone: "This share was permanently revoked by its creator or an admin.",
  too_large:
    "The request exceeds a limit. For an upload: 1 MiB, 8 MiB after decompression, 10 000 lines, results from more than 60 months, or more than 8 MiB of facts, which are stored with each result; split it into several uploads. For a form or JSON: see the table of limits. Nothing was stored. For an image: it is too complex to render; request it as SVG.",
  unsupported_encoding: "Content-Encoding must be gzip, and only uploads may be compressed.",
  slow_down:
    "The service is handling too many requests, or the token has reached its daily storage limit. Retry after the number of seconds in `Retry-After`; retrying is safe.",
  unreadable:
    "This run is stored but cannot be read: its data are damaged, or a newer version wrote them. The log has the run, its host and the reason; the runbook says what to do. Other runs are not affected.",
  internal: "An internal error. The log has the cause under the request id. Retrying is safe.",
  not_implemented: "oEmbed is available as JSON only.",
  unavailable:
    "The store cannot be reached, its disk is full, or its file is damaged; the message says which. Retry after the number of seconds in `Retry-After`; retrying is safe.",
};

/** The result of a comparison, for one metric. */
export const VERDICT_DESCRIPTIONS: Descriptions<Verdict> = {
  faster: "The candidate is faster: the interval, the corrected test and the size of the difference all agree.",
  slower: "The candidate is slower, by the same three criteria.",
  equivalent:
    "The whole interval lies within the margin: on the median host, any difference is too small to matter. Single hosts may differ.",
  inconclusive: "The hosts measured so far do not settle it. Reports and charts say “too close to call”.",
  "not comparable": "More measurements of this kind would not settle it.",
};

/** The rule that determined the verdict. */
export const REASON_DESCRIPTIONS: Descriptions<Reason> = {
  no_paired_hosts: "No host has results for both backends.",
  too_fast_on_both: "Every host was too fast to measure on both backends.",
  mostly_too_fast: "So many hosts were too fast to measure that the median has no bound on either side.",
  too_few_hosts: "Fewer than 6 hosts have both backends: no 95 % interval exists.",
  ci_within_margin: "The 95 % interval lies within the margin.",
  too_fast_hides_size:
    "More hosts favor one backend than chance explains, but rates too fast to measure hide the size of the difference.",
  ci_includes_1:
    "The 95 % interval includes 1. If the sign test is significant all the same, hosts agree on a direction, but so many are equal that the median difference may be zero.",
  not_significant_after_holm: "The sign test is not significant at 5 % after Holm's correction across the metrics.",
  ci_above_1: "The interval and the median lie above 1, the median beyond the margin, and the test is significant.",
  ci_below_1: "The interval and the median lie below 1, the median beyond the margin, and the test is significant.",
  difference_below_margin: "There is a difference, but its median is within the margin.",
};

/** Caveats about one number, to read before acting on it. */
export const FLAG_DESCRIPTIONS: Descriptions<Flag> = {
  single_host: "Only one host was measured.",
  mostly_single_runs: "More than half of the hosts have a single run on one of the backends.",
  many_too_fast: "More than a fifth of the hosts were too fast to measure on both backends.",
  outlier_hosts: "Some hosts lie far from the others; they are included.",
  mixed_effect: "At least a tenth of the hosts gain and at least a tenth lose.",
  strata_disagree: "Some strata are clearly faster and others clearly slower.",
  simpson: "All results pooled together contradict the comparison within hosts.",
  paired_and_between_disagree: "The comparison within hosts and the one between hosts contradict each other.",
  suspect_cached_reads: "Some runs probably read from a page cache and not from the disk.",
  small_file: "Some test files were smaller than twice the memory.",
  mixed_versions: "Hosts were measured with different versions: Bonnie++ 1.0x and 1.9x/2.0.",
  bound_mismatch: "Some lines contain a rate above the maximum measurable for the test.",
  low_cpu:
    "On most hosts one of the backends used less than 10 % CPU. Bonnie++ reports whole per cents only, so the efficiency is imprecise.",
  inflated_cpu: "Bonnie++ 1.9x and 2.0 count the CPU time of the seek test several times.",
};

/** Caveats about a whole answer. */
export const NOTICE_DESCRIPTIONS: Descriptions<Notice> = {
  cohorts_capped:
    "A period has more than 2 000 combinations of site, hardware, storage and Xen version. Hosts with further combinations count only in queries without filters, so a filtered query may miss some matching hosts.",
};

/** Whether the reads of a run came from the disk. */
export const QUALITY_DESCRIPTIONS: Descriptions<Quality["verdict"]> = {
  cached: "The disk's own counters show that a cache served the reads.",
  "probably-cached": "One strong or two medium rules fired.",
  suspect: "One medium rule fired.",
  clean: "No rule fired, and Dom0's memory and the cache mode are known.",
  "not-assessed": "Too little is known, or no test read from the disk.",
};

/**
 * The rules that look for reads from a cache, each with its limits and how much it counts. Source: xen-backends.md, section 5.
 */
export const RULE_DESCRIPTIONS = {
  C1: "Rewrite is more than 1.5 times (medium) or 3 times (strong) what a disk with these block rates could do, which is 1 / (1/write + 1/read).",
  C2: "Seeks took less than 0.5 s, which is over 16 000 seeks/s, in a file of 1 024 MiB or more (strong).",
  C3: "More than 1 000 seeks/s for each rotating disk (strong; medium if the number of disks is unknown).",
  C4: "Block read is more than 5 times (weak) or 10 times (medium) block write.",
  C5: "Block read is above what the medium can deliver (strong): 300 000 K/s for each rotating disk or SATA link of 3 Gb/s, 600 000 for SATA of 6 Gb/s, 120 000 for Ethernet of 1 Gb/s, 1 200 000 for 10 Gb/s. Medium if the number of rotating disks is unknown, or if it is above 3 times the uncached read rate of the same storage.",
  C6: "The test file is smaller than 2 times the guest's memory (medium).",
  C7: "The disk is read through Dom0's page cache, or the cache mode is unknown, and the test file is smaller than 2 times Dom0's memory (medium), or fits into Dom0's free memory (strong if the cache mode is known).",
  C8: "Char write is more than 1.1 times block write (medium).",
  C9: "Block read took more than 50 % of a CPU at more than 300 000 K/s (weak).",
  C10: "A later run on the same image reads more than 2 times as fast as the first (medium).",
  C11: "The disks delivered less than 0.5 of what the guest read: cached. 0.5 or more: not cached. It overrides all other rules.",
  C12: "All six file tests took less than 0.5 s (weak): it never decides, because empty files reach no disk.",
} as const satisfies Readonly<Record<string, string>>;

/** What transfers the data of the guest's disk. */
export const BACKEND_DESCRIPTIONS: Descriptions<Backend> = {
  loop: "An image file through a Linux loop device and blkback.",
  phy: "A block device through blkback in Dom0's kernel.",
  blktap1: "tapdisk in user space behind the first blktap driver.",
  blktap2: "tapdisk2 behind a blktap2 device, with blkback on top.",
  tapdisk3: "tapdisk serves the guest directly (vbd3).",
  qdisk: "QEMU's paravirtual disk backend.",
  virtio: "virtio-blk, with a dedicated process as the backend.",
  emulated: "A disk controller emulated by QEMU, without paravirtual drivers in the guest.",
  vnd: "NetBSD Dom0: an image file through vnd(4) and xbdback.",
  "file-direct": "FreeBSD Dom0: blkback opens the image file directly.",
  other: "Another backend; describe it in a `label.*` fact.",
  unknown: "Not determined.",
};
