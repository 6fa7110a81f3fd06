# ---------------------------------------------------------------------------------------------------------------------
# run: a measurement, from before it begins until it is spooled. All of it is in jobs/ID, so that what was measured outlives
# the agent: head (facts before), out and err (how the command's output begins), out.end and err.end (how it ends, where it is
# longer), status, after (facts after), whole (what is sent of the output)
# ---------------------------------------------------------------------------------------------------------------------

# Of what a command prints so much is kept, however long it is: the beginning, and the end, where Bonnie++ prints its line. All of
# it is below what a server takes (1 MiB, 10 000 lines) and what SPOOL_MAX_MB can be.
OUT_HEAD=131072 OUT_TAIL=262144 OUT_HEAD_LINES=1500 OUT_TAIL_LINES=2500
ERR_HEAD=8192 ERR_TAIL=8192 ERR_LINES=200
RUN_KB=420

R_FACTS=
R_PATH=
R_BACKEND=
R_CACHE=
R_IMAGE=
R_BE=
R_VM=
R_DEVICE=
R_GUEST=
R_GUEST_SECTORS=
R_DISK_SECTORS=
R_INDEX=
R_COUNTS=

# In: a guest's name; its disk as found before the run. Out: what is known of it in the R_ variables.
note_before() {
  R_BE=$D_BE R_VM=$1 R_DEVICE=$D_NAME R_GUEST=$D_GUEST
  R_FACTS=$FACTS R_PATH=$D_PATH R_BACKEND=$D_BACKEND R_CACHE=$D_CACHE R_IMAGE=${D_IMAGE:-$D_DEVICE_PATH}
  R_GUEST_SECTORS=$(guest_sectors)
  R_DISK_SECTORS=$(physical_sectors)
}

A_FACTS=

# In: the disk as found after the run; the R_ variables. Out: A_FACTS: what the run itself taught, and what has changed
# meanwhile, so that no result is told of a backend that it was not measured on.
compare_after() {
  ca_guest=$(guest_sectors)
  ca_disk=$(physical_sectors)
  FACTS=
  if [ "$D_BACKEND" != "$R_BACKEND" ]; then
    fact backend unknown
    fact label.backend_before "$R_BACKEND"
    fact label.backend_after "$D_BACKEND"
    warn "the disk was served by $R_BACKEND before the run and by $D_BACKEND after it; sent as unknown"
  elif [ "$D_CACHE" != "$R_CACHE" ]; then
    fact cache_mode unknown
    fact label.cache_mode_before "$R_CACHE"
    fact label.cache_mode_after "$D_CACHE"
  elif [ "$D_PATH" != "$R_PATH" ]; then
    fact label.guest_restarted yes
  else
    fact device_read_ratio "$(read_ratio "$R_GUEST_SECTORS" "$ca_guest" "$R_DISK_SECTORS" "$ca_disk")"
    fact first_run_read_kps "$(first_run_read "$1")"
  fi
  A_FACTS=$FACTS
}

# Images of which the runs are counted: those of the last runs.
COUNTS_MAX=500

# In: an image's path, and who has it in the R_ variables. Out: R_INDEX, how many runs this agent has seen on it, this one included;
# nothing when that cannot be kept. A new file of the old name starts again, and what a driver domain names counts for its own
# guests only. R_COUNTS is the file that keeps it: the number, then what first_run_read adds.
count_run() {
  cr_inode=
  case $1 in /*) cr_inode=$(ls -id "$ROOT$1" 2>/dev/null | awk '{ print $1; exit }') ;; esac
  R_COUNTS=$SPOOL/counts/$(printf '%s\n' "$R_BE" "$R_VM" "$R_DEVICE" "$1" "$cr_inode" | cksum | tr -dc 0-9)
  R_INDEX=
  whole "$(first_line "$R_COUNTS")" || NUMBER=0
  cr_count=$((NUMBER + 1))
  if keep_count "$cr_count" "$(sed -n 2p "$R_COUNTS" 2>/dev/null)"; then R_INDEX=$cr_count; fi
  # Their names are numbers, made here.
  ls -1t "$SPOOL/counts" | sed -n '/^[0-9]*$/p' | most=$COUNTS_MAX awk 'NR > ENVIRON["most"] + 0' | while read -r cr_old; do
    rm -f "$SPOOL/counts/$cr_old"
  done
}

# In: the lines of R_COUNTS. Out: they are in it; false, and it is as it was, when they cannot be.
keep_count() {
  kc_file=$SPOOL/tmp/$OWNER.count
  if printf '%s\n' "$@" 2>/dev/null >"$kc_file" && mv "$kc_file" "$R_COUNTS" 2>/dev/null; then return 0; fi
  rm -f "$kc_file"
  return 1
}

# In: a guest's name; the D_ and R_ variables, and what the run printed. Out: of a first run, its block read is kept. Of a
# later one, the block read of the first in K/s, if that was measured the same way: by the same guest on the same disk and
# backend, with the same cache mode and file size. Of a first run without a result nothing is ever known.
first_run_read() {
  fr_found=$(block_read "$JOB/whole")
  [ -n "$fr_found" ] || return 0
  fr_setting="${fr_found#* } $D_BACKEND $D_CACHE $D_NAME $1"
  case $R_INDEX in
    '') ;;
    1) keep_count 1 "${fr_found%% *} $fr_setting" || : ;;
    *)
      fr_first=$(sed -n 2p "$R_COUNTS" 2>/dev/null)
      if [ "${fr_first#* }" = "$fr_setting" ]; then printf '%s\n' "${fr_first%% *}"; fi
      ;;
  esac
}

# In: a file. Out: the block read in K/s of the first CSV line of Bonnie++ in it, with the file size as printed and the number
# of its fields; nothing when the test was not run, was too fast to measure, or when other lines differ in file size or fields.
block_read() {
  awk -F , '
    NF == 27 { size = $2; rate = $11 }
    NF == 48 { size = $6 ":" $7; rate = $16 }
    NF == 50 { size = $6 ":" $7; rate = $18 }
    (NF == 27 || NF == 48 || NF == 50) && size ~ /^[0-9]/ {
      setting = size " " NF
      if (!results++) { first = setting; read = rate }
      if (setting != first) mixed = 1
    }
    END { if (!mixed && read ~ /^[0-9]+([.][0-9]+)?$/ && read >= 1) print read, substr(first, 1, 100) }' 2>/dev/null <"$1"
}

# In: a job's folder and a fact to add (or nothing). Out: the job is spooled and gone; with no result in it, it is in
# rejected/; with nothing in it, it is only gone. False when it cannot be written: then it stays.
finish_job() {
  fj_id=${1##*/}
  if [ ! -s "$1/out" ] && [ ! -s "$1/status" ]; then
    warn "run $fj_id was interrupted before it measured anything"
    rm -rf "$1"
    return 0
  fi
  if ! settle_output "$1" || ! shorten_talk "$1" || ! spool print_job "$1" "$2"; then
    warn "the result of run $fj_id cannot be written to the spool (disk full?); it is kept in $1 and tried again by \"$NAME flush\""
    return 1
  fi
  if ! has_result "$1/whole"; then
    fj_status=$(first_line "$1/status")
    fj_vm=$(guest_of "$SPOOL/new/$SPOOLED")
    set_aside "$SPOOL/new/$SPOOLED" "run $fj_id: the command printed no Bonnie++ result; it ended with ${fj_status:-no status}. It was not sent." || return 1
    forget_talk "$fj_vm"
  fi
  rm -rf "$1"
}

# Of a run without a result so much is kept, of its beginning and of its end, and so many such runs of one guest: else a guest could
# fill the spool, which is for all.
TALK_MAX=4096 TALKS_MAX=5

# In: a job's folder. Out: whole is short if no result is in it; false when it cannot be written.
shorten_talk() {
  count_bytes "$1/whole"
  if [ "$BYTES" -le $((TALK_MAX * 2)) ] || has_result "$1/whole"; then return 0; fi
  {
    clip "$TALK_MAX" <"$1/whole" | whole_lines
    printf '## cut: of a run without a result little is kept; what stood here was not\n'
    tail -c "$TALK_MAX" <"$1/whole" | sed 1d
  } >"$1/whole.part" || return 1
  touch -r "$1/whole" "$1/whole.part" && mv "$1/whole.part" "$1/whole" 2>/dev/null
}

# In: an upload. Out: the line that says whose it is.
guest_of() {
  awk '/^# vm: / { print; exit }' 2>/dev/null <"$1"
}

# In: the line that says whose a run was. Out: of such runs without a result the newest are left in rejected/.
forget_talk() {
  ft_vm=$1
  set --
  for ft_answer in "$SPOOL"/rejected/[0-9]*.answer; do
    if [ ! -f "$ft_answer" ] || ! grep '^run .*: the command printed no Bonnie++ result' <"$ft_answer" >/dev/null; then continue; fi
    if [ "$(guest_of "${ft_answer%.answer}")" = "$ft_vm" ]; then set -- ${1+"$@"} "$ft_answer"; fi
  done
  [ $# -gt "$TALKS_MAX" ] || return 0
  ls -1t "$@" | most=$TALKS_MAX awk 'NR > ENVIRON["most"] + 0' | while IFS= read -r ft_answer; do
    rm -f "$ft_answer" "${ft_answer%.answer}"
  done
}

# In: as finish_job. Out: the upload.
print_job() {
  pj_head=$(print_job_head "$1" "$2") || return 1
  guest_words "$pj_head" <"$1/whole" | compose "${1##*/}" "$pj_head" || return 1
  # As comments: what a program says on the side is neither a result nor a fact.
  print_ends "$1/err" "$ERR_HEAD" "$ERR_TAIL" | tr -d '\000' | tail -n "$ERR_LINES" | sed 's/^/## stderr: /' || return 1
  printf '## exit status: %s\n' "$(first_line "$1/status")"
}

# In: a job's folder. Out: whole has what is sent of the command's output, with the time of its last part; false when it cannot be
# written.
settle_output() {
  if [ -f "$1/whole" ]; then return 0; fi
  print_ends "$1/out" "$OUT_HEAD" "$OUT_TAIL" | tr -d '\000' | few_lines >"$1/whole.part" || return 1
  so_last=$1/out
  if [ -s "$1/out.end" ]; then so_last=$1/out.end; fi
  touch -r "$so_last" "$1/whole.part" && mv "$1/whole.part" "$1/whole" 2>/dev/null
}

# In: a file that keep_ends wrote, and how many bytes of its beginning and its end there may be. Out: the output; where it was longer,
# without its middle, nor the lines that were cut in two, and with a line that says so.
print_ends() {
  [ -f "$1" ] || return 0
  whole "$2" && pe_head=$NUMBER && whole "$3" && pe_tail=$NUMBER || return 1
  pe_end=$1.end
  count_bytes "$1"
  pe_first=$BYTES
  count_bytes "$pe_end"
  if [ ! -e "$1.lost" ]; then
    if [ "$BYTES" = 0 ] && [ "$pe_first" -le $((pe_head + pe_tail)) ]; then
      cat "$1"
      return
    fi
    if [ "$pe_first" -eq "$pe_head" ] && [ "$BYTES" -le "$pe_tail" ]; then
      cat "$1" "$pe_end"
      return
    fi
  fi
  pe_cut="## cut: the output was longer than $((pe_head + pe_tail)) bytes, or the disk was full; what stood here was not kept"
  if [ "$BYTES" = 0 ] && [ "$pe_first" -le $((pe_head + pe_tail)) ]; then
    whole_lines <"$1"
    printf '%s\n' "$pe_cut"
    return
  fi
  # An older agent kept all of it in one file.
  [ "$BYTES" != 0 ] || pe_end=$1
  clip "$pe_head" <"$1" | whole_lines
  printf '%s\n' "$pe_cut"
  if [ -e "$1.lost" ]; then tail -c "$pe_tail" <"$pe_end" | sed 1d | whole_lines; else tail -c "$pe_tail" <"$pe_end" | sed 1d; fi
}

# In: text on standard input that may have been cut off. Out: its lines, without a last one that has no end.
whole_lines() {
  { cat && printf 'x\n'; } | sed '$d'
}

# In: text on standard input. Out: its first and last lines, as many as may be sent, with a line that says what is left out.
few_lines() {
  most_first=$OUT_HEAD_LINES most_last=$OUT_TAIL_LINES awk '
    NR <= ENVIRON["most_first"] { print; next }
    { kept[NR % ENVIRON["most_last"]] = $0 }
    END {
      last = ENVIRON["most_last"] + 0; first = NR - last + 1
      if (first <= ENVIRON["most_first"] + 0) first = ENVIRON["most_first"] + 1
      else if (first > ENVIRON["most_first"] + 1) print "## cut: " first - ENVIRON["most_first"] - 1 " lines that stood here were not kept"
      for (i = first; i <= NR; i++) print kept[i % last]
    }'
}

# In: the lines that an upload begins with; what a guest has printed on standard input. Out: it, with each line that a server could take
# for a fact as a comment, but facts about the guest itself that Dom0 does not know: who measured what, and on what, is not the
# guest's to say. A server takes blanks, marks and capitals around # and key, so whatever has a # at its front is looked at.
guest_words() {
  head=$1 awk '
    BEGIN {
      n = split(ENVIRON["head"], line, "\n")
      for (i = 1; i <= n; i++) if (match(line[i], /^# [a-z0-9_.]+:/)) known[substr(line[i], 3, RLENGTH - 3)] = 1
      n = split("guest_mem_mb guest_vcpus guest_type guest_kernel guest_fs guest_fs_opts guest_io_scheduler os_version bonnie_version bonnie_flags", line, " ")
      for (i = 1; i <= n; i++) may[line[i]] = 1
    }
    function takes(key, value) {
      if (!(key in may) || (key in known) || value !~ /^[ -~]+$/ || length(value) > 200) return 0
      if (key == "guest_mem_mb" || key == "guest_vcpus") return value ~ /^[1-9][0-9]*$/ && length(value) < 7
      return key != "guest_type" || value ~ /^(PV|PVH|HVM)$/
    }
    # A comment is no fact.
    !/^[^!-~]*#/ || /^##/ { print; next }
    {
      text = $0
      gsub(/^[ \t]*#[ \t]*|[ \t\r]+$/, "", text)
      at = index(text, ":")
      key = tolower(substr(text, 1, at - 1)); sub(/[ \t]+$/, "", key)
      value = substr(text, at + 1); sub(/^[ \t]+/, "", value)
      if (at && takes(key, value)) print "# " key ": " value
      else print "## not for the guest to say: " $0
    }'
}

# In: as finish_job. Out: the lines that the upload begins with.
print_job_head() {
  cat "$1/head" || return 1
  if [ -s "$1/after" ]; then cat "$1/after" || return 1; fi
  if [ -n "$2" ]; then printf '%s\n' "$2" | as_directives; fi
  print_finished "$(iso_time "$1/whole")"
}

# In: a time. Out: the line that says it, unless the clock is wrong beyond use: the server takes 1990 to 2199.
print_finished() {
  case $1 in 199[0-9]-* | 2[01][0-9][0-9]-*) printf '# finished: %s\n' "$1" ;; esac
}

# In: a file. False when it has nothing that Bonnie++ prints as a result; true when it has, and when awk cannot tell: then the server
# may say it. awk ends with 1 or 2 when it fails.
has_result() {
  awk '!/^[^!-~]*#/ && (/Sequential Output/ || gsub(/,/, ",") >= 20) { found = 1; exit } END { exit found ? 0 : 3 }' 2>/dev/null <"$1"
  [ "$?" -ne 3 ]
}

# In: a file, how many bytes of the beginning and of the end to keep, and text on standard input. Out: the beginning is in the file,
# each byte as soon as it comes; the end in FILE.end, with one byte more where something is missing between. All of the text is
# read, so that the program that writes it ends as usual; no more of it is held than is kept. It outlives the signals that end the agent.
keep_ends() (
  trap '' HUP INT TERM
  if [ "${4:-}" = shown ]; then
    dd bs=1 "count=$2" 2>/dev/null | tee "$1" | shown >&2
  else
    dd bs=1 "count=$2" 2>/dev/null >"$1" || : >"$1.lost"
  fi
  whole "$3"
  tail -c $((NUMBER + 1)) 2>/dev/null >"$1.end" || : >"$1.lost"
)

# In: a job's folder and a command. Out: the command has run; its output and status are in the folder, its messages on the
# terminal as well, as far as they are kept.
run_command() {
  rc_job=$1
  shift
  {
    # In a file, not in $(...): that would be the id of a shell that is gone at once.
    sh -c 'echo "$PPID"' >"$rc_job/pid"
    ln -s "$(process_stamp "$(first_line "$rc_job/pid")")" "$rc_job/command"
    {
      "$@"
      echo "$?" >"$rc_job/status"
    } | keep_ends "$rc_job/out" "$OUT_HEAD" "$OUT_TAIL"
  } 2>&1 | keep_ends "$rc_job/err" "$ERR_HEAD" "$ERR_TAIL" shown
}
