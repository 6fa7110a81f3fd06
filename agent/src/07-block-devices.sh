# ---------------------------------------------------------------------------------------------------------------------
# Block devices of Dom0: names, layers, physical disks
# ---------------------------------------------------------------------------------------------------------------------

# In: a major and a minor number. Out: the name of the device, such as loop0 or dm-4.
block_of_numbers() {
  bo_link=$(link_target "$ROOT/sys/dev/block/$1:$2")
  if [ -n "$bo_link" ]; then
    printf '%s\n' "${bo_link##*/}"
  else
    major=$1 minor=$2 awk '$1 == ENVIRON["major"] && $2 == ENVIRON["minor"] { print $4; exit }' 2>/dev/null <"$ROOT/proc/partitions"
  fi
}

# In: a path such as /dev/vg/lv. Out: the name of the device that it leads to, if Dom0 has that device.
block_of_path() {
  case $1 in /*) bp_path=$1 ;; *) return 0 ;; esac
  bp_hops=0
  while [ -h "$ROOT$bp_path" ] && [ "$bp_hops" -lt 8 ]; do
    bp_target=$(link_target "$ROOT$bp_path")
    case $bp_target in
      /*) bp_path=$bp_target ;;
      *) bp_path=${bp_path%/*}/$bp_target ;;
    esac
    bp_hops=$((bp_hops + 1))
  done
  bp_name=${bp_path##*/}
  if [ -n "$(disk_of "$bp_name")" ]; then
    printf '%s\n' "$bp_name"
    return
  fi
  # Old udev creates device nodes in /dev/mapper, not links.
  for bp_dm in "$ROOT"/sys/block/dm-*; do
    if [ "$(first_line "$bp_dm/dm/name")" = "$bp_name" ]; then
      printf '%s\n' "${bp_dm##*/}"
      return
    fi
  done
}

# In: a device name. Out: the disk with that name, or the disk that has this partition; nothing when there is no such device.
disk_of() {
  case $1 in '' | . | .. | */*) return 0 ;; esac
  if [ -d "$ROOT/sys/block/$1" ]; then
    printf '%s\n' "$1"
    return
  fi
  for do_disk in "$ROOT"/sys/block/*; do
    if [ -d "$do_disk/$1" ]; then
      printf '%s\n' "${do_disk##*/}"
      return
    fi
  done
}

# In: a device name. Out: its kind of layer, as a word of storage_stack; nothing for a plain disk.
layer_of() {
  case $1 in
    dm-*)
      case $(first_line "$ROOT/sys/block/$1/dm/uuid") in
        LVM-*-tpool | LVM-*-tdata) echo thin-pool ;;
        LVM-*-cow) echo snapshot ;;
        LVM-*-real) echo snapshot-origin ;;
        LVM-*) echo lvm ;;
        CRYPT-*) echo crypt ;;
        mpath-*) echo multipath ;;
        *) echo dm ;;
      esac
      ;;
    md*) printf 'md-%s\n' "$(first_line "$ROOT/sys/block/$1/md/level")" ;;
    drbd*) echo drbd ;;
    loop*) echo loop ;;
    rbd*) echo rbd ;;
    nbd*) echo nbd ;;
    zd*) echo zvol ;;
  esac
}

LAYERS=
PHYSICAL=

# In: a device name. Out: LAYERS, the layers from the device down, and PHYSICAL, the disks at the bottom.
walk_down() {
  LAYERS=
  PHYSICAL=
  wd_queue=$1
  wd_seen=' '
  while [ -n "$wd_queue" ]; do
    wd_name=${wd_queue%% *}
    case $wd_queue in *' '*) wd_queue=${wd_queue#* } ;; *) wd_queue= ;; esac
    case $wd_seen in *" $wd_name "*) continue ;; esac
    wd_seen="$wd_seen$wd_name "
    wd_disk=$(disk_of "$wd_name")
    [ -n "$wd_disk" ] || continue
    wd_word=$(layer_of "$wd_disk")
    case " $LAYERS " in *" $wd_word "*) ;; *) LAYERS="$LAYERS $wd_word" ;; esac
    wd_below=
    # A partition has no slaves; the slaves of its disk count.
    for wd_slave in "$ROOT/sys/block/$wd_disk/slaves"/*; do
      [ -e "$wd_slave" ] || [ -h "$wd_slave" ] || continue
      wd_below="$wd_below ${wd_slave##*/}"
    done
    if [ -n "$wd_below" ]; then
      wd_queue="${wd_below# }${wd_queue:+ $wd_queue}"
    else
      case " $PHYSICAL " in *" $wd_disk "*) ;; *) PHYSICAL="$PHYSICAL $wd_disk" ;; esac
    fi
  done
  LAYERS=${LAYERS# }
  PHYSICAL=${PHYSICAL# }
}

# In: a disk name. True when the disk is attached over iSCSI.
is_iscsi() {
  case $(link_target "$ROOT/sys/block/$1") in */session[0-9]*) return 0 ;; esac
  return 1
}

# In: a device name; walk_down has run for it. Out: its kind of storage, in the server's terms.
storage_of_block() {
  case $(layer_of "$1") in
    lvm | snapshot | snapshot-origin) case " $LAYERS " in *' thin-pool '*) echo lvm-thin ;; *) echo lvm ;; esac ;;
    thin-pool) echo lvm-thin ;;
    md-*) echo md ;;
    drbd) echo drbd ;;
    rbd) echo rbd ;;
    nbd) echo nbd ;;
    zvol) echo zvol ;;
    crypt | multipath | dm) echo dm-other ;;
    loop) echo file ;;
    *)
      sb_disk=$(disk_of "$1")
      if [ -z "$sb_disk" ]; then
        echo unknown
      elif is_iscsi "$sb_disk"; then
        echo iscsi
      elif [ "$sb_disk" = "$1" ]; then
        echo disk
      else
        echo partition
      fi
      ;;
  esac
}

MOUNT_FS=
MOUNT_OPTIONS=
MOUNT_SOURCE=
MOUNT_BLOCK=

# In: a file in Dom0. Out: MOUNT_FS, MOUNT_OPTIONS and MOUNT_SOURCE of the file system that contains it; MOUNT_BLOCK, the device of the
# file system, if it has one.
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
  MOUNT_SOURCE=${1:-}
  MOUNT_FS=${3:-}
  MOUNT_OPTIONS=${4:-}
  MOUNT_BLOCK=
  fm_numbers=$([ ! -r "$ROOT/proc/self/mountinfo" ] || point=${2:-} awk '$5 == ENVIRON["point"] { numbers = $3 } END { print numbers }' <"$ROOT/proc/self/mountinfo")
  case $fm_numbers in '' | 0:*) ;; *) MOUNT_BLOCK=$(block_of_numbers "${fm_numbers%%:*}" "${fm_numbers##*:}") ;; esac
  case $MOUNT_BLOCK$MOUNT_SOURCE in /dev/*) MOUNT_BLOCK=$(block_of_path "$MOUNT_SOURCE") ;; esac
}

# In: PHYSICAL and LAYERS. Out: adds facts about the disks at the bottom.
physical_facts() {
  if [ -z "$PHYSICAL" ]; then
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
  fact storage_stack "$(printf '%s\n' "${LAYERS:+$LAYERS }" | tr ' ' /)$(printf '%s\n' "$PHYSICAL" | tr ' ' +)"
}
