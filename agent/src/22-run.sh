# ---------------------------------------------------------------------------------------------------------------------
# run: a measurement, from before it begins until it is spooled. All of it is in jobs/ID, so that it survives the agent: head (facts
# before), out and err (the beginning of the command's output), out.end and err.end (its end, if it is longer), status, after (facts
# after), whole (the part of the output that is sent)
# ---------------------------------------------------------------------------------------------------------------------

# How much of a command's output is kept: the beginning, and the end, where Bonnie++ prints its line. Together they are below the limits of
# a server (1 MiB, 10 000 lines) and the smallest SPOOL_MAX_MB.
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
R_PHYSICAL=
R_INDEX=
R_COUNTS=

# In: a guest's name; the D_ variables and facts of its disk before the run. Out: the R_ variables.
note_before() {
  R_BE=$D_BE R_VM=$1 R_DEVICE=$D_NAME R_GUEST=$D_GUEST
  R_FACTS=$FACTS R_PATH=$D_PATH R_BACKEND=$D_BACKEND R_CACHE=$D_CACHE R_IMAGE=${D_IMAGE:-$D_DEVICE_PATH}
  R_GUEST_SECTORS=$(guest_sectors)
  R_DISK_SECTORS=$(physical_sectors)
  R_PHYSICAL=$PHYSICAL
}

A_FACTS=

# In: a guest's name; the D_ variables of its disk after the run; the R_ variables. Out: A_FACTS: what the counters show, or what changed
# during the run, so that no result is attributed to a backend that it was not measured on.
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
    RATIO=
    if [ -n "$NO_DISK" ]; then
      RATIO_WHY=$NO_DISK
    elif [ "$PHYSICAL" != "$R_PHYSICAL" ]; then
      RATIO_WHY='the disks below the virtual disk changed during the run'
    else
      read_ratio "$R_GUEST_SECTORS" "$ca_guest" "$R_DISK_SECTORS" "$ca_disk"
    fi
    fact device_read_ratio "$RATIO"
    if [ -z "$RATIO" ]; then
      fact label.no_device_read_ratio "$RATIO_WHY"
      say "no device_read_ratio: $RATIO_WHY"
    fi
    fact first_run_read_kps "$(first_run_read "$1")"
  fi
  A_FACTS=$FACTS
}

# How many images have a run count: the ones with the latest runs.
COUNTS_MAX=500

# In: an image's path; the R_ variables. Out: R_INDEX, how many runs this agent has made on it, including this one; empty when that cannot be
# written. A new file with the old name starts at 1, and a driver domain's names count only for its own guests. R_COUNTS is the file
# with the count, and the line that first_run_read adds.
count_run() {
  cr_inode=
  case $1 in /*) cr_inode=$(ls -id "$ROOT$1" 2>/dev/null | awk '{ print $1; exit }') ;; esac
  R_COUNTS=$SPOOL/counts/$(printf '%s\n' "$R_BE" "$R_VM" "$R_DEVICE" "$1" "$cr_inode" | cksum | tr -dc 0-9)
  R_INDEX=
  whole "$(first_line "$R_COUNTS")" || NUMBER=0
  cr_count=$((NUMBER + 1))
  if keep_count "$cr_count" "$(sed -n 2p "$R_COUNTS" 2>/dev/null)"; then R_INDEX=$cr_count; fi
  # The names are numbers, created above.
  ls -1t "$SPOOL/counts" | sed -n '/^[0-9]*$/p' | max=$COUNTS_MAX awk 'NR > ENVIRON["max"] + 0' | while read -r cr_old; do
    rm -f "$SPOOL/counts/$cr_old"
  done
}

# In: the lines of R_COUNTS. Out: writes them; false, and the file is unchanged, when that fails.
keep_count() {
  kc_file=$SPOOL/tmp/$OWNER.count
  if printf '%s\n' "$@" 2>/dev/null >"$kc_file" && mv "$kc_file" "$R_COUNTS" 2>/dev/null; then return 0; fi
  rm -f "$kc_file"
  return 1
}

# In: a guest's name; the D_ and R_ variables, and the run's output. Out: after a first run, keeps its block read. After a later run, prints
# the block read of the first in K/s, if that was measured the same way: by the same guest on the same disk and backend, with the same
# cache mode and file size. A first run without a result leaves nothing to compare with.
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

# In: a file. Out: the block read in K/s of its first Bonnie++ CSV line, the file size as printed and the number of fields; nothing when the
# test was not run, was too fast to measure, or when other lines differ in file size or fields.
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

# In: a job's folder and a fact to add (or nothing). Out: spools the job and deletes it; a job without a result goes to rejected/, an empty
# job is deleted. False when it cannot be written: then it stays.
finish_job() {
  fj_id=${1##*/}
  if [ ! -s "$1/out" ] && [ ! -s "$1/status" ]; then
    warn "run $fj_id was interrupted before it measured anything"
    rm -rf "$1"
    return 0
  fi
  if ! settle_output "$1" || ! shorten_no_result "$1" || ! spool print_job "$1" "$2"; then
    warn "the result of run $fj_id cannot be written to the spool (disk full?); it is kept in $1, and \"$NAME flush\" tries again"
    return 1
  fi
  if ! has_result "$1/whole"; then
    fj_status=$(first_line "$1/status")
    fj_vm=$(guest_of "$SPOOL/new/$SPOOLED")
    set_aside "$SPOOL/new/$SPOOLED" "run $fj_id: the command printed no Bonnie++ result; it ended with ${fj_status:-no status}. It was not sent." || return 1
    bound_no_result "$fj_vm"
  fi
  rm -rf "$1"
}

# Bytes that are kept of the beginning and of the end of a run without a result, and how many such runs of one guest: otherwise one guest
# could fill the spool for all guests.
NO_RESULT_BYTES=4096 NO_RESULT_RUNS=5

# In: a job's folder. Out: shortens whole if it has no result; false when it cannot be written.
shorten_no_result() {
  count_bytes "$1/whole"
  if [ "$BYTES" -le $((NO_RESULT_BYTES * 2)) ] || has_result "$1/whole"; then return 0; fi
  {
    clip "$NO_RESULT_BYTES" <"$1/whole" | whole_lines
    printf '## cut: of a run without a result only the beginning and the end are kept\n'
    tail -c "$NO_RESULT_BYTES" <"$1/whole" | sed 1d
  } >"$1/whole.part" || return 1
  touch -r "$1/whole" "$1/whole.part" && mv "$1/whole.part" "$1/whole" 2>/dev/null
}

# In: an upload. Out: its `# vm:` line.
guest_of() {
  awk '/^# vm: / { print; exit }' 2>/dev/null <"$1"
}

# In: a guest's `# vm:` line. Out: keeps the newest NO_RESULT_RUNS runs without a result of this guest in rejected/, deletes the others.
bound_no_result() {
  ft_vm=$1
  set --
  for ft_answer in "$SPOOL"/rejected/[0-9]*.answer; do
    if [ ! -f "$ft_answer" ] || ! grep '^run .*: the command printed no Bonnie++ result' <"$ft_answer" >/dev/null; then continue; fi
    if [ "$(guest_of "${ft_answer%.answer}")" = "$ft_vm" ]; then set -- ${1+"$@"} "$ft_answer"; fi
  done
  [ $# -gt "$NO_RESULT_RUNS" ] || return 0
  ls -1t "$@" | max=$NO_RESULT_RUNS awk 'NR > ENVIRON["max"] + 0' | while IFS= read -r ft_answer; do
    rm -f "$ft_answer" "${ft_answer%.answer}"
  done
}

# In: as finish_job. Out: the upload.
print_job() {
  pj_head=$(print_job_head "$1" "$2") || return 1
  filter_guest_lines "$pj_head" <"$1/whole" | compose "${1##*/}" "$pj_head" || return 1
  # As comments: standard error has neither results nor facts.
  print_ends "$1/err" "$ERR_HEAD" "$ERR_TAIL" | tr -d '\000' | tail -n "$ERR_LINES" | sed 's/^/## stderr: /' || return 1
  printf '## exit status: %s\n' "$(first_line "$1/status")"
}

# In: a job's folder. Out: writes whole, the part of the command's output that is sent, with the time of its last part; false when that
# fails.
settle_output() {
  if [ -f "$1/whole" ]; then return 0; fi
  print_ends "$1/out" "$OUT_HEAD" "$OUT_TAIL" | tr -d '\000' | few_lines >"$1/whole.part" || return 1
  so_last=$1/out
  if [ -s "$1/out.end" ]; then so_last=$1/out.end; fi
  touch -r "$so_last" "$1/whole.part" && mv "$1/whole.part" "$1/whole" 2>/dev/null
}

# In: a file that keep_ends wrote, and the maximum number of bytes of its beginning and its end. Out: the output; if it was longer, without
# its middle and the lines that were cut in two, and with a line that says so.
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
  pe_cut="## cut: the output was longer than $((pe_head + pe_tail)) bytes, or the disk was full; the part here was not kept"
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

# In: text on standard input that may have been cut off. Out: its complete lines.
whole_lines() {
  { cat && printf 'x\n'; } | sed '$d'
}

# In: text on standard input. Out: its first and last lines, as many as may be sent, with a line that says how many are missing.
few_lines() {
  max_first=$OUT_HEAD_LINES max_last=$OUT_TAIL_LINES awk '
    NR <= ENVIRON["max_first"] { print; next }
    { kept[NR % ENVIRON["max_last"]] = $0 }
    END {
      last = ENVIRON["max_last"] + 0; first = NR - last + 1
      if (first <= ENVIRON["max_first"] + 0) first = ENVIRON["max_first"] + 1
      else if (first > ENVIRON["max_first"] + 1) print "## cut: " first - ENVIRON["max_first"] - 1 " lines were not kept here"
      for (i = first; i <= NR; i++) print kept[i % last]
    }'
}

# In: the head of an upload; a guest's output on standard input. Out: the output, with each line that a server could take for a fact turned
# into a comment, except facts about the guest itself that Dom0 does not know: a guest must not decide who measured what, and on what. A
# server accepts spaces, control characters and capitals around # and the key, so every line with a leading # is checked.
filter_guest_lines() {
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
    # A comment is not a fact.
    !/^[^!-~]*#/ || /^##/ { print; next }
    {
      text = $0
      gsub(/^[ \t]*#[ \t]*|[ \t\r]+$/, "", text)
      at = index(text, ":")
      key = tolower(substr(text, 1, at - 1)); sub(/[ \t]+$/, "", key)
      value = substr(text, at + 1); sub(/^[ \t]+/, "", value)
      if (at && takes(key, value)) print "# " key ": " value
      else print "## not accepted from the guest: " $0
    }'
}

# In: as finish_job. Out: the head of the upload.
print_job_head() {
  cat "$1/head" || return 1
  if [ -s "$1/after" ]; then cat "$1/after" || return 1; fi
  if [ -n "$2" ]; then printf '%s\n' "$2" | as_directives; fi
  print_finished "$(iso_time "$1/whole")"
}

# In: a time. Out: its `# finished:` line; nothing when the clock is clearly wrong: the server accepts 1990 to 2199.
print_finished() {
  case $1 in 199[0-9]-* | 2[01][0-9][0-9]-*) printf '# finished: %s\n' "$1" ;; esac
}

# In: a file. False when it has no Bonnie++ result; true when it has one, and when awk fails, with 1 or 2: then the server decides.
has_result() {
  awk '!/^[^!-~]*#/ && (/Sequential Output/ || gsub(/,/, ",") >= 20) { found = 1; exit } END { exit found ? 0 : 3 }' 2>/dev/null <"$1"
  [ "$?" -ne 3 ]
}

# In: a file, how many bytes of the beginning and of the end to keep, and text on standard input. Out: the beginning in the file, each byte
# as soon as it comes; the end in FILE.end, with one byte more if something between is missing. It reads all of the text, so that the
# program that writes it ends as usual, and holds no more than it keeps. It ignores the signals that end the agent.
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

# In: a job's folder and a command. Out: runs the command; its output and status are in the folder, its standard error on the terminal as
# well, as far as it is kept.
run_command() {
  rc_job=$1
  shift
  {
    # In a file, not in $(...): that would give the id of a subshell that ends at once.
    sh -c 'echo "$PPID"' >"$rc_job/pid"
    ln -s "$(process_stamp "$(first_line "$rc_job/pid")")" "$rc_job/command"
    {
      "$@"
      echo "$?" >"$rc_job/status"
    } | keep_ends "$rc_job/out" "$OUT_HEAD" "$OUT_TAIL"
  } 2>&1 | keep_ends "$rc_job/err" "$ERR_HEAD" "$ERR_TAIL" shown
}
