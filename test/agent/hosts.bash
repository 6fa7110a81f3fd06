# Dom0 hosts as the agent finds them: one function each, which fills $STUB_HOST with what xenstore, /proc, /sys and the
# toolstack show. The values are from the documented examples; S1 to S8 are their numbers in xen-backends.md, section 2.5.

# In: a path and its content. Out: the file, in the host's root.
file() {
  mkdir -p "$STUB_HOST/root${1%/*}"
  printf '%s\n' "$2" >"$STUB_HOST/root$1"
}

# In: a path and where it points.
link() {
  mkdir -p "$STUB_HOST/root${1%/*}"
  ln -s "$2" "$STUB_HOST/root$1"
}

# In: lines `PATH = "value"` on standard input, below a path.
xenstore() {
  has xenstore-read xenstore-list
  sed "s|^ *|$1/|" >>"$STUB_HOST/xenstore"
}

# In: a command line, and on standard input what it prints.
prints() {
  has "${1%% *}"
  mkdir -p "$STUB_HOST/answers"
  cat >"$STUB_HOST/answers/$(printf '%s' "$1" | tr / %)"
}

# In: names of commands. Out: they are in the host's PATH.
has() {
  mkdir -p "$STUB_HOST/bin"
  for name in "$@"; do
    case $name in
      xenstore-*) ln -sf "$STUBS/$name" "$STUB_HOST/bin/$name" ;;
      *) ln -sf "$STUBS/answers" "$STUB_HOST/bin/$name" ;;
    esac
  done
}

# In: name of a disk, major:minor, vendor, model, rotational. Out: the disk in /sys.
disk() {
  file "/sys/block/$1/device/vendor" "$3"
  file "/sys/block/$1/device/model" "$4"
  file "/sys/block/$1/queue/rotational" "$5"
  file "/sys/block/$1/queue/write_cache" "write back"
  file "/sys/block/$1/queue/scheduler" "noop deadline [cfq]"
  file "/sys/block/$1/queue/read_ahead_kb" 128
  file "/sys/block/$1/stat" "  1000 0 500000 10 2000 0 700000 20 0 30 30"
  link "/sys/dev/block/$2" "../../block/$1"
}

# In: a partition, major:minor, its disk.
partition() {
  file "/sys/block/$3/$1/partition" 1
  link "/sys/dev/block/$2" "../../block/$3/$1"
}

# In: a dm device, major:minor, its name, its uuid, the devices below.
mapped() {
  file "/sys/block/$1/dm/name" "$3"
  file "/sys/block/$1/dm/uuid" "$4"
  file "/sys/block/$1/queue/read_ahead_kb" 256
  mkdir -p "$STUB_HOST/root/sys/block/$1/slaves"
  link "/sys/dev/block/$2" "../../block/$1"
  link "/dev/mapper/$3" "../$1"
  for slave in "${@:5}"; do link "/sys/block/$1/slaves/$slave" "../../$slave"; done
}

# In: number of a loop device, its file, dio (empty: a kernel without it).
loop() {
  file "/sys/block/loop$1/loop/backing_file" "$2"
  [ -z "$3" ] || file "/sys/block/loop$1/loop/dio" "$3"
  file "/sys/block/loop$1/queue/read_ahead_kb" 128
  link "/sys/dev/block/7:$1" "../../block/loop$1"
}

# In: a path and its size in KiB. Out: a file without holes, and with `sparse` a hole of that size.
image() {
  mkdir -p "$STUB_HOST/root${1%/*}"
  if [ "${3:-}" = sparse ]; then
    truncate -s "$2K" "$STUB_HOST/root$1"
  else
    dd if=/dev/zero of="$STUB_HOST/root$1" bs=1024 count="$2" 2>/dev/null
  fi
}

# The host of the seed: an E5520 with one SATA disk, ext4 on LVM below Dom0's root.
machine() {
  mkdir -p "$STUB_HOST/answers" "$STUB_HOST/bin"
  file /proc/meminfo "$(printf '%s\n' 'MemTotal:        2097152 kB' 'MemFree:          102400 kB' 'MemAvailable:    1572864 kB' 'Buffers:          204800 kB' 'Cached:           819200 kB')"
  file /proc/cpuinfo "$(printf 'processor\t: 0\nmodel name\t: Intel(R) Xeon(R) CPU           E5520  @ 2.27GHz\ncpu MHz\t\t: 2266.746\nprocessor\t: 1\nmodel name\t: Intel(R) Xeon(R) CPU           E5520  @ 2.27GHz\n')"
  file /proc/loadavg '0.25 0.20 0.18 1/120 4711'
  file /proc/devices "$(printf 'Block devices:\n  7 loop\n  8 sd\n  9 md\n253 device-mapper\n')"
  file /proc/mounts "$(printf '%s\n' 'rootfs / rootfs rw 0 0' '/dev/mapper/vg-root / ext4 rw,relatime,barrier=1,data=ordered 0 0' '/dev/sda1 /boot ext3 rw 0 0')"
  file /proc/self/mountinfo "$(printf '%s\n' '20 1 253:0 / / rw,relatime - ext4 /dev/mapper/vg-root rw,barrier=1' '21 20 8:1 / /boot rw - ext3 /dev/sda1 rw')"
  file /etc/os-release "$(printf 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n')"
  disk sda 8:0 'ATA     ' 'WDC WD5002ABYS-1' 1
  partition sda1 8:1 sda
  partition sda2 8:2 sda
  mapped dm-0 253:0 vg-root LVM-k1m2 sda2
  prints 'uname -s' <<<Linux
  prints 'uname -n' <<<dom0-1
  prints 'uname -r' <<<6.1.0-13-amd64
  prints 'uname -a' <<<'Linux dom0-1 6.1.0-13-amd64'
}

# xl as its manual shows it, shortened.
xl_info() {
  prints 'xl info' <<'EOF'
host                   : dom0-1
release                : 6.1.0-13-amd64
machine                : x86_64
nr_cpus                : 8
cpu_mhz                : 2266.746
virt_caps              : hvm hvm_directio
total_memory           : 16384
free_memory            : 4274
xen_major              : 4
xen_minor              : 17
xen_extra              : .7
xen_version            : 4.17.7
xen_scheduler          : credit2
xen_pagesize           : 4096
xen_commandline        : placeholder com1=115200,8n1 dom0_mem=2048M
xend_config_format     : 4
EOF
  prints 'xl vcpu-list 0' <<'EOF'
Name                                ID  VCPU   CPU State   Time(s) Affinity (Hard / Soft)
Domain-0                             0     0    3   r--    1201.3  all / all
Domain-0                             0     1    6   -b-    1100.9  all / all
EOF
  prints 'xl sched-credit2 -d 0' <<'EOF'
Name                                ID Weight  Cap
Domain-0                             0    256    0
EOF
}

xm_info() {
  prints 'xm info' <<EOF
host                   : dom0-1
release                : 2.6.32.13
nr_cpus                : 8
cpu_mhz                : 2266
xen_major              : $1
xen_minor              : $2
xen_extra              : $3
xen_scheduler          : credit
xend_config_format     : 4
EOF
  prints 'xm vcpu-list 0' <<'EOF'
Name                                ID  VCPU   CPU State   Time(s) CPU Affinity
Domain-0                             0     0     0   r--     120.3 0
Domain-0                             0     1     1   -b-     110.9 1
EOF
  prints 'xm sched-credit -d 0' <<'EOF'
Name                                ID Weight  Cap
Domain-0                             0    512    0
EOF
}

# In: id, name, type as libxl says it. Out: a guest with 1 GiB and two processors, and Dom0.
guest() {
  xenstore /local/domain/0 <<<'name = "Domain-0"'
  xenstore "/local/domain/$1" <<EOF
name = "$2"
vm = "/vm/9a1d5b1e-0d52-4f06-8c53-0cf3c4b0c9a7"
memory/target = "1056768"
cpu/0/availability = "online"
cpu/1/availability = "online"
EOF
  [ -z "${3:-}" ] || xenstore "/libxl/$1" <<<"type = \"$3\""
}

# S1: xl 4.6 and later, raw file.
host_xl_loop() {
  machine
  xl_info
  guest 1 vm101 pv
  loop 0 /home/root/guest2/xen-guest-image-minimal-raspberrypi4-64.ext3 0
  image /home/root/guest2/xen-guest-image-minimal-raspberrypi4-64.ext3 64
  xenstore /libxl/1/device/vbd/51712 <<<'backend = "/local/domain/0/backend/vbd/1/51712"'
  xenstore /local/domain/0/backend/vbd/1/51712 <<'EOF'
frontend = "/local/domain/1/device/vbd/51712"
params = "/home/root/guest2/xen-guest-image-minimal-raspberrypi4-64.ext3"
script = "/etc/xen/scripts/block"
frontend-id = "1"
online = "1"
removable = "0"
bootable = "1"
state = "4"
dev = "xvda"
type = "phy"
mode = "w"
device-type = "disk"
discard-enable = "1"
feature-max-indirect-segments = "256"
multi-queue-max-queues = "4"
max-ring-page-order = "4"
node = "/dev/loop0"
physical-device = "7:0"
physical-device-path = "/dev/loop0"
hotplug-status = "connected"
feature-flush-cache = "1"
feature-discard = "1"
feature-barrier = "1"
feature-persistent = "1"
sectors = "1794048"
info = "0"
sector-size = "512"
physical-sector-size = "512"
EOF
  xenstore /local/domain/1/device/vbd/51712 <<'EOF'
backend = "/local/domain/0/backend/vbd/1/51712"
backend-id = "0"
virtual-device = "51712"
multi-queue-num-queues = "2"
feature-persistent = "1"
EOF
}

# The same, flipped to direct I/O by hand, as loop13 (hex d), on an image with holes.
host_xl_loop_direct() {
  machine
  xl_info
  guest 1 vm101 pv
  loop 13 '/srv/a path/vm101.img' 1
  image '/srv/a path/vm101.img' 4096 sparse
  xenstore /local/domain/0/backend/vbd/1/51712 <<'EOF'
params = "/srv/a path/vm101.img"
type = "phy"
mode = "w"
dev = "xvda"
physical-device = "7:d"
state = "4"
EOF
}

# A kernel without sysfs for loop devices: losetup must report them, of util-linux and of busybox.
host_xl_loop_losetup() {
  machine
  xl_info
  guest 1 vm101 pv
  file /proc/partitions "$(printf 'major minor  #blocks  name\n\n   7        0    1048576 loop0\n')"
  prints 'losetup /dev/loop0' <<<'/dev/loop0: [65024]:2197744 (/srv/xen/vm101.img)'
  xenstore /local/domain/0/backend/vbd/1/51712 <<'EOF'
params = "/srv/xen/vm101.img"
type = "phy"
mode = "w"
dev = "xvda"
physical-device = "7:0"
EOF
}

# S2: xl, a logical volume on a mirror of two disks.
host_xl_phy_lvm() {
  machine
  xl_info
  guest 4 vm101 pvh
  disk sdb 8:16 'ATA     ' 'INTEL SSDSC2BB48' 0
  disk sdc 8:32 'ATA     ' 'INTEL SSDSC2BB48' 0
  file /sys/block/md0/md/level raid1
  link /sys/block/md0/slaves/sdb ../../sdb
  link /sys/block/md0/slaves/sdc ../../sdc
  mapped dm-4 253:4 vg_xen-vm101 LVM-a1b2c3 md0
  xenstore /local/domain/0/backend/vbd/4/51712 <<'EOF'
params = "/dev/vg_xen/vm101"
type = "phy"
mode = "w"
dev = "xvda"
physical-device = "fd:4"
physical-device-path = "/dev/dm-4"
feature-persistent = "1"
feature-max-indirect-segments = "256"
state = "4"
EOF
}

# A thin volume.
host_xl_phy_thin() {
  machine
  xl_info
  guest 4 vm101 pv
  mapped dm-2 253:2 vg-pool_tdata LVM-a-tdata sda2
  mapped dm-3 253:3 vg-pool-tpool LVM-a-tpool dm-2
  mapped dm-4 253:4 vg-thin LVM-b dm-3
  xenstore /local/domain/0/backend/vbd/4/51712 <<'EOF'
params = "/dev/vg/thin"
type = "phy"
mode = "w"
dev = "xvda"
physical-device = "fd:4"
EOF
}

# A LUN over iSCSI, whole and partitioned, and the devices of other drivers.
host_xl_phy_others() {
  machine
  xl_info
  guest 4 vm101 pv
  mkdir -p "$STUB_HOST/root/sys/devices/platform/host6/session1/target6:0:0/6:0:0:1/block"
  disk sdd 8:48 'LIO-ORG ' 'vol1            ' 1
  mv "$STUB_HOST/root/sys/block/sdd" "$STUB_HOST/root/sys/devices/platform/host6/session1/target6:0:0/6:0:0:1/block/sdd"
  link /sys/block/sdd ../devices/platform/host6/session1/target6:0:0/6:0:0:1/block/sdd
  link /sys/dev/block/147:1 ../../block/drbd1
  link /sys/dev/block/43:0 ../../block/nbd0
  link /sys/dev/block/250:0 ../../block/rbd0
  link /sys/dev/block/230:16 ../../block/zd16
  for name in drbd1 nbd0 rbd0 zd16; do mkdir -p "$STUB_HOST/root/sys/block/$name"; done
  mapped dm-9 253:9 mpatha mpath-3600 sdd
  number=51712
  for device in 8:30 8:2 93:1 2b:0 fa:0 e6:10 fd:9 8:0; do
    xenstore "/local/domain/0/backend/vbd/4/$number" <<EOF
params = "/dev/$number"
type = "phy"
mode = "w"
physical-device = "$device"
EOF
    number=$((number + 16))
  done
}

# S3: xl, qcow2 and raw through QEMU, the second one past the page cache.
host_xl_qdisk() {
  machine
  xl_info
  guest 4 vm101 hvm
  image /srv/vm101.qcow2 64
  xenstore /local/domain/0/backend/qdisk/4/51712 <<'EOF'
params = "qcow2:/srv/vm101.qcow2"
type = "qdisk"
mode = "w"
dev = "xvda"
device-type = "disk"
state = "4"
EOF
  xenstore /local/domain/0/backend/qdisk/4/51728 <<'EOF'
params = "aio:/srv/vm101.img"
type = "qdisk"
mode = "w"
dev = "xvdb"
device-type = "disk"
direct-io-safe = "1"
state = "4"
EOF
  xenstore /local/domain/0/backend/qdisk/4/51744 <<'EOF'
params = "rbd:pool/vm101"
type = "qdisk"
mode = "w"
dev = "xvdc"
device-type = "disk"
state = "2"
EOF
  # A CD-ROM, which is no disk.
  xenstore /local/domain/0/backend/qdisk/4/5632 <<'EOF'
params = "aio:/srv/install.iso"
type = "qdisk"
mode = "r"
dev = "hdc"
device-type = "cdrom"
EOF
}

# S4: xend 4.1, tap:aio.
host_xend_blktap1() {
  machine
  xm_info 4 1 .3
  guest 3 vm101
  xenstore /vm/9a1d5b1e-0d52-4f06-8c53-0cf3c4b0c9a7 <<<'image/ostype = "linux"'
  file /proc/meminfo "$(printf '%s\n' 'MemTotal:        1048576 kB' 'MemFree:          102400 kB' 'Buffers:          204800 kB' 'Cached:           819200 kB')"
  rm -r "$STUB_HOST/root/etc/os-release"
  file /etc/redhat-release 'CentOS release 5.10 (Final)'
  rm "$STUB_HOST/root/proc/self/mountinfo"
  image /var/lib/xen/images/vm101.img 64
  xenstore /local/domain/0/backend/tap/3/51712 <<'EOF'
type = "tap"
params = "aio:/var/lib/xen/images/vm101.img"
mode = "w"
dev = "xvda"
uuid = "428676ef-d10b-5bee-3546-2059ee3f40b6"
bootable = "1"
EOF
}

# S5: blktap2, from xend with its prefix, and from xl, which leaves only the path.
host_xend_blktap2() {
  machine
  xm_info 4 0 .1
  guest 3 vm101
  xenstore /vm/9a1d5b1e-0d52-4f06-8c53-0cf3c4b0c9a7 <<<'image/ostype = "hvm"'
  xenstore /local/domain/0/backend/vbd/3/51712 <<'EOF'
type = "phy"
params = "/dev/xen/blktap-2/tapdev0"
tapdisk-params = "tapdisk:aio:/srv/vm101.img"
physical-device = "fe:0"
mode = "w"
dev = "sda1:disk"
EOF
}

host_xl_blktap2() {
  machine
  xl_info
  guest 3 vm101 pv
  prints 'tap-ctl list' <<<'pid=705 minor=0 state=0 args=vhd:/srv/a vm 101.vhd'
  prints 'tap-ctl list on a terminal' <<<'     705    0    0        vhd /srv/a vm 101.vhd'
  xenstore /local/domain/0/backend/vbd/3/51712 <<'EOF'
type = "phy"
params = "/dev/xen/blktap-2/tapdev0"
physical-device = "fe:0"
mode = "w"
dev = "xvda"
EOF
}

# S6: XenServer and XCP-ng, VHD on LVM. xl is there, but is not asked for the configuration.
xapi_host() {
  machine
  xl_info
  file /etc/xensource-inventory "$(printf '%s\n' "PRODUCT_BRAND='XCP-ng'" "PRODUCT_VERSION='8.2.1'" "INSTALLATION_UUID='c8f5e0a1-0000-4000-8000-000000000001'")"
  guest 5 vm101
  xenstore /local/domain/5 <<<'hvmloader/bios = "seabios"'
  prints "xe sr-param-get uuid=2eeb9fd5-6545-8f0b-cf72-0378e413a31c param-name=type" <<<"$1"
  prints 'xe vm-list name-label=vm101 params=uuid --minimal' <<<9a1d5b1e-0d52-4f06-8c53-0cf3c4b0c9a7
  prints 'xe vbd-list vm-uuid=9a1d5b1e-0d52-4f06-8c53-0cf3c4b0c9a7 device=xvda params=vdi-uuid --minimal' <<<a7c0f37e-b7fb-4a44-a6fe-05067fb84c09
  prints 'xe vm-param-get uuid=9a1d5b1e-0d52-4f06-8c53-0cf3c4b0c9a7 param-name=os-version' <<<'name: Debian GNU/Linux 12 (bookworm); uname: 6.1.0; distro: debian; major: 12'
}

tapdisk3_disk() {
  xenstore "/local/domain/0/backend/vbd3/5/$1" <<EOF
params = "/dev/sm/backend/2eeb9fd5-6545-8f0b-cf72-0378e413a31c/$3"
physical-device = "fe:$1"
type = "phy"
mode = "w"
dev = "$2"
kthread-pid = "$4"
max-ring-page-order = "3"
feature-barrier = "1"
state = "4"
EOF
  xenstore "/local/domain/5/device/vbd/$1" <<'EOF'
ring-page-order = "3"
device-type = "disk"
EOF
}

host_xapi_tapdisk3() {
  xapi_host lvm
  prints 'tap-ctl list' <<'EOF'
pid=18213 minor=0 state=0 args=vhd:/dev/VG_XenStorage-2eeb9fd5-6545-8f0b-cf72-0378e413a31c/VHD-a7c0f37e-b7fb-4a44-a6fe-05067fb84c09
minor=3
pid=18300 minor=1 state=0 args=aio:/dev/VG_XenStorage-2eeb9fd5-6545-8f0b-cf72-0378e413a31c/LV-b7c0f37e-b7fb-4a44-a6fe-05067fb84c10
EOF
  prints 'tap-ctl stats -p 18213 -m 0' <<<'{ "name": "vhd:/dev/x", "secs": [ 2048, 4096 ], "images": [ ], "read_caching": "false" }'
  prints 'xe vdi-param-get uuid=a7c0f37e-b7fb-4a44-a6fe-05067fb84c09 param-name=sm-config' <<<'vdi_type: vhd; read-caching-reason-on-c8f5e0a1-0000-4000-8000-000000000001: SR_NOT_SUPPORTED'
  tapdisk3_disk 768 hda a7c0f37e-b7fb-4a44-a6fe-05067fb84c09 18213
  tapdisk3_disk 832 hdb b7c0f37e-b7fb-4a44-a6fe-05067fb84c10 18300
  # The tools' CD: its device-type is in the frontend only.
  xenstore /local/domain/0/backend/vbd3/5/5696 <<'EOF'
params = "/dev/sm/backend/iso/tools"
mode = "w"
dev = "hdd"
EOF
  xenstore /local/domain/5/device/vbd/5696 <<<'device-type = "cdrom"'
}

# A clone of a template on NFS, whose parent is read through the page cache; tap-ctl is of no help.
host_xapi_read_cached() {
  xapi_host nfs
  prints 'xe vdi-param-get uuid=a7c0f37e-b7fb-4a44-a6fe-05067fb84c09 param-name=sm-config' <<<'vhd-parent: d1; vdi_type: vhd; read-caching-enabled-on-c8f5e0a1-0000-4000-8000-000000000001: true'
  has tap-ctl
  tapdisk3_disk 51712 xvda a7c0f37e-b7fb-4a44-a6fe-05067fb84c09 18213
}

# LINSTOR and SMAPIv3 name images differently from the VDI: only the id of the tapdisk leads to a row. The second tapdisk has two
# images, the third disk is served by qemu-dp, which tap-ctl does not list.
host_xapi_linstor() {
  xapi_host linstor
  prints 'tap-ctl list' <<'EOF'
pid=18213 minor=0 state=0 args=vhd:/dev/drbd/by-res/xcp-volume-eccacf4a-a5b7-4a4a-b397-8011dcf5f5f9/0
pid=18300 minor=1 state=0 args=aio:/dev/drbd/by-res/xcp-volume-83da35c4-dd18-47fb-9d2b-68bd5b92fcaa/0
pid=18300 minor=834 state=0 args=vhd:/dev/drbd/by-res/xcp-volume-83da35c4-dd18-47fb-9d2b-68bd5b92fcab/0
pid=18500 minor=3 state=0 args=vhd:/run/sr-mount/of-another-guest.vhd
EOF
  mapped dm-3 253:3 linstor_group-thin_device-tpool LVM-a-tpool sda2
  mapped dm-4 253:4 linstor_group-xcp--volume LVM-b dm-3
  mkdir -p "$STUB_HOST/root/sys/block/drbd1000/slaves"
  link /sys/block/drbd1000/slaves/dm-4 ../../dm-4
  link /dev/drbd/by-res/xcp-volume-eccacf4a-a5b7-4a4a-b397-8011dcf5f5f9/0 ../../../drbd1000
  tapdisk3_disk 768 hda a7c0f37e-b7fb-4a44-a6fe-05067fb84c09 18213
  tapdisk3_disk 834 hdb b7c0f37e-b7fb-4a44-a6fe-05067fb84c10 18300
  tapdisk3_disk 5632 hdc c7c0f37e-b7fb-4a44-a6fe-05067fb84c11 19000
  sed -i 's/"fe:834"/"fe:342"/' "$STUB_HOST/xenstore"
}

# Every type of storage repository that sm has, a disk on each.
host_xapi_sr_types() {
  xapi_host lvm
  number=100
  while read -r type; do
    number=$((number + 1))
    prints "xe sr-param-get uuid=00000000-0000-4000-8000-000000000$number param-name=type" <<<"$type"
    xenstore "/local/domain/0/backend/vbd3/5/$((51712 + (number - 101) * 16))" <<EOF
params = "/dev/sm/backend/00000000-0000-4000-8000-000000000$number/a7c0f37e-b7fb-4a44-a6fe-05067fb84$number"
type = "phy"
mode = "w"
dev = "$type"
state = "4"
EOF
  done <<'TYPES'
lvm
lvmohba
lvmofcoe
lvmoiscsi
nfs
smb
cifs
ext
file
xfs
zfs
cephfs
glusterfs
moosefs
largeblock
linstor
rawhba
hba
udev
TYPES
}

# The pool's master is gone: xe hangs, xenstore answers.
host_xapi_hanging() {
  xapi_host lvm
  for answer in "$STUB_HOST"/answers/xe*; do echo HANG >"$answer"; done
  tapdisk3_disk 51712 xvda a7c0f37e-b7fb-4a44-a6fe-05067fb84c09 18213
}

# XenServer 6.2: blktap2, known by the major number only.
host_xapi_blktap2() {
  xapi_host ext
  file /proc/devices "$(printf 'Block devices:\n  8 sd\n253 device-mapper\n254 tapdev\n')"
  prints 'tap-ctl list' <<<'pid=705 minor=0 state=0 args=vhd:/var/run/sr-mount/2eeb9fd5-6545-8f0b-cf72-0378e413a31c/a7c0f37e-b7fb-4a44-a6fe-05067fb84c09.vhd'
  xenstore /local/domain/0/backend/vbd/5/51712 <<'EOF'
params = "/dev/sm/backend/2eeb9fd5-6545-8f0b-cf72-0378e413a31c/a7c0f37e-b7fb-4a44-a6fe-05067fb84c09"
physical-device = "fe:0"
type = "phy"
mode = "w"
dev = "xvda"
EOF
}

# S7: xl 4.19 with backendtype=tap.
host_xl_tapdisk3() {
  machine
  xl_info
  guest 7 vm101 pv
  image /srv/vm101.vhd 64
  prints 'tap-ctl stats -p 3121 -m 0' <<<'{ "secs": [ 2048, 4096 ] }'
  prints 'tap-ctl list' <<<'pid=3121 minor=0 state=0 args=vhd:/srv/vm101.vhd'
  xenstore /local/domain/0/backend/vbd3/7/51712 <<'EOF'
params = "vhd:/srv/vm101.vhd"
type = "vbd3"
script = "/etc/xen/scripts/block-tap"
pid = "3121"
minor = "0"
physical-device-path = "/run/blktap-control/nbd3121.0"
mode = "w"
dev = "xvda"
state = "4"
EOF
}

# S8: xend, file:.
host_xend_loop() {
  machine
  xm_info 3 4 .3
  guest 2 vm101
  loop 0 /var/lib/xen/images/vm101.img ''
  xenstore /local/domain/0/backend/vbd/2/51712 <<'EOF'
type = "file"
params = "/var/lib/xen/images/vm101.img"
node = "/dev/loop0"
physical-device = "7:0"
mode = "w"
dev = "xvda"
EOF
}

host_xl_virtio() {
  machine
  xl_info
  guest 6 vm101 pvh
  xenstore /libxl/6/device/virtio_disk/51712 <<<'backend = "/local/domain/0/backend/virtio_disk/6/51712"'
  xenstore /local/domain/0/backend/virtio_disk/6/51712 <<'EOF'
type = "standalone"
params = "/srv/vm101.img"
mode = "w"
dev = "xvda"
EOF
}

# A guest without Xen's drivers: its disks are in the configuration only.
host_xl_emulated() {
  machine
  xl_info
  guest 8 win7 hvm
  prints 'xl list -l win7' <<'EOF'
[
    {
        "domid": 8,
        "config": {
            "c_info": { "type": "hvm", "name": "win7" },
            "disks": [
                { "pdev_path": "/srv/win7.img", "vdev": "hda", "format": "raw", "readwrite": 1 },
                { "pdev_path": "/srv/install.iso", "vdev": "hdc", "format": "raw", "is_cdrom": 1 }
            ]
        }
    }
]
EOF
  sed -i 's/"is_cdrom": 1/"is_cdrom": "1"/' "$STUB_HOST/answers/xl list -l win7"
}

host_netbsd_vnd() {
  machine
  xl_info
  prints 'uname -s' <<<NetBSD
  guest 1 vm101 pv
  xenstore /local/domain/0/backend/vbd/1/51712 <<'EOF'
type = "file"
params = "/home/vm101.img"
physical-device = "e00"
physical-device-path = "/dev/vnd0d"
mode = "w"
dev = "xvda"
EOF
}

host_freebsd_file_direct() {
  machine
  xl_info
  prints 'uname -s' <<<FreeBSD
  guest 1 vm101 pvh
  image /vm/vm101.img 64
  xenstore /local/domain/0/backend/vbd/1/51712 <<'EOF'
type = "phy"
params = "/vm/vm101.img"
physical-device-path = "/vm/vm101.img"
mode = "w"
dev = "xvda"
EOF
}

# The backend is in a storage domain: its 7:0 is not Dom0's loop0.
host_xl_driver_domain() {
  machine
  xl_info
  guest 9 vm101 pv
  xenstore /local/domain/3 <<<'name = "storagedom"'
  loop 0 /srv/of-another-guest.img 1
  xenstore /libxl/9/device/vbd/51712 <<<'backend = "/local/domain/3/backend/vbd/9/51712"'
  xenstore /local/domain/3/backend/vbd/9/51712 <<'EOF'
type = "phy"
params = "/srv/vm101.img"
physical-device = "7:0"
mode = "w"
dev = "xvda"
EOF
}

# libvirt, or a Dom0 of somebody's own making: only xenstore.
host_xenstore_only() {
  host_xl_loop
  rm "$STUB_HOST/bin/xl"
}

host_qubes() {
  host_xl_loop
  file /etc/qubes-release 'Qubes release 4.2.1 (R4.2)'
}

host_starting() {
  machine
  xl_info
  guest 1 vm101 pv
  xenstore /local/domain/0/backend/vbd/1/51712 <<'EOF'
type = "phy"
params = "/srv/vm101.img"
mode = "w"
dev = "xvda"
state = "1"
EOF
}

# xenstored does not answer, but the kernel shows its backends, and xl its guests.
host_sysfs_only() {
  machine
  xl_info
  has xenstore-read xenstore-list
  prints 'xl list' <<'EOF'
Name                                        ID   Mem VCPUs	State	Time(s)
Domain-0                                     0  2048     2     r-----    5000.1
my vm 101                                    1  1032     2     -b----     100.3
EOF
  loop 0 /srv/vm101.img 0
  file /sys/bus/xen-backend/devices/vbd-1-51712/physical_device 7:0
  file /sys/bus/xen-backend/devices/vbd-1-51712/mode w
  file /sys/bus/xen-backend/devices/tap-1-51728/mode w
}

# xend, and neither xenstore nor /sys.
host_xm_list_only() {
  machine
  xm_info 3 4 .3
  prints 'xm list' <<'EOF'
Name                                        ID   Mem VCPUs      State   Time(s)
Domain-0                                     0  2048     2     r-----   5000.1
hvm-WinXP                                    2  1024     1     -b----    100.3
EOF
  prints 'xm list -l hvm-WinXP' <<'EOF'
(domain
    (domid 2)
    (device
        (vbd
            (uuid 428676ef-d10b-5bee-3546-2059ee3f40b6)
            (bootable 1)
            (dev hda:disk)
            (uname file:/home/zp/Desktop/fc8/hvm-WinXP/fedora14.img)
            (mode w)
            (backend 0)
            (VDI )
        )
    )
    (device (tap (dev xvdb:disk) (uname tap:aio:/srv/data.img) (mode w)))
    (device (tap2 (dev xvdc:disk) (uname tap:tapdisk:vhd:/srv/data.vhd) (mode w)))
    (device (vbd (dev xvdd:disk) (uname phy:vg/lv) (mode w)))
    (device (vbd (dev hdc:cdrom) (uname file:/srv/install.iso) (mode r)))
)
EOF
}

# xl, and neither xenstore nor /sys.
host_xl_block_list_only() {
  machine
  xl_info
  prints 'xl list' <<'EOF'
Name                                        ID   Mem VCPUs	State	Time(s)
Domain-0                                     0  2048     2     r-----    5000.1
vm101                                        4  1024     2     -b----     100.3
EOF
  prints 'xl block-list 4' <<'EOF'
Vdev  BE  handle state evt-ch ring-ref BE-path                       
51712 0   4      4     17     768      /local/domain/0/backend/qdisk/4/51712
51728 0   4      4     18     -1       /local/domain/0/backend/vbd/4/51728
EOF
}

# In: xl or xm. Out: it lists the guest vm101 and nothing of its disks; neither xenstore nor /sys show them.
unseen_guest() {
  prints "$1 list" <<'EOF'
Name                                        ID   Mem VCPUs	State	Time(s)
Domain-0                                     0  2048     2     r-----    5000.1
vm101                                        4  1024     2     -b----     100.3
EOF
  image /srv/vm101.img 64
  image '/srv/a path/data, 2.img' 64
}

# xl, and a configuration file as people write them.
host_xl_config_only() {
  machine
  xl_info
  unseen_guest xl
  mapped dm-4 253:4 vg-vm101--swap LVM-b sda2
  link /dev/vg/vm101-swap ../dm-4
  loop 5 /srv/vm101.img 1
  loop 6 '/srv/a path/data, 2.img' 0
  file /etc/xen/xl.conf '# Global XL config file #'
  file /etc/xen/vm102.cfg "$(printf '%s\n' "name = 'vm102'  # not vm101" "disk = ['phy:/dev/vg/vm102,xvda,w']")"
  file /etc/xen/vm101.cfg "$(
    cat <<'EOF'
# Made by hand; disk = [ 'phy:/dev/sdz,xvda,w' ] was the old one
kernel  = "/boot/vmlinuz-6.1.0-13-amd64"
extra   = "root=/dev/xvda ro # no comment"
name    = "vm101"; memory = 1024
vif     = [ 'mac=00:16:3e:00:00:01,bridge=xenbr0' ]
disk    = [ 'file:/srv/vm101.img,xvda,w',	# the system
            "/dev/vg/vm101-swap,raw,xvdb,rw",
#           'phy:/dev/vg/vm101-old,xvdd,w',
            'format=raw, vdev=xvdc, access=rw, target=/srv/a path/data, 2.img',
            'format=qcow2, direct-io-safe, vdev=xvde, target=/srv/vm101.qcow2',
            '/srv/install.iso,,hdc,cdrom' ]
on_crash = 'restart'
EOF
  )"
  link /etc/xen/auto/vm101.cfg ../vm101.cfg
}

# xend that no longer answers for its disks, and a program as configuration file.
host_xend_config_only() {
  machine
  xm_info 4 1 .3
  unseen_guest xm
  file /etc/xen/vm/vm101 "$(
    cat <<'EOF'
#  -*- mode: python; -*-
import os, re
arch = os.uname()[4]
if re.search('64', arch):
    arch_libdir = 'lib64'
else:
    arch_libdir = 'lib'
name = 'vm101'
memory = 1024
disk = [ 'tap:aio:/srv/vm101.img,xvda,w', \
         'file:/srv/log.img,ioemu:xvdb,w!',
         'phy:vg/vm101,xvdc:disk,w', ',hdc:cdrom,r', 'phy:/dev/cdrom,xvdd,r' ]
vnc = 1
EOF
  )"
}

# What libxl makes of Ceph images: with libvirt's key, and without. It writes the format `aio` before every raw target.
host_xl_qdisk_rbd_with_key() {
  machine; xl_info; guest 4 vm101 hvm
  xenstore /local/domain/0/backend/qdisk/4/51728 <<'X'
params = "aio:rbd:rbd/machine.disk0"
type = "qdisk"
mode = "w"
dev = "xvdb"
state = "4"
X
  # As Xen's block-iscsi script takes it.
  xenstore /local/domain/0/backend/vbd/4/51744 <<'X'
params = "iqn=iqn.2026-11.test:vm101,portal=192.0.2.7:3260,user=admin,password=AQDEXAMPLE"
type = "phy"
mode = "w"
dev = "xvdc"
physical-device = "8:0"
state = "4"
X
  xenstore /local/domain/0/backend/qdisk/4/51712 <<'X'
params = "aio:rbd:libvirt-pool/vm101:id=libvirt:key=AQDEXAMPLEKEYNOTREAL0000000000000000000==:auth_supported=cephx;none:mon_host=mon1.example.org\:6789"
type = "qdisk"
mode = "w"
dev = "xvda"
device-type = "disk"
state = "4"
X
}

# The file pool of Qubes 4.0: a dm snapshot over two loop devices (Qubes issue 336 lists fd:4 next to 7:8, 7:d and 7:f).
host_qubes_dm_over_loop() {
  machine; xl_info; file /etc/qubes-release 'Qubes release 4.0 (R4.0)'; guest 10 work pv
  loop 8 /var/lib/qubes/vm-templates/fedora-26/root.img ''
  loop 9 /var/lib/qubes/appvms/work/volatile.img ''
  for l in loop8 loop9; do file /sys/block/$l/stat "  10 0 1000 10 0 0 0 0 0 0 0"; done
  image /var/lib/qubes/vm-templates/fedora-26/root.img 64
  mapped dm-4 253:4 snapshot-fd00:1234-fd00:1235 "" loop8 loop9
  : >"$STUB_HOST/root/sys/block/dm-4/dm/uuid"
  xenstore /local/domain/0/backend/vbd/10/51712 <<'X'
params = "/var/lib/qubes/vm-templates/fedora-26/root.img:/var/lib/qubes/appvms/work/volatile.img"
script = "/etc/xen/scripts/block-snapshot"
type = "phy"
mode = "w"
dev = "xvda"
physical-device = "fd:4"
state = "4"
X
  file /sys/bus/xen-backend/devices/vbd-10-51712/statistics/rd_sect 1000
}

# A ZFS volume, which is always busy in iostat while the disks are idle (OpenZFS issue 3888).
host_xl_zvol() {
  machine; xl_info; guest 10 work pv
  mkdir -p "$STUB_HOST/root/sys/block/zd16/queue"
  file /sys/block/zd16/queue/rotational 0
  file /sys/block/zd16/stat '  10 0 1000 10 0 0 0 0 0 0 0'
  link /sys/dev/block/230:16 ../../block/zd16
  xenstore /local/domain/0/backend/vbd/10/51712 <<'X'
params = "/dev/zvol/tank/vm/work"
script = "/etc/xen/scripts/block"
type = "phy"
mode = "w"
dev = "xvda"
physical-device = "e6:10"
state = "4"
X
  file /sys/bus/xen-backend/devices/vbd-10-51712/statistics/rd_sect 1000
}

# shellcheck source=test/agent/layers.bash
. "${BASH_SOURCE[0]%/*}/layers.bash"

# In: a folder. Out: every host is in it, under its name. Building them takes longer than looking at them, so tests share them.
build_hosts() {
  for function in $(declare -F | sed -n 's/^declare -f host_//p'); do
    STUB_HOST=$1/$function
    "host_$function"
  done
}
