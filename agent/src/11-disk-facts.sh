# ---------------------------------------------------------------------------------------------------------------------
# Storage of a disk, and facts about it
# ---------------------------------------------------------------------------------------------------------------------

# In: the D_ variables of a disk whose backend is decided. Out: D_STORAGE, D_BLOCK (the disk's device in Dom0), D_TOP (the device to
# walk down from), and for an image file the variables of find_mount.
find_storage() {
  D_TOP='' fs_path=''
  MOUNT_FS='' MOUNT_OPTIONS='' MOUNT_BLOCKS=''
  LAYERS='' BOTTOMS='' PHYSICAL='' MEMORY='' MEMORY_WHY=''
  NO_DISK='Dom0 has no device or file for the virtual disk'
  if [ "$D_BE" != 0 ]; then
    NO_DISK="the backend runs in domain $D_BE, whose disks Dom0 cannot see"
    return
  fi
  if [ -n "$D_REMOTE" ]; then
    NO_DISK="QEMU reads the image through its driver for $D_REMOTE, and Dom0 does not report from where"
    # All of these bypass Dom0's page cache, but librbd and others have a cache of their own, which direct I/O turns off.
    case $D_CACHE/$D_REMOTE in
      direct/rbd | direct/iscsi) ;;
      *) D_CACHE=unknown D_CACHE_WHY="QEMU's driver for $D_REMOTE, or its server, may have a cache in Dom0's memory" ;;
    esac
    return
  fi
  case $D_IMAGE in
    /dev/*)
      # An image on a block device, which tapdisk and QEMU support.
      D_TOP=$(block_of_path "$D_IMAGE")
      fs_path=$D_IMAGE
      ;;
    /*)
      walk_file "$D_IMAGE"
      D_TOP=${MOUNT_BLOCKS%% *}
      case $MOUNT_FS in
        nfs | nfs4) fs_kind=nfs ;;
        cifs | smb3 | smbfs) fs_kind=smb ;;
        *) fs_kind='file' ;;
      esac
      [ "$D_STORAGE" != unknown ] || D_STORAGE=$fs_kind
      ;;
    *) if [ "$D_BACKEND" = phy ]; then D_TOP=$D_BLOCK fs_path=${D_DEVICE_PATH:-$D_PARAMS}; fi ;;
  esac
  if [ -n "$D_TOP" ] && [ -z "$MOUNT_FS" ]; then walk_down "$D_TOP"; fi
  if [ "$D_STORAGE" = unknown ]; then
    if [ -n "$D_TOP" ]; then
      D_STORAGE=$(storage_of_block "$D_TOP")
    else
      # Dom0 does not have the device, but the names of XenServer's volume groups identify them.
      case $fs_path in /dev/VG_XenStorage-*) D_STORAGE=lvm ;; esac
    fi
  fi
  case $D_BACKEND in loop | vnd | file-direct) [ "$D_STORAGE" != unknown ] || D_STORAGE='file' ;; esac
  # Direct I/O of the backend ends where a layer below has a cache.
  case $D_CACHE/$MEMORY in
    direct*/page) D_CACHE=buffered ;;
    direct*/other) D_CACHE=unknown D_CACHE_WHY=$MEMORY_WHY ;;
  esac
}

# Out: adds facts about the disk in the D_ variables.
disk_facts() {
  fact label.device "$D_NAME"
  fact backend "$D_BACKEND"
  if [ "$D_BACKEND" = unknown ]; then unknown backend "${D_WHY:-no information about it was found}"; fi
  fact backend_evidence "$D_EVIDENCE"
  fact image_format "$D_FORMAT"
  [ -n "$D_FORMAT" ] || unknown image_format "Dom0 does not report it"
  fact storage "$D_STORAGE"
  [ "$D_STORAGE" != unknown ] || unknown storage "Dom0 has no device or file for it"
  fact cache_mode "$D_CACHE"
  if [ "$D_BE" != 0 ]; then
    fact driver_domain yes
    unknown cache_mode "the backend runs in domain $D_BE, whose page cache Dom0 cannot see"
  else
    fact driver_domain no
    [ "$D_CACHE" != unknown ] || unknown cache_mode "${D_CACHE_WHY:-it depends on what serves the disk, which Dom0 does not report}"
  fi
  fact backend_domid "$D_BE"
  if [ "$XENSTORE" = 1 ]; then ring_facts; else unknown queues "xenstore does not answer"; fi
  if [ "$D_BE" != 0 ]; then
    unknown device_read_ratio "$NO_DISK"
    return
  fi
  image_facts
  physical_facts
  df_ahead=$(first_line "$ROOT/sys/block/$(disk_of "${D_BLOCK:-$D_TOP}")/queue/read_ahead_kb")
  fact readahead_kb "$df_ahead"
  df_identity=${D_IMAGE:-${D_PARAMS:-$D_DEVICE_PATH}}
  if [ -n "$df_identity" ] && [ "$IDENTIFIERS" != none ]; then
    without_secrets "$df_identity"
    if [ -n "$IMAGE_NAME" ]; then
      fact label.image "$(identifier_of "$IMAGE_NAME")"
    else
      unknown label.image "what Dom0 reports has no name that can be separated from options and passwords"
    fi
  fi
}

# Out: adds facts about what both ends of the ring negotiated. Only numbers are taken from the guest's side.
ring_facts() {
  rf_front=/local/domain/$D_GUEST/device/vbd/$D_ID
  xs_read "$D_PATH/state"
  if [ "${VALUE:-4}" != 4 ]; then
    unknown queues "the guest's driver is not connected (state $(shortened "$VALUE")); without a driver the disk is emulated"
    return
  fi
  case $D_BACKEND in virtio | emulated) return 0 ;; esac
  xs_read "$D_PATH/feature-persistent" && rf_back=$VALUE
  xs_read "$rf_front/feature-persistent"
  if [ "$rf_back/$VALUE" = 1/1 ]; then fact persistent yes; else fact persistent no; fi
  xs_read "$D_PATH/feature-max-indirect-segments"
  fact indirect_segments "${VALUE:-0}"
  xs_read "$rf_front/multi-queue-num-queues"
  fact queues "${VALUE:-1}"
  xs_read "$rf_front/ring-page-order"
  fact ring_page_order "${VALUE:-0}"
}

# Out: adds facts about the image file and its file system.
image_facts() {
  if [ -z "$MOUNT_FS" ]; then return 0; fi
  fact image_fs "$MOUNT_FS"
  fact image_fs_opts "$MOUNT_OPTIONS"
  if [ ! -f "$ROOT$D_IMAGE" ]; then
    unknown image_sparse "the image file is not visible from Dom0"
    return
  fi
  whole "$(du -k "$ROOT$D_IMAGE" 2>/dev/null | awk '{ print $1; exit }')" || return 0
  if_used=$NUMBER
  whole "$(ls -lnd "$ROOT$D_IMAGE" | awk '{ printf "%d", ($5 + 1023) / 1024; exit }')" || return 0
  if [ "$if_used" -lt "$NUMBER" ]; then fact image_sparse yes; else fact image_sparse no; fi
}
