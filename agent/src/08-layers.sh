# ---------------------------------------------------------------------------------------------------------------------
# The layers below a virtual disk, down to the disks of this host. Only what the disks themselves have delivered proves a read: loop
# devices, ZFS volumes and the like count what was requested of them, before the page cache or ZFS's cache answers
# ---------------------------------------------------------------------------------------------------------------------

MOUNT_FS=
MOUNT_OPTIONS=
MOUNT_BLOCKS=

# In: a file in Dom0. Out: MOUNT_FS and MOUNT_OPTIONS of the file system that contains it; MOUNT_BLOCKS, the devices of the file system,
# if it has devices, and if all of them are known.
find_mount() {
  fm_directory=$(cd "$ROOT${1%/*}/" 2>/dev/null && pwd -P)
  fm_directory=${fm_directory#"$ROOT"}
  fm_line=$(path="${fm_directory:-${1%/*}}/" awk '
    { point = $2; gsub(/\\040/, " ", point); if (point != "/") point = point "/"
      if (index(ENVIRON["path"], point) == 1 && length(point) >= best) { best = length(point); line = $0 } }
    END { print line }' 2>/dev/null <"$ROOT/proc/mounts")
  set -f
  # shellcheck disable=SC2086 # split at spaces: device, mount point, type, options
  set -- $fm_line
  set +f
  fm_source=${1:-}
  MOUNT_FS=${3:-}
  MOUNT_OPTIONS=${4:-}
  MOUNT_BLOCKS=
  fm_numbers=$([ ! -r "$ROOT/proc/self/mountinfo" ] || point=${2:-} awk '$5 == ENVIRON["point"] { numbers = $3 } END { print numbers }' <"$ROOT/proc/self/mountinfo")
  case $fm_numbers in '' | 0:*) ;; *) MOUNT_BLOCKS=$(block_of_numbers "${fm_numbers%%:*}" "${fm_numbers##*:}") ;; esac
  case $MOUNT_BLOCKS$fm_source in /dev/*) MOUNT_BLOCKS=$(block_of_path "$fm_source") ;; esac
  case $MOUNT_FS/$MOUNT_BLOCKS in btrfs/?*) MOUNT_BLOCKS=$(btrfs_devices "$MOUNT_BLOCKS") ;; esac
}

# In: a device of a btrfs file system. Out: all devices of the file system; nothing where the kernel does not list them (before 3.14): it
# may have others.
btrfs_devices() {
  for bd_link in "$ROOT"/sys/fs/btrfs/*/devices/"$1"; do
    [ -e "$bd_link" ] || [ -h "$bd_link" ] || continue
    ls "${bd_link%/*}" | sed -n '/^[A-Za-z0-9!_.-]*$/p' | tr '\n' ' ' | sed 's/ $//'
    return
  done
}

LOOP_FILE=
LOOP_DIRECT=

# In: the name of a loop device. Out: LOOP_FILE, its file or device, empty if nothing reports it; LOOP_DIRECT, 1 when the kernel reports
# direct I/O for it, which older kernels do not have.
read_loop() {
  rl_dir=$ROOT/sys/block/$1/loop
  LOOP_DIRECT=0
  LOOP_FILE=$(first_line "$rl_dir/backing_file")
  case $1 in '' | *[!A-Za-z0-9]*) return 0 ;; esac
  if [ -r "$rl_dir/dio" ]; then
    if [ "$(first_line "$rl_dir/dio")" = 1 ]; then LOOP_DIRECT=1; fi
  elif [ -z "$LOOP_FILE" ] && ask losetup -l -n -O NAME,DIO,BACK-FILE "/dev/$1"; then
    case $(printf '%s\n' "$ANSWER" | awk '{ print $2 }') in 1) LOOP_DIRECT=1 ;; esac
    LOOP_FILE=$(printf '%s\n' "$ANSWER" | sed 's/^[^ ]* *[01] *//')
  elif [ -z "$LOOP_FILE" ] && ask losetup "/dev/$1"; then
    # "/dev/loop0: [fd00]:21 (/path)" of util-linux, "/dev/loop0: 0 /path" of busybox.
    LOOP_FILE=$(printf '%s\n' "$ANSWER" | sed -n '1{ s/^[^(]*(\(.*\)).*$/\1/; s/^[^:]*: *[0-9]* *\//\//; p; }')
  fi
}

# Words of the layers, from the top down, with a slash between them.
LAYERS=
# The names at the bottom: of disks, and of whatever else has no layer below it.
BOTTOMS=
# The same, if all of them are disks; else empty.
PHYSICAL=
# Why the counters at the bottom do not show what disks have delivered; empty if they do.
NO_DISK=
# The memory of Dom0 that may answer a read although the backend uses direct I/O: `page` for the page cache, `other` for a cache that
# nothing here shows.
MEMORY=
MEMORY_WHY=

# How many layers may be on top of each other, and how many devices there may be in all.
WALK_DEPTH=16 WALK_MAX=500

# In: names of devices, or a file system without a device as `:TYPE`. Out: LAYERS, BOTTOMS, PHYSICAL, NO_DISK and MEMORY.
walk_down() {
  LAYERS='' BOTTOMS='' PHYSICAL='' NO_DISK='' MEMORY='' MEMORY_WHY=''
  wd_fs=$MOUNT_FS wd_options=$MOUNT_OPTIONS wd_blocks=$MOUNT_BLOCKS
  wd_seen=' ' wd_steps=0 wd_found=0
  # An entry is `layers above,depth,/device/device/.../device`.
  wd_queue=
  for wd_name in ${1+"$@"}; do wd_queue="$wd_queue ,0,/$wd_name"; done
  wd_queue=${wd_queue# }
  while [ -n "$wd_queue" ]; do
    wd_entry=${wd_queue%% *}
    case $wd_queue in *' '*) wd_queue=${wd_queue#* } ;; *) wd_queue= ;; esac
    wd_words=${wd_entry%%,*}
    wd_entry=${wd_entry#*,}
    wd_path=${wd_entry#*,}
    wd_name=${wd_path##*/}
    wd_path=${wd_path%/*}
    wd_depth=0
    if whole "${wd_entry%%,*}"; then wd_depth=$NUMBER; fi
    case $wd_name in
      :*)
        end_at_file_system "${wd_name#:}"
        reach_bottom "$wd_words" "${wd_name#:}"
        continue
        ;;
    esac
    # A partition has no slaves; the slaves of its disk count.
    wd_disk=$(disk_of "$wd_name")
    if [ -z "$wd_disk" ]; then
      no_disk "this host has no device $wd_name"
      uses_memory other "this host has no device $wd_name"
      continue
    fi
    case $wd_path/ in
      *"/$wd_disk/"*)
        no_disk "$wd_disk is below itself"
        uses_memory other "$wd_disk is below itself"
        continue
        ;;
    esac
    case $wd_seen in *" $wd_disk "*) continue ;; esac
    wd_seen="$wd_seen$wd_disk "
    wd_steps=$((wd_steps + 1))
    if [ "$wd_depth" -ge "$WALK_DEPTH" ] || [ "$wd_steps" -gt "$WALK_MAX" ]; then
      no_disk "more than $WALK_DEPTH layers or $WALK_MAX devices are below the virtual disk"
      uses_memory other "$NO_DISK"
      break
    fi
    wd_word=$(layer_of "$wd_disk")
    if [ -n "$wd_word" ] && [ "$wd_word" != "${wd_words##*/}" ]; then wd_words=${wd_words:+$wd_words/}$wd_word; fi
    look_below "$wd_disk"
    if [ -z "$BELOW" ]; then
      end_at_device "$wd_disk"
      reach_bottom "$wd_words" "$wd_disk"
      continue
    fi
    wd_more=
    for wd_name in $BELOW; do wd_more="$wd_more $wd_words,$((wd_depth + 1)),$wd_path/$wd_disk/$wd_name"; done
    wd_queue="${wd_more# }${wd_queue:+ $wd_queue}"
  done
  [ -n "$BOTTOMS" ] || no_disk "no physical disk of this host was found below the virtual disk"
  if [ -z "$NO_DISK" ]; then PHYSICAL=$BOTTOMS; fi
  MOUNT_FS=$wd_fs MOUNT_OPTIONS=$wd_options MOUNT_BLOCKS=$wd_blocks
}

# In: the layers above a bottom, and its name. Out: LAYERS and BOTTOMS with them: the layers of the first way down, then others that are
# only on another way.
reach_bottom() {
  case " $BOTTOMS " in *" $2 "*) ;; *) BOTTOMS="${BOTTOMS:+$BOTTOMS }$2" ;; esac
  if [ "$wd_found" = 0 ]; then
    LAYERS=$1 wd_found=1
    return
  fi
  rb_left=$1
  while [ -n "$rb_left" ]; do
    rb_word=${rb_left%%/*}
    rb_left=${rb_left#"$rb_word"}
    rb_left=${rb_left#/}
    case /$LAYERS/ in *"/$rb_word/"*) ;; *) LAYERS=${LAYERS:+$LAYERS/}$rb_word ;; esac
  done
}

# In: why a bottom is not a disk. Out: NO_DISK, the first such reason.
no_disk() {
  [ -n "$NO_DISK" ] || NO_DISK=$1
}

# In: `page` or `other`, and a reason. Out: MEMORY and MEMORY_WHY; `page` is certain, and wins.
uses_memory() {
  case $MEMORY/$1 in
    /* | other/page) MEMORY=$1 MEMORY_WHY=$2 ;;
  esac
}

# In: the variables of find_mount. Out: BELOW, the devices of the file system; `:TYPE` if it has none, or if they are not known.
mounted_below() {
  BELOW=$MOUNT_BLOCKS
  case $BELOW/$MOUNT_FS in
    */*[!A-Za-z0-9._-]*) ;;
    /?*) BELOW=:$MOUNT_FS ;;
  esac
}

# In: the name of a disk or layer in /sys/block. Out: BELOW, the devices below it, or `:TYPE` for a file system without a device.
look_below() {
  BELOW=
  case $1 in
    loop*)
      read_loop "$1"
      [ "$LOOP_DIRECT" = 1 ] || uses_memory page "$1 reads through Dom0's page cache"
      case $LOOP_FILE in
        /dev/*) BELOW=$(block_of_path "$LOOP_FILE") ;;
        /*)
          find_mount "$LOOP_FILE"
          mounted_below
          ;;
      esac
      return
      ;;
  esac
  for lb_slave in "$ROOT/sys/block/$1/slaves"/*; do
    [ -e "$lb_slave" ] || [ -h "$lb_slave" ] || continue
    lb_name=${lb_slave##*/}
    case $lb_name in *[!A-Za-z0-9!._-]*) ;; *) BELOW="${BELOW:+$BELOW }$lb_name" ;; esac
  done
}

# In: a device without a layer below it. Out: NO_DISK and MEMORY, unless it is a disk whose reads the kernel counts.
end_at_device() {
  ea_answers="and what answers its reads is not known"
  case $1 in
    loop*) no_disk "$1 is not a disk, and its file is not known" ;;
    zd*)
      no_disk "$1 is a ZFS volume: it counts what was requested, and ZFS's cache (ARC) may have answered"
      uses_memory other "$1 is a ZFS volume, and ZFS's cache (ARC) is in Dom0's memory"
      ;;
    zram* | ram*)
      no_disk "$1 is in memory"
      uses_memory other "$1 is in memory"
      ;;
    nbd*)
      no_disk "$1 is a network block device"
      uses_memory other "$1 is a network block device, and its server may run in Dom0"
      ;;
    rbd*) no_disk "$1 is a Ceph image, read over the network" ;;
    drbd*) no_disk "$1 is a DRBD device whose local disk the kernel does not report" ;;
    etherd*) no_disk "$1 is a disk of another host, read over the network" ;;
    dm-* | md* | bcache* | td*)
      no_disk "$1 is not a disk, and the kernel reports no device below it"
      uses_memory other "no device is known below $1, $ea_answers"
      ;;
    *)
      ea_link=$(link_target "$ROOT/sys/block/$1")
      case $ea_link in
        */pseudo_[0-9]*/* | */tcm_loop_[0-9]*/*)
          no_disk "$1 is not a disk: this host itself serves it"
          uses_memory other "this host itself serves $1, $ea_answers"
          return
          ;;
      esac
      # Every driver of hardware has it.
      if [ ! -e "$ROOT/sys/block/$1/device" ] && [ ! -h "$ROOT/sys/block/$1/device" ]; then
        no_disk "$1 has no hardware behind it"
        uses_memory other "$1 has no hardware behind it, $ea_answers"
        return
      fi
      for ea_counted in $(counted_devices "$1"); do
        [ "$(first_line "$ROOT/sys/block/$ea_counted/queue/iostats")" != 0 ] || no_disk "the kernel does not count reads of $ea_counted (queue/iostats is 0)"
      done
      ;;
  esac
}

# In: the type of a file system without a device. Out: NO_DISK and MEMORY.
end_at_file_system() {
  case $1 in
    nfs | nfs4 | cifs | smb3 | smbfs | ceph | afs | lustre) no_disk "the image is on a network file system ($1)" ;;
    zfs)
      no_disk "the image is on ZFS, whose cache (ARC) may have answered; which disks it is on is not known"
      uses_memory other "the image is on ZFS, whose cache (ARC) is in Dom0's memory"
      ;;
    tmpfs | ramfs)
      no_disk "the image is in memory ($1)"
      uses_memory other "the image is in memory ($1)"
      ;;
    *)
      no_disk "the image is on a file system ($1) whose devices are not known"
      uses_memory other "the image is on a file system ($1) that may have a cache of its own"
      ;;
  esac
}

# In: an image file. Out: as walk_down, from the file system of the image; and the variables of find_mount.
walk_file() {
  find_mount "$1"
  mounted_below
  # shellcheck disable=SC2086 # one word for each device
  walk_down $BELOW
}

# In: the name of a disk. Out: the devices whose counters count its reads: the disk, or, if the kernel combines several NVMe paths to
# it, the paths: many kernels count nothing on the combined disk.
counted_devices() {
  ct_paths=
  case $1/$(link_target "$ROOT/sys/block/$1") in
    nvme*n*/*/nvme-subsystem/*)
      for ct_path in "$ROOT/sys/block/${1%%n[0-9]*}"c*n"${1##*n}"; do
        [ -r "$ct_path/stat" ] && ct_paths="$ct_paths ${ct_path##*/}"
      done
      ;;
  esac
  printf '%s\n' "${ct_paths:-$1}"
}

# In: BOTTOMS, PHYSICAL, LAYERS and NO_DISK. Out: adds facts about the layers and the disks at the bottom.
physical_facts() {
  pf_stack=
  if [ -n "$BOTTOMS" ]; then pf_stack=${LAYERS:+$LAYERS/}$(printf '%s\n' "$BOTTOMS" | tr ' ' +); fi
  if [ -z "$PHYSICAL" ]; then
    fact storage_stack "$pf_stack"
    unknown device_read_ratio "$NO_DISK"
    unknown disk_model "no physical disk of this host was found below the virtual disk"
    return
  fi
  pf_models=
  pf_rotational=no
  pf_first=
  for pf_disk in $PHYSICAL; do
    [ -n "$pf_first" ] || pf_first=$pf_disk
    pf_dir=$ROOT/sys/block/$pf_disk
    pf_model=$(printf '%s %s\n' "$(first_line "$pf_dir/device/vendor")" "$(first_line "$pf_dir/device/model")" | tr -s ' ' | sed 's/^ //; s/ $//')
    case "$pf_models + " in *"$pf_model + "*) ;; *) pf_models="$pf_models$pf_model + " ;; esac
    case $(first_line "$pf_dir/queue/rotational") in
      1) pf_rotational=yes ;;
      0) ;;
      *) pf_rotational= ;;
    esac
  done
  fact disk_model "${pf_models% + }"
  if [ -n "$pf_rotational" ]; then fact rotational "$pf_rotational"; else unknown rotational "not reported by this kernel (before 2.6.29)"; fi
  fact disk_write_cache "$(first_line "$ROOT/sys/block/$pf_first/queue/write_cache")"
  pf_scheduler=$(first_line "$ROOT/sys/block/$pf_first/queue/scheduler")
  pf_scheduler=${pf_scheduler##*\[}
  fact io_scheduler "${pf_scheduler%%\]*}"
  fact storage_stack "$pf_stack"
}
