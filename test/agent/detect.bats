#!/usr/bin/env bats
# What the agent detects on each kind of host: its whole output, compared with golden/. Regenerate with
# UPDATE=1 bats test/agent/detect.bats, and read the difference.

# The tests with the tag `everywhere` use each function of the agent at least once. They are what runs under the rarer
# shells; all tests run there with AGENT_TESTS=all.

load helper.bash

# In: a host of hosts.bash, and what else to give `detect`.
golden() {
  look_at_host "$1"
  agent detect >"$BATS_TEST_TMPDIR/found" 2>"$BATS_TEST_TMPDIR/said"
  if [ -n "${UPDATE:-}" ]; then cp "$BATS_TEST_TMPDIR/found" "$TESTS/golden/$1.txt"; fi
  diff -u "$TESTS/golden/$1.txt" "$BATS_TEST_TMPDIR/found"
}

# bats test_tags=everywhere
@test "xl, raw file: loop, though xenstore says phy (S1)" {
  golden xl_loop
}

@test "xl, raw file with direct I/O on, in a path with a space: loop, direct" {
  golden xl_loop_direct
}

# bats test_tags=everywhere
@test "xl, a kernel whose /sys does not know loop files: losetup is asked" {
  golden xl_loop_losetup
}

@test "xl, logical volume on a mirror: phy, and what lies below (S2)" {
  golden xl_phy_lvm
}

@test "xl, thin volume: phy, lvm-thin" {
  golden xl_phy_thin
}

@test "xl, iSCSI, partition, DRBD, NBD, RBD, zvol, multipath and whole disk: phy, each its storage" {
  golden xl_phy_others
}

@test "xl, QEMU: qdisk, buffered and direct, and no CD-ROM (S3)" {
  golden xl_qdisk
}

@test "xl to 4.18, blktap2 known by its path, format from tap-ctl in a pipe (S5)" {
  golden xl_blktap2
}

@test "xl from 4.19, backendtype=tap: tapdisk3 (S7)" {
  golden xl_tapdisk3
}

@test "xl, virtio-blk by another process: virtio" {
  golden xl_virtio
}

# bats test_tags=everywhere
@test "xl, HVM guest without Xen's drivers: emulated" {
  golden xl_emulated
}

# bats test_tags=everywhere
@test "xl, backend in a storage domain: Dom0's own devices are not looked at" {
  golden xl_driver_domain
}

# bats test_tags=everywhere
@test "xl, neither xenstore nor /sys: the output of xl block-list" {
  golden xl_block_list_only
}

@test "xend, file: loop (S8)" {
  golden xend_loop
}

# bats test_tags=everywhere
@test "xend 4.1, tap:aio: blktap1 (S4)" {
  golden xend_blktap1
}

@test "xend 4.0, tap:tapdisk:aio: blktap2 (S5)" {
  golden xend_blktap2
}

# bats test_tags=everywhere
@test "xend, neither xenstore nor /sys: the output of xm list -l" {
  golden xm_list_only
}

# bats test_tags=everywhere
@test "xapi, VHD and raw on LVM: tapdisk3 (S6)" {
  golden xapi_tapdisk3
}

@test "xapi, clone on NFS: its parent is read through the page cache" {
  golden xapi_read_cached
}

@test "xapi, LINSTOR: no row of tap-ctl has the VDI, the tapdisk's id leads to the image" {
  golden xapi_linstor
}

# bats test_tags=once
@test "xapi, each type of storage repository as sm spells it" {
  look_at_host xapi_sr_types
  diff - <(agent detect 2>/dev/null | awk '$1 == "##" && NF == 3 { type = $3 } $2 == "storage:" { storage = $3 } $2 == "cache_mode:" { print type, storage ($3 == "direct" ? "" : " " $3) }') <<'END'
lvm lvm
lvmohba lvm
lvmofcoe lvm
lvmoiscsi iscsi
nfs nfs
smb smb
cifs smb
ext file
file file
xfs file
zfs file unknown
cephfs file
glusterfs file unknown
moosefs file unknown
largeblock file
linstor drbd
rawhba disk
hba disk
udev disk
END
}

@test "xapi of XenServer 6.2: blktap2 by the major number" {
  golden xapi_blktap2
}

# bats test_tags=everywhere
@test "xapi, pool master gone: xe hangs, the rest is found" {
  SECONDS=0
  golden xapi_hanging
  grep 'xe did not answer within 1 s' "$BATS_TEST_TMPDIR/said"
  [ "$SECONDS" -le 200 ]
}

@test "no toolstack, only xenstore" {
  golden xenstore_only
}

@test "Qubes" {
  golden qubes
}

# bats test_tags=everywhere
@test "xenstored has died: what /sys shows, and a guest with spaces in its name" {
  golden sysfs_only
}

@test "a guest that is starting: unknown, with the reason" {
  golden starting
}

@test "NetBSD, file: vnd" {
  golden netbsd_vnd
}

@test "FreeBSD, file: file-direct" {
  golden freebsd_file_direct
}

@test "one guest and one disk, by name, by domain id, by device id" {
  look_at_host xl_qdisk
  run agent detect vm101 xvdb
  expect 0 '## vm101 xvdb' 'cache_mode: direct'
  [[ $output != *'## vm101 xvda'* ]]
  run agent detect 4 51728
  expect 0 '## vm101 xvdb'
  run agent detect vm101 xvdz
  expect 1 'guest vm101 is not running, or has no disk xvdz; running: vm101'
  run agent detect nobody
  expect 1 'running: vm101'
}

@test "on xapi the disk that the guest calls xvda is found by its uuid, though xenstore says hda" {
  look_at_host xapi_tapdisk3
  run agent detect vm101 xvda
  expect 0 '## vm101 hda'
  [[ $output != *'## vm101 hdb'* ]]
}

# bats test_tags=everywhere
@test "JSON has the same facts, with what is not known and why" {
  look_at_host xl_qdisk
  agent detect --json --fact 'label.quoted=a "b" \ c' >"$BATS_TEST_TMPDIR/json"
  node -e '
    const disks = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"));
    const [first, second, third] = disks;
    const assert = require("assert");
    assert.deepEqual(disks.map((disk) => disk.device), ["xvda", "xvdb", "xvdc"]);
    assert.equal(first.facts.backend, "qdisk");
    assert.equal(first.facts["label.quoted"], "a \"b\" \\ c");
    assert.equal(second.facts.cache_mode, "direct");
    assert.match(third.not_known.queues, /not connected/);
  ' "$BATS_TEST_TMPDIR/json"
}

@test "no guest: nothing printed, no error; no Dom0: an error" {
  on_host xl_loop
  sed -i '/domain\/1/d; /libxl/d; /backend/d' "$STUB_HOST/xenstore"
  run agent detect --quiet
  expect 0
  [ -z "$output" ]
  rm "$STUB_HOST/xenstore" "$STUB_HOST/bin/xl"
  run agent detect
  expect 1 'is this a Dom0, and are you root?'
}

# bats test_tags=everywhere
@test "a path is sent only as far as the operator allows" {
  on_host xl_loop
  run agent detect
  [[ $output != *raspberry* && $output != *label.image* ]]
  run agent detect --identifiers basename
  expect 0 '# label.image: xen-guest-image-minimal-raspberrypi4-64.ext3'
  [[ $output != */home* ]]
  run agent detect --identifiers hash
  [[ $output =~ 'label.image: '[0-9a-f]{16}$'\n' && $output != *raspberry* ]]
  first=$output
  run agent detect --identifiers hash
  [ "$output" = "$first" ]
}

@test "what a guest writes into its own xenstore cannot become a line or a wrong fact" {
  on_host xl_loop
  sed -i 's/^\(.*multi-queue-num-queues = \).*/\1"2; rm -rf"/' "$STUB_HOST/xenstore"
  run agent detect
  expect 0 '## not known: queues: found "2; rm -rf"'
  [[ $output != *'# queues:'* ]]
}
