# ---------------------------------------------------------------------------------------------------------------------
# The host: toolstack, xenstore, facts about Dom0, Xen and the machine
# ---------------------------------------------------------------------------------------------------------------------

TOOLSTACK=
XEN_INFO=
XENSTORE=0
KERNEL=

# Out: TOOLSTACK (xapi, qubes, xend, xl or other), XEN_INFO (the output of its `info`), XENSTORE (1 when it answers), KERNEL (Dom0's:
# Linux, NetBSD, FreeBSD).
find_toolstack() {
  [ -z "$TOOLSTACK" ] || return 0
  KERNEL=$(uname -s)
  if ask xenstore-list /local/domain; then XENSTORE=1; fi
  if [ -r "$ROOT/etc/xensource-inventory" ] && command -v xe >/dev/null 2>&1; then
    TOOLSTACK=xapi
    ask xl info && XEN_INFO=$ANSWER
  elif [ -r "$ROOT/etc/qubes-release" ]; then
    TOOLSTACK=qubes
    ask xl info && XEN_INFO=$ANSWER
  elif ask xm info; then
    TOOLSTACK=xend
    XEN_INFO=$ANSWER
  elif ask xl info; then
    TOOLSTACK=xl
    XEN_INFO=$ANSWER
  else
    TOOLSTACK=other
  fi
  return 0
}

# In: a key of `xl info`. Out: its value.
xen_info() {
  xi_left=$XEN_INFO
  while next_line "$xi_left"; do
    xi_left=$LEFT
    case $LINE in
      "$1:"* | "$1 "*)
        LINE=${LINE#*:}
        while :; do case $LINE in ' '*) LINE=${LINE# } ;; *) break ;; esac; done
        printf '%s\n' "$LINE"
        return
        ;;
    esac
  done
}

VALUE=

# In: a path in xenstore. Out: VALUE, on one line, or empty. A guest or a driver domain may have written it.
xs_read() {
  VALUE=
  ask_xenstore xenstore-read "$1"
  VALUE=$ANSWER
  case $VALUE in *[!\ -~]*) VALUE=$(cleaned "$VALUE") ;; esac
}

NAMES=

# In: a path in xenstore. Out: NAMES, the names below it, one a line.
xs_list() {
  ask_xenstore xenstore-list "$1"
  NAMES=$ANSWER
}

# In: xenstore-read or xenstore-list, and a path. Out: ANSWER, or empty. If one of them hangs, neither is called again, and detection
# continues as on a Dom0 without xenstore. Do not call this in `$(...)`: a subshell would forget that.
ask_xenstore() {
  ANSWER=
  [ "$XENSTORE" = 1 ] || return 0
  ask "$@" || ANSWER=
  case " $HANGS " in *" $1 "*) XENSTORE=0 ;; esac
}

# In: a file in /proc, such as meminfo, and a key. Out: the number after the key.
proc_number() {
  key=$2: awk '$1 == ENVIRON["key"] { print $2; exit }' 2>/dev/null <"$ROOT/proc/$1"
}

# In: a file such as /etc/os-release and a key. Out: the value of the key, without quotes.
assigned_in() {
  [ -r "$ROOT$1" ] || return 0
  while IFS= read -r ai_line; do
    case $ai_line in
      "$2="*)
        ai_line=${ai_line#*=}
        case $ai_line in [\'\"]*) ai_line=${ai_line#?} ;; esac
        case $ai_line in *[\'\"]) ai_line=${ai_line%?} ;; esac
        printf '%s\n' "$ai_line"
        return
        ;;
    esac
  done <"$ROOT$1"
}

HOST_FACTS=
HOST_UNKNOWN=

# Out: adds the facts about Dom0, Xen and the machine, which are the same for all disks.
host_facts() {
  if [ -z "$HOST_FACTS" ]; then
    hf_facts=$FACTS hf_unknown=$UNKNOWN
    FACTS='' UNKNOWN=''
    find_host_facts
    HOST_FACTS=$FACTS HOST_UNKNOWN=$UNKNOWN
    FACTS=$hf_facts UNKNOWN=$hf_unknown
  fi
  FACTS=$FACTS$HOST_FACTS UNKNOWN=$UNKNOWN$HOST_UNKNOWN
}

# Out: the same facts, determined now.
find_host_facts() {
  fact toolstack "$TOOLSTACK"
  fact xen_version "$(xen_version)"
  has_fact xen_version || unknown xen_version "not reported by /sys/hypervisor, xl info or xm info"
  fact dom0_kernel "$(uname -r)"
  fact dom0_distro "$(distribution)"
  hf_total=$(proc_number meminfo MemTotal)
  hf_avail=$(proc_number meminfo MemAvailable)
  # Before Linux 3.14: free memory plus the page cache.
  [ -n "$hf_avail" ] || hf_avail=$(awk '/^(MemFree|Buffers|Cached):/ { kb += $2; seen = 1 } END { if (seen) print kb }' "$ROOT/proc/meminfo" 2>/dev/null)
  if whole "$hf_total"; then fact dom0_mem_mb $((NUMBER / 1024)); else unknown dom0_mem_mb "not in /proc/meminfo"; fi
  if whole "$hf_avail"; then fact dom0_mem_avail_mb $((NUMBER / 1024)); else unknown dom0_mem_avail_mb "not in /proc/meminfo"; fi
  fact dom0_vcpus "$(grep -c '^processor' "$ROOT/proc/cpuinfo" 2>/dev/null)"
  hf_load=$(first_line "$ROOT/proc/loadavg")
  fact dom0_load1 "${hf_load%% *}"
  fact host_cpus "$(xen_info nr_cpus)"
  fact cpu_model "$(sed -n '/^model name/{ s/^[^:]*: *//; p; q; }' "$ROOT/proc/cpuinfo" 2>/dev/null | tr -s ' ')"
  hf_mhz=$(xen_info cpu_mhz)
  fact cpu_mhz "${hf_mhz:-$(sed -n '/^cpu MHz/{ s/^[^:]*: *//; p; q; }' "$ROOT/proc/cpuinfo" 2>/dev/null)}"
  dom0_scheduling
}

# Out: the version of Xen, composed where it is reported in parts.
xen_version() {
  xv_dir=$ROOT/sys/hypervisor/version
  if [ -r "$xv_dir/major" ]; then
    printf '%s.%s%s\n' "$(first_line "$xv_dir/major")" "$(first_line "$xv_dir/minor")" "$(first_line "$xv_dir/extra")"
    return
  fi
  xv_whole=$(xen_info xen_version)
  xv_major=$(xen_info xen_major)
  if [ -n "$xv_whole" ]; then
    printf '%s\n' "$xv_whole"
  elif [ -n "$xv_major" ]; then
    printf '%s.%s%s\n' "$xv_major" "$(xen_info xen_minor)" "$(xen_info xen_extra)"
  fi
}

# Out: the distribution of Dom0, with its version.
distribution() {
  di_brand=$(assigned_in /etc/xensource-inventory PRODUCT_BRAND)
  if [ -n "$di_brand" ]; then
    printf '%s %s\n' "$di_brand" "$(assigned_in /etc/xensource-inventory PRODUCT_VERSION)"
    return
  fi
  di_name=$(assigned_in /etc/os-release PRETTY_NAME)
  if [ -n "$di_name" ]; then
    printf '%s\n' "$di_name"
    return
  fi
  for di_file in redhat-release SuSE-release debian_version; do
    [ -r "$ROOT/etc/$di_file" ] || continue
    di_name=$(first_line "$ROOT/etc/$di_file")
    case $di_file in debian_version) di_name="Debian $di_name" ;; esac
    printf '%s\n' "$di_name"
    return
  done
}

# Out: adds facts about Dom0's share of the processors. Only xl and xm report it, each on hosts with its own toolstack.
dom0_scheduling() {
  case $TOOLSTACK in
    xl | xapi | qubes) ds_tool='xl' ;;
    xend) ds_tool='xm' ;;
    *)
      unknown dom0_pinned "neither xl nor xm answers"
      return
      ;;
  esac
  if ask "$ds_tool" vcpu-list 0; then
    # Name ID VCPU CPU State Time Affinity; "all", "any cpu" and a range over all processors mean not pinned.
    fact dom0_pinned "$(printf '%s\n' "$ANSWER" | cpus="$(xen_info nr_cpus)" awk '
      NR > 1 && NF >= 7 { rows++; if ($7 != "all" && $7 != "any" && $7 != "0-" (ENVIRON["cpus"] - 1)) pinned = 1 }
      END { if (rows) print pinned ? "yes" : "no" }')"
  else
    unknown dom0_pinned "$ds_tool vcpu-list failed"
  fi
  case $(xen_info xen_scheduler) in
    credit) ds_command=sched-credit ;;
    credit2) ds_command=sched-credit2 ;;
    *)
      unknown dom0_weight "the scheduler is neither credit nor credit2"
      return
      ;;
  esac
  if ask "$ds_tool" "$ds_command" -d 0; then
    fact dom0_weight "$(printf '%s\n' "$ANSWER" | awk '$2 == "0" { print $3; exit }')"
  else
    unknown dom0_weight "$ds_tool $ds_command failed"
  fi
}
