// The section of the page /docs about measuring one guest on two backends: the commands that attach a disk with a backend, and the
// steps around them. docs/measuring.md is the complete guide, and has the same commands.
// Source: xen-backends.md, section 1.1.

import type { FC } from "hono/jsx";
import type { Backend } from "../../../shared/run/backends.ts";

/** A command in Dom0 that attaches the disk `xvdb` to the running guest vm101 so that this backend serves it. */
interface AttachCommand {
  readonly toolstack: "xl" | "xm" | "libvirt";
  readonly backend: Backend;
  readonly command: string;
  /** The versions for which that is true. */
  readonly when: string;
}

/** Every toolstack that lets its user choose the backend; xapi does not. */
export const ATTACH_COMMANDS: readonly AttachCommand[] = [
  {
    toolstack: "xl",
    backend: "loop",
    command: "xl block-attach vm101 format=raw,vdev=xvdb,access=rw,target=/srv/bench.img",
    when: "Xen 4.6 and later",
  },
  {
    toolstack: "xl",
    backend: "qdisk",
    command: "xl block-attach vm101 format=raw,vdev=xvdb,access=rw,backendtype=qdisk,target=/srv/bench.img",
    when: "Xen 4.2 and later",
  },
  {
    toolstack: "xl",
    backend: "phy",
    command: "xl block-attach vm101 format=raw,vdev=xvdb,access=rw,target=/dev/vg0/bench",
    when: "Xen 4.2 and later",
  },
  {
    toolstack: "xl",
    backend: "blktap2",
    command: "xl block-attach vm101 format=raw,vdev=xvdb,access=rw,backendtype=tap,target=/srv/bench.img",
    when: "Xen 4.2 to 4.12 with the blktap2 driver (not built by default from 4.10 on)",
  },
  {
    toolstack: "xl",
    backend: "tapdisk3",
    command: "xl block-attach vm101 format=vhd,vdev=xvdb,access=rw,backendtype=tap,target=/srv/bench.vhd",
    when: "Xen 4.19 and later with tapdisk",
  },
  {
    toolstack: "xm",
    backend: "loop",
    command: "xm block-attach vm101 file:/srv/bench.img xvdb w",
    when: "every version",
  },
  {
    toolstack: "xm",
    backend: "phy",
    command: "xm block-attach vm101 phy:/dev/vg0/bench xvdb w",
    when: "every version",
  },
  {
    toolstack: "xm",
    backend: "blktap1",
    command: "xm block-attach vm101 tap:aio:/srv/bench.img xvdb w",
    when: "Xen 3.0.3 to 3.4, 4.1 to 4.4 (4.0: blktap2, if its driver is loaded)",
  },
  {
    toolstack: "xm",
    backend: "blktap2",
    command: "xm block-attach vm101 tap2:aio:/srv/bench.img xvdb w",
    when: "Xen 4.1 to 4.4",
  },
  {
    toolstack: "libvirt",
    backend: "loop",
    command: "virsh attach-disk vm101 /srv/bench.img xvdb --driver phy --subdriver raw",
    when: "Xen 4.6 and later",
  },
  {
    toolstack: "libvirt",
    backend: "qdisk",
    command: "virsh attach-disk vm101 /srv/bench.img xvdb --driver qemu --subdriver raw",
    when: "Xen 4.2 and later",
  },
  {
    toolstack: "libvirt",
    backend: "phy",
    command: "virsh attach-disk vm101 /dev/vg0/bench xvdb --driver phy --subdriver raw",
    when: "Xen 4.2 and later",
  },
];

/** The section's content. */
export const Measuring: FC = () => (
  <>
    <ol>
      <li>
        Stop other guests and jobs that use the same disk. Use one image file, completely written, for all backends.
      </li>
      <li>
        In Dom0, attach the disk with the first backend (table below). To change the backend later, unmount it in the
        guest, detach it (<code>xl block-detach vm101 xvdb</code>) and attach it again.
      </li>
      <li>
        Check what serves the disk: <code>vbdstat-agent detect vm101 xvdb</code>. The configuration does not determine
        it.
      </li>
      <li>In the guest, make the file system anew, in the same way each time, and mount it.</li>
      <li>
        Measure 3 to 5 times with the same options: <code>-s</code> at least twice the memory of the guest and of Dom0,
        because loop and qdisk read through Dom0's page cache; <code>-n</code> so large that the file tests take longer
        than 0.5 s.
      </li>
      <li>Repeat with the second backend, and then on other hosts.</li>
    </ol>
    <table>
      <thead>
        <tr>
          {["Toolstack", "Backend", "Command", "When"].map((head) => (
            <th scope="col">{head}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {ATTACH_COMMANDS.map(({ toolstack, backend, command, when }) => (
          <tr>
            <td>{toolstack}</td>
            <td>
              <code>{backend}</code>
            </td>
            <td>
              <code>{command}</code>
            </td>
            <td>{when}</td>
          </tr>
        ))}
      </tbody>
    </table>
    <p>
      xapi (XenServer, XCP-ng) chooses the backend on its own: tapdisk3 from XenServer 6.5 on, blktap2 before, and phy
      for a raw LUN per VDI. docs/measuring.md in the source of vbdstat has the complete guide.
    </p>
  </>
);
