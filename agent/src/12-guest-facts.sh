# ---------------------------------------------------------------------------------------------------------------------
# Facts about a guest
# ---------------------------------------------------------------------------------------------------------------------

# In: a guest's id. Out: adds facts about the guest.
guest_facts() {
  xs_read "/local/domain/$1/memory/target"
  if whole "$VALUE"; then gf_mem=$((NUMBER / 1024)); else gf_mem=$(list_column "$1" 3); fi
  xs_list "/local/domain/$1/cpu"
  gf_vcpus=$(printf '%s\n' "$NAMES" | grep -c '^[0-9][0-9]*$')
  fact guest_mem_mb "$gf_mem"
  [ -n "$gf_mem" ] || unknown guest_mem_mb "reported by neither xenstore nor the toolstack"
  if [ "$gf_vcpus" = 0 ]; then gf_vcpus=$(list_column "$1" 2); fi
  fact guest_vcpus "$gf_vcpus"
  [ -n "$gf_vcpus" ] || unknown guest_vcpus "reported by neither xenstore nor the toolstack"
  find_guest_type "$1"
  fact guest_type "$GUEST_TYPE"
  [ -n "$GUEST_TYPE" ] || unknown guest_type "not in xenstore"
  gf_others=$(printf '%s\n' "$GUESTS" | id=$1 awk -F '\t' 'NF && $1 != ENVIRON["id"] { n++ } END { print n + 0 }')
  fact other_guests_running "$gf_others"
  if [ "$TOOLSTACK" = xapi ]; then
    xs_read "/local/domain/$1/vm"
    if ask xe vm-param-get "uuid=${VALUE##*/}" param-name=os-version; then
      fact os_version "$(printf '%s\n' "$ANSWER" | tr ';' '\n' | sed -n 's/^ *name: *//p' | sed -n 1p)"
    fi
  fi
  for gf_key in guest_kernel guest_fs guest_io_scheduler; do
    unknown "$gf_key" "only the guest knows it; pass it with --fact, or print a line \"# $gf_key: ...\" in the guest"
  done
}

# In: a guest's id, and how many columns before the last: 3 for Mem, 2 for VCPUs. Out: the value in the toolstack's list. Counted from the
# end, because a name may have spaces.
list_column() {
  case $TOOLSTACK in xend) ask xm list ;; *) ask xl list ;; esac || return 0
  printf '%s\n' "$ANSWER" | id=$1 before=$2 awk 'NR > 1 && NF >= 6 && $(NF - 4) == ENVIRON["id"] { print $(NF - ENVIRON["before"]) }'
}

GUEST_TYPE=

# In: a guest's id. Out: GUEST_TYPE: PV, PVH or HVM; empty when xenstore does not have it.
find_guest_type() {
  GUEST_TYPE=
  xs_read "/local/domain/$1/vm"
  case $VALUE in /*) gt_vm=$VALUE ;; *) gt_vm=/vm/none ;; esac
  xs_read "/libxl/$1/type" && gt_type=$VALUE
  xs_read "$gt_vm/image/ostype"
  case $gt_type/$VALUE in
    pv/* | /linux) GUEST_TYPE=PV ;;
    pvh/*) GUEST_TYPE=PVH ;;
    hvm/* | /hvm) GUEST_TYPE=HVM ;;
    *)
      xs_list "/local/domain/$1/hvmloader"
      if [ -n "$NAMES" ]; then GUEST_TYPE=HVM; fi
      ;;
  esac
}
