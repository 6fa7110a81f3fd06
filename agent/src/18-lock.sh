# ---------------------------------------------------------------------------------------------------------------------
# The lock: one sender at a time. A symbolic link whose target names its owner, so that it is created with its content in one step. A
# lock whose owner has ended (other boot, other process with that id) is removed. If two agents remove it at the same moment, both may
# continue: that costs a duplicate request, never a result.
# ---------------------------------------------------------------------------------------------------------------------

LOCKED=0
OWNER=

# Out: the pid namespace of this process, as a number; nothing if the kernel has no namespaces.
pid_space() {
  ps_space=$(link_target /proc/self/ns/pid)
  ps_space=${ps_space#*\[}
  whole "${ps_space%\]*}" && printf '%s\n' "$NUMBER"
}

# In: a process id. Out: text that identifies the process and no other, ever: id, start time, boot and pid namespace (`BOOT_NAMESPACE`).
# `-` where /proc has no value.
process_stamp() {
  stamp_of=$1
  stamp_start=$(first_line "/proc/$1/stat" 2>/dev/null)
  set -f
  # shellcheck disable=SC2086 # split at spaces: the fields after the name, the state first
  set -- ${stamp_start##*') '}
  set +f
  case ${1:-} in Z) stamp_start=ended ;; *) stamp_start=${20:--} ;; esac
  stamp_boot=$(first_line /proc/sys/kernel/random/boot_id)
  stamp_space=$(pid_space)
  printf '%s.%s.%s\n' "$stamp_of" "$stamp_start" "${stamp_boot:--}${stamp_space:+_$stamp_space}"
}

# In: such text. True when it names a process of this boot in another pid namespace, such as a container's, which is not visible here.
is_elsewhere() {
  ie_here=$(process_stamp $$)
  ie_here=${ie_here##*.}
  ie_there=${1##*.}
  case $1 in ?*.*.*_*) [ "${ie_there%_*}" = "${ie_here%_*}" ] && [ "$ie_there" != "$ie_here" ] ;; *) return 1 ;; esac
}

# In: such text. True when that process still runs, or may still run.
is_alive() {
  case $1 in ?*.*.*) ;; *) return 1 ;; esac
  if is_elsewhere "$1"; then return 0; fi
  whole "${1%%.*}" && kill -0 "$NUMBER" 2>/dev/null || return 1
  ia_stamp=$(process_stamp "$NUMBER")
  # Older agents do not write the namespace.
  [ "$ia_stamp" = "$1" ] || [ "${ia_stamp%_*}" = "$1" ]
}

# Out: takes the lock; false when another agent held it for LOCK_WAIT seconds. A lock from another pid namespace is removed after that
# time, because nothing shows whether its owner still runs. True without the lock when the disk is too full for it.
take_lock() {
  tl_waited=0
  tl_failures=0
  until ln -s "$OWNER" "$SPOOL/lock" 2>/dev/null; do
    tl_holder=$(link_target "$SPOOL/lock")
    if [ -n "$tl_holder" ] && ! is_alive "$tl_holder" && free_lock "$tl_holder"; then continue; fi
    # A disk that is too full for a link must not keep the spool from being emptied.
    if [ ! -h "$SPOOL/lock" ]; then tl_failures=$((tl_failures + 1)); fi
    if [ "$tl_failures" -gt 2 ]; then return 0; fi
    if [ "$tl_waited" -ge "$LOCK_WAIT" ]; then
      if [ "$tl_waited" -gt "$LOCK_WAIT" ] || ! is_elsewhere "$tl_holder" || ! free_lock "$tl_holder"; then return 1; fi
    else
      sleep 1
    fi
    tl_waited=$((tl_waited + 1))
  done
  LOCKED=1
}

# In: the owner of the lock, which has ended. Out: frees the lock, unless another agent was faster; false when it cannot.
free_lock() {
  mv "$SPOOL/lock" "$SPOOL/tmp/$OWNER.lock" 2>/dev/null || return 1
  # If this is the new lock of an agent that was faster, put it back.
  if [ "$(link_target "$SPOOL/tmp/$OWNER.lock")" = "$1" ]; then
    rm -f "$SPOOL/tmp/$OWNER.lock"
  else
    mv "$SPOOL/tmp/$OWNER.lock" "$SPOOL/lock" 2>/dev/null
  fi
}

# Out: frees the lock if this agent holds it.
drop_lock() {
  if [ "$LOCKED" = 1 ] && [ "$(link_target "$SPOOL/lock")" = "$OWNER" ]; then rm -f "$SPOOL/lock"; fi
  LOCKED=0
}
