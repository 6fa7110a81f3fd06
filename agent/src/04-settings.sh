# ---------------------------------------------------------------------------------------------------------------------
# Settings: defaults, then the configuration file, then the environment, then flags; later ones win
# ---------------------------------------------------------------------------------------------------------------------

SETTINGS='SERVER TOKEN_FILE CA_FILE HOST SPOOL SPOOL_MAX_MB SPOOL_MAX_FILES TIMEOUT TOOL_TIMEOUT DETECT_WAIT LOCK_WAIT
BACKOFF_FIRST BACKOFF_MAX IDENTIFIERS ALLOW_UNVERIFIED_TLS ALLOW_BUSYBOX_WGET'

CONFIG=${VBDSTAT_CONFIG:-/etc/vbdstat/agent.conf}
# The folder with /proc, /sys, /dev and /etc of the Dom0; for containers and tests.
ROOT=${VBDSTAT_ROOT:-}
# The operator's facts, one `key: value` a line: from the file, from VBDSTAT_FACTS, from --fact.
FILE_FACTS=
FLAG_FACTS=
FLAG_SETTINGS=

# Out: sets every setting to its default.
default_settings() {
  SERVER=
  TOKEN_FILE=/etc/vbdstat/token
  CA_FILE=
  HOST=$(uname -n)
  SPOOL=/var/spool/vbdstat
  SPOOL_MAX_MB=5
  SPOOL_MAX_FILES=500
  TIMEOUT=60
  TOOL_TIMEOUT=10
  DETECT_WAIT=2
  LOCK_WAIT=30
  BACKOFF_FIRST=60
  BACKOFF_MAX=3600
  IDENTIFIERS=none
  ALLOW_UNVERIFIED_TLS=0
  ALLOW_BUSYBOX_WGET=0
}

# In: a name. True when it is the name of a setting.
is_setting() {
  for is_name in $SETTINGS; do
    if [ "$is_name" = "$1" ]; then return 0; fi
  done
  return 1
}

# In: text, and what it belongs to. Out: stops when the text has a control character: one line must not become two.
need_line() {
  case $1 in
    *[!\ -~]*)
      [ "$(printf '%s.' "$1" | tr -d '\000-\037\177')" = "$1." ] || stop "$MISUSED" "$2: expected one line without control characters, found \"$1\""
      ;;
  esac
}

# In: a fact as key=value, and where it was given. Out: the fact as `key: value`, or stops when it is invalid.
parse_fact() {
  need_line "$1" "$2"
  given_key=${1%%=*}
  given_value=${1#*=}
  case $1 in *=?*) ;; *) stop "$MISUSED" "$2: expected key=value, found \"$1\"" ;; esac
  case $given_key in
    label.?*) given_rest=${given_key#label.} ;;
    [a-z]*) given_rest=$(printf '%s\n' "$given_key" | tr .- !!) ;;
    *) given_rest=! ;;
  esac
  case $given_rest in *[!a-z0-9_.-]*) stop "$MISUSED" "$2: \"$given_key\" is not a valid fact key" ;; esac
  printf '%s\n' "$given_key: $given_value"
}

ME=

# In: absolute paths of files or folders. Out: FAULT: why another user of this host could change their content; empty when no other user
# can. A parent folder may be sticky, such as /tmp, where users cannot remove each other's files; so may the path itself, if the second
# argument is `holder`. For root every parent folder is checked, for other users only the last: the others belong to the administrator.
# Links are followed one by one, because each link, and each folder that contains one, could be exchanged.
find_fault() {
  [ -n "$ME" ] || ME=$(id -u)
  ff_holder=0
  case ${2:-} in
    holder)
      ff_holder=1
      set -- "$1"
      ;;
  esac
  ff_ends=$NL
  ff_count=$#
  while [ "$ff_count" -gt 0 ]; do
    ff_left=$1 ff_at='' ff_hops=0
    shift
    ff_count=$((ff_count - 1))
    [ "$ME" != 0 ] || set -- ${1+"$@"} /
    while [ -n "$ff_left" ]; do
      ff_name=${ff_left%%/*}
      ff_left=${ff_left#"$ff_name"}
      ff_left=${ff_left#/}
      case $ff_name in
        '' | .) continue ;;
        ..)
          ff_at=${ff_at%/*}
          continue
          ;;
      esac
      ff_at=$ff_at/$ff_name
      if [ "$ME" = 0 ] || [ -h "$ff_at" ]; then
        set -- ${1+"$@"} "$ff_at"
      else
        case $ff_left in */*) ;; *) set -- ${1+"$@"} "$ff_at" ;; esac
      fi
      [ -h "$ff_at" ] || continue
      ff_hops=$((ff_hops + 1))
      if [ "$ff_hops" -gt 20 ]; then
        FAULT="$ff_at has too many symbolic links"
        return
      fi
      ff_target=$(link_target "$ff_at")
      case $ff_target in /*) ff_at='' ;; *) ff_at=${ff_at%/*} ;; esac
      ff_left=$ff_target${ff_left:+/$ff_left}
    done
    [ "$ff_holder" = 1 ] || ff_ends=$ff_ends$ff_at$NL
  done
  # ls sorts the paths, so a folder comes before its content. A path that was named must not be sticky itself.
  FAULT=$(ls -ldn "$@" 2>/dev/null | me=$ME ends=$ff_ends awk '
    function path(   found) {
      found = match($0, / \/.*/) ? substr($0, RSTART + 1) : "it"
      if (/^l/) sub(/ -> .*/, "", found)
      return found }
    $3 != 0 && $3 != ENVIRON["me"] { print path() " belongs to user " $3 ", who is neither root nor the user that runs the agent"; exit }
    !/^[-d]/ || (/^d........[tT]/ && !index(ENVIRON["ends"], "\n" path() "\n")) { next }
    substr($1, 6, 1) == "w" || substr($1, 9, 1) == "w" { print path() " is writable by users other than its owner; run chmod go-w on it"; exit }')
}

# In: as find_fault. Out: stops when another user could change the content.
need_own() {
  find_fault "$@"
  [ -z "$FAULT" ] || stop "$MISUSED" "$FAULT"
}

# In: the configuration file. Out: sets settings (upper case) and facts (lower case). The file is parsed, never executed.
read_config() {
  CONFIG=$(absolute "$CONFIG")
  if [ ! -e "$CONFIG" ]; then
    if [ -n "${VBDSTAT_CONFIG:-}$CONFIG_GIVEN" ]; then stop "$MISUSED" "configuration file $CONFIG does not exist"; fi
    return 0
  fi
  [ -r "$CONFIG" ] || stop "$MISUSED" "$CONFIG cannot be read"
  need_own "$CONFIG"
  count_bytes "$CONFIG"
  [ "$BYTES" -le 65536 ] || stop "$MISUSED" "$CONFIG has more than 65536 bytes; is it a configuration file?"
  # The last line shows that nothing was lost.
  read_lines=$({ clip 65536 <"$CONFIG" && printf '\n# end\n'; } | tr -d '\r' | sed 's/^[ 	]*//; s/[ 	]*$//; s/[ 	]*=[ 	]*/=/')
  case $read_lines in *"$NL# end") ;; *) stop "$FAILED" "$CONFIG cannot be read with awk, sed and tr; nothing was done" ;; esac
  read_number=0
  while next_line "$read_lines"; do
    read_lines=$LEFT
    read_line=$LINE
    read_number=$((read_number + 1))
    read_key=${read_line%%=*}
    read_value=${read_line#*=}
    case $read_value in
      \"*\") read_value=${read_value#\"} read_value=${read_value%\"} ;;
      \'*\') read_value=${read_value#\'} read_value=${read_value%\'} ;;
    esac
    case $read_line in
      '' | '#'*) ;;
      *=*)
        case $read_key in
          [a-z]*)
            read_fact=$(parse_fact "$read_key=$read_value" "$CONFIG, line $read_number") || exit "$MISUSED"
            FILE_FACTS=$FILE_FACTS$read_fact$NL
            ;;
          *)
            is_setting "$read_key" || stop "$MISUSED" "$CONFIG, line $read_number: unknown setting \"$read_key\""
            eval "$read_key=\$read_value"
            ;;
        esac
        ;;
      *) stop "$MISUSED" "$CONFIG, line $read_number: expected KEY=value, found \"$read_line\"" ;;
    esac
  done
}

# In: a flag such as --spool-max-mb. Out: SETTING, the name of its setting; false when it has no setting.
setting_of_flag() {
  SETTING=$(printf '%s\n' "${1#--}" | tr a-z- A-Z_)
  is_setting "$SETTING"
}

# Out: loads and checks all settings.
load_settings() {
  default_settings
  read_config
  for load_name in $SETTINGS; do
    eval "[ \"\${VBDSTAT_$load_name+set}\" = set ] && $load_name=\$VBDSTAT_$load_name"
    case $FLAG_SETTINGS in *" $load_name "*) eval "$load_name=\$FLAG_$load_name" ;; esac
  done
  for load_name in SPOOL_MAX_MB SPOOL_MAX_FILES TIMEOUT TOOL_TIMEOUT DETECT_WAIT LOCK_WAIT BACKOFF_FIRST BACKOFF_MAX; do
    load_value=
    eval "load_value=\$$load_name"
    whole "$load_value" || stop "$MISUSED" "$load_name: expected a whole number, found \"$load_value\""
    case $NUMBER in ???????*) stop "$MISUSED" "$load_name: expected a number up to 999999, found \"$load_value\"" ;; esac
    case $load_name/$NUMBER in *TIMEOUT/0) stop "$MISUSED" "$load_name: expected at least 1 second, found \"$load_value\"" ;; esac
    eval "$load_name=\$NUMBER"
  done
  case $IDENTIFIERS in none | hash | basename) ;; *) stop "$MISUSED" "IDENTIFIERS: expected none, hash or basename, found \"$IDENTIFIERS\"" ;; esac
  case $ALLOW_UNVERIFIED_TLS in 0 | 1) ;; *) stop "$MISUSED" "ALLOW_UNVERIFIED_TLS: expected 0 or 1, found \"$ALLOW_UNVERIFIED_TLS\"" ;; esac
  case $ALLOW_BUSYBOX_WGET in 0 | 1) ;; *) stop "$MISUSED" "ALLOW_BUSYBOX_WGET: expected 0 or 1, found \"$ALLOW_BUSYBOX_WGET\"" ;; esac
  case $SERVER in '' | http://?* | https://?*) ;; *) stop "$MISUSED" "SERVER: expected a URL such as https://vbdstat.example.com, found \"$SERVER\"" ;; esac
  case $HOST in '' | *[!\ -~]*) stop "$MISUSED" "HOST: expected a name of printable characters, found \"$HOST\"" ;; esac
  need_line "$SERVER$CA_FILE$TOKEN_FILE$SPOOL" "SERVER, CA_FILE, TOKEN_FILE and SPOOL"
  [ -n "$SPOOL" ] || stop "$MISUSED" "SPOOL: expected a folder, found nothing"
  SERVER=${SERVER%/}
  SPOOL=$(absolute "$SPOOL")
  TOKEN_FILE=$(absolute "$TOKEN_FILE")
  if [ -n "$CA_FILE" ]; then CA_FILE=$(absolute "$CA_FILE"); fi
}

# Out: the operator's facts, one `key: value` a line; a later line overrides an earlier one.
operator_facts() {
  printf '%s' "$FILE_FACTS"
  if [ -n "${VBDSTAT_FACTS:-}" ]; then
    printf '%s\n' "$VBDSTAT_FACTS" | tr ';' '\n' | while IFS= read -r own_line; do
      own_line=$(printf '%s\n' "$own_line" | sed 's/^[ 	]*//; s/[ 	]*$//')
      [ -z "$own_line" ] || parse_fact "$own_line" VBDSTAT_FACTS || exit "$MISUSED"
    done || return "$MISUSED"
  fi
  printf '%s' "$FLAG_FACTS"
}
