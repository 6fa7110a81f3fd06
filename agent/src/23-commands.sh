# ---------------------------------------------------------------------------------------------------------------------
# Commands
# ---------------------------------------------------------------------------------------------------------------------

# In: [VM [DEVICE]]. Out: the disks, printed.
command_detect() {
  [ $# -le 2 ] || stop "$MISUSED" "detect takes a guest and a device at most; see $NAME detect --help"
  if [ "$JSON" = 1 ]; then
    printf '[\n'
    each_disk print_disk_json "${1:-}" "${2:-}"
    printf '\n]\n'
  else
    each_disk print_disk "${1:-}" "${2:-}"
  fi
  if [ "$FOUND" -gt 0 ]; then return 0; fi
  if [ $# -gt 0 ]; then stop "$FAILED" "no disk ${2:+$2 }of a running guest $1; running: $(running_guests)"; fi
  if [ "$XENSTORE" = 0 ]; then stop "$FAILED" "neither xenstore nor a toolstack shows a guest; is this a Dom0, and are you root?"; fi
  say "no guest with a disk is running"
}

# In: VM DEVICE, then the command. Out: the result is in the spool, and sent if it can be.
command_run() {
  if [ $# -lt 3 ] || [ "$SEPARATED" != 2 ]; then stop "$MISUSED" "expected: run VM DEVICE -- COMMAND; see $NAME run --help"; fi
  cm_vm=$1 cm_device=$2
  shift 2
  need_spool
  need_room 1 "$RUN_KB"
  each_disk note_before "$cm_vm" "$cm_device"
  cm_found=$FOUND
  if [ "$cm_found" -gt 1 ]; then stop "$MISUSED" "$cm_found disks are called $cm_device of $cm_vm; name the guest by its domain id"; fi
  if [ "$cm_found" = 0 ]; then
    [ -n "$BACKEND" ] || stop "$MISUSED" "no disk $cm_device of a running guest $cm_vm; running: $(running_guests). With --backend it is measured all the same"
    FACTS=
    fact host "$HOST"
    fact vm "$cm_vm"
    fact label.device "$cm_device"
    host_facts
    R_FACTS=$FACTS
  fi
  FACTS=$R_FACTS
  if [ -n "$R_IMAGE" ]; then count_run "$R_IMAGE"; fi
  fact run_index "$R_INDEX"
  make_job "$(new_run_id)" "$FACTS" || stop "$FAILED" "the spool $SPOOL cannot be written (disk full?); nothing was run"
  run_command "$JOB" "$@"
  settle_output "$JOB" || :
  if grep '^## cut: ' "$JOB/whole" >/dev/null 2>&1; then warn "the command printed more than is kept; what was cut out is marked in the upload"; fi
  cm_status=$(first_line "$JOB/status")
  if [ "${cm_status:-1}" != 0 ]; then warn "the command ended with ${cm_status:-no status}"; fi
  if [ "$cm_found" = 1 ]; then
    A_FACTS="backend: unknown${NL}label.backend_before: $R_BACKEND$NL"
    # The very guest that was there before: another may have taken its name meanwhile.
    each_disk compare_after "$R_GUEST" "$cm_device" id "$cm_vm"
    # It may have been started again.
    if [ "$FOUND" = 0 ]; then each_disk compare_after "$R_VM" "$cm_device"; fi
    if [ "$FOUND" = 0 ]; then warn "the disk is gone after the run; its backend is sent as unknown"; fi
    printf '%s' "$A_FACTS" | as_directives >"$JOB/after"
  fi
  cm_result=0
  if [ -f "$JOB/whole" ] && ! has_result "$JOB/whole"; then cm_result=$NO_RESULT; fi
  finish_job "$JOB" '' || outcome "$FAILED"
  send_spool
  if [ "$cm_result" != 0 ]; then OUTCOME=$cm_result; fi
}

JOB=

# In: a run's id and facts. Out: JOB, its folder, complete before anybody can see it; false when it cannot be made.
make_job() {
  mj_folder=$SPOOL/tmp/$OWNER.job
  JOB=$SPOOL/jobs/$1
  if mkdir "$mj_folder" 2>/dev/null && ln -s "$OWNER" "$mj_folder/agent" && print_head "$1" "$2" >"$mj_folder/head" &&
    grep '^# label.agent: ' "$mj_folder/head" >/dev/null && touch "$mj_folder/out" "$mj_folder/err" && mv "$mj_folder" "$JOB"; then
    return 0
  fi
  rm -rf "$mj_folder"
  return 1
}

# In: a run's id and facts. Out: the lines an upload begins with; what the operator says comes last and wins.
print_head() {
  {
    printf 'run: %s\n%s' "$1" "$2"
    own_facts
    if [ -n "$BACKEND" ]; then printf 'backend: %s\nbackend_evidence: declared\n' "$BACKEND"; fi
    printf 'label.agent: %s\n' "$NAME-$VERSION"
  } | as_directives
}

# Bytes that a file to be posted may have.
POST_MAX=16777216

# In: files. Out: each is in the spool, and sent if it can be.
command_post() {
  [ $# -gt 0 ] || stop "$MISUSED" "expected: post FILE...; see $NAME post --help"
  need_spool
  po_facts="host: $HOST$NL"
  if [ -n "$VM" ]; then
    each_disk note_before "$VM" "$DEVICE"
    [ "$FOUND" -gt 0 ] || stop "$MISUSED" "no disk ${DEVICE:+$DEVICE }of a running guest $VM; running: $(running_guests)"
    [ "$FOUND" = 1 ] || stop "$MISUSED" "$VM has $FOUND disks; name one with --device"
    po_facts=$R_FACTS
  fi
  po_count=$#
  for po_file in "$@"; do
    if [ "$po_file" = - ]; then
      po_kept=$SPOOL/tmp/$OWNER.stdin
      po_most=$POST_MAX
      if [ $((SPOOL_MAX_MB * 1048576)) -lt "$po_most" ]; then po_most=$((SPOOL_MAX_MB * 1048576)); fi
      # One byte more than may be: then it is not taken.
      clip $((po_most + 1)) 2>/dev/null >"$po_kept" || stop "$FAILED" "standard input cannot be kept in $SPOOL (disk full?); nothing was taken"
      post_file "$po_kept" "${RUN_ID:-$(new_run_id)}" "$(iso_time)" "standard input"
      rm -f "$po_kept"
    else
      po_path=$(absolute "$po_file")
      post_file "$po_path" "${RUN_ID:-posted}" "$(iso_time "$po_path")" "$po_file"
    fi
  done
  send_spool
}

# In: a file, a run's id, when it was written, what to call it. Out: it is in the spool; or OUTCOME says that it is not.
post_file() {
  if [ ! -f "$1" ] || [ ! -r "$1" ]; then
    warn "$4 cannot be read"
    outcome "$FAILED"
    return
  fi
  # Before anything reads it: it may be one line.
  count_bytes "$1"
  if [ "$BYTES" -gt "$POST_MAX" ]; then
    warn "$4 was not taken: it has more than $POST_MAX bytes, of which no server takes the tenth part"
    outcome "$FAILED"
    return
  fi
  case $NL$po_facts$(own_facts) in
    *"${NL}backend: "*) ;;
    *)
      if [ -z "$BACKEND" ] && ! grep '^[ 	]*#[ 	]*backend:' <"$1" >/dev/null; then
        warn "$4: which backend served the disk? Give --backend, or --vm to have it looked at, or a line \"# backend: ...\" in it"
        outcome "$MISUSED"
        return
      fi
      ;;
  esac
  need_room 1 $((BYTES / 1024 + 4))
  if ! spool print_posted "$1" "$2" "$3"; then
    warn "$4 was not taken: the spool $SPOOL cannot be written (disk full?)"
    outcome "$FAILED"
    return
  fi
  if [ "$po_count" -gt 1 ]; then say "$4 is $SPOOLED"; fi
}

# In: a file, a run's id, when it was written. Out: the upload.
print_posted() {
  # Some kinds of awk end a line at a NUL.
  tr -d '\000' <"$1" | compose "$2" "$(print_posted_head "$2" "$3")"
}

# In: a run's id, when the file was written. Out: the lines that the upload begins with.
print_posted_head() {
  print_head "$1" "$po_facts"
  if [ -n "$FINISHED" ]; then printf '# finished: %s\n' "$FINISHED"; else print_finished "$2"; fi
}

# Out: the spool is sent as far as it goes.
command_flush() {
  [ $# -eq 0 ] || stop "$MISUSED" "flush takes no file; see $NAME flush --help"
  need_spool
  if [ "$SPREAD" != 0 ]; then sleep "$(random_to "$SPREAD")"; fi
  if [ "$AT_ONCE" = 0 ] && ! may_send; then
    adopt_jobs
    if [ "$(waiting_uploads)" -eq 0 ]; then return 0; fi
    say "the server failed last time; the next try is in $((NOT_BEFORE - $(now))) s (--now does not wait)"
    outcome "$WAITING"
    return 0
  fi
  send_spool
}
