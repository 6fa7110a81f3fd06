# ---------------------------------------------------------------------------------------------------------------------
# Requests with curl, GNU wget or busybox wget
# ---------------------------------------------------------------------------------------------------------------------

TRANSPORT=
TOKEN=
# 1 if the client shows the body of an error response: busybox wget and GNU wget before 1.14 do not.
SHOWS_ERRORS=1

# Out: TRANSPORT, the program that sends (curl, wget or busybox), or stops.
find_transport() {
  if command -v curl >/dev/null 2>&1; then
    TRANSPORT=curl
  elif command -v wget >/dev/null 2>&1; then
    case $(wget --version 2>/dev/null | sed -n 1p) in
      *'GNU Wget'*)
        TRANSPORT=wget
        case $(wget --help 2>/dev/null) in *--content-on-error*) ;; *) SHOWS_ERRORS=0 ;; esac
        ;;
      *) TRANSPORT=busybox SHOWS_ERRORS=0 ;;
    esac
  else
    stop "$MISUSED" "neither curl nor wget is installed; export the spool and import it on a host that has one"
  fi
  case $TRANSPORT$ALLOW_BUSYBOX_WGET in
    busybox0) stop "$MISUSED" "only busybox wget is installed: it sends the token along with every redirect, and exposes it to every user of this host (in ps); install curl or GNU wget, or set ALLOW_BUSYBOX_WGET=1; the spool is unchanged" ;;
    busybox1) warn "busybox wget exposes the token to every user of this host while it sends (in ps), sends it along with redirects, and does not show why a server rejects a request; install curl" ;;
  esac
  case $TRANSPORT$SERVER$ALLOW_UNVERIFIED_TLS in
    busyboxhttps*0) stop "$MISUSED" "busybox wget does not verify https servers; install curl or GNU wget, or set ALLOW_UNVERIFIED_TLS=1" ;;
  esac
}

# Out: TOKEN, from a file that no other user can read or replace; or stops.
read_token() {
  [ -e "$TOKEN_FILE" ] || stop "$MISUSED" "no token: put it in $TOKEN_FILE, mode 0600"
  [ -r "$TOKEN_FILE" ] || stop "$MISUSED" "the token file $TOKEN_FILE cannot be read"
  case $(ls -ldnL "$TOKEN_FILE") in
    ????------*) ;;
    *) stop "$MISUSED" "the token file $TOKEN_FILE is readable by other users; run chmod 600 on it" ;;
  esac
  need_own "$TOKEN_FILE"
  TOKEN=$(clip 4096 <"$TOKEN_FILE" | sed -n 1p)
  case $TOKEN in
    '') stop "$MISUSED" "the token file $TOKEN_FILE is empty" ;;
    *[!!-~]* | *[\"\\]*) stop "$MISUSED" "the token file $TOKEN_FILE does not hold a valid token" ;;
  esac
}

# Bytes of a response that are read: its first line has the counts, and a receipt for ten thousand results may have megabytes.
ANSWER_MAX=65536
# Bytes of wget's standard error that are read: the response headers.
HEAD_MAX=16384

CODE=000
BODY=
RETRY_AFTER=
SERVER_DATE=

# In: a path of the server, and a file to POST to it (nothing: GET). Out: CODE (the status; 000 without a response), BODY (the beginning of
# the response; without one the client's message), RETRY_AFTER and SERVER_DATE. It takes at most TIMEOUT seconds, also when the response is
# slow. The token goes through standard input or a private file, never on a command line, which every user can read; in some shells
# printf is a program, which has a command line, too.
request() {
  case $TRANSPORT in
    curl) request_by_curl "$@" ;;
    wget) request_by_wget "$@" ;;
    busybox) request_by_busybox "$@" ;;
  esac
}

# In: `1` if the input has no body; and a client's output on standard input: response heads, its messages, the body. Out: the body, then
# a line `status|date|seconds of Retry-After`. With a body, only heads at the beginning count, where a proxy's comes before the server's,
# and each ends at its empty line. wget prints no empty line, but spaces in front of each line of a head. curl prints the status itself,
# unless it was stopped before its end.
read_answer() {
  # In the C locale yash can hold only ASCII.
  tr -d '\r' | shown | bare=${1:-} awk '
    BEGIN { heads = 1; bare = ENVIRON["bare"] }
    /^status of curl: [0-9][0-9][0-9]$/ { status = $4; next }
    heads && (!head || bare) && /^ *HTTP\/[0-9.]+ [0-9][0-9][0-9]/ { code = $2; date = retry = ""; head = 1; next }
    head && (bare ? /^ *$|^[^ ]/ && !/^[A-Za-z0-9-]+:/ : $0 == "") { head = 0; if ($0 ~ /^ *$/) next }
    # The head may be truncated.
    head && /^curl: \([0-9]+\) / { broken = $0; next }
    head {
      if (bare) sub(/^ +/, "")
      at = index($0, ":")
      name = tolower(substr($0, 1, at - 1)); value = substr($0, at + 1); gsub(/^[ \t]+|[ \t]+$/, "", value)
      if (name == "date") date = substr(value, 1, 40)
      if (name == "retry-after") retry = substr(value, 1, 15)
      next
    }
    { if ($0 != "" && !bare) heads = 0; print }
    END {
      if (head && broken != "") print broken
      if (status != "" && status != "000") code = status
      gsub(/[|]/, "", date)
      print code "|" date "|" retry }'
}

# In: the output of read_answer. Out: CODE, BODY, RETRY_AFTER, SERVER_DATE.
take_answer() {
  ta_last=${1##*"$NL"}
  BODY=${1%"$ta_last"}
  next_field "$ta_last" '|' && CODE=$FIELD
  next_field "$REST" '|' && SERVER_DATE=$FIELD RETRY_AFTER=$REST
  case $CODE in [1-9][0-9][0-9]) ;; *) CODE=000 ;; esac
}

# In and out: as request.
request_by_curl() {
  rc_url=$SERVER$1
  rc_file=${2:-}
  set -- -q -s -S -i -m "$TIMEOUT" --connect-timeout 15 -A "$NAME/$VERSION" -w '\nstatus of curl: %{http_code}\n'
  if [ -n "$rc_file" ]; then set -- "$@" -H 'Content-Type: text/plain' -H 'Expect:' --data-binary "@$rc_file"; fi
  if [ -n "$CA_FILE" ]; then set -- "$@" --cacert "$CA_FILE"; fi
  # echo is built into every shell, and the token has no character that an echo changes.
  rc_answer=$(echo 'header = "Authorization: Bearer '"$TOKEN"'"' | curl "$@" -H 'Accept: text/plain' -K - "$rc_url" 2>&1 | clip "$ANSWER_MAX" | read_answer)
  take_answer "$rc_answer"
}

# Out: PLACE, a new private folder: in the spool, or in memory if the disk is full. False when it cannot be created.
PLACE=
make_place() {
  for mp_place in "$SPOOL/tmp/$OWNER.place" "/dev/shm/$NAME.$(random_hex)"; do
    if [ ! -e "$mp_place" ] && mkdir -m 700 "$mp_place" 2>/dev/null; then
      PLACE=$mp_place
      # A disk may be too full for a file but not for a folder.
      if printf '%4096s' '' 2>/dev/null >"$PLACE/room" && rm "$PLACE/room"; then return 0; fi
      drop_place
    fi
  done
  return 1
}

# Out: removes the private folder.
drop_place() {
  [ -z "$PLACE" ] || rm -rf "$PLACE"
  PLACE=
}

# In: a command line of wget. Out: as request. Its standard output is the body, its standard error the head.
request_by() {
  rq_body=$({ bounded "$TIMEOUT" "$@" 2>&1 >&3 3>&- </dev/null | clip "$HEAD_MAX" >"$PLACE/head"; } 3>&1 | clip "$ANSWER_MAX" | tr -d '\r' | shown)
  take_answer "$(read_answer 1 <"$PLACE/head")"
  if [ "$CODE" = 000 ]; then
    # "wget: server returned error: HTTP/1.1 404 Not Found" of busybox.
    rq_code=$(sed -n 's/.*server returned error: HTTP\/[0-9.]* \([0-9][0-9][0-9]\).*/\1/p' <"$PLACE/head" | sed -n '$p')
    case $rq_code in [1-9][0-9][0-9]) CODE=$rq_code ;; esac
  fi
  if [ -n "$rq_body" ]; then BODY=$rq_body; fi
  if [ "$CODE$BODY" = 000 ]; then BODY="no response within $TIMEOUT s"; fi
}

# In and out: as request.
request_by_wget() {
  rw_url=$SERVER$1
  rw_file=${2:-}
  CODE=000 RETRY_AFTER='' SERVER_DATE='' BODY="no space for a file with the token: is the disk of $SPOOL full?"
  set -- -S -nv -t 1 -T "$TIMEOUT" -U "$NAME/$VERSION" --max-redirect=0 -O - --header 'Accept: text/plain'
  if [ "$SHOWS_ERRORS" = 1 ]; then set -- "$@" --content-on-error; fi
  if [ -n "$rw_file" ]; then set -- "$@" --header 'Content-Type: text/plain' "--post-file=$rw_file"; fi
  if [ -n "$CA_FILE" ]; then set -- "$@" "--ca-certificate=$CA_FILE"; fi
  make_place || return 0
  if echo "header = Authorization: Bearer $TOKEN" 2>/dev/null >"$PLACE/wgetrc"; then request_by env "WGETRC=$PLACE/wgetrc" wget "$@" "$rw_url"; fi
  drop_place
}

LEADS_ELSEWHERE=

# In and out: as request. busybox wget follows redirects, and sends its headers along: so before the first request with the token, a request
# without it finds out whether the server redirects.
request_by_busybox() {
  rb_url=$SERVER$1
  rb_file=${2:-}
  CODE=000 RETRY_AFTER='' SERVER_DATE='' BODY="no space for the output of wget: is the disk of $SPOOL full?"
  make_place || return 0
  if [ -z "$LEADS_ELSEWHERE" ]; then
    request_by wget -S -O - "$SERVER/healthz"
    LEADS_ELSEWHERE=no
    if grep '^ *HTTP/[0-9.]* 3[0-9][0-9]' <"$PLACE/head" >/dev/null; then LEADS_ELSEWHERE=yes; fi
  fi
  if [ "$LEADS_ELSEWHERE" = yes ]; then
    CODE=302 BODY="it redirects, and busybox wget would send the token along; nothing was sent"
  else
    set -- -S -O - --header "Authorization: Bearer $TOKEN" --header 'Accept: text/plain'
    if [ -n "$rb_file" ]; then set -- "$@" --header 'Content-Type: text/plain' --post-file "$rb_file"; fi
    request_by wget "$@" "$rb_url"
  fi
  drop_place
}
