# ---------------------------------------------------------------------------------------------------------------------
# Commands: detect, run, post, flush
# ---------------------------------------------------------------------------------------------------------------------

# In: [VM [DEVICE]]. Out: prints the disks.
command_detect() {
  [ $# -le 2 ] || stop "$MISUSED" "detect takes at most a guest and a device; see $NAME detect --help"
  if [ "$JSON" = 1 ]; then
    printf '[\n'
    each_disk print_disk_json "${1:-}" "${2:-}"
    printf '\n]\n'
  else
    each_disk print_disk "${1:-}" "${2:-}"
  fi
  if [ "$FOUND" -gt 0 ]; then return 0; fi
  if [ $# -gt 0 ]; then stop "$FAILED" "guest $1 is not running, or has no disk${2:+ $2}; running: $(running_guests)"; fi
  if [ "$XENSTORE" = 0 ]; then stop "$FAILED" "neither xenstore nor a toolstack reports a guest; is this a Dom0, and are you root?"; fi
  say "no guest with a disk is running"
}

# In: VM DEVICE, then the command. Out: spools the result, and sends the spool if it can.
command_run() {
  if [ $# -lt 3 ] || [ "$SEPARATED" != 2 ]; then stop "$MISUSED" "expected: run VM DEVICE -- COMMAND; see $NAME run --help"; fi
  cm_vm=$1 cm_device=$2
  shift 2
  need_spool
  need_room 1 "$RUN_KB"
  each_disk note_before "$cm_vm" "$cm_device"
  cm_found=$FOUND
  if [ "$cm_found" -gt 1 ]; then stop "$MISUSED" "$cm_found disks match $cm_device of $cm_vm; give the domain id of the guest"; fi
  if [ "$cm_found" = 0 ]; then
    [ -n "$BACKEND" ] || stop "$MISUSED" "guest $cm_vm is not running, or has no disk $cm_device; running: $(running_guests). Use --backend to measure it anyway"
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
  if grep '^## cut: ' "$JOB/whole" >/dev/null 2>&1; then warn "the output of the command was too long; the upload marks what was cut"; fi
  cm_status=$(first_line "$JOB/status")
  if [ "${cm_status:-1}" != 0 ]; then warn "the command ended with ${cm_status:-no status}"; fi
  if [ "$cm_found" = 1 ]; then
    A_FACTS="backend: unknown${NL}label.backend_before: $R_BACKEND$NL"
    # By the id of the guest: another guest may have taken its name.
    each_disk compare_after "$R_GUEST" "$cm_device" id "$cm_vm"
    # By name: the guest may have been restarted.
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

# In: a run's id and facts. Out: JOB, its folder, complete before other agents can see it; false when it cannot be created.
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

# In: a run's id and facts. Out: the head of an upload; the operator's facts come last and win.
print_head() {
  {
    printf 'run: %s\n%s' "$1" "$2"
    operator_facts
    if [ -n "$BACKEND" ]; then printf 'backend: %s\nbackend_evidence: declared\n' "$BACKEND"; fi
    printf 'label.agent: %s\n' "$NAME-$VERSION"
  } | as_directives
}

# The maximum size of a file to post, in bytes.
POST_MAX=16777216

# In: files. Out: spools each file, and sends the spool if it can.
command_post() {
  [ $# -gt 0 ] || stop "$MISUSED" "expected: post FILE...; see $NAME post --help"
  need_spool
  po_facts="host: $HOST$NL"
  if [ -n "$VM" ]; then
    each_disk note_before "$VM" "$DEVICE"
    [ "$FOUND" -gt 0 ] || stop "$MISUSED" "guest $VM is not running, or has no disk${DEVICE:+ $DEVICE}; running: $(running_guests)"
    [ "$FOUND" = 1 ] || stop "$MISUSED" "$VM has $FOUND disks; name one with --device"
    po_facts=$R_FACTS
  fi
  po_count=$# po_taken=0
  for po_file in "$@"; do
    if [ "$po_file" = - ]; then
      po_kept=$SPOOL/tmp/$OWNER.stdin
      po_max=$POST_MAX
      if [ $((SPOOL_MAX_MB * 1048576)) -lt "$po_max" ]; then po_max=$((SPOOL_MAX_MB * 1048576)); fi
      # With one byte too many it is rejected below.
      clip $((po_max + 1)) 2>/dev/null >"$po_kept" || stop "$FAILED" "standard input cannot be stored in $SPOOL (disk full?); nothing was accepted"
      post_file "$po_kept" "${RUN_ID:-$(new_run_id)}" "$(iso_time)" "standard input"
      rm -f "$po_kept"
    else
      po_path=$(absolute "$po_file")
      post_file "$po_path" "${RUN_ID:-posted}" "$(iso_time "$po_path")" "$po_file"
    fi
  done
  # Receipts of other uploads would look as if this command had worked.
  [ "$po_taken" -gt 0 ] || return 0
  send_spool
}

# In: a file, a run id, the time it was modified, its name for messages. Out: spools the file; else warns and sets OUTCOME.
post_file() {
  if [ ! -f "$1" ] || [ ! -r "$1" ]; then
    warn "$4 cannot be read"
    outcome "$FAILED"
    return
  fi
  # Before anything reads the file: it may be one huge line.
  count_bytes "$1"
  if [ "$BYTES" -gt "$POST_MAX" ]; then
    warn "$4 was not accepted: it has more than $POST_MAX bytes; a server accepts 1 MiB at most"
    outcome "$FAILED"
    return
  fi
  case $NL$po_facts$(operator_facts) in
    *"${NL}backend: "*) ;;
    *)
      if [ -z "$BACKEND" ] && ! grep '^[ 	]*#[ 	]*backend:' <"$1" >/dev/null; then
        warn "$4: which backend served the disk? Pass --backend, or --vm to detect it, or add a line \"# backend: ...\""
        outcome "$MISUSED"
        return
      fi
      ;;
  esac
  need_room 1 $((BYTES / 1024 + 4))
  if ! spool print_posted "$1" "$2" "$3"; then
    warn "$4 was not accepted: the spool $SPOOL cannot be written (disk full?)"
    outcome "$FAILED"
    return
  fi
  po_taken=$((po_taken + 1))
  if [ "$po_count" -gt 1 ]; then say "$4 is $SPOOLED"; fi
}

# In: a file, a run id, the time it was modified. Out: the upload.
print_posted() {
  # Some versions of awk end a line at a NUL.
  tr -d '\000' <"$1" | compose "$2" "$(print_posted_head "$2" "$3")"
}

# In: a run id, the time the file was modified. Out: the head of the upload.
print_posted_head() {
  print_head "$1" "$po_facts"
  if [ -n "$FINISHED" ]; then printf '# finished: %s\n' "$FINISHED"; else print_finished "$2"; fi
}

# Out: sends the spool, unless the back-off forbids it.
command_flush() {
  [ $# -eq 0 ] || stop "$MISUSED" "flush takes no arguments; see $NAME flush --help"
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
