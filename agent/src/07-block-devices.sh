# ---------------------------------------------------------------------------------------------------------------------
# Block devices of Dom0: names and kinds
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
        # As kpartx names them.
        part[0-9]*-*) echo partition ;;
        *) echo dm ;;
      esac
      ;;
    md*)
      lo_level=$(first_line "$ROOT/sys/block/$1/md/level")
      case $lo_level in '' | *[!a-z0-9]*) echo md ;; *) printf 'md-%s\n' "$lo_level" ;; esac
      ;;
    bcache*) echo bcache ;;
    drbd*) echo drbd ;;
    loop*) echo loop ;;
    rbd*) echo rbd ;;
    nbd*) echo nbd ;;
    zd*) echo zvol ;;
    zram*) echo zram ;;
    ram*) echo ram ;;
  esac
}

# In: a disk name. True when the disk is attached over iSCSI.
is_iscsi() {
  case $(link_target "$ROOT/sys/block/$1") in */session[0-9]*) return 0 ;; esac
  return 1
}

# In: a device name; walk_down has run for it. Out: its kind of storage, in the server's terms.
storage_of_block() {
  case $(layer_of "$1") in
    lvm | snapshot | snapshot-origin) case $LAYERS in */thin-pool*) echo lvm-thin ;; *) echo lvm ;; esac ;;
    thin-pool) echo lvm-thin ;;
    md | md-*) echo md ;;
    partition) echo partition ;;
    drbd) echo drbd ;;
    rbd) echo rbd ;;
    nbd) echo nbd ;;
    zvol) echo zvol ;;
    crypt | multipath | dm | bcache) echo dm-other ;;
    loop) echo file ;;
    zram | ram) echo unknown ;;
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
