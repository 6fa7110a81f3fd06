#!/usr/bin/env bats
# From a result to a receipt: what is written, what is sent, what is kept, with a stub for curl.

load helper.bash

setup() {
  on_host xl_loop
}

receipt='stored 1, duplicate 0, rejected 0'

# bats test_tags=everywhere
@test "a result is sent with its run id, host, backend and time, and leaves the spool with the receipt" {
  touch -d 2026-11-22T10:15:00Z "$(result 1)"
  run agent post --backend loop "$STUB_HOST/1.csv"
  expect 0 "$receipt"
  [ "$(waiting)" = 0 ]
  diff - "$STUB_HOST/sent.1" <<EOF
# run: posted
# host: dom0-1
# backend: loop
# backend_evidence: declared
# label.agent: vbdstat-agent-0.1.0
# finished: 2026-11-22T10:15:00Z
$(cat "$STUB_HOST/1.csv")
## added lines: 1-6
## end of upload
EOF
  [[ $(cat "$STUB_HOST/log") == 'daemon.info delivered 00000001-'*"$receipt" ]]
}

@test "the token is on no command line" {
  run agent post --backend loop "$(result 1)"
  expect 0
  grep 'header = "Authorization: Bearer vbd_secret"' "$STUB_HOST/curl.stdin"
  [ "$(grep -c vbd_secret "$STUB_HOST/curl.arguments")" = 0 ]
}

@test "a duplicate is delivered, too" {
  reply 1 200 'stored 0, duplicate 1, rejected 0'
  run agent post --backend loop "$(result 1)"
  expect 0
  [ "$(waiting)" = 0 ]
}

# bats test_tags=everywhere
@test "rejected lines: the upload is kept with the response next to it, and the next ones are sent" {
  SERVER='' agent post --server '' --backend loop "$(result 1)" "$(result 2)" "$(result 3)"
  reply 1 422 'stored 0, duplicate 0, rejected 1
line 7, column 4, put_block: expected a rate, found "12x" [bad_number] quarantined as 99'
  reply 2 400 'error bad_parameter: line 2: unknown key "sight"; nothing was stored
see /docs#bad_parameter, request 1'
  run agent flush
  expect 4 'rejected: line 1, column 4, put_block: expected a rate, found "12x" [bad_number]' 'error bad_parameter: added line 2: unknown key "sight"' "$receipt"
  [ "$(waiting)" = 0 ]
  [ "$(rejected)" = 2 ]
  grep -F 'line 1 (here 7), column 4, put_block' "$SPOOL"/rejected/00000001-*.answer
  grep 'unknown key "sight"' "$SPOOL"/rejected/00000002-*.answer
  grep '^vm101,2064M,1,' "$SPOOL"/rejected/00000001-*[!r]
  [[ $(cat "$STUB_HOST/log") == *'daemon.warning rejected 00000001-'* ]]
}

# bats test_tags=everywhere
@test "an upload that another agent delivers at the same time leaves nothing behind: no rejection, no response to an empty body" {
  agent post --server '' --backend loop "$(result 1)" "$(result 2)"
  reply 1 400 'error empty_body: the upload is empty'
  export STUB_VANISH=$SPOOL/new/00000001-
  run agent flush
  expect 0 "$receipt"
  [[ $output != *'kept in'* ]]
  [ "$(requests) $(waiting)" = '2 0' ]
  [ -z "$(find "$SPOOL/rejected" "$SPOOL/tmp" -type f)" ]
}

# In: lines of a receipt, without the first, and its number of results if not one. Out: the response to the next request.
receipt() {
  reply $(($(requests) + 1)) 201 "stored ${2:-1}, duplicate 0, rejected 0$(printf '\n%s' "$1")"
}

# bats test_tags=everywhere
@test "a receipt has the line numbers of the file, not of the upload, whatever was added before, between and after" {
  printf '%s\r\n' 'Version 1.03c' '' >"$STUB_HOST/all.csv"
  cat "$(result 1)" "$(result 2)" "$STUB_HOST/1.csv" "$STUB_HOST/2.csv" >>"$STUB_HOST/all.csv"
  agent post --server '' --backend loop "$STUB_HOST/all.csv"
  # Where the server finds them in what it was sent.
  [ "$(grep -n '^vm101' "$SPOOL"/new/* | sed 's/:.*//' | tr '\n' ' ')" = '9 10 12 13 ' ]
  receipt 'line 9: stored 01 vm101 loop v1/2G/8k/16 suspect
  C8: the 12 lines of
  line 9: are not meant
line 10: duplicate 02 vm101 loop v1/2G/8k/16 clean
line 12, column 4, put_block: expected a rate, found "line 9: x" [bad_number] quarantined as 7
line 13: stored 03 vm101 loop v1/2G/8k/16 clean
line 4, column 3: something about a fact [any]' 4
  run agent flush
  expect 0
  sed '1d' <<<"$output" | diff -u - <(
    cat <<'EOF'
line 3: stored 01 vm101 loop v1/2G/8k/16 suspect
  C8: the 12 lines of
  line 9: are not meant
line 4: duplicate 02 vm101 loop v1/2G/8k/16 clean
line 5, column 4, put_block: expected a rate, found "line 9: x" [bad_number] quarantined as 7
line 6: stored 03 vm101 loop v1/2G/8k/16 clean
added line 4, column 3: something about a fact [any]
EOF
  )
}

@test "so it does for standard input, for what a command has printed, for an import, and where a token is refused" {
  printf 'noise\n%s\n' "$(cat "$(result 1)")" >"$STUB_HOST/in"
  receipt 'line 8: stored 01 dom0-1 loop v1/2G/8k/16 clean'
  run agent post --backend loop --run own - <"$STUB_HOST/in"
  expect 0 'line 2: stored'
  agent post --server '' --backend loop "$STUB_HOST/in"
  run agent export "$STUB_HOST/carry"
  receipt 'line 8: stored 01 dom0-1 loop v1/2G/8k/16 clean'
  run agent import "$STUB_HOST/carry"
  expect 0 'line 2: stored'
  agent run --server '' vm101 xvda -- cat "$STUB_HOST/in"
  number=$(grep -n '^vm101' "$SPOOL"/new/* | sed 's/:.*//')
  receipt "line $number: stored 01 dom0-1 loop v1/2G/8k/16 clean"
  run agent flush
  expect 0 'line 2: stored'
  reply $(($(requests) + 1)) 403 'error forbidden: line 8: this token is for hosts a*, not for "b"; nothing was stored'
  run agent post --backend loop "$STUB_HOST/in"
  expect 5 'error forbidden: line 2: this token'
}

@test "a kept upload that is posted again, and one of an older agent, get the line numbers that they have" {
  printf '# run: x\n%s\n## added lines: 1-1\n## end of upload\n' "$(cat "$(result 1)")" >"$STUB_HOST/kept"
  receipt 'line 8: stored 01 dom0-1 loop v1/2G/8k/16 clean'
  run agent post --backend loop "$STUB_HOST/kept"
  expect 0 'line 2: stored'
  printf '# run: x\n# backend: loop\n%s\n## end of upload\n' "$(cat "$STUB_HOST/1.csv")" >"$SPOOL/new/00000001-0123"
  receipt 'line 3: stored 01 dom0-1 loop v1/2G/8k/16 clean'
  run agent flush
  expect 0 'line 3: stored'
}

@test "of several files each says which upload it is" {
  run agent post --backend loop "$(result 1)" "$(result 2)"
  expect 0 "$STUB_HOST/1.csv is 00000001-" "$STUB_HOST/2.csv is 00000002-"
  run agent post --backend loop "$STUB_HOST/1.csv"
  [[ $output != *' is 0000'* ]]
}

@test "a refused token stops everything and keeps everything" {
  for code in 401 403; do
    rm -rf "$STUB_HOST/curl.count" "$SPOOL"
    reply 1 "$code" 'error unauthorized: this token is not known here'
    run agent post --backend loop "$(result 1)" "$(result 2)"
    expect 5 "rejects this token ($code): error unauthorized: this token is not known here"
    [ "$(requests) $(waiting)" = '1 2' ]
  done
}

@test "no answer, or one that is not the server's last word: kept, in order, and the rest is not tried" {
  agent post --server '' --backend loop "$(result 1)" "$(result 2)"
  number=0
  for code in refused 301 302 404 405 407 408 425 429 500 502 503 504; do
    number=$((number + 1))
    reply "$number" "$code" '<html>something else</html>'
    run agent flush --now
    expect 3 'kept for later'
    [ "$(requests) $(waiting) $(rejected)" = "$number 2 0" ]
  done
}

@test "200 without a receipt, as from a captive portal, delivers nothing" {
  agent post --server '' --backend loop "$(result 1)"
  reply 1 200 '<html>Welcome to our WiFi</html>'
  reply 2 200 ''
  reply 3 201 'stored'
  for number in 1 2 3; do
    run agent flush --now
    expect 3 'not with a receipt'
    [ "$(requests) $(waiting)" = "$number 1" ]
  done
}

@test "oldest first, by count and not by clock" {
  for number in 1 2; do
    STUB_CLOCK=$((-number * 31536000)) agent post --server '' --backend loop "$(result "$number")"
  done
  for number in 3 4 5 6 7 8 9 10 11; do result "$number"; done
  agent post --server '' --backend loop "$STUB_HOST"/[3-9].csv "$STUB_HOST"/1[01].csv
  run agent flush
  expect 0
  for number in 1 2 3 4 5 6 7 8 9 10 11; do grep "^vm101,2064M,$number," "$STUB_HOST/sent.$number"; done
}

# bats test_tags=everywhere
@test "after failures flush waits longer and longer, and Retry-After counts when longer" {
  agent post --server '' --backend loop "$(result 1)"
  delays=
  for number in 1 2 3 4 5 6; do
    reply "$number" 503 busy "$([ "$number" != 5 ] || echo 'Retry-After: 2000')"
    run agent flush --now --backoff-first 60 --backoff-max 400
    expect 3
    read -r failures until at _ <"$SPOOL/backoff"
    [ "$failures" = "$number" ]
    delays="$delays $((until - at))"
  done
  read -r one two three four five six <<<"$delays"
  [ "$one" -ge 30 ] && [ "$one" -le 60 ] && [ "$two" -ge 60 ] && [ "$two" -le 120 ] && [ "$three" -ge 120 ] && [ "$three" -le 240 ]
  [ "$four" -ge 200 ] && [ "$four" -le 400 ] && [ "$five" -ge 400 ] && [ "$five" -le 500 ] && [ "$six" -le 400 ]
  run agent flush
  expect 3 'the next try is in'
  [ "$(requests)" = 6 ]
  # The clock is set back a year: that wait is from the future.
  STUB_CLOCK=-31536000 run agent flush
  expect 0 "$receipt"
  [ ! -e "$SPOOL/backoff" ]
}

@test "a full spool refuses loudly, before anything is taken" {
  agent post --server '' --backend loop "$(result 1)" "$(result 2)"
  run agent post --server '' --backend loop --spool-max-files 2 "$(result 3)"
  expect 1 'the spool is full: 2 uploads' 'nothing was accepted'
  head -c 3000000 /dev/zero | tr '\0' x >"$STUB_HOST/large"
  run agent post --server '' --backend loop --spool-max-mb 1 "$STUB_HOST/large"
  expect 1 'the spool is full' 'SPOOL_MAX_MB=1'
  run agent run --server '' --spool-max-files 2 vm101 xvda -- touch "$STUB_HOST/was-run"
  expect 1 'nothing was accepted'
  [ ! -e "$STUB_HOST/was-run" ]
  [ "$(waiting)" = 2 ]
  [[ $(cat "$STUB_HOST/log") == *'daemon.warning the spool is full'* ]]
}

@test "what cannot be written is not taken, and is said" {
  agent post --server '' --backend loop "$(result 1)"
  # A file where a folder must be: no user, not even root, can write there.
  rmdir "$SPOOL/tmp" && touch "$SPOOL/tmp"
  run agent post --server '' --backend loop "$(result 2)"
  expect 1
  [ "$(waiting)" = 1 ]
}

@test "the token file must be there, be a token, and be nobody else's to read" {
  chmod 640 "$STUB_HOST/token"
  run agent post --backend loop "$(result 1)"
  expect 2 'is readable by other users; run chmod 600 on it'
  chmod 600 "$STUB_HOST/token"
  printf 'no "token"\n' >"$STUB_HOST/token"
  run agent flush
  expect 2 'does not hold a valid token'
  : >"$STUB_HOST/token"
  run agent flush
  expect 2 'is empty'
  rm "$STUB_HOST/token"
  run agent flush
  expect 2 'no token: put it in' "everything is kept in $VBDSTAT_SPOOL"
  [ "$(requests) $(waiting)" = '0 1' ]
}

@test "a result whose backend nobody knows is refused, one that says it is taken" {
  run agent post "$(result 1)"
  expect 2 'which backend served the disk?'
  # Uploads that wait are not sent: their receipts would look like one for this file.
  agent post --server '' --backend loop "$STUB_HOST/1.csv"
  run agent post "$STUB_HOST/1.csv"
  expect 2 'which backend served the disk?'
  [[ $output != *stored* && $(requests)/$(waiting) = 0/1 ]]
  rm "$SPOOL"/new/*
  { echo '# backend: qdisk' && cat "$STUB_HOST/1.csv"; } >"$STUB_HOST/said.csv"
  run agent post "$STUB_HOST/said.csv"
  expect 0
  run agent post --fact backend=qdisk "$STUB_HOST/1.csv"
  expect 0
  run agent post --backend loop "$STUB_HOST/absent.csv"
  expect 1 'cannot be read'
  run agent post --vm vm101 "$STUB_HOST/1.csv"
  expect 0
  grep '^# cache_mode: buffered$' "$STUB_HOST/sent.3"
  run agent post --vm nobody "$STUB_HOST/1.csv"
  expect 2 'running: vm101'
}

# bats test_tags=everywhere
@test "a file posted again has the same ids; equal lines in it have their own; so has what comes in a pipe" {
  cat "$(result 1)" "$(result 2)" "$STUB_HOST/1.csv" "$STUB_HOST/1.csv" >"$STUB_HOST/all.csv"
  agent post --backend loop "$STUB_HOST/all.csv"
  agent post --backend loop "$STUB_HOST/all.csv"
  grep -v '^# finished' "$STUB_HOST/sent.1" | diff - <(grep -v '^# finished' "$STUB_HOST/sent.2")
  grep -E '^(# run:|vm101)' "$STUB_HOST/sent.1" | cut -c 1-20 | diff - <(printf '%s\n' '# run: posted' 'vm101,2064M,1,96,9354' 'vm101,2064M,2,96,9354' '# run: posted-2' 'vm101,2064M,1,96,9354' '# run: posted-3' 'vm101,2064M,1,96,9354' | cut -c 1-20)
  agent post --backend loop --run tuesday "$STUB_HOST/all.csv"
  grep '^# run: tuesday-3$' "$STUB_HOST/sent.3"
  { echo '# run: own' && cat "$STUB_HOST/all.csv"; } >"$STUB_HOST/own.csv"
  agent post --backend loop "$STUB_HOST/own.csv"
  [ "$(grep -c '^# run:' "$STUB_HOST/sent.4")" = 2 ]
  agent post --backend loop - <"$STUB_HOST/1.csv"
  STUB_CLOCK=-31536000 agent post --backend loop - <"$STUB_HOST/1.csv"
  [ "$(grep -h '^# run:' "$STUB_HOST"/sent.[56] | sort -u | wc -l)" = 2 ]
}

# bats test_tags=everywhere
@test "what agents that were killed have left: half a file goes, a damaged upload is not sent, their lock is taken" {
  agent post --server '' --backend loop "$(result 1)" "$(result 2)"
  echo '# run: half' >"$SPOOL/tmp/999999.1.-.00000009-0123"
  first=("$SPOOL"/new/00000001-*)
  sed -i '$d' "${first[0]}"
  ln -s 999999.1.- "$SPOOL/lock"
  run agent flush
  expect 4 'its end is missing' "$receipt"
  [ "$(requests) $(waiting) $(rejected)" = '1 0 1' ]
  [ -z "$(ls "$SPOOL/tmp")" ]
  [ ! -h "$SPOOL/lock" ]
}

# bats test_tags=everywhere
@test "a lock of another boot, or of another process with its id, is no lock; one of a living agent is" {
  start=$(sed 's/.*) //' /proc/$$/stat | cut -d ' ' -f 20)
  boot=$(cat /proc/sys/kernel/random/boot_id)
  for stale in "$$.$start.another-boot" "$$.1.$boot"; do
    agent post --server '' --backend loop "$(result 1)"
    ln -s "$stale" "$SPOOL/lock"
    run agent flush
    expect 0 "$receipt"
  done
  agent post --server '' --backend loop "$(result 1)"
  ln -s "$$.$start.$boot" "$SPOOL/lock"
  run agent flush
  expect 3 'another agent is sending'
  [ "$(waiting)" = 1 ]
  run agent export "$STUB_HOST/carry"
  expect 3
}

# bats test_tags=everywhere
@test "run: facts before, what the counters say after, both streams, the exit status" {
  sysfs=/sys/bus/xen-backend/devices/vbd-1-51712/statistics
  file "$sysfs/rd_sect" 1000
  cat >"$STUB_HOST/bin/bonnie++" <<EOF
#!/bin/sh
echo 401000 >"$STUB_HOST/root$sysfs/rd_sect"
echo "  1000 0 600000 10 2000 0 700000 20 0 30 30" >"$STUB_HOST/root/sys/block/sda/stat"
echo '# guest_kernel: 6.1.0'
echo "Writing intelligently...done" >&2
echo "# backend: emulated" >&2
cat "$STUB_HOST/1.csv"
exit 3
EOF
  chmod +x "$STUB_HOST/bin/bonnie++"
  result 1
  run agent run vm101 xvda -- bonnie++ -q
  expect 0 'Writing intelligently...done' 'the command ended with 3' "$receipt"
  for line in '# backend: loop' '# backend_evidence: xenstore' '# run_index: 1' '# device_read_ratio: 0.2500' '# guest_kernel: 6.1.0' \
    '## stderr: Writing intelligently...done' '## stderr: # backend: emulated' '## exit status: 3' "$(cat "$STUB_HOST/1.csv")"; do
    grep -Fx -- "$line" "$STUB_HOST/sent.1"
  done
  [[ $(sed -n 1p "$STUB_HOST/sent.1") =~ ^'# run: '[0-9]{8}T[0-9]{6}Z-[0-9a-f]{16}$ ]]
  grep -E '^# finished: 20[0-9-]+T[0-9:]+Z$' "$STUB_HOST/sent.1"
  run agent run vm101 xvda -- bonnie++ -q
  grep '^# run_index: 2$' "$STUB_HOST/sent.2"
  [ "$(head -qn 1 "$STUB_HOST"/sent.[12] | sort -u | wc -l)" = 2 ]
  [ -z "$(ls "$SPOOL/jobs" "$SPOOL/tmp")" ] || ls -R "$SPOOL"
}

# bats test_tags=everywhere
@test "run: a later run reports what the first run has read, if it was measured the same way" {
  # In: what is measured, and the first run's block read that must be sent with it, or nothing.
  repeat() {
    run agent run vm101 xvda -- cat "$1"
    expect 0
    [ "$(sed -n 's/^# first_run_read_kps: //p' "$STUB_HOST/sent.$(requests)")" = "${2:-}" ]
  }
  fast=$STUB_HOST/fast.csv
  sed 's/131645/937880/' "$(result 1)" >"$fast"
  repeat "$STUB_HOST/1.csv"
  grep -Fx '# run_index: 1' "$STUB_HOST/sent.1"
  repeat "$fast" 131645
  grep -Fx '# run_index: 2' "$STUB_HOST/sent.2"
  repeat "$fast" 131645
  # Another file size, and a test that was too fast to measure.
  sed 's/2064M/4G/' "$fast" >"$STUB_HOST/size.csv"
  repeat "$STUB_HOST/size.csv"
  sed 's/937880/+++++/' "$fast" >"$STUB_HOST/censored.csv"
  repeat "$STUB_HOST/censored.csv"
  cat "$fast" "$STUB_HOST/size.csv" >"$STUB_HOST/mixed.csv"
  repeat "$STUB_HOST/mixed.csv"
  cat "$fast" "$fast" >"$STUB_HOST/twice.csv"
  repeat "$STUB_HOST/twice.csv" 131645
  # Direct I/O was switched on: another way to read.
  file /sys/block/loop0/loop/dio 1
  repeat "$fast"
}

@test "run: the first run is unknown for ever when it had no rate, and for a new image" {
  sed 's/131645/+++++/' "$(result 1)" >"$STUB_HOST/censored.csv"
  agent run vm101 xvda -- cat "$STUB_HOST/censored.csv"
  agent run vm101 xvda -- cat "$STUB_HOST/1.csv"
  agent run vm101 xvda -- cat "$STUB_HOST/1.csv"
  grep -Fx '# run_index: 3' "$STUB_HOST/sent.3"
  if grep first_run "$STUB_HOST"/sent.*; then return 1; fi
  image /home/root/guest2/new 64
  mv "$STUB_HOST/root/home/root/guest2/new" "$STUB_HOST/root/home/root/guest2/xen-guest-image-minimal-raspberrypi4-64.ext3"
  for format in '1.97,1.97,vm101,1,1290000000,2064M' '1.98,2.00a,vm101,1,1290000000,2064M,,8192,5'; do
    rm -rf "$SPOOL/counts"
    line="$format$([ "${format#1.97}" = "$format" ] || echo ,),500,90,93549,20,38118,10,900,76,131645,8,249.1,0,16,,,,,29488,79$(printf ',+++++,+++%.0s' 1 2 3 4 5),1us,2us,3us,4us,5us,6us,7us,8us,9us,10us,11us,12us"
    printf '%s\n' "$line" >"$STUB_HOST/v2.csv"
    agent run vm101 xvda -- cat "$STUB_HOST/v2.csv"
    agent run vm101 xvda -- cat "$STUB_HOST/v2.csv"
    grep -Fx '# first_run_read_kps: 131645' "$STUB_HOST/sent.$(requests)"
  done
}

@test "run: a disk whose backend changes during the run is sent as unknown" {
  result 1
  cat >"$STUB_HOST/bin/bonnie++" <<EOF
#!/bin/sh
sed -i 's|physical-device = "7:0"|physical-device = "fd:0"|; s|/dev/loop0|/dev/dm-0|' "$STUB_HOST/xenstore"
cat "$STUB_HOST/1.csv"
EOF
  chmod +x "$STUB_HOST/bin/bonnie++"
  run agent run vm101 xvda -- bonnie++
  expect 0 'served by loop before the run and by phy after it'
  [ "$(grep '^# backend: ' "$STUB_HOST/sent.1" | tail -n 1)" = '# backend: unknown' ]
}

@test "run: a command without a result is kept in rejected/ with the reason, and exits 6" {
  run agent run vm101 xvda -- sh -c 'echo no space; exit 1'
  expect 6 'printed no Bonnie++ result; it ended with 1'
  [ "$(requests) $(waiting) $(rejected)" = '0 0 1' ]
  grep 'no space' "$SPOOL"/rejected/*
}

@test "run: a guest that is not there is said before anything is measured; --backend measures it all the same" {
  result 1
  run agent run nobody xvda -- touch "$STUB_HOST/was-run"
  expect 2 'running: vm101'
  [ ! -e "$STUB_HOST/was-run" ]
  run agent run --backend qdisk nobody xvda -- cat "$STUB_HOST/1.csv"
  expect 0
  grep -Fx '# backend_evidence: declared' "$STUB_HOST/sent.1"
  grep -Fx '# vm: nobody' "$STUB_HOST/sent.1"
  run agent run vm101 xvda cat
  expect 2 'expected: run VM DEVICE -- COMMAND'
}

# bats test_tags=everywhere
@test "run: what was measured by an agent that was killed is sent by the next one, as the same run" {
  result 1
  cat >"$STUB_HOST/bin/bonnie++" <<EOF
#!/bin/sh
cat "$STUB_HOST/1.csv"
kill -9 \$(cat "$STUB_HOST/agent.pid")
EOF
  chmod +x "$STUB_HOST/bin/bonnie++"
  PATH=$STUB_HOST/bin:$PATH sh -c 'echo $$ >"$1/agent.pid"; shift; exec "$@"' - "$STUB_HOST" "${AGENT_SHELL_WORDS[@]}" "$AGENT" run vm101 xvda -- bonnie++ || [ $? -eq 137 ]
  [ "$(requests) $(waiting)" = '0 0' ]
  id=$(ls "$SPOOL/jobs")
  run agent flush
  expect 0 "$receipt"
  grep -Fx "# run: $id" "$STUB_HOST/sent.1"
  grep -Fx '# label.interrupted: yes' "$STUB_HOST/sent.1"
  grep -F "$(cat "$STUB_HOST/1.csv")" "$STUB_HOST/sent.1"
  [ -z "$(ls "$SPOOL/jobs")" ]
}

# bats test_tags=everywhere
@test "export and import carry uploads byte for byte, once; damage is refused" {
  printf '## vbdstat-spool 1 end\n## upload 3 lines 1-1\nodd\rbytes \303\274\n' >"$STUB_HOST/odd.txt"
  cat "$(result 1)" >>"$STUB_HOST/odd.txt"
  agent post --server '' --backend loop "$STUB_HOST/odd.txt" "$(result 2)"
  cp -r "$SPOOL/new" "$STUB_HOST/before"
  run agent export "$STUB_HOST/carry"
  expect 0 'exported 2 uploads'
  [ "$(waiting)" = 0 ]
  run agent export "$STUB_HOST/carry"
  expect 2 'exists'
  sed 's/vm101,2064M,2/vm101,2064M,3/' "$STUB_HOST/carry" >"$STUB_HOST/changed"
  sed '$d' "$STUB_HOST/carry" >"$STUB_HOST/cut"
  for bad in changed cut odd.txt absent; do
    run agent import "$STUB_HOST/$bad"
    expect 1 'nothing was accepted'
  done
  [ "$(requests) $(waiting)" = '0 0' ]
  run agent import --host another "$STUB_HOST/carry"
  expect 0 'imported 2 uploads'
  cat "$STUB_HOST"/before/* | diff - <(cat "$STUB_HOST"/sent.[12])
}

@test "export --keep leaves the spool as it is; an empty spool exports nothing" {
  run agent export "$STUB_HOST/carry"
  expect 0 'nothing to export: the spool is empty'
  [ ! -e "$STUB_HOST/carry" ]
  agent post --server '' --backend loop "$(result 1)"
  run agent export --keep "$STUB_HOST/carry"
  expect 0
  [ "$(waiting)" = 1 ]
}

# bats test_tags=everywhere
@test "check: all in words, and 1 when something is wrong" {
  reply 1 200 ok "Date: $(date -u '+%a, %d %b %Y %H:%M:%S GMT')"
  reply 2 000 ''
  reply 3 400 'error no_result: there is no Bonnie++ result in the body'
  echo site=fra >>"$VBDSTAT_CONFIG"
  run agent check
  expect 0 'https://vbdstat.test responds' 'the token may send results' 'sent with every result: site fra' 'toolstack xl, 1 guests are running' "has 0 uploads to send"
  [[ $output =~ the\ clock\ is\ -?[0-9]\ s\ ahead ]]
  [ -z "$(ls "$SPOOL/new")" ]
  rm "$STUB_HOST/curl.count"
  reply 3 403 'error forbidden: this token has scope read'
  echo sight=fra >>"$VBDSTAT_CONFIG"
  STUB_CLOCK=-31536000 run agent check
  expect 1 'wrong the clock is -31' 'wrong the token is rejected (403): error forbidden: this token has scope read' 'wrong "sight" is not a fact that this agent knows'
  reply 4 refused ''
  run agent check
  expect 1 'no response from https://vbdstat.test: (7) Failed to connect'
  chmod 644 "$STUB_HOST/token"
  run agent check
  expect 1 'run chmod 600 on it'
}
