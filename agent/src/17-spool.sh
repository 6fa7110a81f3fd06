# ---------------------------------------------------------------------------------------------------------------------
# The spool: tmp/ (being written), new/ (complete, oldest first), rejected/ (with the response), jobs/ (runs in progress), counts/
# ---------------------------------------------------------------------------------------------------------------------

END_MARK='## end of upload'
# In front of a list such as `1-6 8`: the lines that the agent added to the file, standard input or output.
ADDED_MARK='## added lines:'

# Out: creates the spool's folders; false when it cannot, and stops when another user could have written into them.
make_spool() {
  # Before anything is created in it.
  need_own "$SPOOL"
  mkdir -p "$SPOOL/tmp" "$SPOOL/new" "$SPOOL/rejected" "$SPOOL/jobs" "$SPOOL/counts" 2>/dev/null || return 1
  need_own "$SPOOL" "$SPOOL/tmp" "$SPOOL/new" "$SPOOL/rejected" "$SPOOL/jobs" "$SPOOL/counts"
}

# Out: the folders exist and are writable, or stops.
need_spool() {
  # `[ -w ]` of some shells is true for root on a read-only file system. Touching needs no disk space.
  if ! make_spool || ! touch "$SPOOL/new" 2>/dev/null; then stop "$FAILED" "the spool $SPOOL cannot be written; nothing was accepted"; fi
}

# Out: the number of uploads that are waiting.
waiting_uploads() {
  wu_count=0
  for wu_file in "$SPOOL"/new/*; do
    if [ -f "$wu_file" ]; then wu_count=$((wu_count + 1)); fi
  done
  printf '%s\n' "$wu_count"
}

# Out: the number of uploads that were rejected and kept.
rejected_uploads() {
  ru_count=0
  for ru_file in "$SPOOL"/rejected/*; do
    case $ru_file in *.answer) continue ;; esac
    if [ -f "$ru_file" ]; then ru_count=$((ru_count + 1)); fi
  done
  printf '%s\n' "$ru_count"
}

# Out: the size of the spool in KiB, without the run counts, which have their own limit.
spool_size() {
  whole "$(du -sk "$SPOOL/tmp" "$SPOOL/new" "$SPOOL/rejected" "$SPOOL/jobs" 2>/dev/null | awk '{ sum += $1 } END { print sum + 0 }')" || NUMBER=0
  printf '%s\n' "$NUMBER"
}

# In: how many uploads will be added, and their size in KiB. Out: stops when the spool has no room for them.
need_room() {
  nr_more=$SPOOL_MAX_FILES
  if whole "$1"; then nr_more=$NUMBER; fi
  nr_rejected=$(rejected_uploads)
  nr_count=$(($(waiting_uploads) + nr_rejected))
  if [ "$nr_more" -gt "$SPOOL_MAX_FILES" ] || [ $((nr_count + nr_more)) -gt "$SPOOL_MAX_FILES" ]; then
    stop "$FAILED" "the spool is full: $nr_count uploads in $SPOOL (SPOOL_MAX_FILES=$SPOOL_MAX_FILES), $nr_rejected of them rejected, $nr_more to add; nothing was accepted"
  fi
  nr_more=$((SPOOL_MAX_MB * 1024))
  if whole "$2"; then nr_more=$NUMBER; fi
  nr_size=$(spool_size)
  if [ "$nr_more" -gt $((SPOOL_MAX_MB * 1024)) ] || [ $((nr_size + nr_more)) -gt $((SPOOL_MAX_MB * 1024)) ]; then
    stop "$FAILED" "the spool is full: $nr_size KiB in $SPOOL, $nr_more KiB to add (SPOOL_MAX_MB=$SPOOL_MAX_MB); nothing was accepted"
  fi
}

# In: a file. Out: BYTES, its size; 0 when it does not exist.
count_bytes() {
  whole "$([ ! -r "$1" ] || wc -c <"$1" | tr -d ' ')" || NUMBER=0
  BYTES=$NUMBER
}

# In: a file or folder. Out: flushes it to the disk. A `sync` that takes no names flushes everything, which is right as well.
to_disk() {
  sync "$1" 2>/dev/null || sync
}

# Out: a new run id, unique among all hosts, also when the clock is wrong.
new_run_id() {
  printf '%s-%s\n' "$(date -u +%Y%m%dT%H%M%SZ)" "$(random_hex)"
}

# Out: a name in new/ that sorts after all existing ones. A counter and not a time decides the order: a clock may jump.
next_name() {
  nn_last=
  for nn_file in "$SPOOL"/new/*; do nn_last=${nn_file##*/}; done
  whole "${nn_last%%-*}" || NUMBER=0
  printf '%08d-%s\n' $((NUMBER + 1)) "$(random_hex)"
}

# In: a command that prints an upload, without its end mark. Out: puts the upload into new/, complete and flushed, its name in SPOOLED; or
# false, and new/ is unchanged. Written to tmp/ and renamed: new/ never has half an upload, and an upload that was cut off (by a full
# disk, by a crash) has no end mark.
spool() {
  SPOOLED=$(next_name)
  sp_file=$SPOOL/tmp/$OWNER.$SPOOLED
  if { "$@" && printf '%s\n' "$END_MARK"; } | tr -d '\000' 2>/dev/null >"$sp_file" &&
    [ "$(tail -n 1 "$sp_file" 2>/dev/null)" = "$END_MARK" ] && to_disk "$sp_file" && mv "$sp_file" "$SPOOL/new/$SPOOLED" 2>/dev/null; then
    to_disk "$SPOOL/new" || :
    return 0
  fi
  rm -f "$sp_file"
  return 1
}

# In: a run id, the head of an upload, and Bonnie++'s output on standard input. Out: both, with `# run:` lines before repeated results:
# equal lines are one run to the server unless their ids differ. `# run:` lines in the output win. Then a line that lists the added
# lines.
compose() {
  printf '%s\n' "$2"
  id=$1 head=$2 mark=$ADDED_MARK awk '
    BEGIN { current = id = ENVIRON["id"]; line = split(ENVIRON["head"], lines, "\n"); added = ENVIRON["mark"] " 1-" line }
    /^[ \t]*#[ \t]*run:/ { own = 1 }
    !own && gsub(/,/, ",") >= 20 {
      times = ++seen[$0]
      run = times == 1 ? id : id "-" times
      if (run != current) { print "# run: " run; added = added " " ++line }
      current = run
    }
    { print; line++ }
    END { print added }'
}
