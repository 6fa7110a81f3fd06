# ---------------------------------------------------------------------------------------------------------------------
# Disks as the toolstack lists them, for hosts whose xenstore cannot be read, and for HVM guests without Xen drivers
# ---------------------------------------------------------------------------------------------------------------------

# In: the id and name of a guest for which xenstore and /sys show no disk; GUEST_TYPE. Out: its disks, one `backend domain | backend |
# format | device | image` a line. The backend `vbd` means: one of the backends below backend/vbd.
toolstack_disks() {
  # A tool would take such a name for an option.
  case $2 in -*) return 0 ;; esac
  case $TOOLSTACK in
    xend)
      ask xm list -l "$2" || return 0
      printf '%s\n' "$ANSWER" | tr '\n\t' '  ' | sed 's/(device/\
(device/g' | hvm=$GUEST_TYPE awk '
        function inner(name,   at, text) {
          at = index($0, "(" name " "); if (!at) return ""
          text = substr($0, at + length(name) + 2); sub(/\).*/, "", text); return text }
        /^\(device *\( *(vbd|tap2?) / {
          class = $0; sub(/^\(device *\( */, "", class); sub(/[ )].*/, "", class)
          device = inner("dev"); uname = inner("uname"); mode = inner("mode")
          gsub(/[|]/, "?", device); gsub(/[|]/, "?", uname)
          domain = inner("backend"); if (domain !~ /^[0-9]+$/) domain = 0
          if (device ~ /:cdrom/ || mode == "r") next
          sub(/:.*/, "", device)
          prefix = uname; sub(/:\/.*/, "", prefix); path = substr(uname, length(prefix) + 2)
          if (index(prefix, "phy:") == 1) { path = substr(uname, 5); prefix = "phy" }
          format = prefix; sub(/.*:/, "", format); if (format == "aio" || format == "sync" || format == "file") format = "raw"
          if (format !~ /^(raw|vhd|qcow|qcow2|vmdk|ram)$/) format = ""
          if (ENVIRON["hvm"] == "HVM") print domain "|emulated|" format "|" device "|" path
          else if (class == "tap2" || prefix ~ /tapdisk/) print domain "|blktap2|" format "|" device "|" path
          else if (class == "tap") print domain "|blktap1|" format "|" device "|" path
          else if (prefix == "file") print domain "|loop|raw|" device "|" path
          else if (prefix == "phy") print domain "|phy|none|" device "|" (path ~ /^\// ? path : "/dev/" path)
        }'
      ;;
    *)
      if [ "$XENSTORE" = 0 ] && ask xl block-list "$1"; then
        printf '%s\n' "$ANSWER" | awk 'NR > 1 && match($0, /\/backend\/[a-z0-9_]+\//) {
          kind = substr($0, RSTART + 9, RLENGTH - 10)
          backend["qdisk"] = "qdisk"; backend["tap"] = "blktap1"; backend["vbd3"] = "tapdisk3"; backend["virtio_disk"] = "virtio"
          backend["vbd"] = "vbd"
          if ($1 ~ /^[a-z0-9]+$/ && $2 ~ /^[0-9]+$/) print $2 "|" (kind in backend ? backend[kind] : "unknown") "||" $1 "|" }'
      elif [ "$GUEST_TYPE" = HVM ] && ask xl list -l "$2"; then
        printf '%s\n' "$ANSWER" | tr -d '\n' | sed 's/.*"disks": *\[//; s/\].*//; s/}/}\
/g' | awk 'function value(name,   at, text) {
            at = index($0, "\"" name "\":"); if (!at) return ""
            text = substr($0, at + length(name) + 3); sub(/^ */, "", text); sub(/^"/, "", text); sub(/[",}].*/, "", text); return text }
          /"vdev"/ && value("is_cdrom") != "1" && value("removable") != "1" {
            format = value("format"); if (format !~ /^(raw|vhd|qcow|qcow2|qed)$/) format = ""
            device = value("vdev"); gsub(/[|]/, "?", device)
            print "0|emulated|" format "|" device "|" value("pdev_path") }'
      fi
      ;;
  esac
}

# In: a guest's id, and the evidence. Out: the D_ variables, empty, of a disk that neither xenstore nor /sys shows.
unseen_disk() {
  D_GUEST=$1 D_EVIDENCE=$2 D_KIND=none D_BE=0 D_ID='' D_PATH='' D_SYSFS=/nonexistent
  D_BACKEND=unknown D_FORMAT='' D_STORAGE=unknown D_CACHE=unknown D_NAME='' D_IMAGE='' D_WHY=''
  D_PARAMS='' D_NODE='' D_DEVICE_PATH='' D_NUMBERS='' D_BLOCK='' D_PID='' D_MINOR='' D_REMOTE='' D_CACHE_WHY=''
}

# In: a guest's id and name, and the fields of a line of toolstack_disks. Out: the D_ variables.
take_toolstack_disk() {
  unseen_disk "$1" toolstack
  D_BE=$3 D_BACKEND=$4 D_FORMAT=$5 D_NAME=$6
  case $D_NAME in *[!0-9]*) ;; ?*) D_NAME=$(device_name "$D_NAME") ;; esac
  case $D_BACKEND in
    vbd)
      take_disk_below_vbd "$1" "$2"
      return
      ;;
    unknown) D_WHY='the toolstack does not report which' ;;
  esac
  D_IMAGE=$7
  find_unseen_cache
  case $D_BACKEND in qdisk | emulated) take_target "$7" ;; esac
  find_storage
}

# In: an image file. Out: the name of the loop device that uses it, if /sys shows one (since Linux 2.6.37).
loop_of_file() {
  case $1 in /*) ;; *) return 0 ;; esac
  lf_path=$(cd "$ROOT${1%/*}/" 2>/dev/null && pwd -P)
  lf_path=${lf_path#"$ROOT"}/${1##*/}
  for lf_loop in "$ROOT"/sys/block/loop*; do
    case $(first_line "$lf_loop/loop/backing_file") in "$1" | "$lf_path")
      printf '%s\n' "${lf_loop##*/}"
      return
      ;;
    esac
  done
}

# In: D_BACKEND and D_IMAGE of an unseen disk, and D_CACHE if it is known already. Out: D_CACHE and, for a loop file, D_BLOCK.
find_unseen_cache() {
  if [ "$D_BE" != 0 ]; then return 0; fi
  case $D_BACKEND in
    loop)
      D_PARAMS=$D_IMAGE
      D_BLOCK=$(loop_of_file "$D_IMAGE")
      decide_loop
      ;;
    qdisk | emulated) [ "$D_CACHE" != unknown ] || D_CACHE=buffered ;;
    phy | blktap1 | blktap2 | tapdisk3) D_CACHE=direct ;;
  esac
}
