// Packed texts: the text forms of runs, samples and summaries, compressed. Write units, read units and disks are charged by
// size, and a text of this kind takes a fifth of its length. The first byte is the number of the form, which says with which
// dictionary the rest is compressed. A dictionary is a text whose parts the others repeat; it never changes, because what was
// stored with it could no longer be read. Which form is written depends on the table (`format.ts`).

import { deflateRawSync, inflateRawSync } from "node:zlib";
import { type Item, ItemError, itemText } from "./item.ts";

/** What a text is about, which decides its dictionary. */
type Subject = "run" | "sample" | "summary";

/** Zlib settings for short texts: a window of 8 KB, and little to set up. */
const SETTINGS = { windowBits: 13, memLevel: 5 };

/** The largest text that is unpacked: far more than any that is written, and little enough to hold. */
const MAX_BYTES = 4_000_000;

/** Usual values of the facts that samples and summaries carry. */
const SETUP =
  '"8192"4096,2048,1024,"SEAGATE ST""TOSHIBA MG""HGST HUS""DELL PERC H730""HP LOGICAL VOLUME""Samsung SSD 870 EVO 1TB""ATA WDC WD""ATA INTEL SSDSC2BB48""noop""deadline""bfq""none""cfq""mq-deadline","-generic""5.15.0-""4.19.0-""4.19.0+1""5.10.0-26-amd64""6.1.0-13-amd64""xm""libvirt""xapi""xl","unsafe""writeback""direct""buffered","qcow2""vhd""none""raw","1.03e""1.96""1.97""1.98""2.00a","vbdstat-agent-0.1.0"]';

const COHORT =
  '{"site":"fra-1","hardware":"Dell PowerEdge R630""HP ProLiant DL360 Gen9","storage":"file""lvm","xen_version":"4.17.3"}';

/** The forms that can be read, with their dictionaries. The form before the first, a plain text, can be read as well. */
const DICTIONARIES: Readonly<Record<number, Readonly<Record<Subject, Buffer>>>> = {
  1: {
    // The most common parts come last, where references to them are shortest.
    run: Buffer.from(
      '"device_read_ratio":0.9"first_run_read_kps":"run_index":1,"bonnie_flags":"-u root -q -f -n 128 -s ","file_size_mb":2064,"os_version":"guest_io_scheduler":"none","guest_fs_opts":"rw,relatime,errors=remount-ro","guest_fs":"ext4","guest_kernel":"5.10.0-amd64","guest_type":"pvh""hvm""pv","guest_vcpus":1,"guest_mem_mb":1024,"other_guests_running":"dom0_load1":0.12,"dom0_weight":256,"dom0_pinned":false,"dom0_vcpus":4,"dom0_distro":"Debian GNU/Linux 12 (bookworm)""XCP-ng 8.3.0","dom0_kernel":"6.1.0-13-amd64""4.19.0+1","dom0_mem_avail_mb":"dom0_mem_mb":4096,"host_cpus":8,"cpu_mhz":2400,"cpu_model":"Intel(R) Xeon(R) CPU E5-2620 0 @ 2.00GHz","readahead_kb":128,"io_scheduler":"mq-deadline","storage_stack":"dm/lvm/sda""loop/ext4/md0/nvme0n1+nvme1n1","disk_write_cache":"write back","reference_read_kps":"storage_link":"SATA","spindles":1,"rotational":true,"disk_model":"Samsung SSD 870 EVO 1TB","ring_page_order":4,"queues":4,"indirect_segments":256,"persistent":true,"image_sparse":false,"image_fs_opts":"rw,relatime","image_fs":"ext4","backend_domid":0,"driver_domain":false,"toolstack":"xl""xapi","label.image":"label.device":"xvda""hda","label.agent":"vbdstat-agent-0.1.0","cohort_capped":true,"hardware":"","xen_version":"4.17.3","site":"fra-1","cache_mode":"buffered""direct","backend_evidence":"xenstore""declared","storage":"file""lvm","image_format":"raw"},{"rule":"C1","strength":"decisive""strong""medium","text":"],["cached",["probably-cached",["suspect",["clean"]"warnings":["finished_in_future: finished is more than a day after the time of receipt; is a clock wrong?"],"sent_by":["","dom0 ",null]"raw_encoding":"latin-1","vm":"vm","run":"","received_at":"2026-12-01T00:00:00.000Z","parser_version":4,"facts":{"raw":"vm101,2064M,25511,35,18075,3,19948,47,71094,98,22000,86,350.1,2,16,+++++,+++,+++++,+++,+++++,+++,+++++,+++,+++++,+++,+++++,+++"1.97,1.97,vm,1,1.98,2.00a,vm,1,17600000,8G,,8192,5,,,,,,,us,ms,128,,,,,+++++,+++,"},"bonnie":["v1","csv",null,null,"vm",null,null,8388608,8192,null,null,[16,null,null,1]],"bonnie":["v2","csv","1.98","2.00a","vm",1,"17600000",8388608,null,8192,5,[128,null,null,1]],"metrics":[[null,null,null,32768],[null,null,null,4227072],null,[null,null,,262144]],"quality":["not-assessed"]}{"fleet":"default","host":"',
    ),
    sample: Buffer.from(
      `"small_file":true,"bound_mismatch":true,"capped":true,"cached":["C1","C2","C11"],${SETUP},"cohort":${COHORT},"delay":,"setup":["raw","buffered","xl",null,null,null,null,[103973],[103973],[103973],[103973],[124766],[152572],{"values":[`,
    ),
    summary: Buffer.from(
      `"small_file":true,"bound_mismatch":true,"cached":["C1","C2","C11"],"trusted":[[3,null],[4,null],[5,null]]],"facts":[${SETUP}"attributes":{"site":["","hardware":["Dell PowerEdge R630""HP ProLiant DL360 Gen9","storage":["file""lvm","xen_version":["4.17.3","2026-12-01T00:00:00.000Z","]},"newest_at":"2026-11-01T00:00:00.000Z","delay":,"setup":[0,1,2,3,4,5,6,7,8,9,10]}"blktap1""tapdisk3""qdisk""phy""blktap2"null,null,null,null,[97041],[103973],[103973],[103973],[124766],[152572]],{"host":"","groups":[{"stratum":"v1/2G/8k/16","stratum":"v2/8G/?/128","backend":"loop","runs":1,"all":[`,
    ),
  },
};

/**
 * Packs a text in a form. Equal texts of one subject give equal bytes, with one version of zlib. Throws RangeError for a form
 * that this version does not know.
 */
export function packText(form: number, subject: Subject, text: string): Uint8Array {
  const dictionary = DICTIONARIES[form]?.[subject];
  if (dictionary === undefined) throw new RangeError(`there is no form ${form} of packed texts`);
  return Buffer.concat([Uint8Array.of(form), deflateRawSync(text, { ...SETTINGS, dictionary })]);
}

/**
 * The text of an attribute, packed or, in the form before, plain. Throws ItemError for a missing attribute, for a form of a
 * later version, and for bytes that are not what `packText` wrote.
 */
export function packedText(item: Item, subject: Subject): string {
  const bytes = item[subject]?.B;
  return bytes === undefined ? itemText(item, subject) : unpackText(subject, bytes);
}

function unpackText(subject: Subject, bytes: Uint8Array): string {
  const [form = 0] = bytes;
  const dictionary = DICTIONARIES[form]?.[subject];
  if (dictionary === undefined) {
    const known = Object.keys(DICTIONARIES).join(", ");
    throw new ItemError(`a ${subject} in form ${form}; this version of vbdstat reads form ${known}`);
  }
  try {
    const options = { ...SETTINGS, dictionary, maxOutputLength: MAX_BYTES };
    return inflateRawSync(bytes.subarray(1), options).toString("utf8");
  } catch (error) {
    throw new ItemError(`a packed ${subject} cannot be unpacked`, { cause: error });
  }
}
