#!/usr/bin/env bats
# Settings, facts of the operator's own, flags and help.

load helper.bash

setup() {
  on_host xl_loop
}

# In: a line for the configuration file.
configure() {
  printf '%s\n' "$1" >>"$VBDSTAT_CONFIG"
}

# In: flags. Out: what an upload begins with under them, in `output`.
head_of_upload() {
  rm -rf "$SPOOL"
  run agent post --server '' --backend loop "$@" "$STUB_HOST/1.csv"
  expect 0
  output=$(grep '^# ' "$SPOOL"/new/*)
}

@test "a flag wins over the environment, which wins over the file, which wins over the default" {
  result 1
  head_of_upload
  expect 0 '# host: dom0-1'
  configure 'HOST = "from file"'
  head_of_upload
  expect 0 '# host: from file'
  VBDSTAT_HOST=from-environment head_of_upload
  expect 0 '# host: from-environment'
  VBDSTAT_HOST=from-environment head_of_upload --host from-flag
  expect 0 '# host: from-flag'
  head_of_upload --host=from-flag
  expect 0 '# host: from-flag'
}

# bats test_tags=everywhere
@test "own facts go with every result, after what was detected, and a flag has the last word" {
  configure 'site=fra'
  configure "label.rack = 'a 12'"
  configure 'disk_model=PERC H730'
  VBDSTAT_FACTS='hardware=r740; site=muc' run agent detect --fact hardware=r750
  expect 0 '# label.rack: a 12'
  [ "$(grep '^# disk_model' <<<"$output" | tail -n 1)" = '# disk_model: PERC H730' ]
  [ "$(grep '^# site' <<<"$output" | tail -n 1)" = '# site: muc' ]
  [ "$(grep '^# hardware' <<<"$output" | tail -n 1)" = '# hardware: r750' ]
}

# bats test_tags=everywhere
@test "the configuration file is read, not run, whatever ends its lines" {
  result 1
  # shellcheck disable=SC2016 # not to be expanded, by anybody
  configure 'HOST=$(touch run)`touch run`'
  cd "$STUB_HOST"
  head_of_upload
  # shellcheck disable=SC2016
  expect 0 '# host: $(touch run)`touch run`'
  [ ! -e "$STUB_HOST/run" ]
  printf '# a comment\r\n\r\nHOST=windows\r\nsite=last line without its end' >>"$VBDSTAT_CONFIG"
  head_of_upload
  expect 0 '# host: windows' '# site: last line without its end'
}

@test "mistakes in the settings are named, with their line, and nothing is done" {
  cp "$VBDSTAT_CONFIG" "$STUB_HOST/good"
  while IFS='|' read -r line text; do
    cp "$STUB_HOST/good" "$VBDSTAT_CONFIG"
    configure "$line"
    run agent flush
    expect 2 "$text"
  done <<EOF
SERVR=https://x|line 7: unknown setting "SERVR"
SERVER|line 7: expected KEY=value, found "SERVER"
SERVER=vbdstat.test|SERVER: expected a URL
TIMEOUT=soon|TIMEOUT: expected a whole number, found "soon"
IDENTIFIERS=some|IDENTIFIERS: expected none, hash or basename
bad-key=1|line 7: "bad-key" is not a valid fact key
label.=1|line 7: "label." is not a valid fact key
site=|line 7: expected key=value
HOST=|HOST: expected a name
EOF
  cp "$STUB_HOST/good" "$VBDSTAT_CONFIG"
  chmod 622 "$VBDSTAT_CONFIG"
  run agent flush
  expect 2 'is writable by users other than its owner'
  run agent flush --config "$STUB_HOST/absent"
  expect 2 'does not exist'
  VBDSTAT_FACTS='site' run agent flush --config "$STUB_HOST/good"
  expect 2 'VBDSTAT_FACTS: expected key=value, found "site"'
  run agent flush --config "$STUB_HOST/good" --fact Site=1
  expect 2 '--fact: "Site" is not a valid fact key'
}

@test "each command explains itself, and wrong use is refused with a hint" {
  for command in detect run post flush export import check; do
    run agent "$command" --help
    expect 0 "vbdstat-agent $command"
    [ -z "$(awk "length > 100" <<<"$output")" ]
  done
  run agent
  expect 0 'Exit codes:'
  run agent --version
  expect 0 'vbdstat-agent 0.1.0'
  run agent sned
  expect 2 'unknown command "sned"'
  run agent flush --speed 3
  expect 2 'unknown flag --speed'
  run agent flush --speed
  expect 2 'unknown flag --speed'
  run agent flush --spread
  expect 2 '--spread needs a value'
  run agent flush --spread soon
  expect 2 '--spread: expected seconds'
  for wrong in 'post' 'flush x' 'export' 'import' 'import a b' 'check x' 'detect a b c' 'run vm101 xvda'; do
    # shellcheck disable=SC2086 # split on purpose
    run agent $wrong
    expect 2 '--help'
  done
}

@test "without a server uploads wait to be carried" {
  run agent post --server "" --backend loop "$(result 1)"
  expect 0 "no SERVER is set: 1 uploads wait"
  [ "$(waiting)" = 1 ]
}

@test "--quiet says nothing but trouble" {
  result 1
  run agent post --quiet --backend loop "$STUB_HOST/1.csv"
  expect 0
  [ -z "$output" ]
  reply 2 503 busy
  run agent post --quiet --backend loop "$STUB_HOST/1.csv"
  expect 3 'kept for later'
}
