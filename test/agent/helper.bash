# What every test of the agent needs: a host of its own, with the agent's shell, spool, token and stubs.

TESTS=$BATS_TEST_DIRNAME
STUBS=$TESTS/stubs
AGENT=$TESTS/../../agent/vbdstat-agent
REAL_DATE=$(command -v date)
export STUBS REAL_DATE STUB_HOST

# shellcheck source=test/agent/hosts.bash
. "$TESTS/hosts.bash"

# The agent under the shell that is being tested, by its whole path: names such as curl mean the stubs.
read -ra AGENT_SHELL_WORDS <<<"${AGENT_SHELL:-sh}"
AGENT_SHELL_WORDS[0]=$(command -v "${AGENT_SHELL_WORDS[0]}")

# Out: the hosts are built, once for all files and shells when AGENT_HOSTS says where.
setup_file() {
  if [ -z "${AGENT_HOSTS:-}" ]; then
    export AGENT_HOSTS=$BATS_RUN_TMPDIR/hosts
    [ -e "$AGENT_HOSTS" ] || build_hosts "$AGENT_HOSTS"
  fi
}

# Out: STUB_HOST is a copy of a host of hosts.bash, its spool is empty.
on_host() {
  STUB_HOST=$BATS_TEST_TMPDIR/host
  cp -a "$AGENT_HOSTS/$1" "$STUB_HOST"
  settle
}

# Out: STUB_HOST is a host of hosts.bash itself, to be looked at only.
look_at_host() {
  STUB_HOST=$AGENT_HOSTS/$1
  export VBDSTAT_ROOT=$STUB_HOST/root VBDSTAT_SPOOL=$BATS_TEST_TMPDIR/spool VBDSTAT_DETECT_WAIT=0 VBDSTAT_TOOL_TIMEOUT=1
}

# Out: the agent's settings lead to the stubs.
settle() {
  export VBDSTAT_ROOT=$STUB_HOST/root VBDSTAT_CONFIG=$STUB_HOST/agent.conf
  SPOOL=$STUB_HOST/spool
  for command in curl logger date; do ln -sf "$STUBS/$command" "$STUB_HOST/bin/$command"; done
  ln -sf "$STUBS/answers" "$STUB_HOST/bin/uname"
  mkdir -p "$STUB_HOST/replies"
  (umask 077 && echo vbd_secret >"$STUB_HOST/token")
  cat >"$VBDSTAT_CONFIG" <<EOF
SERVER=https://vbdstat.test
TOKEN_FILE=$STUB_HOST/token
SPOOL=$SPOOL
DETECT_WAIT=0
TOOL_TIMEOUT=1
LOCK_WAIT=0
EOF
  chmod 600 "$VBDSTAT_CONFIG"
}

agent() {
  PATH=$STUB_HOST/bin:$PATH "${AGENT_SHELL_WORDS[@]}" "$AGENT" "$@"
}

# In: number of a request, its status, a body, and a header or nothing. Out: the stub answers so.
reply() {
  printf '%s\nHTTP/1.1 %s Some\n%s\n\n%s\n' "$2" "$2" "${4:-Content-Type: text/plain}" "$3" >"$STUB_HOST/replies/$1"
}

# Out: the number of requests made, uploads waiting, uploads rejected.
requests() { cat "$STUB_HOST/curl.count" 2>/dev/null || echo 0; }
waiting() { find "$SPOOL/new" -type f | wc -l; }
rejected() { find "$SPOOL/rejected" -type f ! -name '*.answer' | wc -l; }

# In: a number that makes it another line. Out: a line of Bonnie++ 1.03c in $STUB_HOST/NUMBER.csv, whose path is printed.
result() {
  printf 'vm101,2064M,%s,96,93549,20,38118,10,54955,76,131645,8,249.1,0,16,29488,79,+++++,+++,+++++,+++,+++++,+++,+++++,+++,+++++,+++\n' "$1" >"$STUB_HOST/$1.csv"
  printf '%s\n' "$STUB_HOST/$1.csv"
}

# In: a status the agent must have ended with, then texts its output must have.
# shellcheck disable=SC2154 # bats sets status and output
expect() {
  if [ "$status" -ne "$1" ]; then
    printf 'expected exit code %s, found %s, with:\n%s\n' "$1" "$status" "$output"
    return 1
  fi
  shift
  for text in "$@"; do
    case $output in
      *"$text"*) ;;
      *)
        printf 'expected "%s" in:\n%s\n' "$text" "$output"
        return 1
        ;;
    esac
  done
}
