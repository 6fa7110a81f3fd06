# ---------------------------------------------------------------------------------------------------------------------
# Back-off: 1, 2, 4 ... times BACKOFF_FIRST seconds up to BACKOFF_MAX, with 50 % jitter; Retry-After counts when longer. SPOOL/backoff has
# one line: failures in a row, not before, written at, the status of the response, and the upload that was tried last
# ---------------------------------------------------------------------------------------------------------------------

# Out: true when it is time to send; else NOT_BEFORE. A file that is newer than the clock is ignored: the clock was set back.
may_send() {
  NOT_BEFORE=0
  read_backoff
  [ "$B_UNTIL" != 0 ] || return 0
  ms_now=$(now)
  if [ "$ms_now" -lt "$B_WRITTEN" ] || [ "$ms_now" -ge "$B_UNTIL" ]; then return 0; fi
  NOT_BEFORE=$B_UNTIL
  return 1
}

# Out: B_FAILURES, B_UNTIL, B_WRITTEN, B_STATUS and B_UPLOAD (the name of the upload that was tried last); zeros and empty without a
# back-off.
read_backoff() {
  B_FAILURES=0 B_UNTIL=0 B_WRITTEN=0 B_STATUS='' B_UPLOAD=
  [ -r "$SPOOL/backoff" ] || return 0
  read -r rb_failures rb_until rb_written B_STATUS rb_upload <"$SPOOL/backoff" || return 0
  whole "$rb_failures" && rb_failures=$NUMBER && whole "$rb_until" && rb_until=$NUMBER && whole "$rb_written" || return 0
  B_WRITTEN=$NUMBER
  whole "$rb_until" && B_UNTIL=$NUMBER
  whole "$rb_failures" && B_FAILURES=$NUMBER
  case $rb_upload in */*) ;; *) B_UPLOAD=$rb_upload ;; esac
}

# In: the value of Retry-After, or nothing; an upload. Out: writes SPOOL/backoff: the next try waits longer than the last one, and begins
# after that upload.
back_off() {
  read_backoff
  bo_failures=$((B_FAILURES + 1))
  bo_delay=$BACKOFF_FIRST
  bo_doubled=1
  while [ "$bo_doubled" -lt "$bo_failures" ] && [ "$bo_delay" -lt "$BACKOFF_MAX" ]; do
    bo_delay=$((bo_delay * 2))
    bo_doubled=$((bo_doubled + 1))
  done
  if [ "$bo_delay" -gt "$BACKOFF_MAX" ]; then bo_delay=$BACKOFF_MAX; fi
  bo_delay=$((bo_delay - bo_delay / 2 + $(random_to $((bo_delay / 2)))))
  if whole "$1"; then
    bo_asked=$NUMBER
    if [ "$bo_asked" -gt "$BACKOFF_MAX" ]; then bo_asked=$BACKOFF_MAX; fi
    # All hosts of a fleet get the same number: they must not retry in the same second.
    if [ "$bo_asked" -gt "$bo_delay" ]; then bo_delay=$((bo_asked + $(random_to $((bo_asked / 4))))); fi
  fi
  bo_now=$(now)
  if printf '%s %s %s %s %s\n' "$bo_failures" $((bo_now + bo_delay)) "$bo_now" "$CODE" "${2##*/}" 2>/dev/null >"$SPOOL/tmp/$OWNER.backoff"; then
    mv "$SPOOL/tmp/$OWNER.backoff" "$SPOOL/backoff"
  else
    rm -f "$SPOOL/tmp/$OWNER.backoff"
  fi
}
