# ---------------------------------------------------------------------------------------------------------------------
# Configuration files of guests: the last source. They contain what was requested, not what the toolstack did, so the agent applies the
# rules by which the toolstack chooses; where those depend on more than its release, the backend stays unknown
# ---------------------------------------------------------------------------------------------------------------------

# In: a configuration file of xm or xl. Out: the guest's name on a line, then its writable disks, one `device | why unknown | hvm | prefix |
# format | backend type | direct-io-safe | target` a line; or `!` and why they cannot be read. A file of xm is a Python program: only
# literal values are used, computed ones are not.
read_guest_config() {
  toolstack=$TOOLSTACK awk '
    BEGIN { xend = ENVIRON["toolstack"] == "xend" }

    { text = text $0 "\n" }

    function skip_comment() { while (at <= size && substr(text, at, 1) != "\n") at++ }

    # Skips a statement. kinds: its tokens, `s` for a string, brackets and commas as they are, `x` for the rest; items: its strings;
    # code: everything except strings and comments.
    function read_value(   c, depth) {
      kinds = code = ""; count = depth = 0
      while (at <= size) {
        c = substr(text, at, 1)
        if (c == "#") { skip_comment(); continue }
        if (c == "\"" || c == "\047") { read_string(c); continue }
        if (depth <= 0 && (c == "\n" || c == ";")) return
        at++
        code = code c
        if (c ~ /[ \t\r\n]/) continue
        if (c == "\\" && substr(text, at, 1) == "\n") { at++; continue }
        if (c ~ /[[({]/) depth++
        if (c ~ /[])}]/) depth--
        kinds = kinds (c == "[" || c == "]" || c == "," ? c : "x")
      }
    }

    function read_string(quote,   c, start, kind) {
      start = ++at; kind = "s"
      while (at <= size && (c = substr(text, at, 1)) != quote) {
        if (c == "\n") { broken = "it has an unterminated quotation"; at = size; break }
        if (c == "\\") { kind = "x"; at++ }
        at++
      }
      items[++count] = substr(text, start, at - start)
      kinds = kinds kind
      at++
    }

    function statement(   start, key, more, before, i) {
      start = at
      before = start > 1 ? substr(text, start - 1, 1) : "\n"
      if (!match(substr(text, at, 200), /^[A-Za-z_][A-Za-z0-9_]*[ \t]*[+]?=/) || substr(text, at + RLENGTH, 1) == "=") {
        read_value()
        if (" " code " " ~ /[^A-Za-z0-9_]disk[^A-Za-z0-9_]/) computed = 1
        return
      }
      key = substr(text, at, RLENGTH - 1)
      at += RLENGTH
      more = sub(/[+]$/, "", key)
      sub(/[ \t]+$/, "", key)
      read_value()
      # An indented statement may never be executed.
      if (xend && before ~ /[ \t]/) kinds = kinds "x"
      if (key == "name") name = kinds == "s" ? items[1] : ""
      if ((key == "builder" || key == "type") && (kinds != "s" || items[1] ~ /hvm/)) hvm = "hvm"
      if (key == "disk") {
        if (kinds !~ /^\[(s(,s)*,?)?\]$/ || (listed && !more)) computed = 1
        listed = 1
        for (i = 1; i <= count; i++) disks[++n] = items[i]
      }
    }

    function not_known(reason) { if (why == "") why = reason }

    # TARGET,DEVICE,MODE or TARGET,DEVICE,MODE,BACKEND, with prefixes before the target.
    function read_xend(spec,   part, fields, i) {
      fields = split(spec, part, ",")
      for (i = 1; i <= fields; i++) gsub(/^[ \t]+|[ \t]+$/, "", part[i])
      target = part[1]
      if (match(target, /^([a-z0-9]+:)+/)) { prefix = substr(target, 1, RLENGTH - 1); target = substr(target, RLENGTH + 1) }
      device = part[2]
      sub(/^ioemu:/, "", device)
      readonly = part[3] ~ /^ro?$/
      if (fields < 3 || fields > 4) not_known(too_much)
      if (part[4] != "" && part[4] != "0" && part[4] != "Domain-0") not_known(elsewhere)
    }

    # Keys and flags may be anywhere; the rest is target, format, device and mode, in this order, without the format after an old
    # prefix. Only prefixes that are a format or a script matter.
    function read_xl(spec,   part, comma, place, old, has_format, specification) {
      place = 0
      while (1) {
        sub(/^[ \t]+/, "", spec)
        if (spec == "") break
        if (spec ~ /^target=/) { target = substr(spec, 8); break }
        if (place == 0 && match(spec, /^[a-z][a-z0-9]*:/)) {
          part = substr(spec, 1, RLENGTH - 1)
          spec = substr(spec, RLENGTH + 1)
          old = 1
          if (part ~ /^(raw|qcow2?|vhd)$/) format = part
          else if (part ~ /^(iscsi|e?nbd|drbd)$/) not_known(by_script)
          else if (part !~ /^(tapdisk|tap2?|aio|ioemu|file|phy)$/) not_known(too_much)
          continue
        }
        comma = index(spec, ",")
        part = comma ? substr(spec, 1, comma - 1) : spec
        spec = comma ? substr(spec, comma + 1) : ""
        sub(/[ \t]+$/, "", part)
        if (part == "cdrom" || part == "devtype=cdrom") cdrom = 1
        else if (part == "direct-io-safe") safe = 1
        else if (part ~ /^(discard|no-discard|trusted|untrusted|no-colo|devtype=disk|grant_usage=.*)$/) continue
        else if (part ~ /^format=/) { format = substr(part, 8); has_format = 1 }
        else if (part ~ /^vdev=/) device = substr(part, 6)
        else if (part ~ /^access=/) readonly = part ~ /=ro?$/
        else if (part ~ /^backendtype=/) type = substr(part, 13)
        else if (part ~ /^specification=/) specification = substr(part, 15)
        else if (part ~ /^backend=/) { if (part !~ /=(0|Domain-0)?$/) not_known(elsewhere) }
        else if (part ~ /^script=/) not_known(by_script)
        else if (part ~ /=/ || part == "colo") not_known(too_much)
        else if (place == 0) { target = part; place = 1 }
        else if (place == 1 && target == "" && part ~ /:/) { device = part; format = "empty"; place = 3 }
        else if (place == 1 && !old && !has_format) { format = part; place = 2 }
        else if (place <= 2 && device == "") { device = part; place = 3 }
        else if (place <= 3) { readonly = part ~ /^ro?$/; place = 4 }
        else not_known(too_much)
      }
      if (format == "") format = "raw"
      if (specification == "virtio" && type != "standalone") not_known(too_much)
    }

    function read_disk(spec) {
      why = prefix = format = type = safe = target = device = ""; cdrom = readonly = 0
      if (xend) read_xend(spec); else read_xl(spec)
      if (device ~ /:cdrom$/ || cdrom || readonly || format == "empty") return
      sub(/:disk$/, "", device)
      if (device !~ /^[a-z][a-z0-9]*$/) { computed = 1; return }
      if (target == "" || format !~ /^(raw|qcow2?|vhd|qed)?$/ || type !~ /^[a-z]*$/) not_known(too_much)
      if (why != "") prefix = format = type = ""
      if (device in found) why = "the configuration file lists " device " more than once"
      else order[++devices] = device
      found[device] = device "|" why "|" hvm "|" prefix "|" format "|" type "|" safe "|" target
    }

    END {
      elsewhere = "the configuration file names another backend domain"
      by_script = "the configuration file uses a script"
      too_much = "the configuration file has an option for it that this agent does not understand"
      size = length(text); at = 1
      while (at <= size) {
        c = substr(text, at, 1)
        if (c ~ /[ \t\r\n;]/) at++
        else if (c == "#") skip_comment()
        else statement()
      }
      for (k = 1; k <= n; k++) read_disk(disks[k])
      if (broken == "" && computed) broken = "they are not a plain list"
      print name
      if (broken != "") print "!" broken
      else for (k = 1; k <= devices; k++) print found[order[k]]
    }' <"$1"
}

# In: the id and name of a guest for which nothing else shows a disk; GUEST_TYPE. Out: the disks in its configuration file, as lines of
# read_guest_config. xm and xl accept a file anywhere; these are the usual folders. Files that contradict each other are ignored.
configured_disks() {
  case $XENSTORE/$TOOLSTACK in
    0/xl | 0/xend) ;;
    # A disk that xenstore does not show has no Xen driver.
    1/xl | 1/xend | 1/other) [ "$GUEST_TYPE" = HVM ] || return 0 ;;
    *) return 0 ;;
  esac
  cd_found='' cd_path=''
  for cd_file in "$ROOT"/etc/xen/* "$ROOT"/etc/xen/vm/* "$ROOT"/etc/xen/auto/*; do
    case $cd_file in *'~') continue ;; esac
    if [ ! -f "$cd_file" ] || [ ! -r "$cd_file" ] || [ -n "$(dd bs=1 skip=32768 count=1 2>/dev/null <"$cd_file")" ]; then continue; fi
    grep -F -e "$2" <"$cd_file" >/dev/null || continue
    next_line "$(read_guest_config "$cd_file")" || continue
    [ "$LINE" = "$2" ] || continue
    cd_other=$cd_path
    cd_path=${cd_file#"$ROOT"}
    if [ -n "$cd_other" ] && [ "$LEFT" != "$cd_found" ]; then
      say "$cd_other and $cd_path contradict each other about the disks of $2; neither is used"
      return 0
    fi
    cd_found=$LEFT
  done
  case $cd_found in
    '!'*) say "cannot read the disks of $2 from $cd_path: ${cd_found#!}" ;;
    ?*) printf '%s\n' "$cd_found" ;;
  esac
}

# In: a guest's id and a line of configured_disks. Out: the D_ variables.
take_configured_disk() {
  unseen_disk "$1" config-file
  next_field "$2" '|' && D_NAME=$FIELD
  next_field "$REST" '|' && D_WHY=$FIELD
  next_field "$REST" '|' && tc_hvm=$FIELD
  next_field "$REST" '|' && tc_prefix=$FIELD
  next_field "$REST" '|' && tc_format=$FIELD
  next_field "$REST" '|' && tc_type=$FIELD
  next_field "$REST" '|' && tc_safe=$FIELD
  tc_target=$REST
  if [ -z "$D_WHY" ]; then
    D_FORMAT=$tc_format
    take_target "$tc_target"
    case $D_IMAGE in '' | /*) ;; *) D_IMAGE=/dev/$D_IMAGE ;; esac
    case $XENSTORE$tc_hvm/$TOOLSTACK in
      1*) D_BACKEND=emulated ;;
      0hvm/*) D_WHY='the configuration file does not say whether the guest has Xen drivers' ;;
      */xend) choose_as_xend "$tc_prefix" ;;
      *) choose_as_xl "$tc_format" "$tc_type" "$tc_safe" ;;
    esac
  fi
  [ -n "$D_WHY" ] || D_WHY='the choice of the toolstack depends on more than the configuration file'
  find_unseen_cache
  find_storage
}

# Out: Xen's release as one number, such as 4017 for 4.17; 0 when it is not known.
xen_release() {
  xen_version | awk -F '[^0-9]+' '/^[0-9]+[.][0-9]/ { release = $1 * 1000 + $2 } END { print release + 0 }'
}

# In: the prefix before the target in a configuration file of xend. Out: D_BACKEND and D_FORMAT.
choose_as_xend() {
  D_FORMAT=$(format_of "${1##*:}")
  case $1/$(xen_release)/$KERNEL in
    phy/*) D_BACKEND=phy D_FORMAT=none ;;
    file/*/Linux) D_BACKEND=loop D_FORMAT=raw ;;
    tap:qcow/*/Linux | tap:qcow2/*/Linux) D_BACKEND=blktap1 ;;
    tap:vhd/400[0-4]/Linux | tap:tapdisk:*/400[0-4]/Linux | tap2:*/400[1-4]/Linux) D_BACKEND=blktap2 ;;
    # 4.0 uses blktap2 for them if its driver is loaded.
    */4000/*) ;;
    tap:aio/[34]00[0-4]/Linux | tap:sync/[34]00[0-4]/Linux | tap:vmdk/[34]00[0-4]/Linux | tap:ram/[34]00[0-4]/Linux) D_BACKEND=blktap1 ;;
  esac
}

# In: format, backend type (or nothing) and whether direct I/O is safe (1), from a configuration file of xl; D_IMAGE. Out: D_BACKEND,
# D_FORMAT, and D_CACHE if the file requests it.
choose_as_xl() {
  if [ -f "$ROOT$D_IMAGE" ]; then
    cx_target='file'
  elif [ -b "$ROOT$D_IMAGE" ]; then
    cx_target=device
  else
    case $D_IMAGE in /dev/*) cx_target=device ;; *) cx_target=unseen ;; esac
  fi
  whole "$(xen_release)" || NUMBER=0
  cx_release=$NUMBER
  case $2/$1/$cx_target/$KERNEL in
    standalone/*) D_BACKEND=virtio ;;
    qdisk/*) D_BACKEND=qdisk ;;
    /raw/device/* | phy/raw/device/*) D_BACKEND=phy D_FORMAT=none ;;
    /raw/unseen/*) D_WHY='the image in the configuration file is not visible' ;;
    /raw/file/Linux) since 4006 loop || since 4004 qdisk ;;
    phy/raw/file/Linux) since 4006 loop ;;
    tap/*/Linux) since 4019 tapdisk3 || since 4002 blktap2 ;;
    /qcow/*/Linux | /qcow2/*/Linux) since 4001 qdisk ;;
    /qed/*/Linux) D_BACKEND=qdisk ;;
    # 4.2 and 4.3 use blktap2 if its driver is loaded.
    /vhd/*/Linux) since 4004 qdisk || since 4002 unknown || since 4000 blktap2 ;;
  esac
  if [ "$D_BACKEND$3" = qdisk1 ]; then D_CACHE=direct; fi
  if [ "$D_BACKEND" = loop ] && [ -z "$(loop_of_file "$D_IMAGE")" ]; then
    D_BACKEND=unknown D_WHY='no loop device uses the image in the configuration file'
  fi
}

# In: a release and a backend; cx_release. Out: sets D_BACKEND to the backend if xl has this release or a later one; else false.
since() {
  whole "$1" && [ "$cx_release" -ge "$NUMBER" ] && D_BACKEND=$2
}

# In: a guest's id and name; D_NAME and D_BE of a disk that xl lists below backend/vbd. Out: the D_ variables, from the configuration
# file if that agrees.
take_disk_below_vbd() {
  tb_device=$D_NAME tb_be=$D_BE
  tb_line=
  # xl lists only disks with Xen drivers, also for HVM guests.
  if [ "$tb_be" = 0 ]; then
    tb_line=$(configured_disks "$1" "$2" | device=$tb_device awk -F '[|]' '$1 == ENVIRON["device"] { sub(/[|]hvm[|]/, "||"); print; exit }')
  fi
  if [ -z "$tb_line" ]; then
    unseen_disk "$1" toolstack
    D_NAME=$tb_device D_BE=$tb_be D_WHY='the toolstack does not report which'
    return
  fi
  take_configured_disk "$1" "$tb_line"
  case $D_BACKEND in
    loop | phy | blktap2 | unknown) ;;
    *)
      D_WHY="xl lists it below backend/vbd, but the configuration file leads to $D_BACKEND"
      D_BACKEND=unknown D_CACHE=unknown
      ;;
  esac
}
