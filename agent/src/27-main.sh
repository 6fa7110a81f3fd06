# ---------------------------------------------------------------------------------------------------------------------
# main: parses the command line, and runs the command
# ---------------------------------------------------------------------------------------------------------------------

JSON=0 AT_ONCE=0 KEEP=0 SPREAD=0 SEPARATED=0 CONFIG_GIVEN=''
BACKEND='' VM='' DEVICE='' RUN_ID='' FINISHED=''

# In: a flag. Out: SETTING, its setting if it has one; stops when the flag is unknown.
need_flag() {
  case $1 in
    --config | --fact | --spread | --backend | --vm | --device | --run | --finished) ;;
    *) setting_of_flag "$1" || stop "$MISUSED" "unknown flag $1; see $NAME $COMMAND --help" ;;
  esac
}

# In: a flag and its value. Out: sets it; stops when the flag is unknown.
set_flag() {
  need_line "$2" "$1"
  case $1 in
    --config) CONFIG=$2 CONFIG_GIVEN=1 ;;
    --fact)
      sf_fact=$(parse_fact "$2" --fact) || exit "$MISUSED"
      FLAG_FACTS=$FLAG_FACTS$sf_fact$NL
      ;;
    --spread)
      whole "$2" || stop "$MISUSED" "--spread: expected seconds, found \"$2\""
      SPREAD=$NUMBER
      ;;
    --backend) BACKEND=$2 ;;
    --vm) VM=$2 ;;
    --device) DEVICE=$2 ;;
    --run) RUN_ID=$2 ;;
    --finished) FINISHED=$2 ;;
    *)
      need_flag "$1"
      eval "FLAG_$SETTING=\$2"
      FLAG_SETTINGS="$FLAG_SETTINGS $SETTING "
      ;;
  esac
}

# Out: removes everything temporary.
clean_up() {
  drop_lock
  drop_place
  [ -z "$EXPORT_PLACE" ] || rm -rf "$EXPORT_PLACE"
  if [ -n "$OWNER" ]; then rm -rf "$SPOOL/tmp/$OWNER".*; fi
}

main() {
  COMMAND=${1:-help}
  [ $# -eq 0 ] || shift
  case $COMMAND in
    detect | run | post | flush | export | import | check) ;;
    help | --help | -h)
      help_agent || exit "$FAILED"
      exit "$DONE"
      ;;
    version | --version)
      printf '%s %s\n' "$NAME" "$VERSION"
      exit "$DONE"
      ;;
    *) stop "$MISUSED" "unknown command \"$COMMAND\"; see $NAME --help" ;;
  esac
  # Flags may be anywhere before `--`: each word is taken from the front, and appended if it is not a flag.
  ma_left=$#
  ma_plain=0
  while [ "$ma_left" -gt 0 ]; do
    ma_word=$1
    shift
    ma_left=$((ma_left - 1))
    case $ma_word in
      --)
        SEPARATED=$ma_plain
        while [ "$ma_left" -gt 0 ]; do
          set -- ${1+"$@"} "$1"
          shift
          ma_left=$((ma_left - 1))
        done
        ;;
      --help | -h)
        "help_$COMMAND" || exit "$FAILED"
        exit "$DONE"
        ;;
      --quiet) QUIET=1 ;;
      --json) JSON=1 ;;
      --now) AT_ONCE=1 ;;
      --keep) KEEP=1 ;;
      --?*=*) set_flag "${ma_word%%=*}" "${ma_word#*=}" ;;
      --?*)
        need_flag "$ma_word"
        [ "$ma_left" -gt 0 ] || stop "$MISUSED" "$ma_word needs a value"
        set_flag "$ma_word" "$1"
        shift
        ma_left=$((ma_left - 1))
        ;;
      *)
        ma_plain=$((ma_plain + 1))
        set -- ${1+"$@"} "$ma_word"
        ;;
    esac
  done
  for ma_tool in awk cat cksum cut date dd du grep id ln ls mkdir mv rm sed sleep tail tee touch tr uname wc; do
    command -v "$ma_tool" >/dev/null 2>&1 || stop "$FAILED" "$ma_tool is not in $PATH; nothing was done"
  done
  load_settings
  operator_facts >/dev/null || exit "$MISUSED"
  OWNER=$(process_stamp $$)
  trap clean_up EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  "command_$COMMAND" ${1+"$@"} || outcome "$FAILED"
  exit "$OUTCOME"
}

# Not plain "$@": without arguments posh treats it as an unset variable.
main ${1+"$@"}
