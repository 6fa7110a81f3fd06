# ---------------------------------------------------------------------------------------------------------------------
# Messages
# ---------------------------------------------------------------------------------------------------------------------

QUIET=0

# In: text on standard input. Out: the text, with a question mark for each byte that could move the cursor, set a color or reverse
# the direction of the text: everything except newlines, tabs and printable ASCII.
shown() {
  tr -c '\011\012\040-\176' '?'
}

# In: a sentence. Out: SENTENCE: on one line of at most 2 000 characters, control characters replaced.
sentence() {
  SENTENCE=$*
  case $SENTENCE in *[!\ -~]*) SENTENCE=$(printf '%s' "$SENTENCE" | tr -c '\040-\176' '?') ;; esac
  if [ ${#SENTENCE} -gt 2000 ]; then SENTENCE=$(printf '%s\n' "$SENTENCE" | cut -c 1-2000); fi
}

# In: a sentence. Out: the sentence on standard error, unless --quiet.
say() {
  sentence "$*"
  [ "$QUIET" = 1 ] || printf '%s\n' "$NAME: $SENTENCE" >&2
}

# In: a sentence about something that needs attention. Out: the sentence on standard error and in the system log.
warn() {
  sentence "$*"
  printf '%s\n' "$NAME: $SENTENCE" >&2
  to_log warning "$SENTENCE"
}

# In: a sentence about something that was done. Out: the sentence on standard error, unless --quiet, and in the system log.
report() {
  say "$*"
  to_log info "$SENTENCE"
}

# In: a priority and a sentence. Out: the sentence in the system log, if the host has one. Busybox does not support `--`: a leading
# space keeps a sentence that begins with a dash from being an option.
to_log() {
  command -v logger >/dev/null 2>&1 || return 0
  case $2 in -*) set -- "$1" " $2" ;; esac
  logger -t "$NAME" -p "daemon.$1" "$2" >/dev/null 2>&1
}

# In: an exit code and a sentence. Out: warns and exits.
stop() {
  stop_code=$1
  shift
  warn "$*"
  exit "$stop_code"
}
