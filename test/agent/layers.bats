#!/usr/bin/env bats
# What the agent finds below a virtual disk: each layer down to the disks, whose counters alone prove a read, and the cache of Dom0 that
# a layer in between has. A guest must never get a device_read_ratio from a device that counts requests before a cache answers them.

load helper.bash

# The kernel lets go of a loop device a moment later.
teardown() {
  for device in ${LOOPS:-}; do losetup -d "$device"; done
  for folder in ${MOUNTED:-}; do umount "$folder" 2>/dev/null || { sleep 0.2 && umount "$folder"; } || umount -l "$folder"; done
}

# Out: `GUEST backend format storage cache_mode stack`, `-` for a missing value, a line for each guest; an exclamation mark at the end
# where the agent says that there is no device_read_ratio.
found() {
  awk '
    function row() { if (guest != "") print guest, said["backend"], said["image_format"], said["storage"], said["cache_mode"], said["storage_stack"] (none ? " !" : "") }
    $1 == "##" && NF == 3 { row(); guest = $2; split("", said); said["image_format"] = said["storage_stack"] = "-"; none = 0 }
    $1 == "#" { key = $2; sub(/:/, "", key); said[key] = $3 }
    /^## not known: device_read_ratio: / { none = 1 }
    END { row() }'
}

# bats test_tags=once
@test "each stack is followed down to its disks, and what is not a disk is named" {
  look_at_host layers
  agent detect --identifiers basename >"$BATS_TEST_TMPDIR/detected"
  diff -u - <(found <"$BATS_TEST_TMPDIR/detected") <<'END'
kpartx phy none partition buffered partition/loop/lvm/sda
md_on_loops phy none md buffered md-raid1/loop/lvm/sda+sdb
lvm_on_direct phy none lvm direct lvm/loop/lvm/sda
lvm_on_loop phy none lvm buffered lvm/loop/lvm/sda
loop_part phy none file buffered loop/lvm/sda
direct_on_loop loop raw file buffered loop/lvm/sda
largeblock blktap2 vhd file buffered lvm/loop/nvme1n1
loop_deleted loop raw file buffered lvm/sda
loop_unknown phy none lvm buffered lvm/loop/loop46 !
zvol phy none zvol unknown zvol/zd16 !
zvol_part phy none zvol unknown zvol/zd16 !
crypt_on_zvol phy none dm-other unknown crypt/zvol/zd16 !
tapdisk_zfs blktap2 raw file unknown zfs !
loop_zfs loop raw file buffered zfs !
loop_direct_zfs loop raw file unknown zfs !
qdisk_zfs_safe qdisk raw file unknown zfs !
loop_nfs loop raw nfs buffered nfs4 !
lvm_loop_nfs phy none lvm buffered lvm/loop/nfs4 !
tapdisk_cifs blktap2 vhd smb direct cifs !
loop_mem loop raw file buffered tmpfs !
tapdisk_mem blktap2 raw file unknown tmpfs !
loop_gluster loop raw file buffered fuse.glusterfs !
loop_merged loop raw file buffered overlay !
lvm_nbd phy none lvm unknown lvm/nbd/nbd0 !
lvm_rbd phy none lvm direct lvm/rbd/rbd0 !
zram phy none unknown unknown zram/zram0 !
half_zram phy none md unknown md/zram/sdb+zram0 !
scsi_debug phy none disk unknown sdf !
tcm_loop phy none disk unknown sdg !
drbd_diskless phy none drbd direct drbd/drbd0 !
dm_zero phy none dm-other unknown dm/dm-54 !
no_driver phy none disk unknown xblk0 !
drbd_lvm_md phy none drbd direct drbd/lvm/md-raid10/sdb+sdc
multipath phy none dm-other direct multipath/sdd+sde
bcache phy none dm-other direct bcache/nvme1n1+sdc
loop_crypt_nvme loop raw file buffered crypt/nvme0n1
qdisk_btrfs qdisk qcow2 file buffered sdb+sdc
uncounted phy none disk direct sdh !
ring phy none lvm unknown - !
deep phy none lvm unknown - !
rbd_key qdisk raw rbd unknown - !
rbd_hosts qdisk raw rbd unknown - !
rbd_qcow2 qdisk qcow2 rbd unknown - !
rbd_safe qdisk raw rbd direct - !
nbd_tcp qdisk raw nbd unknown - !
nbd_unix qdisk raw nbd unknown - !
iscsi qdisk raw iscsi unknown - !
iscsi_safe qdisk raw iscsi direct - !
gluster qdisk raw file unknown - !
sheepdog qdisk raw unknown unknown - !
https qdisk raw unknown unknown - !
json qdisk raw unknown unknown - !
odd_path qdisk raw file buffered lvm/sda
query qdisk raw file buffered lvm/sda
END
  # Each reason is a sentence, and what a cache mode is not known for is another.
  grep -c '^## not known: cache_mode: .*ZFS' "$BATS_TEST_TMPDIR/detected"
  grep -Fx '## not known: device_read_ratio: dm-70 is below itself' "$BATS_TEST_TMPDIR/detected"
  grep -F '## not known: device_read_ratio: more than 16 layers' "$BATS_TEST_TMPDIR/detected"
  grep -F '## not known: device_read_ratio: the kernel does not count reads of sdh' "$BATS_TEST_TMPDIR/detected"
  # A name ends before options; users, passwords and hosts are not in it.
  diff -u - <(awk '$1 == "##" && NF == 3 { guest = $2 } $2 == "label.image:" { print guest, $3 }' "$BATS_TEST_TMPDIR/detected" | sed -n '/^rbd_/,$p') <<'END'
rbd_key vm101
rbd_hosts vm102
rbd_qcow2 vm103.qcow2
rbd_safe vm104
nbd_unix vm105.sock
iscsi 1
iscsi_safe lun7
gluster vm108.img
https vm110.img
odd_path odd:name.img
query vm112.img
END
  if grep -iE 'secret|key=|[^a-z]id=|mon_host|admin|192\.0\.2|debug=' "$BATS_TEST_TMPDIR/detected"; then return 1; fi
}

# In: a guest, and the expected ratio, or the beginning of the reason for which there is none. The guest reads 4 GiB: every device that is
# not a disk counts them, and each disk delivers 131 080 sectors, 1.5626 % of them.
measures() {
  local device id
  id=$(awk -v name="$1" '$1 == name { print $2 }' "$STUB_HOST/answers/xl list")
  {
    printf '#!/bin/sh\n'
    for device in "$STUB_HOST"/root/sys/block/*; do
      [ -e "$device/stat" ] || continue
      case ${device##*/} in
        sd* | nvme?c* | nvme1n1) printf "echo '  1100 0 631080 10 2000 0 700000 20 0 30 30' >%s/stat\n" "$device" ;;
        nvme0n1) ;;
        *) printf "echo '  10 0 8389608 10 0 0 0 0 0 0 0' >%s/stat\n" "$device" ;;
      esac
    done
    printf 'echo 8389608 >%s\n' "$STUB_HOST/root/sys/bus/xen-backend/devices/vbd-$id-51712/statistics/rd_sect"
    printf "cat '%s'\n" "$(result 1)"
  } >"$STUB_HOST/bin/measure"
  chmod +x "$STUB_HOST/bin/measure"
  for device in "$STUB_HOST"/root/sys/block/*; do
    case ${device##*/} in
      sd* | nvme?c* | nvme1n1) echo '  1000 0 500000 10 2000 0 700000 20 0 30 30' >"$device/stat" ;;
      *) [ ! -e "$device/stat" ] || echo '  10 0 1000 10 0 0 0 0 0 0 0' >"$device/stat" ;;
    esac
  done
  run agent run "$1" xvda -- measure
  expect 0
  sent=$STUB_HOST/sent.$(requests)
  case $2 in
    0.*) diff - <(sed -n 's/^# device_read_ratio: //p' "$sent") <<<"$2" ;;
    *)
      expect 0 "no device_read_ratio: $2"
      grep -F "# label.no_device_read_ratio: $2" "$sent"
      ! grep '^# device_read_ratio' "$sent"
      ;;
  esac
}

# bats test_tags=once
@test "the ratio is that of the disks at the bottom; a device that is not a disk gives none" {
  on_host layers
  measures kpartx 0.0156
  measures md_on_loops 0.0313
  measures drbd_lvm_md 0.0313
  measures multipath 0.0313
  measures loop_crypt_nvme 0.0313
  measures lvm_loop_nfs 'the image is on a network file system (nfs4)'
  measures half_zram 'zram0 is in memory'
}

# bats test_tags=everywhere
@test "Qubes, a snapshot over two loop devices: buffered, and the ratio of the disk below the images" {
  on_host qubes_dm_over_loop
  run agent detect
  expect 0 '# cache_mode: buffered' '# storage_stack: dm/loop/lvm/sda'
  sectors work 10 loop8 loop9
  run agent run work xvda -- measure
  expect 0
  grep -Fx '# device_read_ratio: 0.0156' "$STUB_HOST/sent.1"
}

# bats test_tags=once
@test "a zvol: no ratio, which is said, and no direct cache mode" {
  on_host xl_zvol
  sectors work 10 zd16
  run agent run work xvda -- measure
  expect 0 'no device_read_ratio: zd16 is a ZFS volume'
  if grep -e '^# device_read_ratio' -e '^# cache_mode: direct' "$STUB_HOST/sent.1"; then return 1; fi
  grep -Fx '# cache_mode: unknown' "$STUB_HOST/sent.1"
}

# bats test_tags=once
@test "Ceph images as libxl writes them: not buffered, and no key in the identifier, which a new key does not change" {
  on_host xl_qdisk_rbd_with_key
  run agent detect --identifiers basename
  expect 0 '# image_format: raw' '# storage: rbd' '# cache_mode: unknown' '# label.image: vm101' '# label.image: machine.disk0' '# label.image: iqn=iqn.2026-11.test
'
  [[ $output != *key=* && $output != *AQDEXAMPLE* && $output != *mon1* && $output != *buffered* ]]
  run agent detect --identifiers hash vm101 xvda
  hash=$(grep label.image <<<"$output")
  [[ $hash =~ 'label.image: '[0-9a-f]{16}$ ]]
  sed -i 's/AQDEXAMPLE/AQDANOTHER/' "$STUB_HOST/xenstore"
  run agent detect --identifiers hash vm101 xvda
  expect 0 "$hash"
  # Nor in an upload, the spool, or a message.
  run agent run vm101 xvda --identifiers basename -- cat "$(result 1)"
  expect 0 'no device_read_ratio: QEMU reads the image through its driver for rbd'
  if grep -rE 'AQD(EXAMPLE|ANOTHER)|mon_host' "$SPOOL" "$STUB_HOST"/sent.* || [[ $output == *AQD* ]]; then return 1; fi
}

# In: a guest, its id and the devices that count what it requests. Out: `measure` reads 4 GiB, of which sda delivers 64 MiB.
sectors() {
  {
    printf '#!/bin/sh\necho 8389608 >%s\n' "$STUB_HOST/root/sys/bus/xen-backend/devices/vbd-$2-51712/statistics/rd_sect"
    for device in "${@:3}"; do printf "echo '  10 0 8389608 10 0 0 0 0 0 0 0' >%s\n" "$STUB_HOST/root/sys/block/$device/stat"; done
    printf "echo '  1100 0 631072 10 2000 0 700000 20 0 30 30' >%s\n" "$STUB_HOST/root/sys/block/sda/stat"
    printf '%s\n' "echo '$1,2064M,25511,35,18075,3,19948,47,71094,98,22000,86,350.1,2,16,+++++,+++,+++++,+++,+++++,+++,+++++,+++,+++++,+++,+++++,+++'"
  } >"$STUB_HOST/bin/measure"
  chmod +x "$STUB_HOST/bin/measure"
}

# In: what losetup takes. Out: NUMBER is the number of a real loop device that teardown removes.
real_loop() {
  local device
  device=$(losetup -f --show "$@" 2>/dev/null) || skip "this machine permits no loop devices"
  LOOPS="$device ${LOOPS:-}"
  NUMBER=${device#/dev/loop}
}

# In: what mount takes; the folder comes last. Out: teardown unmounts it.
real_mount() {
  mkdir -p "${!#}"
  mount "$@" 2>/dev/null || skip "this machine permits no mounting"
  MOUNTED="${!#} ${MOUNTED:-}"
}

# bats test_tags=once
@test "real loop devices, as this kernel shows them: direct I/O, a loop device below another, memory" {
  if [ "$(id -u)" != 0 ] || ! command -v losetup mkfs.ext4 >/dev/null; then skip "only root can make loop devices"; fi
  on_host xl_loop
  export VBDSTAT_ROOT=
  truncate -s 16M "$BATS_TEST_TMPDIR/outer.img"
  mkfs.ext4 -q "$BATS_TEST_TMPDIR/outer.img"
  real_loop "$BATS_TEST_TMPDIR/outer.img"
  outer=$NUMBER
  real_mount "/dev/loop$outer" "$BATS_TEST_TMPDIR/ext4"
  truncate -s 4M "$BATS_TEST_TMPDIR/ext4/inner.img"
  real_loop "$BATS_TEST_TMPDIR/ext4/inner.img"
  inner=$NUMBER
  real_loop "/dev/loop$outer"
  above=$NUMBER
  real_mount -t tmpfs none "$BATS_TEST_TMPDIR/tmpfs"
  truncate -s 4M "$BATS_TEST_TMPDIR/tmpfs/image.img"
  real_loop "$BATS_TEST_TMPDIR/tmpfs/image.img"
  memory=$NUMBER
  real_loop --direct-io=on "$BATS_TEST_TMPDIR/ext4/inner.img"
  direct=$NUMBER
  sed -i '/backend/d' "$STUB_HOST/xenstore"
  device=51712
  for number in "$outer" "$inner" "$above" "$memory" "$direct"; do
    xenstore "/local/domain/0/backend/vbd/1/$device" <<<"$(printf 'type = "phy"\nmode = "w"\nparams = "/x"\nphysical-device = "7:%x"' "$number")"
    device=$((device + 16))
  done
  disk() { sed -n "/^## vm101 $1$/,/^## vm101/p" "$BATS_TEST_TMPDIR/detected"; }
  agent detect >"$BATS_TEST_TMPDIR/detected"
  below=$(disk xvda | sed -n 's/^# storage_stack: //p')
  # shellcheck disable=SC2031
  for line in "xvda # cache_mode: buffered" "xvdb # cache_mode: buffered" "xvdb # storage_stack: loop/$below" \
    "xvdc # storage_stack: loop/$below" "xvdd # storage_stack: tmpfs" \
    "xvdd ## not known: device_read_ratio: the image is in memory (tmpfs)" "xvde # storage_stack: loop/$below"; do
    disk "${line%% *}" | grep -Fx "${line#* }"
  done
  # Direct I/O on a file whose file system is on a buffered loop device; the kernel may decline it.
  disk xvde | grep -Fx '# cache_mode: buffered'
}
