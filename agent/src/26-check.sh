# ---------------------------------------------------------------------------------------------------------------------
# check
# ---------------------------------------------------------------------------------------------------------------------

WRONG=0

# In: good, note or wrong, and a sentence. Out: prints them as a line.
finding() {
  case $1 in wrong) WRONG=1 ;; esac
  finding_word=$1
  shift
  sentence "$*"
  printf '%-6s%s\n' "$finding_word" "$SENTENCE"
}

# Out: prints the findings about this host; status 1 when something is wrong.
command_check() {
  [ $# -eq 0 ] || stop "$MISUSED" "check takes no arguments; see $NAME check --help"
  if [ -e "$CONFIG" ]; then finding good "configuration $CONFIG"; else finding note "no $CONFIG: using defaults, environment and flags"; fi
  finding good "host name $HOST"
  check_facts
  check_spool
  if [ -z "$SERVER" ]; then
    finding note "no SERVER is set: results stay in the spool until they are exported"
  elif (read_token); then
    # The subshell comes first because read_token exits when something is wrong.
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
    if [ "$XENSTORE" = 0 ]; then finding wrong "xenstore does not answer: backends are known only from /sys and the toolstack"; fi
  fi
  return "$WRONG"
}

# Out: prints the findings about the operator's facts.
check_facts() {
  ch_facts=$(operator_facts)
  while next_line "$ch_facts"; do
    ch_facts=$LEFT
    next_field "$LINE" :
    ch_key=$FIELD ch_value=$REST
    fact_kind "$ch_key"
    case $ch_key/$KIND in
      /*) ;;
      */none) finding wrong "\"$ch_key\" is not a fact that this agent knows, and the server may reject it; use label.$ch_key" ;;
      *) finding good "sent with every result: $ch_key$ch_value" ;;
    esac
  done
}

# Out: prints the findings about the spool.
check_spool() {
  if ! make_spool || [ ! -w "$SPOOL/new" ]; then
    finding wrong "the spool $SPOOL cannot be written"
    return
  fi
  finding good "the spool $SPOOL has $(waiting_uploads) uploads to send, $(spool_size) of $((SPOOL_MAX_MB * 1024)) KiB"
  for sp_oldest in "$SPOOL"/new/*; do
    if [ -f "$sp_oldest" ]; then finding note "the oldest is from $(iso_time "$sp_oldest")"; fi
    break
  done
  sp_rejected=$(rejected_uploads)
  if [ "$sp_rejected" -gt 0 ]; then finding wrong "$sp_rejected uploads were rejected; the responses are in $SPOOL/rejected"; fi
  sp_holder=$(link_target "$SPOOL/lock")
  if [ -n "$sp_holder" ] && is_alive "$sp_holder"; then finding note "process ${sp_holder%%.*} is sending"; fi
  if ! may_send; then finding note "the server failed last time; the next try is in $((NOT_BEFORE - $(now))) s"; fi
}

# Out: prints the findings about the server.
check_server() {
  find_transport
  case $TRANSPORT in
    curl) finding good "sends with $(curl --version | sed -n '1s/ (.*//p')" ;;
    wget) finding good "sends with $(wget --version | sed -n '1s/ built.*//p')" ;;
    busybox) finding wrong "sends with busybox wget, which shows the token in ps, does not verify servers and hides error messages; install curl" ;;
  esac
  case $SERVER in
    https://* | http://127.* | http://localhost* | http://\[::1\]*) ;;
    *) finding wrong "$SERVER is not https: the token is sent unencrypted" ;;
  esac
  request /healthz
  if [ "$CODE" != 200 ]; then
    finding wrong "$(no_answer_text)"
    return
  fi
  finding good "$SERVER responds"
  check_clock "$SERVER_DATE"
  check_tls
  check_token
}

# In: the Date header of the response: "Sun, 22 Nov 2026 10:15:00 GMT". Out: prints the finding about the clock.
check_clock() {
  if [ -z "$1" ]; then
    finding note "the clock could not be compared: the server's response has no date"
    return
  fi
  # Days since 1970, with years that begin in March, so that 29 February is the last day of a year.
  ck_server=$(printf '%s\n' "$1" | awk '{
    month = (index("JanFebMarAprMayJunJulAugSepOctNovDec", $3) + 2) / 3; split($5, clock, ":")
    year = $4 - (month <= 2)
    days = 365 * year + int(year / 4) - int(year / 100) + int(year / 400) + int((153 * ((month + 9) % 12) + 2) / 5) + $2 - 719469
    printf "%d\n", days * 86400 + clock[1] * 3600 + clock[2] * 60 + clock[3] }')
  if ! whole "$ck_server"; then
    finding note "the clock could not be compared: the server's response has the date \"$1\""
    return
  fi
  ck_ahead=$(($(now) - NUMBER))
  case $ck_ahead in
    ? | ?? | -??) finding good "the clock is $ck_ahead s ahead of the server's" ;;
    *) finding wrong "the clock is $ck_ahead s ahead of the server's: results get wrong dates" ;;
  esac
}

# Out: prints the finding about TLS.
check_tls() {
  case $SERVER in http://*) return ;; esac
  if [ "$TRANSPORT" != curl ]; then
    finding note "the version of TLS is not known: only curl reports it"
    return
  fi
  set -- -q -s -v -m "$TIMEOUT" -o /dev/null "$SERVER/healthz"
  if [ -n "$CA_FILE" ]; then set -- "$@" --cacert "$CA_FILE"; fi
  ct_tls=$(curl "$@" 2>&1 </dev/null | clip "$ANSWER_MAX" | sed -n 's/.*SSL connection using \(TLS[v0-9.]*\).*/\1/p' | sed -n 1p)
  case $ct_tls in
    '') finding note "the version of TLS is not known: this curl does not report it" ;;
    TLSv1 | TLSv1.0 | TLSv1.1) finding wrong "the connection uses $ct_tls, which is insecure; export the spool to a newer host instead" ;;
    *) finding good "the connection uses $ct_tls, and the server's certificate was verified" ;;
  esac
}

# Out: prints the finding about the token. A server rejects an upload without a result, but an invalid token first.
check_token() {
  cn_file=$SPOOL/tmp/$OWNER.check
  if ! printf '## %s check: no result\n' "$NAME" 2>/dev/null >"$cn_file"; then
    finding wrong "the token could not be tested: the spool cannot be written"
    return
  fi
  request '/v1/results?backend=unknown' "$cn_file"
  rm -f "$cn_file"
  case $CODE in
    400)
      if is_server_error || [ "$SHOWS_ERRORS" = 0 ]; then
        finding good "the token may send results"
      else
        finding wrong "$SERVER responded 400, but not as vbdstat does: $(reason_in "$BODY"); is a proxy or portal in between?"
      fi
      ;;
    401 | 403) finding wrong "the token is rejected ($CODE): $(reason_in "$BODY")" ;;
    *) finding wrong "$(no_answer_text)" ;;
  esac
}
