# ---------------------------------------------------------------------------------------------------------------------
# check
# ---------------------------------------------------------------------------------------------------------------------

WRONG=0

# In: good, note or wrong, and a sentence. Out: a line of the report.
finding() {
  case $1 in wrong) WRONG=1 ;; esac
  finding_word=$1
  shift
  sentence "$*"
  printf '%-6s%s\n' "$finding_word" "$SENTENCE"
}

# Out: the findings about this host, printed; status 1 when something is wrong.
command_check() {
  [ $# -eq 0 ] || stop "$MISUSED" "check takes nothing; see $NAME check --help"
  if [ -e "$CONFIG" ]; then finding good "configuration $CONFIG"; else finding note "there is no $CONFIG; defaults, environment and flags are used"; fi
  finding good "this host is called $HOST"
  check_facts
  check_spool
  if [ -z "$SERVER" ]; then
    finding note "no SERVER is set: results are spooled only, to be exported"
  elif (read_token); then
    # The subshell came first because read_token ends the agent when something is wrong.
    read_token
    finding good "token in $TOKEN_FILE"
    check_server
  else
    finding wrong "without a token nothing can be sent"
  fi
  find_toolstack
  if [ "$TOOLSTACK" = other ] && [ "$XENSTORE" = 0 ]; then
    finding wrong "neither a toolstack nor xenstore answers: is this a Dom0, and are you root?"
  else
    find_guests
    finding good "toolstack $TOOLSTACK, $(printf '%s\n' "$GUESTS" | grep -c .) guests are running"
    if [ "$XENSTORE" = 0 ]; then finding wrong "xenstore does not answer: backends are known from /sys and the toolstack only"; fi
  fi
  return "$WRONG"
}

# Out: the findings about the operator's own facts.
check_facts() {
  ch_facts=$(own_facts)
  while next_line "$ch_facts"; do
    ch_facts=$LEFT
    next_field "$LINE" :
    ch_key=$FIELD ch_value=$REST
    fact_kind "$ch_key"
    case $ch_key/$KIND in
      /*) ;;
      */none) finding wrong "\"$ch_key\" is no fact that this agent knows, so the server may refuse it; call it label.$ch_key" ;;
      *) finding good "sent with every result: $ch_key$ch_value" ;;
    esac
  done
}

# Out: the findings about the spool.
check_spool() {
  if ! make_spool || [ ! -w "$SPOOL/new" ]; then
    finding wrong "the spool $SPOOL cannot be written"
    return
  fi
  finding good "the spool $SPOOL has $(waiting_uploads) uploads to send, $(spool_size) of $((SPOOL_MAX_MB * 1024)) KiB"
  for sp_oldest in "$SPOOL"/new/*; do
    if [ -f "$sp_oldest" ]; then finding note "the oldest of them is of $(iso_time "$sp_oldest")"; fi
    break
  done
  sp_rejected=$(rejected_uploads)
  if [ "$sp_rejected" -gt 0 ]; then finding wrong "$sp_rejected uploads were rejected; the answers are in $SPOOL/rejected"; fi
  sp_holder=$(link_target "$SPOOL/lock")
  if [ -n "$sp_holder" ] && is_alive "$sp_holder"; then finding note "process ${sp_holder%%.*} is sending"; fi
  if ! may_send; then finding note "the server failed last time; the next try is in $((NOT_BEFORE - $(now))) s"; fi
}

# Out: the findings about the server.
check_server() {
  find_transport
  case $TRANSPORT in
    curl) finding good "sends with $(curl --version | sed -n '1s/ (.*//p')" ;;
    wget) finding good "sends with $(wget --version | sed -n '1s/ built.*//p')" ;;
    busybox) finding wrong "sends with busybox wget, which shows the token in ps, verifies no server and hides its reasons; install curl" ;;
  esac
  case $SERVER in
    https://* | http://127.* | http://localhost* | http://\[::1\]*) ;;
    *) finding wrong "$SERVER is not https: the token travels in clear" ;;
  esac
  request /healthz
  if [ "$CODE" != 200 ]; then
    finding wrong "$(no_answer_text)"
    return
  fi
  finding good "$SERVER answers"
  check_clock "$SERVER_DATE"
  check_tls
  check_token
}

# In: the time of the server's answer as HTTP writes it: "Sun, 22 Nov 2026 10:15:00 GMT". Out: the finding about the clock.
check_clock() {
  if [ -z "$1" ]; then
    finding note "the clock could not be compared: the server's answer has no date"
    return
  fi
  # Days since 1970 by counting years from March, so that 29 February is the last day of one.
  ck_server=$(printf '%s\n' "$1" | awk '{
    month = (index("JanFebMarAprMayJunJulAugSepOctNovDec", $3) + 2) / 3; split($5, clock, ":")
    year = $4 - (month <= 2)
    days = 365 * year + int(year / 4) - int(year / 100) + int(year / 400) + int((153 * ((month + 9) % 12) + 2) / 5) + $2 - 719469
    printf "%d\n", days * 86400 + clock[1] * 3600 + clock[2] * 60 + clock[3] }')
  if ! whole "$ck_server"; then
    finding note "the clock could not be compared: the server's answer has the date \"$1\""
    return
  fi
  ck_ahead=$(($(now) - NUMBER))
  case $ck_ahead in
    ? | ?? | -??) finding good "the clock is $ck_ahead s ahead of the server's" ;;
    *) finding wrong "the clock is $ck_ahead s ahead of the server's: results are dated wrongly" ;;
  esac
}

# Out: the finding about TLS.
check_tls() {
  case $SERVER in http://*) return ;; esac
  if [ "$TRANSPORT" != curl ]; then
    finding note "the version of TLS is not known: only curl tells it"
    return
  fi
  set -- -q -s -v -m "$TIMEOUT" -o /dev/null "$SERVER/healthz"
  if [ -n "$CA_FILE" ]; then set -- "$@" --cacert "$CA_FILE"; fi
  ct_tls=$(curl "$@" 2>&1 </dev/null | clip "$ANSWER_MAX" | sed -n 's/.*SSL connection using \(TLS[v0-9.]*\).*/\1/p' | sed -n 1p)
  case $ct_tls in
    '') finding note "the version of TLS is not known: this curl does not tell it" ;;
    TLSv1 | TLSv1.0 | TLSv1.1) finding wrong "the connection uses $ct_tls, which is broken; rather export the spool to a newer host" ;;
    *) finding good "the connection uses $ct_tls, and the server's certificate was verified" ;;
  esac
}

# Out: the finding about the token: an upload without a result is refused, but a wrong token before it.
check_token() {
  cn_file=$SPOOL/tmp/$OWNER.check
  if ! printf '## %s check: no result\n' "$NAME" 2>/dev/null >"$cn_file"; then
    finding wrong "the token could not be tried: the spool cannot be written"
    return
  fi
  request '/v1/results?backend=unknown' "$cn_file"
  rm -f "$cn_file"
  case $CODE in
    400)
      if is_own_refusal || [ "$SHOWS_REFUSALS" = 0 ]; then
        finding good "the token may send results"
      else
        finding wrong "$SERVER answered 400, but not as vbdstat does: $(reason_in "$BODY"); is something else in between?"
      fi
      ;;
    401 | 403) finding wrong "the token is refused ($CODE): $(reason_in "$BODY")" ;;
    *) finding wrong "$(no_answer_text)" ;;
  esac
}
