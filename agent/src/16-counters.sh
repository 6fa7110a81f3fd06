# ---------------------------------------------------------------------------------------------------------------------
# Counters: what the guest requested and what the disks delivered, to prove or disprove that a cache answered
# ---------------------------------------------------------------------------------------------------------------------

# In: the D_ variables. Out: sectors of 512 bytes that the guest has read from this disk so far; nothing when there is no counter.
guest_sectors() {
  case $D_BACKEND in
    tapdisk3)
      if [ -n "$D_PID" ] && [ -n "$D_MINOR" ] && ask tap-ctl stats -p "$D_PID" -m "$D_MINOR"; then
        printf '%s\n' "$ANSWER" | tr -d '\n' | sed -n 's/.*"secs": *\[ *\([0-9]*\).*/\1/p'
      fi
      ;;
    qdisk)
      gs_pid=$(qemu_pid)
      # This counter counts only reads through the page cache.
      if [ -n "$gs_pid" ] && [ "$D_CACHE" = buffered ]; then awk '$1 == "rchar:" { printf "%d\n", $2 / 512 }' "$ROOT/proc/$gs_pid/io" 2>/dev/null; fi
      ;;
    *) first_line "$D_SYSFS/statistics/rd_sect" ;;
  esac
}

# In: the D_ variables of a qdisk. Out: the process id of its QEMU.
qemu_pid() {
  xs_read "/local/domain/$D_GUEST/image/device-model-pid"
  qp_pid=
  if whole "$VALUE"; then
    qp_pid=$NUMBER
  else
    # Any user may start a program with such a name: only processes of root and of the users that libxl runs QEMU as count.
    for qp_file in "$ROOT"/proc/[0-9]*/cmdline; do
      case $({ clip 65536 <"$qp_file" | tr '\000' ' '; } 2>/dev/null) in *qemu*"-xen-domid $D_GUEST "*)
        case $(ls -ld "${qp_file%/cmdline}" | awk '{ print $3 }') in root | 0 | xen* | qemu*) ;; *) continue ;; esac
        qp_pid=${qp_file%/cmdline}
        qp_pid=${qp_pid##*/}
        break
        ;;
      esac
    done
  fi
  printf '%s\n' "$qp_pid"
}

# In: PHYSICAL. Out: sectors that these disks have delivered so far; nothing without disks.
physical_sectors() {
  for ps_disk in $PHYSICAL; do
    for ps_counted in $(counted_devices "$ps_disk"); do first_line "$ROOT/sys/block/$ps_counted/stat"; done
  done | awk '{ sum += $3; seen = 1 } END { if (seen) printf "%d\n", sum }'
}

RATIO=
RATIO_WHY=

# In: four counts: guest before and after, disks before and after. Out: RATIO, the device_read_ratio; empty without a counter, if a counter
# went back, or if the guest read less than 64 MiB: then RATIO_WHY is the reason.
read_ratio() {
  RATIO=
  RATIO_WHY='Dom0 has no counter of what the guest has read from this disk'
  whole "$1" && whole "$2" || return 0
  RATIO_WHY='the disks have no counter'
  whole "$3" && whole "$4" || return 0
  RATIO=$(g1=$1 g2=$2 d1=$3 d2=$4 awk 'BEGIN {
    guest = ENVIRON["g2"] - ENVIRON["g1"]; disks = ENVIRON["d2"] - ENVIRON["d1"]
    if (guest < 0 || disks < 0) print "-"; else if (guest >= 131072) printf "%.4f\n", disks / guest }')
  case $RATIO in
    -) RATIO='' RATIO_WHY='a counter went back during the run' ;;
    '') RATIO_WHY='the guest read less than 64 MiB from this disk' ;;
  esac
}
