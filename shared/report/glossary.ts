// What the words of answers mean, for OpenAPI, the page /docs and docs/api.md. Each list is checked for completeness by
// its type: a word added elsewhere does not compile until it is explained here.

import type { Flag, Notice } from "../compare/flags.ts";
import type { Reason, Verdict } from "../compare/verdict.ts";
import type { ErrorCode } from "../errors.ts";
import type { Backend } from "../run/backends.ts";
import type { Quality } from "../run/run.ts";

/** The keys of a list of meanings, as the tuple that an enum schema wants. Throws for an empty list. */
export function enumValues<T extends string>(meanings: Readonly<Record<T, unknown>>): [T, ...T[]] {
  // Sound for object literals typed by their keys, which all lists of meanings are.
  const [first, ...others] = Object.keys(meanings) as T[];
  if (first === undefined) throw new Error("a list of meanings is empty");
  return [first, ...others];
}

type Meanings<T extends string> = Readonly<Record<T, string>>;

/** Why a request is refused, and what to do. */
export const ERROR_MEANINGS: Meanings<ErrorCode> = {
  bad_parameter:
    "A query parameter, or a `# key: value` line, is unknown, given twice or out of range. The message names it and says what was expected. Nothing was stored.",
  bad_body:
    "The body is not what its headers or the endpoint promise: broken gzip, UTF-16, no JSON, a wrong key or value, a key that is given twice.",
  no_backend:
    "No line of the upload has a backend: add `?backend=loop`, or a line `# backend: loop` before the results.",
  no_result: "The body holds nothing that looks like a Bonnie++ result.",
  unauthorized:
    "The token is missing, misspelt, revoked or expired; the message says which. Send `Authorization: Bearer TOKEN`.",
  forbidden: "The token is right, but its scope, its fleet or its hosts do not allow this. Nothing was stored.",
  not_found: "There is nothing at this address, or not in the fleet of this token, or not in this format.",
  method_not_allowed: "The address exists, but does not take this method.",
  snapshot_unavailable:
    "A frozen share that was made by another version of the service shows what it has shown before, and cannot be drawn in another look. Ask for it without `width`, `theme` and `metrics`.",
  gone: "This share was ended. Whoever made it or an admin of the fleet did so, and it does not come back.",
  too_large:
    "More was sent than is taken: of an upload 1 MiB, 8 MiB unpacked, 10 000 lines, results of more than 60 months, or facts that, stored with each result, come to more than 8 MiB, all of which can be sent in pieces; of a form or JSON what the table of limits says. Nothing was stored. Of a picture: there is too much in it to be painted; ask for it as SVG.",
  unsupported_encoding: "The Content-Encoding is another than gzip, or something other than an upload is compressed.",
  slow_down:
    "Too much is being asked, drawn or stored just now, or the token has stored what it may in a day. Send the same again after the seconds of `Retry-After`: nothing is lost and nothing counts twice.",
  unreadable:
    "This run is stored, but cannot be read: its bytes were damaged, or a newer version wrote them. The log names it with its host and the reason; the runbook says what to do. All other runs are answered.",
  internal: "A fault of the service. The request id finds it in the log; sending the same again does no harm.",
  not_implemented: "oEmbed is answered as JSON only.",
  unavailable:
    "The store cannot be reached, its disk is full, or its file is damaged: the message says which. Send the same again after the seconds of `Retry-After`: nothing is lost and nothing counts twice.",
};

/** What a comparison found, for one metric. */
export const VERDICTS: Meanings<Verdict> = {
  faster: "The candidate is faster: the interval, the corrected test and the size of the difference all say so.",
  slower: "The candidate is slower, by the same three.",
  equivalent:
    "The whole interval lies within the margin: on the median host, any difference is too small to matter. Single hosts may differ.",
  inconclusive: "The hosts measured so far do not decide it.",
  "not comparable": "The measurements cannot tell, however many there are of their kind.",
};

/** Which rule gave the verdict. */
export const REASONS: Meanings<Reason> = {
  no_paired_hosts: "No host has results on both backends.",
  too_fast_on_both: "Every host was too fast to measure on both backends.",
  mostly_too_fast: "So many hosts were too fast to measure that the median has no limit on either side.",
  too_few_hosts: "Fewer than 6 hosts have both backends: no 95 % interval exists.",
  ci_within_margin: "The 95 % interval lies inside the margin.",
  too_fast_hides_size: "More hosts go one way than chance explains, but rates too fast to measure hide how far.",
  ci_includes_1:
    "The 95 % interval includes 1. With a significant sign test, hosts agree on a direction, but so many are equal that the median difference may be none.",
  not_significant_after_holm: "The sign test is not significant at 5 % after Holm's correction over the metrics.",
  ci_above_1: "TickInterval and median lie above 1, the median beyond the margin, and the test is significant.",
  ci_below_1: "TickInterval and median lie below 1, the median beyond the margin, and the test is significant.",
  difference_below_margin: "There is a difference, but its median is within the margin.",
};

/** What a reader must know before acting on a number. */
export const FLAG_MEANINGS: Meanings<Flag> = {
  single_host: "One host only.",
  mostly_single_runs: "More than half of the hosts have a single run on a side.",
  many_too_fast: "More than a fifth of the hosts were too fast to measure on both backends.",
  outlier_hosts: "Some hosts lie far outside the rest; they are counted.",
  mixed_effect: "At least a tenth of the hosts gain and at least a tenth lose.",
  strata_disagree: "Some strata are clearly faster and others clearly slower.",
  simpson: "All results thrown together say the opposite of the comparison within hosts.",
  paired_and_between_disagree: "The comparison within hosts and the one between hosts contradict each other.",
  suspect_cached_reads: "Some runs were probably read from a page cache and not from the disk.",
  small_file: "Some test files were under twice the memory.",
  mixed_versions: "Hosts measured with Bonnie++ 1.0x and with 1.9x/2.0 stand side by side.",
  bound_mismatch: "Some lines hold a rate above the most that their test can measure.",
  low_cpu:
    "On most hosts a side used less than 10 % CPU, of which only whole per cents are known: the efficiency is rough.",
  inflated_cpu: "Bonnie++ 1.9x and 2.0 count the CPU of the seeks several times over.",
};

/** What a reader must know of a whole answer. */
export const NOTICE_MEANINGS: Meanings<Notice> = {
  cohorts_capped:
    "A period has more than 2 000 combinations of site, hardware, storage and Xen version. Hosts of further ones count without filters only, so with filters some that match may be missing.",
};

/** Whether the reads of a run can be those of the disk. */
export const QUALITY_VERDICTS: Meanings<Quality["verdict"]> = {
  cached: "The disk's own counters show that a cache answered.",
  "probably-cached": "One strong or two medium rules fired.",
  suspect: "One medium rule fired.",
  clean: "No rule fired, and Dom0's memory and the cache mode are known.",
  "not-assessed": "Too little is known, or no test read the disk.",
};

/** Who moves the bytes of the guest's disk. */
export const BACKEND_MEANINGS: Meanings<Backend> = {
  loop: "An image file through a Linux loop device and blkback.",
  phy: "A block device through blkback in Dom0's kernel.",
  blktap1: "tapdisk in user space behind the first blktap driver.",
  blktap2: "tapdisk2 behind a blktap2 device, with blkback on top.",
  tapdisk3: "tapdisk talks to the guest itself (vbd3).",
  qdisk: "QEMU's paravirtual disk backend.",
  virtio: "virtio-blk, served by a process of its own.",
  emulated: "A disk controller emulated by QEMU, without paravirtual drivers in the guest.",
  vnd: "NetBSD Dom0: an image file through vnd(4) and xbdback.",
  "file-direct": "FreeBSD Dom0: blkback opens the image file itself.",
  other: "Something else; say what in a `label.*` fact.",
  unknown: "Nobody knows.",
};
