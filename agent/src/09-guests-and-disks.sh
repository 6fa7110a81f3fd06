# ---------------------------------------------------------------------------------------------------------------------
# Guests and their disks, as xenstore and /sys list them
# ---------------------------------------------------------------------------------------------------------------------

GUESTS=

# Out: GUESTS, the running guests without Dom0, one `id TAB name` a line.
find_guests() {
  GUESTS=
  if [ "$XENSTORE" = 1 ]; then
    xs_list /local/domain
    gu_left=$NAMES
    while next_line "$gu_left"; do
      gu_left=$LEFT
      gu_id=$LINE
      case $gu_id in 0 | *[!0-9]*) continue ;; esac
      ask_xenstore xenstore-read "/local/domain/$gu_id/name"
      gu_name=$ANSWER
      case $gu_name in
        *[!\ -~]*)
          gu_name=$(cleaned "$ANSWER")
          # Two names that differ only in invisible characters stay different.
          [ "$gu_name" = "$ANSWER" ] || gu_name="${gu_name:-guest} ~$(printf '%s' "$ANSWER" | cksum | awk '{ printf "%08x", $1 }')"
          ;;
      esac
      GUESTS="$GUESTS$gu_id$TAB$gu_name$NL"
    done
    if [ "$XENSTORE" = 1 ]; then return 0; fi
  fi
  # Name ID Mem VCPUs State Time: only the name may have spaces.
  GUESTS=
  case $TOOLSTACK in xend) ask xm list ;; *) ask xl list ;; esac || return 0
  GUESTS=$(printf '%s\n' "$ANSWER" | awk 'NR > 1 && NF >= 6 && $(NF - 4) ~ /^[1-9][0-9]*$/ {
    id = $(NF - 4); name = $1; for (i = 2; i < NF - 4; i++) name = name " " $i; printf "%s\t%s\n", id, name }')
}

DISKS=

# In: a guest's id. Out: DISKS, one `evidence TAB kind TAB backend domain TAB device id` a line. The frontend's directory is not used: the
# guest can write it.
find_disks() {
  DISKS=
  if [ "$XENSTORE" = 1 ]; then
    dk_paths=
    # Only libxl's copy names driver domains.
    for dk_kind in vbd virtio_disk; do
      xs_list "/libxl/$1/device/$dk_kind"
      dk_left=$NAMES
      while next_line "$dk_left"; do
        dk_left=$LEFT
        dk_device=$LINE
        xs_read "/libxl/$1/device/$dk_kind/$dk_device/backend"
        case $dk_kind in virtio_disk) VALUE=${VALUE:-/local/domain/0/backend/virtio_disk/$1/$dk_device} ;; esac
        dk_paths=$dk_paths$VALUE$NL
      done
    done
    for dk_kind in vbd vbd3 tap qdisk; do
      xs_list "/local/domain/0/backend/$dk_kind/$1"
      dk_left=$NAMES
      while next_line "$dk_left"; do
        dk_left=$LEFT
        dk_paths=$dk_paths/local/domain/0/backend/$dk_kind/$1/$LINE$NL
      done
    done
    if [ "$XENSTORE" = 1 ]; then
      DISKS=$(printf '%s' "$dk_paths" | guest=$1 awk -F/ '$2 == "local" && $5 == "backend" && $4 ~ /^[0-9]+$/ && $6 ~ /^[a-z0-9_]+$/ &&
        $7 == ENVIRON["guest"] && $8 ~ /^[0-9]+$/ && NF == 8 && !seen[$0]++ { printf "xenstore\t%s\t%s\t%s\n", $6, $4, $8 }')
      return 0
    fi
  fi
  for dk_path in "$ROOT"/sys/bus/xen-backend/devices/*-"$1"-*; do
    [ -e "$dk_path" ] || continue
    dk_name=${dk_path##*/}
    case $dk_name in
      vbd-*-*[!0-9]* | tap-*-*[!0-9]*) ;;
      vbd-* | tap-*) DISKS=${DISKS}sysfs$TAB${dk_name%%-*}${TAB}0$TAB${dk_name##*-}$NL ;;
    esac
  done
}

# In: a device id. Out: the name that the guest uses for the device; the id itself where no rule applies.
device_name() {
  id=$1 awk 'BEGIN {
    id = ENVIRON["id"] + 0
    letters = "abcdefghijklmnopqrstuvwxyz"
    if (id >= 268435456) { n = int((id - 268435456) / 256); part = id % 256; name = "xvd" }
    else if (int(id / 256) == 202) { n = int(id % 256 / 16); part = id % 16; name = "xvd" }
    else if (int(id / 256) == 8) { n = int(id % 256 / 16); part = id % 16; name = "sd" }
    else if (int(id / 256) == 3 || int(id / 256) == 22) { n = (int(id / 256) == 22) * 2 + int(id % 256 / 64); part = id % 64; name = "hd" }
    else { print id; exit }
    name = name (n >= 26 ? substr(letters, int(n / 26), 1) : "") substr(letters, n % 26 + 1, 1)
    print name (part ? part : "")
  }'
}

# In: the word before the colon in the parameters of tapdisk or QEMU. Out: the image format, in the server's terms.
format_of() {
  case $1 in
    aio | sync | raw) echo raw ;;
    vhd | qcow | qcow2 | vmdk | qed | ram) printf '%s\n' "$1" ;;
  esac
}

# In: a guest's id, and the fields of a line of DISKS. Out: all D_ variables; false for a device that is not a writable disk (CD-ROM,
# read-only).
look_at_disk() {
  D_GUEST=$1 D_EVIDENCE=$2 D_KIND=$3 D_BE=$4 D_ID=$5
  D_PATH=/local/domain/$D_BE/backend/$D_KIND/$D_GUEST/$D_ID
  D_BACKEND=unknown D_FORMAT='' D_STORAGE=unknown D_CACHE=unknown
  D_IMAGE='' D_REMOTE='' D_BLOCK='' D_PID='' D_MINOR='' D_WHY='' D_CACHE_WHY=''
  D_SYSFS=$ROOT/sys/bus/xen-backend/devices/$D_KIND-$D_GUEST-$D_ID
  ld_tries=0
  while :; do
    xs_read "$D_PATH/params" && D_PARAMS=$VALUE
    xs_read "$D_PATH/type" && D_TYPE=$VALUE
    xs_read "$D_PATH/node" && D_NODE=$VALUE
    xs_read "$D_PATH/physical-device" && D_NUMBERS=$VALUE
    xs_read "$D_PATH/physical-device-path" && D_DEVICE_PATH=$VALUE
    xs_read "$D_PATH/tapdisk-params" && D_TAPDISK=$VALUE
    [ "$XENSTORE" = 1 ] || D_NUMBERS=$(first_line "$D_SYSFS/physical_device")
    # Only digits may reach arithmetic: the domain that serves the disk writes this value.
    case $D_NUMBERS in *[!0-9a-fA-F:]* | *:*:* | ????????????????*) D_NUMBERS= ;; esac
    # While a guest starts, the backend's directory exists before the device does.
    if [ "$D_KIND$D_NUMBERS$D_DEVICE_PATH$D_TAPDISK" != vbd ] || [ "$D_TYPE" = file ] || [ "$D_TYPE" = standalone ]; then break; fi
    if [ "$ld_tries" -ge 1 ]; then break; fi
    ld_tries=$((ld_tries + 1))
    sleep "$DETECT_WAIT"
  done
  xs_read "$D_PATH/dev" && ld_dev=$VALUE
  xs_read "$D_PATH/device-type" && ld_type=$VALUE
  xs_read "/local/domain/$D_GUEST/device/vbd/$D_ID/device-type" && ld_frontend_type=$VALUE
  case "$ld_dev $ld_type $ld_frontend_type" in *:cdrom* | *' cdrom'*) return 1 ;; esac
  xs_read "$D_PATH/mode" && ld_mode=$VALUE
  [ "$XENSTORE" = 1 ] || ld_mode=$(first_line "$D_SYSFS/mode")
  case $ld_mode in r | ro | r!) return 1 ;; esac
  D_NAME=${ld_dev%%:*}
  case $D_NAME in '' | *[!A-Za-z0-9_]* | ????????????????*) D_NAME=$(device_name "$D_ID") ;; esac
  decide_backend
  if [ "$D_BE" != 0 ]; then
    # The cache and the devices belong to another domain.
    D_CACHE=unknown
    D_BLOCK=
  fi
  find_storage
}
