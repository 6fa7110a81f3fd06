# ---------------------------------------------------------------------------------------------------------------------
# Tools: numbers, lines and fields, time, randomness, commands with a time limit
# ---------------------------------------------------------------------------------------------------------------------

NUMBER=0

# In: text. True when it is one to fifteen digits; then NUMBER is the number, without the leading zeros that make shells read it as
# octal.
whole() {
  case $1 in '' | *[!0-9]* | ????????????????*) return 1 ;; esac
  NUMBER=$1
  while :; do
    case $NUMBER in 0?*) NUMBER=${NUMBER#0} ;; *) return 0 ;; esac
  done
}

# In: text. True when it is one to seven hexadecimal digits, which every shell can hold; then NUMBER is the number.
hexadecimal() {
  case $1 in '' | *[!0-9a-fA-F]* | ????????*) return 1 ;; esac
  hex_digits=$1
  NUMBER=$((0x$hex_digits))
}

# In: a number of bytes, and text on standard input. Out: at most that many bytes of it; a program that writes more gets SIGPIPE. A
# `head` without -c exits before it reads anything, and dd takes over.
clip() {
  head -c "$1" 2>/dev/null || dd ibs=1 obs=512 "count=$1" 2>/dev/null
}

# In: a path. Out: the absolute path, which no command takes for an option or an assignment.
absolute() {
  case $1 in /*) printf '%s\n' "$1" ;; *) printf '%s\n' "$PWD/$1" ;; esac
}

# In: a file. Out: its first line, or nothing.
first_line() {
  first_text=
  if [ -r "$1" ]; then IFS= read -r first_text <"$1" || :; fi
  if [ -n "$first_text" ]; then printf '%s\n' "$first_text"; fi
}

LINE=
LEFT=

# In: lines. Out: LINE is the first of them, LEFT the rest; false when there are no lines. Not a here-document: half of the shells
# write those to /tmp, and silently lose them when it is full.
next_line() {
  [ -n "$1" ] || return 1
  LINE=${1%%"$NL"*}
  LEFT=${1#"$LINE"}
  LEFT=${LEFT#"$NL"}
}

FIELD=
REST=

# In: a line, and the separator of its fields. Out: FIELD is the first field, REST the other fields.
next_field() {
  # In a variable: posh does not expand "$2" in a pattern.
  nf_mark=$2
  FIELD=${1%%"$nf_mark"*}
  REST=${1#"$FIELD"}
  REST=${REST#"$nf_mark"}
}

# In: a symbolic link. Out: its target, or nothing. Not every Dom0 has readlink.
link_target() {
  [ -h "$1" ] || return 0
  lt_line=$(ls -ld "$1")
  printf '%s\n' "${lt_line##* -> }"
}

# Out: seconds since 1970 by this host's clock, right or wrong; 0 when `date` cannot print them.
now() {
  whole "$(date -u +%s)" || NUMBER=0
  printf '%s\n' "$NUMBER"
}

# Out: the time as ISO 8601 UTC; with a file, the time it was last modified, if this `date` supports that.
iso_time() {
  if [ $# -eq 1 ] && date -u -r "$1" +%Y-%m-%dT%H:%M:%SZ 2>/dev/null; then return; fi
  date -u +%Y-%m-%dT%H:%M:%SZ
}

# Out: 16 random hexadecimal digits. Without /dev/urandom: a checksum of values that differ between hosts, processes and times.
random_hex() {
  if [ -r /dev/urandom ] && random=$(od -An -N8 -tx1 /dev/urandom | tr -dc 0-9a-f) && [ ${#random} -eq 16 ]; then
    printf '%s\n' "$random"
    return
  fi
  random_mix="$(uname -a) $$ $(date) $(ps 2>/dev/null) $(ls -lid . /tmp /var/log)"
  random=$(printf '%s\n' "$random_mix" | cksum | awk '{ printf "%08x", $1 }')
  printf '%s%s\n' "$random" "$(printf '%s\n' "$random_mix" | sort | cksum | awk '{ printf "%08x", $1 }')"
}

# In: a whole number. Out: a random whole number from 0 up to and including it.
random_to() {
  whole "$1" || NUMBER=0
  random_max=$NUMBER
  random_digits=$(random_hex)
  hexadecimal "${random_digits%??????????}"
  printf '%s\n' $((NUMBER % (random_max + 1)))
}

# In: seconds and a command. Runs the command, with standard input, but kills it after that time: xe, xl and tap-ctl may hang, and a
# server may send a byte a second. Status 129: killed; 141: it wrote more than was read. `exec` and braces make each process id that of
# the command itself: with parentheses yash puts a shell in between, which would be killed instead.
bounded() (
  seconds=$1
  shift
  # A command in the background gets /dev/null as standard input unless it is redirected explicitly.
  exec "$@" <&5 5<&- &
  child=$!
  {
    # $! and no variable: the signal may come before a variable is set.
    trap 'kill $!; exit' TERM
    sleep "$seconds" &
    wait "$!"
    kill "$child"
    sleep 2 &
    wait "$!"
    kill -9 "$child"
  } </dev/null >/dev/null 2>&1 3>&- 4>&- 5<&- &
  watch=$!
  wait "$child" 2>/dev/null
  status=$?
  kill "$watch" 2>/dev/null
  # The signal: SIGTERM is 143 in most shells, 271 in ksh93 and 399 in yash.
  if [ "$status" -gt 128 ]; then
    case $((status % 128)) in 9 | 15) status=129 ;; 13) status=141 ;; *) status=130 ;; esac
  fi
  exit "$status"
) 5<&0

ANSWER=
HANGS=
# Bytes that a toolstack command may print: enough for thousands of guests or disks.
TOOL_MAX=262144

# Out: standard input, up to TOOL_MAX bytes and TOOL_TIMEOUT + 4 seconds. Yash drops text with bytes that its locale, C, does not have:
# there they become question marks.
read_bounded() {
  if [ -n "${YASH_VERSION:-}" ]; then
    bounded $((TOOL_TIMEOUT + 4)) dd ibs=1 obs=4096 "count=$TOOL_MAX" 2>/dev/null | tr '\200-\377' '?'
  else
    bounded $((TOOL_TIMEOUT + 4)) dd ibs=1 obs=4096 "count=$TOOL_MAX" 2>/dev/null
  fi
}

# In: a toolstack command. Out: its output in ANSWER, and its status. A command that hung once, or printed too much, is not called again.
# Its status follows its output in the pipe. The reader is bounded as well: a program that the command has left behind may keep the pipe
# open.
ask() {
  ANSWER=
  case " $HANGS " in *" $1 "*) return 1 ;; esac
  command -v "$1" >/dev/null 2>&1 || return 1
  ask_answer=$(
    {
      bounded "$TOOL_TIMEOUT" "$@" 2>/dev/null </dev/null
      printf '\n%s' "$?"
    } | read_bounded
  )
  ask_read=$?
  ask_why=
  if [ ${#ask_answer} -ge $((TOOL_MAX - 4)) ]; then
    ask_status=141 ask_why="printed more than $TOOL_MAX bytes"
  elif [ "$ask_read" -ne 0 ] || ! whole "${ask_answer##*"$NL"}" || [ "$NUMBER" -eq 129 ]; then
    ask_status=129 ask_why="did not answer within $TOOL_TIMEOUT s"
  else
    ask_status=$NUMBER
    ANSWER=${ask_answer%"$NL"*}
    while :; do case $ANSWER in *"$NL") ANSWER=${ANSWER%"$NL"} ;; *) return "$ask_status" ;; esac; done
  fi
  HANGS="$HANGS $1"
  warn "$1 $ask_why; going on without it"
  return "$ask_status"
}
