#!/usr/bin/env bats
# What others write or send (guests, driver domains, tools, servers, middleboxes, other users of Dom0) runs nothing, ends nothing
# and fills nothing. `$WITNESS` is a file that hostile text tries to make. Tests with the tag `once` do not depend on the shell, and
# run under dash only.

load helper.bash

setup() {
  WITNESS=$BATS_TEST_TMPDIR/witness
}

receipt='stored 1, duplicate 0, rejected 0'

# Texts that a shell, awk, sed, printf or a tool could take for more than text; as an array's index `$(...)` is run by arithmetic.
hostile_texts() {
  printf '%s\n' "1:1+DONE[\$(touch $WITNESS)]" "D_BE[\$(touch $WITNESS; echo 0)]" \
    "-x \$(touch $WITNESS) \`touch $WITNESS\`; touch $WITNESS | %n%s%d \\001\\n ' \" * ?[a-z] .* /e touch $WITNESS"
}

# In: a file as the stub for xenstore reads it, a pattern of paths, and texts. Out: every such node has one of them, in turn.
overwrite() {
  nodes=$2 texts=$(printf '%s\n' "${@:3}") awk '
    BEGIN { n = split(ENVIRON["texts"], text, "\n") }
    { at = index($0, " = "); path = substr($0, 1, at - 1) }
    at && path ~ ENVIRON["nodes"] { print path " = \"" text[i++ % n + 1] "\""; next }
    { print }' "$1" >"$1.new"
  mv "$1.new" "$1"
}

# Out: what detect printed, in `output`, is lines of facts and comments, the disk's backend among them; nothing ran.
harmless() {
  [ ! -e "$WITNESS" ]
  expect 0 '# backend: ' '# backend_evidence: '
  if grep -vE '^(# [a-z0-9_.]+: [ -~]+|## .*|vbdstat-agent: .*)$' <<<"$output"; then return 1; fi
}

# The disk of a driver domain, as its blktap2, with tap-ctl in Dom0.
served_elsewhere() {
  on_host xl_driver_domain
  sed -i 's|/srv/vm101.img|/dev/xen/blktap-2/tapdev0|' "$STUB_HOST/xenstore"
  prints 'tap-ctl list' <<<'pid=705 minor=1 state=0 args=vhd:/srv/a.vhd'
}

# bats test_tags=everywhere
@test "a driver domain's device number is no program: facts are found without it" {
  served_elsewhere
  for text in "1:1+DONE[\$(touch $WITNESS; echo 0)]" '1:DONE' 1:ffffffff; do
    overwrite "$STUB_HOST/xenstore" /physical-device$ "$text"
    run agent detect vm101
    harmless
    expect 0 '# backend: blktap2' '# driver_domain: yes'
  done
}

# bats test_tags=everywhere
@test "whatever a driver domain or a guest writes into its nodes, nothing of it is executed or ends the agent" {
  mapfile -t texts < <(hostile_texts)
  for host in xl_driver_domain xl_tapdisk3; do
    on_host "$host"
    prints 'tap-ctl list' <<<'pid=705 minor=0 state=0 args=vhd:/srv/a.vhd'
    # What no host of hosts.bash has may be there as well.
    for node in node physical-device physical-device-path tapdisk-params kthread-pid minor direct-io-safe state; do
      sed -n "s|^\(/local/domain/[0-9]*/backend/[a-z0-9]*/.*\)/params = .*|\1/$node = \"1\"|p" "$STUB_HOST/xenstore"
    done >"$STUB_HOST/more"
    cat "$STUB_HOST/more" >>"$STUB_HOST/xenstore"
    # The kinds of backends are directories, and who has which guest is libxl's to write.
    overwrite "$STUB_HOST/xenstore" '^/local/domain/[0-9]+/(backend|device)/|/(name|target|ostype|device-model-pid)$' "${texts[@]}"
    run agent detect
    harmless
    rm -rf "$STUB_HOST"
    # Each node has another text the next time.
    texts=("${texts[@]:1}" "${texts[0]}")
  done
}

# bats test_tags=everywhere
@test "nor does text that follows a valid value" {
  on_host xapi_tapdisk3
  prints 'tap-ctl list' <<<"pid=1[\$(touch $WITNESS)] minor=0[\$(touch $WITNESS)] state=0 args=vhd:/x pid=\$(touch $WITNESS) minor=0"
  nodes='^/local/domain/[0-9]+/(backend|device)/' text="[\$(touch $WITNESS)]" awk '
    $1 ~ ENVIRON["nodes"] && !/\/dev = / { sub(/"$/, ENVIRON["text"] "\"") } { print }' "$STUB_HOST/xenstore" >"$STUB_HOST/new"
  mv "$STUB_HOST/new" "$STUB_HOST/xenstore"
  run agent detect
  harmless
}

# bats test_tags=once
@test "a number that the server would refuse is left out, with the reason: the whole upload would be refused" {
  on_host xl_loop
  for number in 1000001 -1 99999999999999999999; do
    overwrite "$STUB_HOST/xenstore" 'num-queues$|ring-page-order$|indirect-segments$' "$number"
    run agent detect
    expect 0 "## not known: queues: found \"$number\", which is not a valid value" '## not known: indirect_segments: found'
  done
  overwrite "$STUB_HOST/xenstore" 'num-queues$' 0010
  run agent detect
  expect 0 '# queues: 10'
}

# bats test_tags=everywhere
@test "nor does what a tool prints, or a file of /sys, a configuration file or a guest's name holds" {
  on_host xl_loop_losetup
  evil="x[\$(touch $WITNESS)]\`touch $WITNESS\`;touch $WITNESS"
  prints 'losetup /dev/loop0' <<<"/dev/loop0: [\$(touch $WITNESS)]:21 ($evil)"
  sed -i "s|4.17.7|$evil|; s|: 8$|: $evil|" "$STUB_HOST/answers/xl info"
  sed -i "s|all / all|$evil|; s| 256 | $evil |" "$STUB_HOST/answers/xl vcpu-list 0" "$STUB_HOST/answers/xl sched-credit2 -d 0"
  file /proc/meminfo "MemTotal: $evil kB"
  file /proc/loadavg "$evil"
  file /sys/block/sda/queue/rotational "$evil"
  run agent detect
  harmless
}

# In: a host. Out: as on_host, in the place of the one before.
on_host_again() {
  rm -rf "$STUB_HOST"
  on_host "$1"
}

# bats test_tags=once
@test "a device that xl names is no program for sed" {
  on_host xl_config_only
  # With GNU sed `e` runs a command.
  prints 'xl block-list 4' <<END
Vdev BE handle
/etouch\${IFS}$WITNESS;# 0 4 4 17 768 /local/domain/0/backend/vbd/4/51712
xvdb 0 4 4 17 768 /local/domain/0/backend/vbd/4/51728
END
  run agent detect
  expect 0 '## vm101 xvdb'
  [ ! -e "$WITNESS" ]
}

# bats test_tags=once
@test "no tool takes a guest's name for an option, and a backslash in a name stays one in JSON" {
  on_host xl_emulated
  sed -i 's/name = "win7"/name = "--help"/' "$STUB_HOST/xenstore"
  prints 'xl list -l --help' <<<'"disks": [ { "pdev_path": "/x", "vdev": "hda", "format": "raw" } ]'
  run agent detect
  expect 0
  [[ $output != *hda* ]]
  on_host_again xl_qdisk
  name='a\nb "c" \d'
  overwrite "$STUB_HOST/xenstore" '/domain/4/name$' "$name"
  agent detect --json "$name" xvda >"$BATS_TEST_TMPDIR/json"
  # shellcheck disable=SC2016 # not to be expanded by the shell
  node -e '
    const [disk] = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"));
    require("assert").equal(disk.vm, String.raw`a\nb "c" \d`);
    require("assert").equal(disk.facts.vm, disk.vm);
  ' "$BATS_TEST_TMPDIR/json"
}

# bats test_tags=everywhere
@test "a tool or xenstore that prints without end is left, and costs neither memory nor time" {
  on_host xl_tapdisk3
  for name in tap-ctl xenstore-read; do
    rm -f "$STUB_HOST/bin/$name"
    printf '#!/bin/sh\nexec yes pid=1\n' >"$STUB_HOST/bin/$name"
    chmod +x "$STUB_HOST/bin/$name"
    run limited timeout 60 "${AGENT_SHELL_WORDS[@]}" "$AGENT" detect
    [ "$status" -le 1 ]
    [ "$name" != tap-ctl ] || expect 0 'tap-ctl printed more than 262144 bytes; going on without it' '# backend: tapdisk3'
  done
}

# In: a command. Out: it is run with the stubs, 150 MB of memory and files of at most 5 MB.
limited() (
  ulimit -v 150000 -f 5000
  PATH=$STUB_HOST/bin:$PATH "$@"
)

# In: seconds that each process may calculate, and a command.
seconds_of_cpu() (
  ulimit -t "$1"
  PATH=$STUB_HOST/bin:$PATH "${@:2}"
)

# bats test_tags=everywhere
@test "of a guest's endless talk the beginning and the end are kept, and the result is in it" {
  on_host xl_loop
  result 1
  cat >"$STUB_HOST/bin/bonnie++" <<END
#!/bin/sh
echo '# guest_kernel: 6.1.0'
echo first words
head -c 6000000 /dev/zero | tr '\0' x
echo
# More lines than a server takes.
yes noise | head -n 20000
yes '' | head -n 300000 >&2
echo last message >&2
cat "$STUB_HOST/1.csv"
exit 3
END
  chmod +x "$STUB_HOST/bin/bonnie++"
  run limited "${AGENT_SHELL_WORDS[@]}" "$AGENT" run vm101 xvda -- bonnie++
  expect 0 'the command ended with 3' 'the output of the command was too long' "$receipt"
  [ "$(wc -c <"$STUB_HOST/sent.1")" -lt 500000 ]
  [ "$(wc -l <"$STUB_HOST/sent.1")" -lt 5000 ]
  for line in '# guest_kernel: 6.1.0' 'first words' "$(cat "$STUB_HOST/1.csv")" '## stderr: last message' '## exit status: 3'; do
    grep -Fx -- "$line" "$STUB_HOST/sent.1" >/dev/null
  done
  grep '^## cut: ' "$STUB_HOST/sent.1"
  [ -z "$(find "$SPOOL/jobs" "$SPOOL/tmp" -mindepth 1)" ]
}

# bats test_tags=once
@test "output up to the bound passes byte for byte, and no line that was cut in two is sent" {
  on_host xl_loop
  # 380 kB, in lines of 190.
  seq -f 'vm%0187g' 2000 >"$STUB_HOST/long"
  cat "$(result 1)" >>"$STUB_HOST/long"
  run agent run vm101 xvda -- cat "$STUB_HOST/long"
  expect 0
  [[ $output != *'printed more'* ]]
  grep -v '^#' "$STUB_HOST/sent.1" | cmp - "$STUB_HOST/long"
  cat "$STUB_HOST/long" "$STUB_HOST/long" >"$STUB_HOST/longer"
  run agent run vm101 xvda -- cat "$STUB_HOST/longer"
  expect 0 'the output of the command was too long'
  if grep -v '^#' "$STUB_HOST/sent.2" | grep -Fvxf "$STUB_HOST/long"; then return 1; fi
}

# bats test_tags=once
@test "a run that ends while the disk is full is sent without the line that it ends in" {
  on_host xl_loop
  result 1
  job=$SPOOL/jobs/20261201T000000Z-0123456789abcdef
  for whole in 0 2; do
    (umask 022 && mkdir -p "$job")
    printf '# backend: loop\n' >"$job/head"
    : >"$job/err" && : >"$job/out.lost" && echo 0 >"$job/status"
    { cat "$(result 2)" "$(result 3)" | head -n "$whole" && head -c 105 "$STUB_HOST/1.csv"; } >"$job/out"
    run agent flush
    [ "$whole" = 2 ] || expect 4 'printed no Bonnie++ result'
  done
  expect 0 'stored 2'
  grep '^## cut: ' "$SPOOL"/rejected/*
  cat "$STUB_HOST/2.csv" "$STUB_HOST/3.csv" | diff - <(grep -v '^#' "$STUB_HOST/sent.1")
}

# bats test_tags=once
@test "a guest says nothing about who measured what; what it says of itself counts where Dom0 does not know" {
  on_host xl_loop
  printf '%s\n' '# host: other' '# backend: phy' '  #Device_Read_Ratio :1' '# run: x' '# guest_mem_mb: 9' '# guest_kernel: 6.1.0' \
    '#Guest_FS : ext4 ' '# guest_type: other' '# guest_secret: x' '# bonnie_flags: -d /srv' "$(printf '\357\273\277# vm: x')" "$(printf '\302\240#\302\240site: x')" >"$STUB_HOST/out"
  cat "$(result 1)" >>"$STUB_HOST/out"
  run agent run vm101 xvda -- cat "$STUB_HOST/out"
  expect 0
  # The lines after the agent's own facts, up to its comments.
  sed -n '/^# finished: /,/^## added/p' "$STUB_HOST/sent.1" | sed '1d; $d' | diff -u - <(
    cat <<END
## not accepted from the guest: # host: other
## not accepted from the guest: # backend: phy
## not accepted from the guest:   #Device_Read_Ratio :1
## not accepted from the guest: # run: x
## not accepted from the guest: # guest_mem_mb: 9
# guest_kernel: 6.1.0
# guest_fs: ext4
## not accepted from the guest: # guest_type: other
## not accepted from the guest: # guest_secret: x
# bonnie_flags: -d /srv
## not accepted from the guest: $(printf '\357\273\277# vm: x')
## not accepted from the guest: $(printf '\302\240#\302\240site: x')
$(cat "$STUB_HOST/1.csv")
END
  )
}

# bats test_tags=once
@test "a refusal by a middlebox is not the server's: the upload is kept, and the others are sent" {
  on_host xl_loop
  agent post --server '' --backend loop "$(result 1)" "$(result 2)"
  number=0
  for code in 400 403 413 422 451; do
    # The one that failed last comes last.
    number=$((number + 2))
    reply $((number - 1)) "$code" '<html>error forbidden: this firewall does not like that</html>'
    reply "$number" "$code" '<html>Request Entity Too Large</html>'
    run agent flush --now
    expect 3 "responded $code, but not" 'kept for later'
    [ "$(requests) $(waiting) $(rejected)" = "$number 2 0" ]
  done
  # One that is refused for ever does not hold up the others, the new ones included.
  reply $((number + 1)) 413 '<html>Request Entity Too Large</html>'
  run agent flush --now
  expect 3 "$receipt"
  [ "$(waiting)" = 1 ]
  reply $((number + 4)) 413 '<html>Request Entity Too Large</html>'
  run agent post --backend loop "$(result 3)"
  expect 3 "$receipt"
  [ "$(requests) $(waiting) $(rejected)" = "$((number + 4)) 1 0" ]
  reply $((number + 5)) 413 'error too_large: the body is larger than 1 MiB; send it in pieces'
  run agent flush --now
  expect 4 'error too_large'
  [ "$(waiting) $(rejected)" = '0 1' ]
}

# bats test_tags=once
@test "an upload on which every connection breaks off does not keep the others from their turn" {
  on_host xl_loop
  agent post --server '' --backend loop "$(result 1)" "$(result 2)" "$(result 3)"
  # The first one is never answered.
  reply 1 refused ''
  reply 4 refused ''
  run agent flush --now
  expect 3
  run agent flush --now
  expect 3 "$receipt"
  [ "$(requests) $(waiting)" = '4 1' ]
  grep '^vm101,2064M,1,' "$SPOOL"/new/*
}

# bats test_tags=once
@test "after five refusals by something in between the rest is not tried" {
  on_host xl_loop
  for number in 1 2 3 4 5 6 7; do
    result "$number"
    reply "$number" 403 '<html>Blocked</html>'
  done
  agent post --server '' --backend loop "$STUB_HOST"/[1-7].csv
  run agent flush --now
  expect 3 'responded 403, but not as vbdstat does: <html>Blocked</html>'
  [ "$(requests) $(waiting)" = '5 7' ]
}

# bats test_tags=once
@test "a token that is not for one upload's host does not hold up the others; one that is refused altogether stops all" {
  on_host xl_loop
  agent post --server '' --backend loop "$(result 1)" "$(result 2)"
  reply 1 403 'error forbidden: line 8: this token is for hosts a*, not for "dom0-1"; nothing was stored'
  run agent flush --now
  expect 5 'error forbidden: line 2' "$receipt"
  [ "$(requests) $(waiting)" = '2 1' ]
}

# bats test_tags=everywhere
@test "a receipt that cannot be of this upload delivers nothing" {
  on_host xl_loop
  cat "$(result 1)" "$(result 2)" "$(result 3)" >"$STUB_HOST/three.csv"
  agent post --server '' --backend loop "$STUB_HOST/three.csv"
  number=0
  while IFS= read -r line; do
    number=$((number + 1))
    reply "$number" 201 "$line"
    run agent flush --now
    expect 3 'not with a receipt that fits'
    [ "$(requests) $(waiting) $(rejected)" = "$number 1 0" ]
  done <<END
stored 0, duplicate 0, rejected 0
stored 99, duplicate 0, rejected 0
<html>stored 3, duplicate 0, rejected 0</html>
stored x[\$(touch $WITNESS)], duplicate 0, rejected 3
END
  reply $((number + 1)) 200 'stored 2, duplicate 1, rejected 0'
  run agent flush --now
  expect 0
  [ ! -e "$WITNESS" ]
}

# bats test_tags=everywhere
@test "numbers with zeros in front are decimal, wherever they come from" {
  on_host xl_loop
  agent post --server '' --backend loop "$(result 1)"
  reply 1 503 busy 'Retry-After: 0900'
  reply 2 429 'error slow_down: enough for today' 'retry-after: 00000000999999'
  run agent flush --now --spool-max-mb 08
  expect 3 'kept for later'
  read -r failures until at _ <"$SPOOL/backoff"
  [ "$failures" = 1 ] && [ $((until - at)) -ge 900 ] && [ $((until - at)) -le 1125 ]
  run agent flush --now
  expect 3 'error slow_down'
  # Who is asked to wait for so long does not send the next result at once either.
  run agent post --backend loop "$(result 11)"
  expect 3 'the server asked to wait; the next try is in'
  [ "$(requests) $(waiting)" = '2 2' ]
  read -r failures until at _ <"$SPOOL/backoff"
  [ "$failures" = 2 ] && [ $((until - at)) -ge 3600 ] && [ $((until - at)) -le 4500 ]
  rm "$SPOOL/new/00000002-"*
  printf '08 09x 010 ../../x\n' >"$SPOOL/backoff"
  for number in 2 3 4 5 6 7 8 9 10; do result "$number"; done
  run agent post --server '' --backend loop --spool-max-files 010 "$STUB_HOST"/[2-9].csv "$STUB_HOST/10.csv"
  expect 0
  [ "$(waiting)" = 10 ]
  run agent post --server '' --backend loop --spool-max-files 010 "$STUB_HOST/1.csv"
  expect 1 'the spool is full'
  run agent flush --spread 00
  expect 0
  for setting in timeout tool-timeout; do
    run agent flush "--$setting" 00
    expect 2 'expected at least 1 second'
  done
  run agent flush --lock-wait 1000000
  expect 2 'expected a number up to 999999'
}

# bats test_tags=once
@test "export follows no link, replaces nothing and writes into no folder of another user" {
  on_host xl_loop
  agent post --server '' --backend loop "$(result 1)"
  echo precious >"$STUB_HOST/precious"
  mkdir "$STUB_HOST/out"
  ln -s ../precious "$STUB_HOST/out/carry.part"
  ln -s ../precious "$STUB_HOST/out/link"
  ln -s ../nothing "$STUB_HOST/out/dangling"
  for name in link dangling; do
    run agent export "$STUB_HOST/out/$name"
    expect 2 'exists; name a new file'
  done
  mkdir -m 777 "$STUB_HOST/open" && chmod 777 "$STUB_HOST/open"
  run agent export "$STUB_HOST/open/carry"
  expect 2 'is writable by users other' 'nothing was exported'
  chmod 775 "$STUB_HOST/open"
  run agent export "$STUB_HOST/open/carry"
  expect 2 'is writable by users other'
  [ "$(waiting)" = 1 ]
  [ "$(cat "$STUB_HOST/precious")" = precious ]
  # Like /tmp: all users may write, but none may remove other users' files.
  chmod 1777 "$STUB_HOST/open"
  run agent export --keep "$STUB_HOST/open/carry"
  expect 0 'exported 1 uploads'
  [ "$(ls -A "$STUB_HOST/open")" = carry ]
  cd "$STUB_HOST/out"
  run agent export carry
  expect 0 'exported 1 uploads'
  [ "$(cat "$STUB_HOST/precious")" = precious ]
  cmp carry ../open/carry
}

# bats test_tags=once
@test "what another user could have written is not believed: configuration, token, spool, and the folders above" {
  on_host xl_loop
  agent post --server '' --backend loop "$(result 1)"
  for path in . agent.conf spool spool/new spool/jobs; do
    chmod o+w "$STUB_HOST/$path"
    run agent flush
    expect 2 'is writable by users other than its owner; run chmod go-w on it'
    chmod o-w "$STUB_HOST/$path"
  done
  mkdir -m 775 "$STUB_HOST/etc" && chmod 775 "$STUB_HOST/etc"
  cp -p "$STUB_HOST/token" "$STUB_HOST/etc/token"
  run agent flush --token-file "$STUB_HOST/etc/token"
  expect 2 "$STUB_HOST/etc is writable by users other"
  [ "$(requests)" = 0 ]
  if [ "$(id -u)" != 0 ]; then skip "only root can give a file to another user"; fi
  for path in agent.conf token spool spool/jobs; do
    chown 65534 "$STUB_HOST/$path"
    run agent flush
    expect 2 'belongs to user 65534'
    chown 0 "$STUB_HOST/$path"
  done
  mkdir "$STUB_HOST/foreign" && chown 65534 "$STUB_HOST/foreign"
  run agent export "$STUB_HOST/foreign/carry"
  expect 2 'belongs to user 65534' 'nothing was exported'
  [ "$(requests) $(waiting)" = '0 1' ]
}

# bats test_tags=everywhere
@test "no message moves the cursor, sets colors or reverses text, on the terminal or in the system log" {
  on_host xl_loop
  escape=$(printf '\033]0;owned\007\033[2J\302\2332J\342\200\256\233')
  agent post --server '' --backend loop "$(result 1)"
  reply 1 500 "error internal: $escape" "X-Header: $escape"
  reply 2 400 "error bad_parameter: $escape"
  reply 3 201 "$receipt$(printf '\nline 7: stored 0123 %s loop' "$escape")"
  sed -i "s/\"vm101\"/\"vm$escape\"/" "$STUB_HOST/xenstore"
  # Of other bytes than ASCII yash makes no arguments in the locale C.
  plain=$(printf '\033]0;owned\007\033[2J')
  {
    agent flush --now || :
    agent flush --now || :
    agent post --backend loop "$(result 2)" "$STUB_HOST/absent$plain" || :
    agent post --backend loop -- -f/etc/passwd || :
    agent detect || :
    agent check || :
    agent run nobody xvda -- true || :
    agent run --backend loop nobody xvda -- sh -c "printf '%s\n' \"\$0\" >&2; cat \"\$1\"" "$plain" "$STUB_HOST/2.csv" || :
  } >"$BATS_TEST_TMPDIR/said" 2>&1
  cat "$STUB_HOST/log" >>"$BATS_TEST_TMPDIR/said"
  grep 'running: vm' "$BATS_TEST_TMPDIR/said"
  [ -z "$(tr -d '\n\t -~' <"$BATS_TEST_TMPDIR/said")" ] || {
    od -c "$BATS_TEST_TMPDIR/said" | head -50
    return 1
  }
  # A file's name in front of a sentence is no option of logger.
  grep '^daemon.warning  -f/etc/passwd cannot be read' "$STUB_HOST/log"
}

# bats test_tags=once
@test "an import that has no room is refused by its first line, before anything is unpacked" {
  on_host xl_loop
  {
    echo '## vbdstat-spool 1 20000 uploads of dom0-1'
    yes '## upload 1 lines 1-1' | head -n 20000
  } >"$STUB_HOST/carry"
  printf '#!/bin/sh\ntouch %s\n' "$WITNESS" >"$STUB_HOST/bin/cksum"
  chmod +x "$STUB_HOST/bin/cksum"
  run agent import "$STUB_HOST/carry"
  expect 1 'the spool is full' '20000 to add' 'nothing was accepted'
  # One that says less than it has is damaged, which is known at the first upload too many.
  sed -i '1s/20000/2/' "$STUB_HOST/carry"
  run agent import "$STUB_HOST/carry"
  expect 1 'is damaged'
  head -c 6000000 /dev/zero | tr '\0' x >>"$STUB_HOST/carry"
  run agent import "$STUB_HOST/carry"
  expect 1 'the spool is full'
  [ ! -e "$WITNESS" ]
  [ -z "$(find "$SPOOL/tmp" "$SPOOL/new" -mindepth 1)" ]
}

# bats test_tags=once
@test "standard input without end is not kept" {
  on_host xl_loop
  # shellcheck disable=SC2016 # for the inner shell
  run limited timeout 60 bash -c 'yes noise | "$@"' - "${AGENT_SHELL_WORDS[@]}" "$AGENT" post --backend loop -
  [ "$status" -ne 0 ]
  [ "$(waiting)" = 0 ]
  run agent post --backend "$(printf 'loop\n# host: other')" "$(result 1)"
  expect 2 'expected one line without control characters'
}

# bats test_tags=once
@test "lists of added lines that an imported upload brings cost no time" {
  on_host xl_loop
  {
    cat "$(result 1)"
    printf '## added lines: '
    yes 1-10000 | head -n 8000 | tr '\n' ' '
    printf '\n## end of upload\n'
  } >"$STUB_HOST/upload"
  agent post --server '' --backend loop "$STUB_HOST/1.csv"
  cp "$STUB_HOST/upload" "$(echo "$SPOOL"/new/*)"
  run seconds_of_cpu 3 "${AGENT_SHELL_WORDS[@]}" "$AGENT" flush
  expect 0 "$receipt" 'stored 0123'
}

# bats test_tags=everywhere
@test "a head ends at its empty line, whatever its lines look like" {
  on_host xl_loop
  number=0
  for header in 'X_Cache: MISS' 'X.Y: z' 'X-A!: b' "$(printf 'X-A: b\n folded: words\n\tand more')" 'no header at all' ' '; do
    number=$((number + 1))
    reply "$number" 201 "$receipt" "$header"
    run agent post --backend loop "$(result "$number")"
    expect 0 "$receipt"
  done
  reply $((number + 1)) 503 busy "$(printf 'X_Cache: MISS\nRetry-After:900')"
  run agent post --backend loop "$(result 9)"
  expect 3 'responded 503: busy'
  read -r _ until at _ <"$SPOOL/backoff"
  [ $((until - at)) -ge 900 ]
}

# bats test_tags=everywhere
@test "with standard input, output or errors closed a result is kept and sent as with them" {
  on_host xl_loop
  result 1
  agent run vm101 xvda -- cat "$STUB_HOST/1.csv" <&- >&-
  agent run vm101 xvda -- cat "$STUB_HOST/1.csv" 2>&-
  agent post --backend loop "$STUB_HOST/1.csv" <&- >&- 2>&-
  [ "$(requests) $(waiting) $(rejected)" = '3 0 0' ]
  for number in 1 2 3; do grep -Fx "$(cat "$STUB_HOST/1.csv")" "$STUB_HOST/sent.$number"; done
  if grep -i 'descriptor' "$STUB_HOST"/sent.*; then return 1; fi
}

# bats test_tags=once
@test "where awk fails a result is no less a result" {
  on_host xl_loop
  result 1
  # It fails where it looks for results, as one did without standard output.
  real=$(command -v awk)
  printf '#!/bin/sh\ncase $* in *"Sequential Output"*) exit 2 ;; esac\nexec %s "$@"\n' "$real" >"$STUB_HOST/bin/awk"
  chmod +x "$STUB_HOST/bin/awk"
  run agent run vm101 xvda -- cat "$STUB_HOST/1.csv"
  expect 0 "$receipt"
}

# bats test_tags=once
@test "a sign-in page with 401 is not the server's word on the token: the others are tried" {
  on_host xl_loop
  agent post --server '' --backend loop "$(result 1)" "$(result 2)"
  reply 1 401 '<html>please sign in to the hotel</html>'
  run agent flush --now
  expect 3 'responded 401, but not as vbdstat does' "$receipt"
  [ "$(requests) $(waiting)" = '2 1' ]
}

# bats test_tags=once
@test "an upload of any name takes its turn: one that never gets through does not come first for ever" {
  on_host xl_loop
  for name in 00000000-abc.fixed '00000000 b'; do
    agent post --server '' --backend loop "$(result 1)"
    cp "$SPOOL"/new/0* "$STUB_HOST/upload"
    mv "$STUB_HOST/upload" "$SPOOL/new/$name"
    rm -f "$STUB_HOST/curl.count"
    reply 1 refused ''
    reply 3 refused ''
    run agent flush --now
    run agent flush --now
    [ "$(ls "$SPOOL/new")" = "$name" ]
    rm "$SPOOL/new/$name" "$SPOOL/backoff"
  done
}

# bats test_tags=once
@test "a huge file is refused before anything reads it" {
  on_host xl_loop
  truncate -s 300M "$STUB_HOST/huge"
  run limited "${AGENT_SHELL_WORDS[@]}" "$AGENT" post "$STUB_HOST/huge"
  expect 1 'has more than 16777216 bytes'
}

# bats test_tags=once
@test "headings and lines with as many commas as a result do not make a right receipt a wrong one" {
  on_host xl_loop
  {
    printf '%s\n' '-Per Chr-,,,,,,,,,,,,,,,,,,,,,,,,,,' '-Per Chr-,,,,,,,,,,,,,,,,,,,,,,,,,,'
    cat "$(result 1)"
  } >"$STUB_HOST/out"
  reply 1 201 "$receipt"
  run agent run vm101 xvda -- cat "$STUB_HOST/out"
  expect 0 "$receipt"
}

# Out: agent, in a mount namespace of its own, where /tmp has no room; true only where such a namespace can be had.
without_tmp() {
  # shellcheck disable=SC2016 # for the inner shell
  PATH=$STUB_HOST/bin:$PATH unshare -m sh -c 'mount -t tmpfs -o size=4k none /dev/shm && export TMPDIR=/dev/shm &&
    { dd if=/dev/zero of=/dev/shm/fill bs=4k count=2 2>/dev/null || :; } && exec "$@"' - "${AGENT_SHELL_WORDS[@]}" "$AGENT" "$@"
}

# bats test_tags=everywhere
@test "where no temporary file can be written, settings, facts, answer and token are what they are" {
  on_host xl_loop
  if ! unshare -m true 2>/dev/null; then skip 'only root can have a file system of its own'; fi
  run without_tmp run vm101 xvda -- cat "$(result 1)"
  expect 0 "$receipt"
  grep '^# backend: loop$' "$STUB_HOST/sent.1"
  grep '^header = "Authorization: Bearer vbd_secret"$' "$STUB_HOST/curl.stdin"
  run without_tmp post --backend loop "$(result 2)"
  expect 0 "$receipt"
  [ "$(requests)" = 2 ]
}

# In: a command of the host, and what it does instead, as a script.
replace() {
  rm -f "$STUB_HOST/bin/$1"
  printf '#!/bin/sh\n%s\n' "$2" >"$STUB_HOST/bin/$1"
  chmod +x "$STUB_HOST/bin/$1"
}

# bats test_tags=everywhere
@test "a xenstore that hangs costs one wait, before the run or after, and no result" {
  on_host xl_loop
  result 1
  replace measure "cat $STUB_HOST/1.csv; rm $STUB_HOST/bin/xenstore-read; printf '#!/bin/sh\nexec sleep 600\n' >$STUB_HOST/bin/xenstore-read; chmod +x $STUB_HOST/bin/xenstore-read"
  run timeout 60 env PATH="$STUB_HOST/bin:$PATH" "${AGENT_SHELL_WORDS[@]}" "$AGENT" run vm101 xvda -- measure
  expect 0 "$receipt"
  [ "$(grep -c 'did not answer within' <<<"$output")" = 1 ]
  run timeout 60 env PATH="$STUB_HOST/bin:$PATH" "${AGENT_SHELL_WORDS[@]}" "$AGENT" detect
  [ "$status" = 1 ]
  [ "$(grep -c 'xenstore-read did not answer within' <<<"$output")" = 1 ]
}

# bats test_tags=once
@test "a tool that leaves a program behind, which holds its pipe, is left" {
  on_host xl_loop
  replace xl "sleep 30 & echo 'nr_cpus : 8'"
  run timeout 60 env PATH="$STUB_HOST/bin:$PATH" "${AGENT_SHELL_WORDS[@]}" "$AGENT" detect
  expect 0 '# backend: loop' 'xl did not answer within'
  replace xl 'sleep 30; echo'
  SECONDS=0
  run timeout 60 env PATH="$STUB_HOST/bin:$PATH" "${AGENT_SHELL_WORDS[@]}" "$AGENT" detect
  expect 0 '# backend: loop' 'xl did not answer within'
  [ "$SECONDS" -lt 28 ]
}

# bats test_tags=once
@test "a NUL in what a guest prints is dropped, and a damaged upload does not keep the others from being exported" {
  on_host xl_loop
  result 1
  run agent run --server '' vm101 xvda -- sh -c "printf 'a\0b\n' >&2; printf 'x\0y\n'; cat $STUB_HOST/1.csv"
  expect 0
  agent post --server '' --backend loop "$(result 2)"
  cd "$SPOOL/new"
  [ "$(cat ./* | tr -dc '\000' | wc -c)" = 0 ]
  grep -x xy ./*
  printf '# backend: loop\n%s\n' "$(cat "$STUB_HOST/1.csv")" >00000000-cut
  { cat 00000002-*; } | tr '#' '\000' >00000000-nul
  head -c -1 "$(echo 00000002-*)" >00000000-open
  run agent export "$STUB_HOST/carry"
  expect 1 '00000000-cut is damaged' '00000000-nul is damaged' '00000000-open is damaged' 'exported 2 uploads'
  [ "$(waiting)" = 3 ]
  rm 00000000-*
  run agent import --server '' "$STUB_HOST/carry"
  expect 0 'imported 2 uploads'
  # An older agent exported such a one.
  {
    printf '## vbdstat-spool 1 1 uploads of x\n## upload 1 lines %s\n' "$(cksum <"$STUB_HOST/1.csv" | tr ' ' -)"
    cat "$STUB_HOST/1.csv"
    echo '## vbdstat-spool 1 end'
  } >"$STUB_HOST/old"
  run agent import --server '' "$STUB_HOST/old"
  expect 1 'upload 1 of' 'its end is missing' 'imported 0 uploads'
  [ "$(waiting)" = 2 ]
}

# bats test_tags=once
@test "what counts runs is bounded, and does not shut the spool" {
  on_host xl_loop
  agent flush
  for number in $(seq 1300); do echo 1 >"$SPOOL/counts/$((number * 7919))"; done
  run agent run vm101 xvda -- cat "$(result 1)"
  expect 0 "$receipt"
  [ "$(find "$SPOOL/counts" -type f | wc -l)" -le 500 ]
  run agent run vm101 xvda -- cat "$STUB_HOST/1.csv"
  grep '^# run_index: 2$' "$STUB_HOST/sent.2"
}

# In: a guest's id, the backend's domain and kind, then lines for xenstore below the backend. Out: the guest has such a disk xvda.
another_guest() {
  xenstore "/local/domain/$1" <<<"name = \"$2\""
  xenstore "/libxl/$1/device/vbd/51712" <<<"backend = \"/local/domain/$3/backend/$4/$1/51712\""
  printf '%s\n' 'mode = "w"' 'dev = "xvda"' 'state = "4"' "${@:5}" | xenstore "/local/domain/$3/backend/$4/$1/51712"
}

# bats test_tags=once
@test "a driver domain cannot count runs on the disk of another domain's guest" {
  on_host xl_phy_lvm
  another_guest 7 other 5 vbd 'params = "x"' 'type = "phy"' 'physical-device = "fd:4"' 'physical-device-path = "/dev/dm-4"'
  agent run other xvda -- cat "$(result 1)"
  agent run vm101 xvda -- cat "$STUB_HOST/1.csv"
  grep '^# run_index: 1$' "$STUB_HOST/sent.2"
}

# bats test_tags=once
@test "a guest that takes another guest's name, or its id as a name, is not mistaken for it" {
  on_host xl_loop
  result 1
  for name in vm101 1; do
    replace measure "cat $STUB_HOST/1.csv; printf '%s\\n' '/local/domain/9/name = \"$name\"' '/local/domain/0/backend/qdisk/9/51712/params = \"qcow2:/x\"' '/local/domain/0/backend/qdisk/9/51712/mode = \"w\"' '/local/domain/0/backend/qdisk/9/51712/dev = \"xvda\"' '/local/domain/0/backend/qdisk/9/51712/state = \"4\"' >>$STUB_HOST/xenstore"
    sed -i '/domain.9/d; /qdisk.9/d' "$STUB_HOST/xenstore"
    run agent run "$name" xvda -- measure
    expect 0 "$receipt"
    grep '^# backend: loop$' "$STUB_HOST/sent.$(requests)"
    if grep '^# backend: unknown' "$STUB_HOST/sent.$(requests)"; then return 1; fi
  done
  run agent detect 1 xvda
  expect 0 '# backend: loop'
  [[ $output != *qdisk* ]]
}

# bats test_tags=once
@test "a guest whose name has what nobody sees is measured under a name that the server takes" {
  on_host xl_loop
  for name in $'vm\u3164' $'\u3164' $'\u2003\u00a0'; do
    overwrite "$STUB_HOST/xenstore" '^/local/domain/1/name' "$name"
    run agent run 1 xvda -- cat "$(result 1)"
    expect 0 "$receipt"
    grep -E '^# vm: (vm|guest) ~[0-9a-f]{8}$' "$STUB_HOST/sent.$(requests)"
  done
}

# bats test_tags=once
@test "runs without a result fill nothing, however many and however long: little of the newest is kept" {
  on_host xl_loop
  head -c 400000 /dev/zero | tr '\0' x | fold -w 200 >"$STUB_HOST/junk"
  agent flush
  # As another run, of another guest, has left it.
  for number in 1 2 3 4 5 6 7 8; do
    printf '# vm: vm101\n%s\n' "$number" >"$SPOOL/rejected/0000000$number-aa"
    echo "run x: the command printed no Bonnie++ result; it ended with 0. It was not sent." >"$SPOOL/rejected/0000000$number-aa.answer"
    touch -d "2026-11-0$number" "$SPOOL/rejected/0000000$number-aa.answer"
  done
  sed 's/vm101/vm202/' "$SPOOL/rejected/00000001-aa" >"$SPOOL/rejected/00000009-aa"
  cp "$SPOOL/rejected/00000001-aa.answer" "$SPOOL/rejected/00000009-aa.answer"
  echo 'error bad_parameter: x' >"$SPOOL/rejected/00000001-aa.answer"
  run agent run vm101 xvda -- cat "$STUB_HOST/junk"
  expect 6
  cd "$SPOOL/rejected"
  # The new one, the newest four, another guest's, and one that the server has rejected.
  rm 00000001-aa 0000000[5-9]-aa
  [ "$(find . ! -name '*.answer' -type f | wc -l)" = 1 ]
  [ "$(cat 0*[!r] | wc -c)" -lt 20000 ]
  grep '^## cut: of a run without a result' 0*[!r]
}

# In: numbers. Out: so many lines are posted, one by one, and the server rejects each.
rejected_each() {
  for number in "$@"; do
    reply $(($(requests) + 1)) 422 'stored 0, duplicate 0, rejected 1
rejected: line 1, column 4, put_block: expected a rate, found "12x" [bad_number]'
    run agent post --backend loop "$(result "$number")"
    expect 4
  done
}

# bats test_tags=once
@test "rejected uploads fill half of the spool, the oldest are deleted, and the log says so once" {
  on_host xl_loop
  printf 'SPOOL_MAX_FILES=8\n' >>"$VBDSTAT_CONFIG"
  rejected_each 1 2 3 4
  [ "$(rejected)" = 4 ]
  [ "$(grep -c 'fill half of the spool' "$STUB_HOST/log")" = 0 ]
  # What somebody has put there is nobody else's to remove.
  echo note >"$SPOOL/rejected/note"
  rejected_each 5 6 7
  rm "$SPOOL/rejected/note"
  [ "$(rejected)" = 4 ]
  [ "$(find "$SPOOL/rejected" -name '*.answer' | wc -l)" = 4 ]
  for number in 4 5 6 7; do cat "$SPOOL"/rejected/*[!r] | grep "^vm101,2064M,$number,"; done
  [ "$(grep -c 'fill half of the spool' "$STUB_HOST/log")" = 1 ]
  # There is room for what is right.
  reply $(($(requests) + 1)) 201 "$receipt"
  run agent post --backend loop "$(result 8)"
  expect 0 "$receipt"
  # Told again only once somebody has looked.
  rm "$SPOOL"/rejected/*
  rejected_each 1 2 3 4 5
  [ "$(rejected)" = 4 ]
  [ "$(grep -c 'fill half of the spool' "$STUB_HOST/log")" = 2 ]
}

# bats test_tags=once
@test "so they do in bytes" {
  on_host xl_loop
  printf 'SPOOL_MAX_MB=1\n' >>"$VBDSTAT_CONFIG"
  for number in 1 2 3 4 5 6; do
    result "$number"
    head -c 200000 /dev/zero | tr '\0' x | fold -w 200 >>"$STUB_HOST/$number.csv"
    reply "$number" 422 'stored 0, duplicate 0, rejected 1'
    run agent post --backend loop "$STUB_HOST/$number.csv"
    expect 4
    [ "$(du -sk "$SPOOL/rejected" | cut -f 1)" -le 520 ]
  done
  [ "$(rejected)" = 2 ]
  cat "$SPOOL"/rejected/*[!r] | grep '^vm101,2064M,6,'
}

# Out: the host has busybox wget as its only client; it records its arguments in $WITNESS.
only_busybox_wget() {
  on_host xl_loop
  mkdir "$STUB_HOST/few"
  for tool in awk cat cksum cut date dd du env grep head id ln ls mkdir mv od ps rm sed sh sleep sort sync tail tee touch tr uname wc; do
    ln -s "$(command -v "$tool")" "$STUB_HOST/few/$tool"
  done
  # shellcheck disable=SC2016 # for the stub
  printf '#!/bin/sh\ncase $1 in --version | --help) exec %s wget "$1" ;; esac\nprintf "%%s\\n" "$*" >>%s\nexit 1\n' \
    "$(command -v busybox)" "$WITNESS" >"$STUB_HOST/few/wget"
  chmod +x "$STUB_HOST/few/wget"
}

# bats test_tags=once
@test "busybox wget, which takes the token along where it is redirected, gets it only if a setting says so" {
  only_busybox_wget
  sed -i 's|^SERVER=.*|SERVER=http://127.0.0.1:9|' "$VBDSTAT_CONFIG"
  for command in "post --backend loop $(result 1)" 'flush --now' check; do
    # shellcheck disable=SC2086 # its words
    VBDSTAT_PATH=$STUB_HOST/few run "${AGENT_SHELL_WORDS[@]}" "$AGENT" $command
    expect 2 'only busybox wget is installed' 'install curl or GNU wget, or set ALLOW_BUSYBOX_WGET=1'
    [ ! -e "$WITNESS" ]
    [ "$(waiting)" = 1 ]
  done
  VBDSTAT_PATH=$STUB_HOST/few VBDSTAT_ALLOW_BUSYBOX_WGET=1 run "${AGENT_SHELL_WORDS[@]}" "$AGENT" flush --now
  expect 3 'busybox wget exposes the token'
  grep 'Bearer vbd_secret' "$WITNESS"
  VBDSTAT_ALLOW_BUSYBOX_WGET=yes run agent flush
  expect 2 'ALLOW_BUSYBOX_WGET: expected 0 or 1, found "yes"'
}

# bats test_tags=once
@test "a lock and a measurement of another pid namespace are left alone, but not of another boot" {
  on_host xl_loop
  agent flush
  boot=$(cat /proc/sys/kernel/random/boot_id)
  result 1
  for stamp in "999999.1.${boot}_1" "999999.1.x_1"; do
    mkdir -p "$SPOOL/jobs/job"
    printf '# backend: loop\n' >"$SPOOL/jobs/job/head"
    cp "$STUB_HOST/1.csv" "$SPOOL/jobs/job/out"
    ln -sfn "$stamp" "$SPOOL/jobs/job/agent"
    touch "$SPOOL/tmp/$stamp.part"
    run agent flush --now
    expect 0
    [ "$(requests)" = 0 ] || break
  done
  [ "$stamp" = 999999.1.x_1 ] && [ "$(requests)" = 1 ]
  [ "$(ls "$SPOOL/tmp")" = "999999.1.${boot}_1.part" ]
  # To send twice costs nothing, never to send does.
  ln -s "999999.1.${boot}_1" "$SPOOL/lock"
  run agent post --backend loop "$STUB_HOST/1.csv" --lock-wait 0
  expect 0 "$receipt"
}

# bats test_tags=everywhere
@test "where the spool is read-only nothing is sent, and nothing loops" {
  on_host xl_loop
  if ! unshare -m true 2>/dev/null; then skip 'only root can have a file system of its own'; fi
  agent post --server '' --backend loop "$(result 1)"
  ln -s 999999.1.x "$SPOOL/lock"
  # shellcheck disable=SC2016 # for the inner shell
  run env PATH="$STUB_HOST/bin:$PATH" timeout 60 unshare -m sh -c 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"' "$SPOOL" "${AGENT_SHELL_WORDS[@]}" "$AGENT" flush --now
  expect 1 'cannot be written'
  [ "$(requests) $(waiting)" = '0 1' ]
}

# bats test_tags=once
@test "configuration, token or spool behind a link through a folder of others is not taken" {
  on_host xl_loop
  mkdir "$STUB_HOST/open" && chmod 777 "$STUB_HOST/open"
  mkdir "$STUB_HOST/own"
  for name in agent.conf token spool; do
    [ -e "$STUB_HOST/$name" ] || mkdir "$STUB_HOST/$name"
    mv "$STUB_HOST/$name" "$STUB_HOST/own/$name"
    ln -s "../own/$name" "$STUB_HOST/open/$name"
    ln -s "open/$name" "$STUB_HOST/$name"
    run agent post --backend loop "$(result 1)"
    expect 2 "$STUB_HOST/open is writable by users other"
    # Without that folder it is.
    ln -sfn "own/$name" "$STUB_HOST/$name"
    run agent post --backend loop "$STUB_HOST/1.csv"
    expect 0
  done
  if [ "$(id -u)" != 0 ]; then skip "only root can give a link to another user"; fi
  chown -h 65534 "$STUB_HOST/spool"
  run agent flush
  expect 2 "$STUB_HOST/spool belongs to user 65534"
  rm -r "$STUB_HOST/own/spool" && mkdir "$STUB_HOST/own/spool"
  run agent flush
  [ -z "$(ls "$STUB_HOST/own/spool")" ]
}

# bats test_tags=once
@test "another user's process is not taken for a guest's QEMU" {
  on_host xl_qdisk
  if [ "$(id -u)" != 0 ]; then skip "only root can give a file to another user"; fi
  for number in 333 4444; do
    mkdir -p "$STUB_HOST/root/proc/$number"
    printf 'qemu-system-i386\0-xen-domid\0004\0-x\0' >"$STUB_HOST/root/proc/$number/cmdline"
    echo 'rchar: 1000' >"$STUB_HOST/root/proc/$number/io"
  done
  chown 65534 "$STUB_HOST/root/proc/333"
  result 1
  replace measure "cat $STUB_HOST/1.csv; echo 'rchar: 900001000' >$STUB_HOST/root/proc/333/io"
  run agent run vm101 xvda -- measure
  expect 0
  if grep '^# device_read_ratio' "$STUB_HOST/sent.1"; then return 1; fi
  replace measure "cat $STUB_HOST/1.csv; echo 'rchar: 900001000' >$STUB_HOST/root/proc/4444/io"
  run agent run vm101 xvda -- measure
  grep '^# device_read_ratio' "$STUB_HOST/sent.2"
}

# bats test_tags=once
@test "what a killed export has left is removed by the next one, and only that" {
  on_host xl_loop
  agent post --server '' --backend loop "$(result 1)"
  mkdir -p "$STUB_HOST/out/.vbdstat-agent-0123456789abcdef-12.1234.12345678-x" "$STUB_HOST/out/.vbdstat-agent-other"
  run agent export --keep "$STUB_HOST/out/carry"
  expect 0
  [ "$(ls -A "$STUB_HOST/out")" = $'.vbdstat-agent-other\ncarry' ]
}

# bats test_tags=once
@test "a tool that is missing is named" {
  on_host xl_loop
  mkdir "$STUB_HOST/few"
  for tool in awk cat cksum cut date dd du grep id ln ls mkdir mv rm sed sleep tail tee touch uname wc; do ln -s "$(command -v "$tool")" "$STUB_HOST/few/$tool"; done
  VBDSTAT_PATH=$STUB_HOST/few run "${AGENT_SHELL_WORDS[@]}" "$AGENT" flush
  expect 1 'tr is not in'
}

# bats test_tags=once
@test "an import for which the disk has no room takes nothing" {
  on_host xl_loop
  agent post --server '' --backend loop "$(result 1)" "$(result 2)" "$(result 3)"
  agent export "$STUB_HOST/carry"
  # The third time that something comes to new/, there is no room.
  real=$(command -v mv)
  replace mv "case \$2 in */new/0*) echo x >>$STUB_HOST/moved; [ \$(wc -l <$STUB_HOST/moved) -lt 3 ] || exit 1 ;; esac; exec $real \"\$@\""
  run agent import --server '' "$STUB_HOST/carry"
  expect 1 'nothing was accepted'
  [ "$(waiting)" = 0 ]
}
