RECEIPT=
REJECTED_LINES=0

# In: an upload; BODY. True when the answer's first line is a receipt that fits it; then RECEIPT is the line, and REJECTED_LINES how
# many it rejects. Whatever stands between (a hotel's sign-in page, a proxy) can answer 200, too.
has_receipt() {
  RECEIPT=
  next_line "$BODY" || return 1
  hr_line=$LINE
  hr_stored=${hr_line#stored } hr_duplicate=${hr_line#*, duplicate } hr_rejected=${hr_line##*, rejected }
  hr_stored=${hr_stored%%,*} hr_duplicate=${hr_duplicate%%,*}
  [ "$hr_line" = "stored $hr_stored, duplicate $hr_duplicate, rejected $hr_rejected" ] || return 1
  hr_sum=0
  for hr_count in "$hr_stored" "$hr_duplicate" "$hr_rejected"; do
    whole "$hr_count" || return 1
    case $NUMBER in ??????*) return 1 ;; esac
    hr_sum=$((hr_sum + NUMBER))
  done
  REJECTED_LINES=$NUMBER
  fits_upload "$1" "$hr_sum" && RECEIPT=$hr_line
}

# In: an upload and how many results an answer tells of. True when it can have so many: not none, and not more than it has lines. A
# lower bound would have to know which lines the server's parser takes for results, and which for parts of a table.
fits_upload() {
  told=$2 awk 'END { exit !(ENVIRON["told"] >= 1 && ENVIRON["told"] + 0 <= NR) }' <"$1"
}

# In: BODY. True when its first line is that of a refusal by the server itself, not of a proxy's page.
is_own_refusal() {
  next_line "$BODY" || return 1
  case $LINE in 'error '[a-z]*': '*) ;; *) return 1 ;; esac
  ir_code=${LINE#error }
  case ${ir_code%%:*} in *[!a-z_]*) return 1 ;; esac
}

# In: an upload, and the server's answer about it on standard input. Out: the answer, with the numbers that lines have in
# the file, standard input or command's output the upload was made of; with a second argument those of the upload as well,
# as `here`. A line that was added has no other number.
with_own_lines() {
  wo_added=$(mark=$ADDED_MARK awk 'index($0, ENVIRON["mark"]) == 1 { last = substr($0, length(ENVIRON["mark"]) + 1) } END { print substr(last, 1, 65536) }' 2>/dev/null <"$1")
  added=$wo_added both=${2:-} awk '
    BEGIN {
      added = ENVIRON["added"]; both = ENVIRON["both"]
      n = split(added, part, " ")
      for (i = 1; i <= n; i++) {
        split(part[i] "-" part[i], ends, "-")
        # They go up, and no upload has more than 10 000 lines.
        if (ends[1] + 0 <= last) break
        for (line = ends[1] + 0; line <= ends[2] + 0 && line <= 10000; line++) {
          while (last < line) before[++last] = count
          is_added[line] = 1
          count++
        }
      }
    }
    added != "" && match($0, /^(error [a-z_]+: )?line [0-9]+[:,]/) {
      rest = substr($0, RLENGTH)
      head = substr($0, 1, RLENGTH - 1)
      match(head, /line [0-9]+$/)
      line = substr(head, RSTART + 5) + 0
      head = substr(head, 1, RSTART - 1)
      own = line - (line in before ? before[line] : count)
      $0 = head (line in is_added ? "added line " line : "line " own (both == "" ? "" : " (here " line ")")) rest
    }
    { print }'
}

# In: an answer. Out: the line of it that says what is wrong.
reason_in() {
  printf '%s\n' "$1" | awk '
    /^error [a-z_]+: / || /^((added )?line|parameters).*\[[a-z_]+\]/ { found = $0; exit }
    first == "" && /[^ ]/ { first = $0 }
    END { print substr(found == "" ? first : found, 1, 300) }' | sed 's/^curl: //'
}

# Counts of one sending; OUTCOME is the exit code it asks for.
OUTCOME=$DONE
DELIVERED=0

# In: an exit code. Out: OUTCOME is the gravest so far.
outcome() {
  case $OUTCOME in
    "$DONE") OUTCOME=$1 ;;
    "$WAITING") case $1 in "$DONE") ;; *) OUTCOME=$1 ;; esac ;;
    "$REJECTED") case $1 in "$REFUSED" | "$FAILED") OUTCOME=$1 ;; esac ;;
  esac
}

# Uploads that were kept in this sending for what may lie in them.
HELD=0
# After so many others are not tried any more: then it does not lie in the uploads.
HELD_MAX=5

# In: an upload. True when nothing was cut off it: then the end mark is its last line.
has_end() {
  [ "$(tail -n 1 "$1" 2>/dev/null | tr -d '\000')" = "$END_MARK" ]
}

# In: an upload in new/. Out: it is delivered and gone, or in rejected/, or still there. False: do not go on with others.
send_upload() {
  su_name=${1##*/}
  if ! has_end "$1"; then
    [ -f "$1" ] || return 0
    set_aside "$1" "this upload is damaged: its end is missing. It was not sent."
    return
  fi
  request /v1/results "$1"
  [ -f "$1" ] || return 0
  su_answer=$(printf '%s\n' "$BODY" | with_own_lines "$1")
  case $CODE in
    2?? | 422)
      if [ "$CODE" = 422 ] && is_own_refusal; then
        reject "$1" "$su_answer"
        return
      fi
      if ! has_receipt "$1"; then
        next_line "$BODY" || LINE=nothing
        hold "$1" "$SERVER answered $CODE, but not with a receipt that fits $su_name: $(reason_in "$LINE"); is something else in between?"
        return
      fi
      if [ "$REJECTED_LINES" = 0 ]; then
        rm -f "$1" "$SPOOL/backoff" 2>/dev/null
        if [ -f "$1" ]; then
          outcome "$FAILED"
          warn "$su_name was delivered, but cannot be removed from $SPOOL/new: is the disk read-only?"
          return 1
        fi
        DELIVERED=$((DELIVERED + 1))
        report "delivered $su_name: $RECEIPT"
        # What became of each result, with what its numbers look like; the first line is said already.
        [ "$QUIET" = 1 ] || printf '%s\n' "$su_answer" | sed '1d; /^$/d'
        return 0
      fi
      reject "$1" "$su_answer"
      ;;
    401)
      # No wget shows what stands in a 401.
      if ! is_own_refusal && [ "$TRANSPORT" = curl ]; then
        hold "$1" "$SERVER answered $CODE, but not as vbdstat does: $(reason_in "$su_answer"); is something else in between?"
        return
      fi
      outcome "$REFUSED"
      warn "$SERVER refuses this token ($CODE): $(reason_in "$su_answer"); everything is kept"
      return 1
      ;;
    403)
      if ! is_own_refusal && [ "$SHOWS_REFUSALS" = 1 ]; then
        hold "$1" "$SERVER answered $CODE, but not as vbdstat does: $(reason_in "$su_answer"); is something else in between?"
        return
      fi
      outcome "$REFUSED"
      # One that names a line is about this upload: it has a host that the token is not for. So may be one that is not shown.
      case $SHOWS_REFUSALS$LINE in
        0* | '1error forbidden: line '*)
          hold "$1" "$SERVER refuses this token for $su_name ($CODE): $(reason_in "$su_answer")"
          return
          ;;
      esac
      warn "$SERVER refuses this token ($CODE): $(reason_in "$su_answer"); everything is kept"
      return 1
      ;;
    000 | 408 | 425 | 429 | 5??)
      put_off "$1" "$(no_answer_text)"
      return 1
      ;;
    3?? | 404 | 405 | 407)
      # Not about the upload: the address leads elsewhere.
      put_off "$1" "$SERVER/v1/results answered $CODE: $(reason_in "$BODY"); check SERVER"
      return 1
      ;;
    *)
      if is_own_refusal; then
        reject "$1" "$su_answer"
      elif [ "$SHOWS_REFUSALS" = 1 ]; then
        hold "$1" "$SERVER answered $CODE, but not as vbdstat does: $(reason_in "$su_answer"); is something else in between?"
      else
        hold "$1" "$SERVER answered $CODE to $su_name; this wget does not show whether the server refuses it or something in between: install curl"
      fi
      ;;
  esac
}

# Bytes of an answer that are kept beside a rejected upload.
KEPT_MAX=16384

# In: an upload, and the server's own refusal of it, with own lines. Out: it is in rejected/, with the answer.
reject() {
  set_aside "$1" "$(printf '%s\n' "$BODY" | with_own_lines "$1" here | clip "$KEPT_MAX")" "$(reason_in "$2")" || return 1
  rm -f "$SPOOL/backoff"
}

# In: an upload, and why it is kept, which may lie in it: a proxy may refuse its size, or a word in it. Out: it is kept, and comes
# last the next time. False after HELD_MAX of them: then the others would meet the same.
hold() {
  HELD=$((HELD + 1))
  put_off "$1" "$2"
  [ "$HELD" -lt "$HELD_MAX" ]
}

# Out: why there is no answer to work with, in words.
no_answer_text() {
  if [ "$CODE" = 000 ]; then
    printf 'no answer from %s: %s\n' "$SERVER" "$(reason_in "$BODY")"
  else
    printf '%s answered %s: %s\n' "$SERVER" "$CODE" "$(reason_in "$BODY")"
  fi
}

# In: an upload, and why not now. Out: the back-off grows, everything is kept, and the next sending begins behind that upload: one
# that never gets through must not be the first for ever.
put_off() {
  back_off "$RETRY_AFTER" "$1"
  outcome "$WAITING"
  warn "$2; kept for later"
}

# In: an upload, an answer, and what to say of it if not the answer. Out: it is in rejected/ with the answer beside it. Moving
# needs no room on the disk. An upload that another agent has delivered meanwhile is gone: then the server was asked about
# nothing (curl posts an empty body for a file that is not there), and such an answer says nothing. False when it cannot be moved.
set_aside() {
  sa_name=${1##*/}
  sa_answer=$SPOOL/tmp/$OWNER.answer
  printf '%s\n' "$2" 2>/dev/null >"$sa_answer" || rm -f "$sa_answer"
  sa_failed=0
  if mv "$1" "$SPOOL/rejected/$sa_name" 2>/dev/null; then
    if [ -f "$sa_answer" ]; then mv "$sa_answer" "$SPOOL/rejected/$sa_name.answer"; fi
    # When it was rejected, and not when it was spooled: the oldest go first.
    touch "$SPOOL/rejected/$sa_name" 2>/dev/null
    bound_rejected "$sa_name"
    outcome "$REJECTED"
    warn "rejected $sa_name, kept in $SPOOL/rejected: ${3:-$2}"
  elif [ -f "$1" ]; then
    outcome "$FAILED"
    warn "$sa_name was rejected, but cannot be moved to $SPOOL/rejected: ${3:-$2}"
    sa_failed=1
  fi
  rm -f "$sa_answer"
  return "$sa_failed"
}

# In: an upload in rejected/ that stays. Out: those in rejected/ take up no more than half of what the spool may have, the oldest are
# gone: else a guest whose results are all wrong could fill the spool, which is for all. It is told once, until rejected/ was emptied.
bound_rejected() {
  br_gone=$(ls -ltn "$SPOOL/rejected" | kept=$1 files=$SPOOL_MAX_FILES kib=$((SPOOL_MAX_MB * 1024)) awk '
    BEGIN { kept = ENVIRON["kept"]; files = 1 }
    $NF !~ /^[0-9]+-[0-9a-f]+(\.answer)?$/ { next }
    {
      name = $NF; sub(/\.answer$/, "", name)
      if (!(name in size) && name != kept) order[++n] = name
      # As the disk counts it.
      size[name] += 4 * int(($5 + 4095) / 4096)
    }
    END {
      total = size[kept]
      for (i = 1; i <= n; i++) {
        total += size[order[i]]
        if (++files > ENVIRON["files"] / 2 || total > ENVIRON["kib"] / 2) print order[i]
      }
      if (n == 0) print "alone"
    }')
  case $br_gone in
    '') return 0 ;;
    alone)
      rm -f "$SPOOL/forgot"
      return 0
      ;;
  esac
  while next_line "$br_gone"; do
    br_gone=$LEFT
    rm -f "$SPOOL/rejected/$LINE" "$SPOOL/rejected/$LINE.answer"
  done
  [ ! -e "$SPOOL/forgot" ] || return 0
  touch "$SPOOL/forgot" 2>/dev/null
  warn "uploads that were rejected take up half of the spool (of SPOOL_MAX_MB or of SPOOL_MAX_FILES): from now on the oldest in $SPOOL/rejected are removed; see why, and empty it"
}

# Out: all uploads are sent, oldest first, as far as it goes; OUTCOME says how far.
send_spool() {
  adopt_jobs
  if [ "$(waiting_uploads)" -eq 0 ]; then return 0; fi
  if [ -z "$SERVER" ]; then
    say "no SERVER is set: $(waiting_uploads) uploads wait in $SPOOL for \"$NAME export\""
    return 0
  fi
  # A server that is too busy is not asked by others either.
  if [ "$AT_ONCE" = 0 ] && ! may_send && [ "$B_STATUS" = 429 ]; then
    say "the server asked to wait; the next try is in $((NOT_BEFORE - $(now))) s (\"$NAME flush --now\" does not wait)"
    outcome "$WAITING"
    return 0
  fi
  [ -n "$TRANSPORT" ] || find_transport
  if [ -z "$TOKEN" ]; then
    # The subshell came first because read_token ends the agent, and whoever has measured for hours wants to know what became of it.
    (read_token) || stop "$MISUSED" "everything is kept in $SPOOL"
    read_token
  fi
  while [ "$(waiting_uploads)" -gt 0 ]; do
    if ! take_lock; then
      outcome "$WAITING"
      say "another agent is sending; what is in $SPOOL is left to it"
      return 0
    fi
    send_round
    drop_lock
    # What another agent added in the meantime is sent as well: that one may have left it to us.
    if [ "$GOING" = 0 ] || [ "$HELD" -gt 0 ]; then return 0; fi
  done
}

# Out: each upload that waits was tried once, oldest first, those up to the one that failed last time behind the others; GOING is 0
# when one of them said not to go on.
send_round() {
  GOING=1
  read_backoff
  sr_behind=
  if [ -f "$SPOOL/new/${B_UPLOAD:-none}" ]; then
    sr_passed=0
    for sr_file in "$SPOOL"/new/*; do
      if [ "$sr_passed" = 1 ]; then try_upload "$sr_file"; fi
      if [ "$GOING" = 0 ]; then return 0; fi
      if [ "${sr_file##*/}" = "$B_UPLOAD" ]; then sr_passed=1; fi
    done
    sr_behind=$SPOOL/new/$B_UPLOAD
  fi
  for sr_file in "$SPOOL"/new/*; do
    try_upload "$sr_file"
    if [ "$GOING" = 0 ] || [ "$sr_file" = "$sr_behind" ]; then return 0; fi
  done
}

# In: an upload. Out: it was sent, if it is still there; GOING is 0 when no other is to be tried.
try_upload() {
  if [ -f "$1" ] && ! send_upload "$1"; then GOING=0; fi
}

# Out: leftovers of agents that are gone: half-written files are removed (their makers' sources are still there), and what a
# `run` has measured is spooled.
adopt_jobs() {
  for aj_file in "$SPOOL"/tmp/*; do
    [ -e "$aj_file" ] || [ -h "$aj_file" ] || continue
    aj_owner=${aj_file##*/}
    aj_rest=${aj_owner#*.*.*.}
    if ! is_alive "${aj_owner%".$aj_rest"}"; then rm -rf "$aj_file"; fi
  done
  for aj_job in "$SPOOL"/jobs/*; do
    if ! is_orphan "$aj_job"; then continue; fi
    # Whoever has the lock does it; it may have done so while we waited for it.
    if ! take_lock; then return 0; fi
    if is_orphan "$aj_job"; then finish_job "$aj_job" 'label.interrupted: yes' || outcome "$FAILED"; fi
    drop_lock
  done
}

# In: a job's folder. True when neither its agent nor its command is alive.
is_orphan() {
  [ -d "$1" ] && ! is_alive "$(link_target "$1/agent")" && ! is_alive "$(link_target "$1/command")"
}
