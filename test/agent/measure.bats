#!/usr/bin/env bats
# vbdstat-measure, the example that cron and systemd start: every disk of its list, one at a time.

load helper.bash

setup() {
  on_host xl_loop
  export VBDSTAT_ROOT
  mkdir -p "$VBDSTAT_ROOT/etc/vbdstat" "$VBDSTAT_ROOT/var/run"
  LIST=$VBDSTAT_ROOT/etc/vbdstat/measure.list
  MEASURE=$TESTS/../../agent/examples/vbdstat-measure
  # Keeps what it was asked, tries to read on, and ends with the last word.
  stub vbdstat-agent <<'END'
printf '%s\n' "$*" >>"$STUB_HOST/asked"
cat >>"$STUB_HOST/asked"
for last in "$@"; do :; done
case $last in [0-6]) exit "$last" ;; esac
END
}

# In: a name; the lines of a script. Out: a program of that name.
stub() {
  { echo '#!/bin/sh' && cat; } >"$STUB_HOST/bin/$1.new"
  chmod +x "$STUB_HOST/bin/$1.new"
  mv "$STUB_HOST/bin/$1.new" "$STUB_HOST/bin/$1"
}

# In: lines of the list.
list() { printf '%s\n' "$@" >"$LIST"; }

measure() {
  PATH=$STUB_HOST/bin:$PATH "${AGENT_SHELL_WORDS[@]}" "$MEASURE" "$@"
}

# bats test_tags=once
@test "measure: the real agent measures each disk of the list in its order, and nothing is mailed" {
  stub vbdstat-agent <<<"exec ${AGENT_SHELL_WORDS[*]} '$AGENT' \"\$@\""
  stub ssh <<'END'
printf '%s\n' "$*" >>"$STUB_HOST/ssh.arguments"
cat "$STUB_HOST/1.csv"
END
  result 1
  list '# a comment' '' 'vm101 xvda ssh -n root@vm101 bonnie++ -u nobody -d /bench -q -x 1' 'vm101 xvda ssh second'
  run measure
  expect 0
  [ "$output" = '' ]
  diff - "$STUB_HOST/ssh.arguments" <<<$'-n root@vm101 bonnie++ -u nobody -d /bench -q -x 1\nsecond'
  [ "$(requests)" = 2 ]
  diff - <(grep -E '^# (host|vm|backend): ' "$STUB_HOST/sent.1") <<<$'# host: dom0-1\n# vm: vm101\n# backend: loop'
  [ "$(sed -n 's/^# run_index: //p' "$STUB_HOST"/sent.[12] | paste -sd ' ')" = '1 2' ]
}

@test "measure: what fails is named, the others are measured, and a result that waits in the spool is no failure" {
  list 'vm101 xvda' 'a xvda ssh 6' '  b xvdb ssh 2' 'c xvda ssh 3' 'd xvda ssh 5'
  printf 'e xvda ssh the last line has no end' >>"$LIST"
  run measure
  expect 1
  diff - <(echo "$output") <<END
vbdstat-measure: $LIST: expected VM DEVICE COMMAND, found "vm101 xvda"
vbdstat-measure: xvda of a: vbdstat-agent ended with exit code 6
vbdstat-measure: xvdb of b: vbdstat-agent ended with exit code 2
vbdstat-measure: xvda of d: vbdstat-agent ended with exit code 5
END
  diff - "$STUB_HOST/asked" <<END
run --quiet a xvda -- ssh 6
run --quiet b xvdb -- ssh 2
run --quiet c xvda -- ssh 3
run --quiet d xvda -- ssh 5
run --quiet e xvda -- ssh the last line has no end
END
  list 'c xvda ssh 3'
  run measure
  expect 0
}

# bats test_tags=once
@test "measure: words of the list are passed as they are, never run or expanded in Dom0" {
  # shellcheck disable=SC2016 # not to be expanded
  list 'vm101 xvda ssh * $(touch ran) ; touch ran'
  cd "$STUB_HOST"
  run measure
  expect 0
  # shellcheck disable=SC2016
  diff - asked <<<'run --quiet vm101 xvda -- ssh * $(touch ran) ; touch ran'
  [ ! -e ran ]
}

@test "measure: never two at once, with flock and without, and a process that is left behind does not keep the lock" {
  list 'vm101 xvda ssh one'
  exec 8>"$VBDSTAT_ROOT/var/run/vbdstat-measure.lock"
  flock 8
  run measure
  expect 1 'an earlier start are still running; nothing was measured'
  [ ! -e "$STUB_HOST/asked" ]
  exec 8>&-
  stub vbdstat-agent <<'END'
sleep 20 >/dev/null 2>&1 &
echo $! >"$STUB_HOST/left"
END
  run measure
  expect 0
  run flock -n "$VBDSTAT_ROOT/var/run/vbdstat-measure.lock" true
  kill "$(cat "$STUB_HOST/left")"
  expect 0

  # In a PATH of a few tools, without flock.
  mkdir "$STUB_HOST/tools"
  for tool in nice rmdir mkdir sh cat printf; do ln -s "$(type -P "$tool")" "$STUB_HOST/tools"; done
  sed '/^PATH=/d' "$MEASURE" >"$STUB_HOST/measure"
  stub vbdstat-agent <<<"[ -d '$VBDSTAT_ROOT/var/run/vbdstat-measure.lock.d' ] && echo \"\$*\""
  few() { PATH=$STUB_HOST/bin:$STUB_HOST/tools "${AGENT_SHELL_WORDS[@]}" "$STUB_HOST/measure"; }
  mkdir "$VBDSTAT_ROOT/var/run/vbdstat-measure.lock.d"
  run few
  expect 1 'still running' "remove $VBDSTAT_ROOT/var/run/vbdstat-measure.lock.d"
  rmdir "$VBDSTAT_ROOT/var/run/vbdstat-measure.lock.d"
  run few
  expect 0 'run --quiet vm101 xvda -- ssh one'
  [ ! -e "$VBDSTAT_ROOT/var/run/vbdstat-measure.lock.d" ]
}

# bats test_tags=once
@test "measure: the wait before the start is the host's own, the same each time, and below the limit" {
  list '# nothing'
  # shellcheck disable=SC2016 # of the stub
  stub sleep <<<'echo "$1" >>"$STUB_HOST/slept"'
  for host in dom0-1 dom0-2 dom0-1; do
    echo "$host" >"$STUB_HOST/answers/uname -n"
    run measure --spread 14400
    expect 0
  done
  # printf 'dom0-1\n' | cksum prints 2235606389, and 2235606389 = 155250 * 14400 + 6389.
  [ "$(sed -n 1p "$STUB_HOST/slept")" = 6389 ]
  [ "$(sed -n 3p "$STUB_HOST/slept")" = 6389 ]
  [ "$(sed -n 2p "$STUB_HOST/slept")" -lt 14400 ]
  [ "$(sed -n 2p "$STUB_HOST/slept")" != 6389 ]
}

@test "measure: a wrong command line and a missing list are named" {
  list '# nothing'
  for arguments in '--spread' '--spread soon' '--spread -5' '--spread 9999999' 'vm101' '--spread= 5'; do
    read -ra words <<<"$arguments"
    run measure "${words[@]}"
    expect 2 'expected: vbdstat-measure [--spread SECONDS]'
  done
  rm "$LIST"
  run measure
  expect 2 "$LIST cannot be read"
}
