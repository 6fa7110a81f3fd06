# ---------------------------------------------------------------------------------------------------------------------
# Which backend serves a disk. Decided only from the backend's side, which the guest cannot write.
# ---------------------------------------------------------------------------------------------------------------------

# In: the D_ variables as read. Out: D_BACKEND, D_FORMAT, D_CACHE, D_IMAGE, D_BLOCK.
decide_backend() {
  db_prefix=${D_PARAMS%%:*}
  db_rest=${D_PARAMS#*:}
  case $D_KIND/$D_TYPE in
    */standalone | virtio_disk/*)
      D_BACKEND=virtio
      return
      ;;
    tap/*)
      D_BACKEND=blktap1 D_CACHE=direct
      D_FORMAT=$(format_of "$db_prefix")
      D_IMAGE=$db_rest
      [ -n "$D_PARAMS" ] || D_WHY="neither xenstore nor /sys reports its image"
      return
      ;;
    vbd3/*)
      decide_tapdisk3
      return
      ;;
    qdisk/*)
      D_BACKEND=qdisk D_CACHE=buffered
      xs_read "$D_PATH/direct-io-safe"
      if [ "$VALUE" = 1 ]; then D_CACHE=direct; fi
      # libxl writes the format before every target: `aio:/srv/vm101.img`, `aio:rbd:pool/vm101`.
      D_FORMAT=$(format_of "$db_prefix")
      if [ -z "$D_FORMAT" ]; then db_rest=$D_PARAMS; fi
      take_target "$db_rest"
      return
      ;;
  esac
  db_major='' db_minor=''
  case $D_NUMBERS in
    ?*:?*)
      if hexadecimal "${D_NUMBERS%%:*}"; then db_major=$NUMBER; fi
      if hexadecimal "${D_NUMBERS#*:}"; then db_minor=$NUMBER; else db_major=; fi
      ;;
  esac
  db_any="$D_PARAMS $D_DEVICE_PATH $D_NODE "
  if [ "$D_BE" = 0 ] && [ -n "$db_major" ]; then D_BLOCK=$(block_of_numbers "$db_major" "$db_minor"); fi
  case $db_any in */dev/xen/blktap-2/*) db_tap=1 ;; *) db_tap=0 ;; esac
  if [ -n "$D_TAPDISK" ]; then db_tap=1; fi
  if [ "$db_tap" = 0 ] && [ "$D_BE" = 0 ] && [ -n "$db_major" ] && is_tapdev "$db_major"; then db_tap=1; fi
  if [ "$db_tap" = 1 ]; then
    D_BACKEND=blktap2 D_CACHE=direct D_BLOCK=
    db_params=${D_TAPDISK#tapdisk:}
    if [ -n "$db_params" ]; then
      D_FORMAT=$(format_of "${db_params%%:*}")
      D_IMAGE=${db_params#*:}
    else
      ask_tap_ctl
    fi
    return
  fi
  case $KERNEL/$D_TYPE/$D_NODE$D_DEVICE_PATH in
    NetBSD/file/* | NetBSD/*/*/dev/*vnd[0-9]*)
      D_BACKEND=vnd D_FORMAT=raw D_IMAGE=$D_PARAMS
      return
      ;;
    FreeBSD/file/*)
      D_BACKEND=file-direct D_FORMAT=raw D_IMAGE=$D_PARAMS
      return
      ;;
    FreeBSD/*)
      if [ -f "$ROOT$D_PARAMS" ]; then
        D_BACKEND=file-direct D_FORMAT=raw D_IMAGE=$D_PARAMS
        return
      fi
      ;;
    NetBSD/*) ;;
    */file/* | */*/dev/loop*) db_major=7 ;;
  esac
  if [ "$db_major" = 7 ] && [ "$KERNEL" != NetBSD ]; then
    D_BACKEND=loop D_FORMAT=raw
    decide_loop
  elif [ -n "$D_NUMBERS$D_DEVICE_PATH" ]; then
    D_BACKEND=phy D_FORMAT=none D_CACHE=direct
    if [ -z "$D_BLOCK" ] && [ "$D_BE" = 0 ]; then D_BLOCK=$(block_of_path "${D_DEVICE_PATH:-$D_PARAMS}"); fi
  else
    D_WHY="the backend has no device yet: is the guest starting?"
  fi
}

# In: the target of a disk, without the format before it. Out: D_IMAGE, if it is a file or device of this host; else D_REMOTE, the
# protocol by which QEMU reads it, and D_STORAGE.
take_target() {
  tt_protocol=${1%%:*}
  tt_protocol=${tt_protocol%%+*}
  D_REMOTE=
  case $1 in
    /*) ;;
    *:*)
      case $tt_protocol in
        rbd | iscsi) D_REMOTE=$tt_protocol D_STORAGE=$tt_protocol ;;
        iser) D_REMOTE=iscsi D_STORAGE=iscsi ;;
        nbd | nbds) D_REMOTE=nbd D_STORAGE=nbd ;;
        nfs) D_REMOTE=nfs D_STORAGE=nfs ;;
        gluster) D_REMOTE=gluster D_STORAGE='file' ;;
        sheepdog | ssh | sftp | http | https | ftp | ftps | vxhs | json | blkdebug | blkverify | quorum) D_REMOTE=$tt_protocol ;;
      esac
      ;;
  esac
  if [ -z "$D_REMOTE" ]; then
    D_IMAGE=$1
    return
  fi
  D_IMAGE=
  [ -n "$D_PARAMS" ] || D_PARAMS=$1
}

# In: a major number. True when Dom0's kernel lists it for blktap2.
is_tapdev() {
  major=$1 awk '$1 == ENVIRON["major"] && $2 == "tapdev" { found = 1 } END { exit !found }' 2>/dev/null <"$ROOT/proc/devices"
}

# In: the D_ variables of a loop device. Out: D_BLOCK, D_IMAGE and D_CACHE: buffered, unless the kernel reports direct I/O.
decide_loop() {
  [ "$D_BE" = 0 ] || return 0
  case $D_NODE$D_DEVICE_PATH in
    /dev/loop*)
      dl_node=${D_DEVICE_PATH:-$D_NODE}
      D_BLOCK=${dl_node##*/}
      case $D_BLOCK in *[!A-Za-z0-9]*) D_BLOCK= ;; esac
      ;;
  esac
  read_loop "$D_BLOCK"
  case $LOOP_DIRECT in 1) D_CACHE=direct ;; *) D_CACHE=buffered ;; esac
  D_IMAGE=$LOOP_FILE
  [ -n "$D_IMAGE" ] || D_IMAGE=$D_PARAMS
}

# In: the D_ variables of a disk below backend/vbd3. Out: D_BACKEND and the other D_ variables.
decide_tapdisk3() {
  D_BACKEND=tapdisk3 D_CACHE=direct
  xs_read "$D_PATH/kthread-pid"
  [ -n "$VALUE" ] || xs_read "$D_PATH/pid"
  if whole "$VALUE"; then D_PID=$NUMBER; fi
  xs_read "$D_PATH/minor"
  if whole "$VALUE"; then D_MINOR=$NUMBER; fi
  D_FORMAT=$(format_of "${D_PARAMS%%:*}")
  if [ -n "$D_FORMAT" ]; then D_IMAGE=${D_PARAMS#*:}; fi
  ask_tap_ctl
  dt_caching=
  if [ -n "$D_PID" ] && [ -n "$D_MINOR" ] && ask tap-ctl stats -p "$D_PID" -m "$D_MINOR"; then
    case $ANSWER in *'"read_caching": "true"'* | *'"read_caching":"true"'*) dt_caching=true ;; *'"read_caching"'*) dt_caching=false ;; esac
  fi
  ask_xe
  if [ "${dt_caching:-$XE_CACHING}" = true ] && [ "$D_CACHE" = direct ]; then D_CACHE=direct-read-cached; fi
}

# In: D_PARAMS or D_PID of a tapdisk. Out: D_FORMAT, D_IMAGE, D_PID and D_MINOR, as tap-ctl lists them.
ask_tap_ctl() {
  ask tap-ctl list || return 0
  at_minor=$D_MINOR
  case $D_NUMBERS in ?*:?*) if hexadecimal "${D_NUMBERS##*:}"; then at_minor=$NUMBER; fi ;; esac
  # `args=` is the last field, and may contain spaces. LINSTOR and some SMAPIv3 drivers give an image another name than the VDI: then the
  # id of its tapdisk, from kthread-pid, decides.
  at_line=$(printf '%s\n' "$ANSWER" | id=${D_PARAMS##*/} pid=$D_PID minor=$at_minor awk '
    BEGIN { id = ENVIRON["id"]; pid = ENVIRON["pid"]; minor = ENVIRON["minor"]; is_vdi = length(id) == 36 }
    { at = index($0, "args="); args = at ? substr($0, at + 5) : ""; head = " " (at ? substr($0, 1, at - 1) : $0) " "
      if (args == "" || found != "") next
      its_pid = pid != "" && index(head, " pid=" pid " "); its_minor = minor != "" && index(head, " minor=" minor " ")
      if (is_vdi && index(args, id)) found = $0
      if (its_pid) { rows++; of_pid = $0 }
      if (its_minor && (its_pid || (pid == "" && !is_vdi))) of_both = $0 }
    END { print found != "" ? found : of_both != "" ? of_both : rows == 1 ? of_pid : "" }')
  [ -n "$at_line" ] || return 0
  at_args=${at_line#*args=}
  at_format=$(format_of "${at_args%%:*}")
  [ -z "$at_format" ] || D_FORMAT=$at_format
  D_IMAGE=${at_args#*:}
  # `args=` has a path, which may contain `pid=` or `minor=`.
  at_line=" ${at_line%%args=*}"
  D_PID='' D_MINOR=''
  at_number=${at_line##* pid=}
  if whole "${at_number%% *}"; then D_PID=$NUMBER; fi
  at_number=${at_line##* minor=}
  if whole "${at_number%% *}"; then D_MINOR=$NUMBER; fi
}

XE_CACHING=

# In: D_PARAMS of a xapi disk. Out: D_STORAGE, D_FORMAT and, if the storage repository has a cache of its own, D_CACHE; XE_CACHING (true, false or empty).
ask_xe() {
  XE_CACHING=
  [ "$TOOLSTACK" = xapi ] || return 0
  case $D_PARAMS in /dev/sm/backend/?*/?*) ;; *) return 0 ;; esac
  ax_vdi=${D_PARAMS##*/}
  ax_sr=${D_PARAMS%/*}
  ax_sr=${ax_sr##*/}
  case $ax_sr$ax_vdi in *[!0-9a-fA-F-]*) return 0 ;; esac
  if ask xe sr-param-get "uuid=$ax_sr" param-name=type; then
    case $ANSWER in
      lvm | lvmohba | lvmofcoe) D_STORAGE=lvm ;;
      lvmoiscsi) D_STORAGE=iscsi ;;
      nfs | smb) D_STORAGE=$ANSWER ;;
      cifs) D_STORAGE=smb ;;
      ext | xfs | zfs | cephfs | gluster | glusterfs | moosefs | largeblock | file) D_STORAGE='file' ;;
      linstor) D_STORAGE=drbd ;;
      udev | rawhba | hba) D_STORAGE=disk ;;
    esac
    case $ANSWER in
      zfs | gluster | glusterfs | moosefs) D_CACHE=unknown D_CACHE_WHY="a storage repository of type $ANSWER has a cache of its own" ;;
    esac
  fi
  if ask xe vdi-param-get "uuid=$ax_vdi" param-name=sm-config; then
    if [ -z "$D_FORMAT" ]; then D_FORMAT=$(format_of "$(printf '%s\n' "$ANSWER" | tr ';' '\n' | sed -n 's/^ *vdi_type: *//p' | sed -n 1p)"); fi
    ax_host=$(assigned_in /etc/xensource-inventory INSTALLATION_UUID)
    case "; $ANSWER;" in
      *"; read-caching-enabled-on-$ax_host: true;"*) XE_CACHING=true ;;
      *"; read-caching-enabled-on-$ax_host: "*) XE_CACHING=false ;;
    esac
  fi
}
