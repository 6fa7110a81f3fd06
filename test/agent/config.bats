#!/usr/bin/env bats
# What the agent makes of a guest's configuration file where nothing else shows its disks: xl and xend choose the backend by
# their release, and what is not certain stays unknown.

load helper.bash

# In: a host. Out: STUB_HOST is a copy of it without a configuration file.
without_config() {
  on_host "$1"
  rm -rf "$STUB_HOST/root/etc/xen"
}

# In: a configuration file on standard input. Out: it is that of vm101, or with an argument has that path.
config() {
  file "${1:-/etc/xen/vm101.cfg}" "$(cat)"
}

# In: lines of a list of disks on standard input. Out: they are the disks of vm101.
disks() {
  { printf "name = 'vm101'\ndisk = [\n" && sed "s/.*/'&',/" && echo ']'; } | config "$@"
}

# In: a release such as 4 17. Out: it is that of Xen.
release() {
  sed -i "s/^\(xen_major *: \).*/\1$1/; s/^\(xen_minor *: \).*/\1$2/; s/^xen_extra.*/xen_extra : .0/; /^xen_version/d" "$STUB_HOST"/answers/x[lm]' info'
}

# Out: `DEVICE BACKEND FORMAT CACHE EVIDENCE` for each disk of vm101, `-` for a missing value.
found() {
  agent detect vm101 2>"$BATS_TEST_TMPDIR/said" | awk '
    function row() { if (device != "") print device, said["backend"], said["image_format"], said["cache_mode"], said["backend_evidence"] }
    $1 == "##" && NF == 3 { row(); device = $3; split("", said); said["image_format"] = said["cache_mode"] = "-" }
    $1 == "#" { key = $2; sub(/:/, "", key); said[key] = $3 }
    END { row() }'
}

# In: what `found` must print, on standard input.
finds() {
  diff -u - <(found </dev/null)
}

# In: a text that must be in the messages, and a reason that must be in the output. Otherwise nothing may be found.
finds_nothing() {
  run agent detect vm101
  expect 1 "$@" 'guest vm101 is not running, or has no disk; running: '
}

# bats test_tags=everywhere
@test "xl: file, volume, key=value, quotes, comments, several lines; the loop device is the one that /sys shows" {
  look_at_host xl_config_only
  agent detect >"$BATS_TEST_TMPDIR/found"
  if [ -n "${UPDATE:-}" ]; then cp "$BATS_TEST_TMPDIR/found" "$TESTS/golden/xl_config_only.txt"; fi
  diff -u "$TESTS/golden/xl_config_only.txt" "$BATS_TEST_TMPDIR/found"
}

# bats test_tags=everywhere
@test "xend: prefixes of a program's list" {
  look_at_host xend_config_only
  agent detect >"$BATS_TEST_TMPDIR/found"
  if [ -n "${UPDATE:-}" ]; then cp "$BATS_TEST_TMPDIR/found" "$TESTS/golden/xend_config_only.txt"; fi
  diff -u "$TESTS/golden/xend_config_only.txt" "$BATS_TEST_TMPDIR/found"
}

# bats test_tags=everywhere
@test "xl: each way to write a disk" {
  without_config xl_config_only
  disks <<'EOF'
/dev/vg/a,,xvda
/dev/vg/b,raw,xvdb,rw
format=raw, vdev=xvdc, access=rw, target=/dev/vg/c
raw:/dev/vg/d,xvdd,w
tap:qcow2:/srv/e.qcow2,xvde,w
tap2:aio:/srv/vm101.img,xvdf,w
vdev=xvdg,/srv/g.qed,qed
/srv/vm101.img,,xvdh,,
vg/i,raw,xvdi,w
/srv/vm101.img,raw,xvdj,backendtype=qdisk,direct-io-safe,discard
backendtype=standalone,specification=virtio,vdev=xvdk,target=/srv/k, 2.img
/root/l.iso,,xvdl,cdrom
/root/m.iso,,xvdm,,cdrom
/root/n.iso,raw,xvdn,devtype=cdrom
raw:/root/o.iso,xvdo:cdrom,ro
,hdc:cdrom,r
/dev/vg/p,raw,xvdp,r
EOF
  finds <<'EOF'
xvda phy none direct config-file
xvdb phy none direct config-file
xvdc phy none direct config-file
xvdd phy none direct config-file
xvde qdisk qcow2 buffered config-file
xvdf loop raw direct config-file
xvdg qdisk qed buffered config-file
xvdh loop raw direct config-file
xvdi phy none direct config-file
xvdj qdisk raw direct config-file
xvdk virtio raw unknown config-file
EOF
}

@test "xl: the same words are another backend in another release" {
  without_config xl_config_only
  disks <<'EOF'
file:/srv/vm101.img,xvda,w
phy:/dev/vg/b,xvdb,w
/srv/c,qcow2,xvdc,w
/srv/d,vhd,xvdd,w
/srv/e,vhd,xvde,backendtype=tap
/srv/vm101.img,,xvdf,backendtype=phy
EOF
  while read -r major minor a c d e f; do
    release "$major" "$minor"
    [ "$(found | cut -d ' ' -f 2 | tr '\n' ' ')" = "$a phy $c $d $e $f " ] || {
      echo "Xen $major.$minor:" && found
      return 1
    }
  done <<'EOF'
4 0 unknown unknown blktap2 unknown unknown
4 1 unknown qdisk blktap2 unknown unknown
4 3 unknown qdisk unknown blktap2 unknown
4 5 qdisk qdisk qdisk blktap2 unknown
4 6 loop qdisk qdisk blktap2 loop
4 18 loop qdisk qdisk blktap2 loop
4 19 loop qdisk qdisk tapdisk3 loop
EOF
}

@test "xend: the same words are another backend in another release" {
  without_config xend_config_only
  disks /etc/xen/vm101 <<'EOF'
file:/srv/a,xvda,w
tap:aio:/srv/b,xvdb,w
tap:qcow2:/srv/c,xvdc,w
tap:tapdisk:vhd:/srv/d,xvdd,w
tap2:aio:/srv/e,xvde,w
/srv/f,xvdf,w
phy:vg/g,xvdg,w
EOF
  while read -r major minor b d e; do
    release "$major" "$minor"
    [ "$(found | cut -d ' ' -f 2 | tr '\n' ' ')" = "loop $b blktap1 $d $e unknown phy " ] || {
      echo "Xen $major.$minor:" && found
      return 1
    }
  done <<'EOF'
3 4 blktap1 unknown unknown
4 0 unknown blktap2 unknown
4 1 blktap1 blktap2 blktap2
4 4 blktap1 blktap2 blktap2
EOF
}

# bats test_tags=everywhere
@test "what the file leaves open stays unknown, with the reason" {
  without_config xl_config_only
  disks <<'EOF'
/dev/vg/a,raw,xvda,w,backend=storage
iscsi:iqn.2026-11.test:b,xvdb,w
/srv/gone.img,raw,xvdc,w
/dev/vg/d,raw,xvdd,w,future=1
/dev/vg/g,vmdk,xvdg,w
/dev/vg/e,raw,xvde,w
/srv/vm101.img,raw,xvde,w
/srv/unused.img,raw,xvdf,w
EOF
  image /srv/unused.img 4
  run agent detect vm101
  for device in xvda xvdb xvdc xvdd xvde xvdf xvdg; do
    expect 0 "## vm101 $device"
  done
  expect 0 'not known: backend: the configuration file names another backend domain' \
    'not known: backend: the configuration file uses a script' \
    'not known: backend: the image in the configuration file is not visible' \
    'not known: backend: the configuration file has an option for it that this agent does not understand' \
    'not known: backend: the configuration file lists xvde more than once' \
    'not known: backend: no loop device uses the image in the configuration file'
  [ "$(grep -c '^# backend: unknown$' <<<"$output")" = 7 ]
  [ "$(grep -c '^# backend: ' <<<"$output")" = 7 ]
}

# bats test_tags=everywhere
@test "a file that works its disks out is not believed" {
  without_config xend_config_only
  while IFS= read -r text; do
    printf '%b\n' "name = 'vm101'\n$text" | config
    finds_nothing 'cannot read the disks of vm101 from /etc/xen/vm101.cfg'
  done <<'EOF'
disk = [ 'phy:vg/%s,xvda,w' % name ]
disk = [ 'phy:vg/vm101,xvda,w' ] + more
disk = disks
disk = [ root, 'phy:vg/b,xvdb,w' ]
disk = [ 'phy:vg/a,xvda,w' ]\nif big: disk.append('phy:vg/b,xvdb,w')
disk = [ 'phy:vg/a,xvda,w' ]\nif big:\n    disk = [ 'phy:vg/b,xvda,w' ]
disk = [ 'phy:vg/a,xvda,w' ]\ndisk = [ 'phy:vg/b,xvda,w' ]
disk = [ 'phy:vg/a,xvda,w' 'phy:vg/b,xvdb,w' ]
disk = [ 'phy:vg/a\\\\x2c,xvda,w' ]
disk = [ 'phy:vg/a,xvda,w\n]
'''\ndisk = [ 'phy:vg/a,xvda,w' ]\n'''\ndisk = [ 'phy:vg/b,xvdb,w' ]
EOF
}

@test "other settings in the file do no harm" {
  without_config xl_config_only
  while IFS= read -r text; do
    printf '%b\n' "$text" | config
    echo "$text"
    finds <<<'xvda phy none direct config-file'
  done <<'EOF'
name="vm101";disk=["phy:/dev/vg/a,xvda,w"]
name\t=\t'vm101'\r\ndisk\t=\t[\r\n'phy:/dev/vg/a,xvda,w'\r\n]\r
disk = [ 'phy:/dev/vg/a,xvda,w' ] # disk = []\nname = "vm101" # 'vm102'
  name = 'vm101'\n  disk = [ 'phy:/dev/vg/a,xvda,w', ]
name = 'vm101'\nextra = "disk = [ 'x' ] # \\" name"\ndisk = [ 'phy:/dev/vg/a,xvda,w' ]
name = 'vm101'\ndisk = []\ndisk += [ 'phy:/dev/vg/a,xvda,w' ]
# import disk\nname = 'vm101'\ndisk = [\n\n'phy:/dev/vg/a,xvda,w' # the only, 'one\n]\ncpus = ["2", "3"]
EOF
}

@test "files that contradict each other: none is taken; a copy, a backup and other guests do not matter" {
  without_config xl_config_only
  disks <<<'phy:/dev/vg/a,xvda,w'
  disks '/etc/xen/auto/vm101' <<<'phy:/dev/vg/a,xvda,w'
  disks '/etc/xen/vm101.cfg~' <<<'phy:/dev/vg/old,xvda,w'
  printf '%s\n' "name = 'vm1010'" "disk = ['phy:/dev/vg/other,xvdb,w'] # like vm101" | config /etc/xen/other
  finds <<<'xvda phy none direct config-file'
  disks '/etc/xen/vm101.new' <<<'/srv/vm101.img,,xvda'
  finds_nothing 'contradict each other about the disks of vm101'
}

@test "an HVM guest: unknown where nobody can see its drivers, emulated where xenstore shows that it has none" {
  without_config xl_config_only
  { disks /etc/xen/part && cat "$STUB_HOST/root/etc/xen/part" && echo 'builder = "hvm"'; } <<<'/srv/vm101.img,,hda' >"$BATS_TEST_TMPDIR/hvm"
  rm "$STUB_HOST/root/etc/xen/part"
  config <"$BATS_TEST_TMPDIR/hvm"
  finds <<<'hda unknown raw unknown config-file'
  guest 4 vm101 hvm
  finds <<<'hda emulated raw buffered config-file'
  # A guest that is not in xenstore has the disks that xenstore shows: none.
  sed -i 's/"hvm"/"pv"/' "$STUB_HOST/xenstore"
  run agent detect vm101
  expect 1 'guest vm101 is not running, or has no disk; running: '
}

# bats test_tags=everywhere
@test "xl block-list reports vbd: the file decides, unless it leads to a backend that cannot be there" {
  without_config xl_config_only
  prints 'xl block-list 4' <<'EOF'
Vdev  BE  handle state evt-ch ring-ref BE-path
51712 0   4      4     17     768      /local/domain/0/backend/vbd/4/51712
51728 0   4      4     18     -1       /local/domain/0/backend/qdisk/4/51728
51744 0   4      4     18     -1       /local/domain/0/backend/vbd/4/51744
51760 3   4      4     18     -1       /local/domain/3/backend/vbd/4/51760
EOF
  disks <<'EOF'
file:/srv/vm101.img,xvda,w
/dev/vg/b,raw,xvdb,w
/srv/c.qcow2,qcow2,xvdc,w
/dev/vg/d,raw,xvdd,w
EOF
  finds <<'EOF'
xvda loop raw direct config-file
xvdb qdisk - buffered toolstack
xvdc unknown qcow2 unknown config-file
xvdd unknown - unknown toolstack
EOF
  run agent detect vm101 xvdc
  expect 0 'xl lists it below backend/vbd, but the configuration file leads to qdisk'
  run agent detect vm101 xvdd
  expect 0 '# driver_domain: yes'
  echo 'type = "hvm"' >>"$STUB_HOST/root/etc/xen/vm101.cfg"
  run agent detect vm101 xvda
  expect 0 '# backend: loop'
}

@test "a result is sent with the evidence it has; of several disks one must be named" {
  on_host xl_config_only
  run agent post --vm vm101 "$(result 1)"
  expect 2 'vm101 has 4 disks; name one with --device'
  run agent post --vm vm101 --device xvdb "$STUB_HOST/1.csv"
  expect 0
  grep -Fx '# backend: phy' "$STUB_HOST/sent.1"
  grep -Fx '# backend_evidence: config-file' "$STUB_HOST/sent.1"
  grep -Fx '# storage: lvm' "$STUB_HOST/sent.1"
}
