# A Dom0 with many guests, each of which has one disk, xvda, on another stack of layers. Sources: /sys of loop devices as Linux 6.18
# shows it (backing_file, dio, no `device`); LargeBlockSR.py of sm for the loop device below `largeblock`; kpartx/devmapper.h for the
# uuid of its mappings; xen-backends.md, section 2.5, for the rest. layers.bats has what the agent must find.

# In: a guest and the hexadecimal numbers of its device. Out: the kernel shows the disk, as xvda.
phy() {
  layers_id=$((layers_id + 1))
  printf '%-40s %5s  1024     2     -b----     100.3\n' "$1" "$layers_id" >>"$STUB_HOST/answers/xl list"
  file "/sys/bus/xen-backend/devices/vbd-$layers_id-51712/physical_device" "$2"
  file "/sys/bus/xen-backend/devices/vbd-$layers_id-51712/mode" w
  file "/sys/bus/xen-backend/devices/vbd-$layers_id-51712/statistics/rd_sect" 1000
}

# In: a guest and its disk, as a configuration file has it, without the device.
configured() {
  layers_id=$((layers_id + 1))
  printf '%-40s %5s  1024     2     -b----     100.3\n' "$1" "$layers_id" >>"$STUB_HOST/answers/xl list"
  file "/etc/xen/$1.cfg" "$(printf "name = '%s'\ndisk = [ 'vdev=xvda,%s' ]" "$1" "$2")"
}

# In: a device that is no hardware, its decimal numbers, the devices below it.
virtual() {
  mkdir -p "$STUB_HOST/root/sys/block/$1/slaves" "$STUB_HOST/root/sys/block/$1/queue"
  file "/sys/block/$1/stat" '  10 0 1000 10 0 0 0 0 0 0 0'
  link "/sys/dev/block/$2" "../../block/$1"
  for below in "${@:3}"; do link "/sys/block/$1/slaves/$below" "../../$below"; done
}

# In: a mount point, its type, its source; the numbers of its device, if it has one.
mounted() {
  printf '%s %s %s rw,relatime 0 0\n' "$3" "$1" "$2" >>"$STUB_HOST/root/proc/mounts"
  printf '%s 20 %s / %s rw - %s %s rw\n' $((30 + ${#1})) "${4:-0:99}" "$1" "$2" "$3" >>"$STUB_HOST/root/proc/self/mountinfo"
  mkdir -p "$STUB_HOST/root$1"
}

# In: a SCSI disk, its decimal numbers, where it is below /sys/devices.
placed() {
  disk "$1" "$2" 'LIO-ORG ' disk 0
  mkdir -p "$STUB_HOST/root/sys/devices/$3/block"
  mv "$STUB_HOST/root/sys/block/$1" "$STUB_HOST/root/sys/devices/$3/block/$1"
  link "/sys/block/$1" "../devices/$3/block/$1"
}

host_layers() {
  machine
  xl_info
  prints 'xl list' <<<'Name                                        ID   Mem VCPUs	State	Time(s)'
  layers_id=10
  disk sdb 8:16 'ATA     ' 'INTEL SSDSC2BB48' 0
  disk sdc 8:32 'ATA     ' 'INTEL SSDSC2BB48' 0
  partition sdb1 8:17 sdb
  disk nvme1n1 259:1 '' 'SAMSUNG MZQL2960' 0
  placed sdd 8:48 platform/host6/session1/target6:0:0/6:0:0:1
  placed sde 8:64 platform/host7/session2/target7:0:0/7:0:0:1
  placed sdf 8:80 pseudo_0/adapter0/host8/target8:0:0/8:0:0:0
  placed sdg 8:96 tcm_loop_0/tcm_loop_adapter_0/host9/target9:0:1/9:0:1:0
  mounted /ssd ext4 /dev/sdb1 8:17
  mounted /nfs nfs4 filer:/vol
  mounted /cifs cifs //filer/vol
  mounted /tank zfs tank/vm
  mounted /mem tmpfs none
  mounted /gluster fuse.glusterfs gluster1:/vm
  mounted /merged overlay overlay
  n=30
  for path in /srv/a.img /ssd/b.img /nfs/c.img /tank/d.img /mem/e.img /gluster/f.img /merged/g.img; do
    loop $n "$path" 0
    virtual loop$n 7:$n 2>/dev/null
    n=$((n + 1))
  done

  # Loop below other layers.
  loop 40 /srv/kpartx.img ''
  mapped dm-40 253:40 loop40p1 part1-devnode_7:40_Wh5pYvM loop40
  phy kpartx fd:28
  file /sys/block/md9/md/level raid1
  virtual md9 9:9 loop30 loop31
  phy md_on_loops 9:9
  loop 41 /srv/direct.img 1
  mapped dm-41 253:41 vg_loop-lv LVM-l1 loop41
  phy lvm_on_direct fd:29
  loop 42 /srv/pv.img 0
  mapped dm-42 253:42 vg_loop-lv2 LVM-l2 loop42
  phy lvm_on_loop fd:2a
  partition loop30p1 259:30 loop30
  phy loop_part 103:1e
  loop 43 /dev/loop42 1
  phy direct_on_loop 7:2b
  loop 44 /dev/nvme1n1 0
  mapped dm-44 253:44 XSLocalLargeBlock--2eeb-2eeb LVM-l4 loop44
  mounted /run/sr-mount/2eeb ext4 /dev/mapper/XSLocalLargeBlock--2eeb-2eeb 253:44
  configured largeblock format=vhd,backendtype=tap,target=/run/sr-mount/2eeb/vm.vhd
  loop 45 '/gone/x.img (deleted)' 0
  phy loop_deleted 7:2d
  mkdir -p "$STUB_HOST/root/sys/block/loop46/loop"
  mapped dm-46 253:46 lost LVM-l6 loop46
  phy loop_unknown fd:2e

  # Bottoms that are not disks of this host.
  virtual zd16 230:16
  partition zd16p1 230:17 zd16
  phy zvol e6:10
  phy zvol_part e6:11
  mapped dm-50 253:50 crypt CRYPT-LUKS1-x zd16
  phy crypt_on_zvol fd:32
  configured tapdisk_zfs backendtype=tap,target=/tank/vm.img
  phy loop_zfs 7:21
  loop 47 /tank/direct.img 1
  phy loop_direct_zfs 7:2f
  configured qdisk_zfs_safe backendtype=qdisk,direct-io-safe,target=/tank/vm.img
  phy loop_nfs 7:20
  mapped dm-51 253:51 vg_nfs-lv LVM-n1 loop32
  phy lvm_loop_nfs fd:33
  configured tapdisk_cifs format=vhd,backendtype=tap,target=/cifs/vm.vhd
  phy loop_mem 7:22
  configured tapdisk_mem backendtype=tap,target=/mem/vm.img
  phy loop_gluster 7:23
  phy loop_merged 7:24
  virtual nbd0 43:0
  mapped dm-52 253:52 vg_nbd-lv LVM-n2 nbd0
  phy lvm_nbd fd:34
  virtual rbd0 250:0
  mkdir -p "$STUB_HOST/root/sys/block/rbd0/device"
  mapped dm-53 253:53 vg_rbd-lv LVM-n3 rbd0
  phy lvm_rbd fd:35
  virtual zram0 254:0
  phy zram fe:0
  virtual md8 9:8 sdb zram0
  phy half_zram 9:8
  phy scsi_debug 8:50
  phy tcm_loop 8:60
  virtual drbd0 147:0
  phy drbd_diskless 93:0
  mapped dm-54 253:54 zero ''
  phy dm_zero fd:36
  virtual xblk0 251:0
  phy no_driver fb:0

  # Disks, however deep.
  file /sys/block/md0/md/level raid10
  virtual md0 9:0 sdb sdc
  mapped dm-60 253:60 vg-drbd LVM-d1 md0
  virtual drbd1 147:1 dm-60
  phy drbd_lvm_md 93:1
  mapped dm-61 253:61 mpatha mpath-3600 sdd sde
  phy multipath fd:3d
  virtual bcache0 252:0 nvme1n1 sdc
  phy bcache fc:0
  mkdir -p "$STUB_HOST/root/sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1"
  link /sys/block/nvme0n1 ../devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1
  disk nvme0n1 259:0 '' 'KIOXIA CD6' 0
  # The kernel counts on the paths only.
  file /sys/block/nvme0n1/stat '  0 0 0 0 0 0 0 0 0 0 0'
  file /sys/block/nvme0n1/queue/iostats 0
  for path in nvme0c0n1 nvme0c1n1; do disk $path 259:9$((n++)) '' 'KIOXIA CD6' 0 && rm "$STUB_HOST/root/sys/dev/block/259:9$((n - 1))"; done
  mapped dm-62 253:62 data CRYPT-LUKS2-y nvme0n1
  mounted /data xfs /dev/mapper/data 253:62
  loop 48 /data/vm.img 0
  phy loop_crypt_nvme 7:30
  mounted /btrfs btrfs /dev/sdb1
  mkdir -p "$STUB_HOST/root/sys/fs/btrfs/7c1f/devices" "$STUB_HOST/root/sys/fs/btrfs/features"
  link /sys/fs/btrfs/7c1f/devices/sdb1 ../../../../block/sdb/sdb1
  link /sys/fs/btrfs/7c1f/devices/sdc ../../../../block/sdc
  link /dev/sdb1 /dev/nowhere
  rm "$STUB_HOST/root/dev/sdb1"
  configured qdisk_btrfs format=qcow2,target=/btrfs/vm.qcow2
  disk sdh 8:112 'ATA     ' uncounted 1
  file /sys/block/sdh/queue/iostats 0
  phy uncounted 8:70

  # What no kernel has, but a walk must survive.
  mapped dm-70 253:70 ring1 LVM-r1 dm-71
  mapped dm-71 253:71 ring2 LVM-r2 dm-70
  phy ring fd:46
  deep=sdb
  for level in $(seq 80 99); do
    mapped dm-"$level" 253:"$level" deep"$level" "LVM-d$level" "$deep"
    deep=dm-$level
  done
  phy deep fd:63

  # Images that QEMU reads over the network, with options as libvirt writes them.
  while read -r name options target; do
    configured "$name" "backendtype=qdisk,${options/plain/format=raw},target=$target"
  done <<'TARGETS'
rbd_key plain rbd:libvirt-pool/vm101:id=libvirt:key=AQDsecret1==:auth_supported=cephx;none:mon_host=mon1.example.org
rbd_hosts plain rbd:pool/vm102:auth_supported=none:mon_host=mon1.example.org;mon2.example.org
rbd_qcow2 format=qcow2 rbd:pool/vm103.qcow2
rbd_safe direct-io-safe rbd:pool/vm104@snap
nbd_tcp plain nbd:192.0.2.7:10809:exportname=secret1
nbd_unix plain nbd:unix:/run/nbd/vm105.sock:exportname=secret1
iscsi plain iscsi://admin%secret1@192.0.2.7:3260/iqn.2026-11.test:vm106/1
iscsi_safe direct-io-safe iscsi://admin%sec/ret1@192.0.2.7/iqn.2026-11.test:vm107/lun7
gluster plain gluster+tcp://gluster1:24007/vol/vm108.img?debug=9
sheepdog plain sheepdog:192.0.2.7:7000:vm109
https plain https://admin:secret1@images.test/vm110.img?password=secret2
json plain json:{"driver":"rbd","pool":"p","image":"vm111","user":"admin","key-secret":"secret2"}
odd_path plain /srv/odd:name.img
query plain /srv/vm112.img?token=secret1
TARGETS
}
