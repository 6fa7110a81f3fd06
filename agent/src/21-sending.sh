# ---------------------------------------------------------------------------------------------------------------------
# Sending: receipts, and what becomes of an upload after each kind of response
# ---------------------------------------------------------------------------------------------------------------------

RECEIPT=
REJECTED_LINES=0

# In: an upload; BODY. True when the first line of the response is a receipt that fits the upload; then RECEIPT is the line, and
# REJECTED_LINES its count of rejected lines. A captive portal or a proxy can respond with 200, too.
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

# In: an upload, and a number of results. True when the upload can have that many: at least one, and at most one a line. A stricter lower
# bound would have to know which lines the server's parser takes for results, and which for parts of a table.
fits_upload() {
  results=$2 awk 'END { exit !(ENVIRON["results"] >= 1 && ENVIRON["results"] + 0 <= NR) }' <"$1"
}

# In: BODY. True when its first line is an error of the server itself, not of a proxy's page.
is_server_error() {
  next_line "$BODY" || return 1
  case $LINE in 'error '[a-z]*': '*) ;; *) return 1 ;; esac
  ir_code=${LINE#error }
  case ${ir_code%%:*} in *[!a-z_]*) return 1 ;; esac
}

# In: an upload, and the server's response to it on standard input. Out: the response, with line numbers of the file, standard input or
# output that the upload was made from; with a second argument the line numbers of the upload as well, as `here`. A line that the agent
# added has only the latter.
with_input_lines() {
  wo_added=$(mark=$ADDED_MARK awk 'index($0, ENVIRON["mark"]) == 1 { last = substr($0, length(ENVIRON["mark"]) + 1) } END { print substr(last, 1, 65536) }' 2>/dev/null <"$1")
  added=$wo_added both=${2:-} awk '
    BEGIN {
      added = ENVIRON["added"]; both = ENVIRON["both"]
      n = split(added, part, " ")
      for (i = 1; i <= n; i++) {
        split(part[i] "-" part[i], ends, "-")
        # The numbers ascend, and no upload has more than 10 000 lines.
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

# In: a response. Out: its line that gives the reason.
reason_in() {
  printf '%s\n' "$1" | awk '
    /^error [a-z_]+: / || /^((added )?line|parameters).*\[[a-z_]+\]/ { found = $0; exit }
    first == "" && /[^ ]/ { first = $0 }
    END { print substr(found == "" ? first : found, 1, 300) }' | sed 's/^curl: //'
}

# The exit code so far, and how many uploads were delivered.
OUTCOME=$DONE
DELIVERED=0

# In: an exit code. Out: OUTCOME, the most severe exit code so far.
outcome() {
  case $OUTCOME in
    "$DONE") OUTCOME=$1 ;;
    "$WAITING") case $1 in "$DONE") ;; *) OUTCOME=$1 ;; esac ;;
    "$REJECTED") case $1 in "$REFUSED" | "$FAILED") OUTCOME=$1 ;; esac ;;
  esac
}

# How many uploads were kept in this sending because of something that may be in the upload itself.
HELD=0
# After this many, sending stops: then the cause is probably not in the uploads.
HELD_MAX=5

# In: an upload. True when it is complete: then its last line is the end mark.
has_end() {
  [ "$(tail -n 1 "$1" 2>/dev/null | tr -d '\000')" = "$END_MARK" ]
}

# In: an upload in new/. Out: the upload is delivered and deleted, moved to rejected/, or kept. False: do not continue with other uploads.
send_upload() {
  su_name=${1##*/}
  if ! has_end "$1"; then
    [ -f "$1" ] || return 0
    set_aside "$1" "this upload is damaged: its end is missing. It was not sent."
    return
  fi
  request /v1/results "$1"
  [ -f "$1" ] || return 0
  su_answer=$(printf '%s\n' "$BODY" | with_input_lines "$1")
  case $CODE in
    2?? | 422)
      if [ "$CODE" = 422 ] && is_server_error; then
        reject "$1" "$su_answer"
        return
      fi
      if ! has_receipt "$1"; then
        next_line "$BODY" || LINE=nothing
        hold "$1" "$SERVER responded $CODE, but not with a receipt that fits $su_name: $(reason_in "$LINE"); is a proxy or portal in between?"
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
        # The receipt of each result; the first line was already reported.
        [ "$QUIET" = 1 ] || printf '%s\n' "$su_answer" | sed '1d; /^$/d'
        return 0
      fi
      reject "$1" "$su_answer"
      ;;
    401)
      # No wget shows the body of a 401.
      if ! is_server_error && [ "$TRANSPORT" = curl ]; then
        hold "$1" "$SERVER responded $CODE, but not as vbdstat does: $(reason_in "$su_answer"); is a proxy or portal in between?"
        return
      fi
      outcome "$REFUSED"
      warn "$SERVER rejects this token ($CODE): $(reason_in "$su_answer"); everything is kept"
      return 1
      ;;
    403)
      if ! is_server_error && [ "$SHOWS_ERRORS" = 1 ]; then
        hold "$1" "$SERVER responded $CODE, but not as vbdstat does: $(reason_in "$su_answer"); is a proxy or portal in between?"
        return
      fi
      outcome "$REFUSED"
      # An error that names a line is about this upload, which has a host that the token does not cover. An error that is not shown may be.
      case $SHOWS_ERRORS$LINE in
        0* | '1error forbidden: line '*)
          hold "$1" "$SERVER rejects this token for $su_name ($CODE): $(reason_in "$su_answer")"
          return
          ;;
      esac
      warn "$SERVER rejects this token ($CODE): $(reason_in "$su_answer"); everything is kept"
      return 1
      ;;
    000 | 408 | 425 | 429 | 5??)
      put_off "$1" "$(no_answer_text)"
      return 1
      ;;
    3?? | 404 | 405 | 407)
      # Not about the upload: the URL leads elsewhere.
      put_off "$1" "$SERVER/v1/results responded $CODE: $(reason_in "$BODY"); check SERVER"
      return 1
      ;;
    *)
      if is_server_error; then
        reject "$1" "$su_answer"
      elif [ "$SHOWS_ERRORS" = 1 ]; then
        hold "$1" "$SERVER responded $CODE, but not as vbdstat does: $(reason_in "$su_answer"); is a proxy or portal in between?"
      else
        hold "$1" "$SERVER responded $CODE to $su_name; this wget does not show whether the server or a proxy rejected it: install curl"
      fi
      ;;
  esac
}

# Bytes of a response that are kept next to a rejected upload.
KEPT_MAX=16384

# In: an upload, and the server's error with the line numbers of the input. Out: moves the upload to rejected/, with the response.
reject() {
  set_aside "$1" "$(printf '%s\n' "$BODY" | with_input_lines "$1" here | clip "$KEPT_MAX")" "$(reason_in "$2")" || return 1
  rm -f "$SPOOL/backoff"
}

# In: an upload, and why it is kept; the cause may be the upload itself: a proxy may reject its size, or a word in it. Out: the upload is
# kept, and comes last the next time. False after HELD_MAX such uploads: the others would probably fail as well.
hold() {
  HELD=$((HELD + 1))
  put_off "$1" "$2"
  [ "$HELD" -lt "$HELD_MAX" ]
}

# Out: a sentence that says why there is no usable response.
no_answer_text() {
  if [ "$CODE" = 000 ]; then
    printf 'no response from %s: %s\n' "$SERVER" "$(reason_in "$BODY")"
  else
    printf '%s responded %s: %s\n' "$SERVER" "$CODE" "$(reason_in "$BODY")"
  fi
}

# In: an upload, and why it was not delivered. Out: the back-off grows, everything is kept, and the next sending begins after that upload:
# an upload that never gets through must not block the others.
put_off() {
  back_off "$RETRY_AFTER" "$1"
  outcome "$WAITING"
  warn "$2; kept for later"
}

# In: an upload, a response, and a shorter reason for the message if there is one. Out: moves the upload to rejected/, with the response next
# to it. Moving needs no disk space. If the upload no longer exists, another agent has delivered it: then the response is about an empty
# body, which curl posts for a missing file, and is ignored. False when the upload cannot be moved.
set_aside() {
  sa_name=${1##*/}
  sa_answer=$SPOOL/tmp/$OWNER.answer
  printf '%s\n' "$2" 2>/dev/null >"$sa_answer" || rm -f "$sa_answer"
  sa_failed=0
  if mv "$1" "$SPOOL/rejected/$sa_name" 2>/dev/null; then
    if [ -f "$sa_answer" ]; then mv "$sa_answer" "$SPOOL/rejected/$sa_name.answer"; fi
    # The time of the rejection, not of the spooling: the oldest rejection is deleted first.
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

# In: an upload in rejected/ to keep. Out: deletes the oldest rejected uploads until the rest fills at most half of the spool: otherwise one
# guest with invalid results could fill the spool for all guests. Warns once, until rejected/ has been emptied.
bound_rejected() {
  br_gone=$(ls -ltn "$SPOOL/rejected" | kept=$1 files=$SPOOL_MAX_FILES kib=$((SPOOL_MAX_MB * 1024)) awk '
    BEGIN { kept = ENVIRON["kept"]; files = 1 }
    $NF !~ /^[0-9]+-[0-9a-f]+(\.answer)?$/ { next }
    {
      name = $NF; sub(/\.answer$/, "", name)
      if (!(name in size) && name != kept) order[++n] = name
      # In disk blocks of 4 KiB.
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
  warn "rejected uploads fill half of the spool (half of SPOOL_MAX_MB or of SPOOL_MAX_FILES): from now on the oldest in $SPOOL/rejected are deleted; find the reason, and empty it"
}

# Out: sends all uploads, oldest first, until one fails; OUTCOME has the result.
send_spool() {
  adopt_jobs
  if [ "$(waiting_uploads)" -eq 0 ]; then return 0; fi
  if [ -z "$SERVER" ]; then
    say "no SERVER is set: $(waiting_uploads) uploads wait in $SPOOL for \"$NAME export\""
    return 0
  fi
  # After a 429 other commands wait as well.
  if [ "$AT_ONCE" = 0 ] && ! may_send && [ "$B_STATUS" = 429 ]; then
    say "the server asked to wait; the next try is in $((NOT_BEFORE - $(now))) s (\"$NAME flush --now\" does not wait)"
    outcome "$WAITING"
    return 0
  fi
  [ -n "$TRANSPORT" ] || find_transport
  if [ -z "$TOKEN" ]; then
    # The subshell comes first because read_token exits, and the user must learn that the measurement is safe.
    (read_token) || stop "$MISUSED" "everything is kept in $SPOOL"
    read_token
  fi
  while [ "$(waiting_uploads)" -gt 0 ]; do
    if ! take_lock; then
      outcome "$WAITING"
      say "another agent is sending, and will send what is in $SPOOL"
      return 0
    fi
    send_round
    drop_lock
    # Send what another agent has added in the meantime as well: it may have left that to this one.
    if [ "$GOING" = 0 ] || [ "$HELD" -gt 0 ]; then return 0; fi
  done
}

# Out: tries each waiting upload once, oldest first, but the uploads up to the one that failed last time after the others; GOING is 0 when
# one of them stops the sending.
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

# In: an upload. Out: sends it if it still exists; GOING is 0 when sending must stop.
try_upload() {
  if [ -f "$1" ] && ! send_upload "$1"; then GOING=0; fi
}

# Out: cleans up after agents that were killed: removes half-written files (their sources still exist), and spools what a `run` has
# measured.
adopt_jobs() {
  for aj_file in "$SPOOL"/tmp/*; do
    [ -e "$aj_file" ] || [ -h "$aj_file" ] || continue
    aj_owner=${aj_file##*/}
    aj_rest=${aj_owner#*.*.*.}
    if ! is_alive "${aj_owner%".$aj_rest"}"; then rm -rf "$aj_file"; fi
  done
  for aj_job in "$SPOOL"/jobs/*; do
    if ! is_orphan "$aj_job"; then continue; fi
    # Only with the lock; another agent may have done it while this one waited.
    if ! take_lock; then return 0; fi
    if is_orphan "$aj_job"; then finish_job "$aj_job" 'label.interrupted: yes' || outcome "$FAILED"; fi
    drop_lock
  done
}

# In: a job's folder. True when neither its agent nor its command is alive.
is_orphan() {
  [ -d "$1" ] && ! is_alive "$(link_target "$1/agent")" && ! is_alive "$(link_target "$1/command")"
}
