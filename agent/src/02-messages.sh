# ---------------------------------------------------------------------------------------------------------------------
# Saying things
# ---------------------------------------------------------------------------------------------------------------------

QUIET=0

# In: text on standard input. Out: it, with a question mark for each byte that could move the cursor, colour the screen or turn
# the text around: all but lines, tabs and printable ASCII.
shown() {
  tr -c '\011\012\040-\176' '?'
}

# In: a sentence. Out: SENTENCE, on one line of no more than 2 000 characters, as shown.
sentence() {
  SENTENCE=$*
  case $SENTENCE in *[!\ -~]*) SENTENCE=$(printf '%s' "$SENTENCE" | tr -c '\040-\176' '?') ;; esac
  if [ ${#SENTENCE} -gt 2000 ]; then SENTENCE=$(printf '%s\n' "$SENTENCE" | cut -c 1-2000); fi
}

# In: a sentence. Out: it goes to standard error, unless --quiet.
say() {
  sentence "$*"
  [ "$QUIET" = 1 ] || printf '%s\n' "$NAME: $SENTENCE" >&2
}

# In: a sentence about something that somebody should look at. Out: standard error and the system's log.
warn() {
  sentence "$*"
  printf '%s\n' "$NAME: $SENTENCE" >&2
  to_log warning "$SENTENCE"
}

# In: a sentence about something that was done. Out: standard error, unless --quiet, and the system's log.
report() {
  say "$*"
  to_log info "$SENTENCE"
}

# In: a priority and a sentence. Out: the system's log, where there is one. Busybox knows no `--`: a blank keeps a sentence that
# begins with the name of a file from being an option.
to_log() {
  command -v logger >/dev/null 2>&1 || return 0
  case $2 in -*) set -- "$1" " $2" ;; esac
  logger -t "$NAME" -p "daemon.$1" "$2" >/dev/null 2>&1
}

# In: an exit code and a sentence. Out: the end.
stop() {
  stop_code=$1
  shift
  warn "$*"
  exit "$stop_code"
}
