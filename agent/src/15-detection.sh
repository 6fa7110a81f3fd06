# ---------------------------------------------------------------------------------------------------------------------
# Detection: all disks of one guest or of all
# ---------------------------------------------------------------------------------------------------------------------

FOUND=0

# In: a function to call for each disk; a guest (id or name; empty for all) and a disk (name or device id; empty for all); `id` when the
# guest is certainly an id, and its name for xe. An id wins over a name: a guest may be named like another's id. Out: calls the function
# with the guest's name, after it has set the D_ variables, FACTS and UNKNOWN. FOUND is the number of disks.
each_disk() {
  ed_call=$1 ed_guest=$2 ed_wanted=$3
  FOUND=0
  find_toolstack
  ed_wanted_vdi=$(vdi_of "${5:-$ed_guest}" "$ed_wanted")
  find_guests
  ed_by_id=${4:-}
  case $NL$GUESTS in *"$NL$ed_guest$TAB"*) ed_by_id=id ;; esac
  ed_guests=$GUESTS
  while next_line "$ed_guests"; do
    ed_guests=$LEFT
    ed_id=${LINE%%"$TAB"*}
    ed_name=${LINE#*"$TAB"}
    case $ed_by_id in id) ed_is=$ed_id ;; *) ed_is=$ed_name ;; esac
    if [ -n "$ed_guest" ] && [ "$ed_guest" != "$ed_is" ]; then continue; fi
    find_disks "$ed_id"
    ed_disks=$DISKS
    ed_any=0
    while next_line "$ed_disks"; do
      ed_disks=$LEFT
      next_field "$LINE" "$TAB" && ed_evidence=$FIELD
      next_field "$REST" "$TAB" && ed_kind=$FIELD
      next_field "$REST" "$TAB" && ed_be=$FIELD ed_device=$REST
      look_at_disk "$ed_id" "$ed_evidence" "$ed_kind" "$ed_be" "$ed_device" || continue
      ed_any=1
      found_disk "$ed_call" "$ed_name"
    done
    if [ "$ed_any" = 1 ]; then continue; fi
    find_guest_type "$ed_id"
    ed_disks=$(toolstack_disks "$ed_id" "$ed_name")
    while next_line "$ed_disks"; do
      ed_disks=$LEFT
      next_field "$LINE" '|' && ed_be=$FIELD
      next_field "$REST" '|' && ed_backend=$FIELD
      next_field "$REST" '|' && ed_format=$FIELD
      next_field "$REST" '|' && ed_device=$FIELD
      ed_image=$REST
      take_toolstack_disk "$ed_id" "$ed_name" "$ed_be" "$ed_backend" "$ed_format" "$ed_device" "$ed_image"
      ed_any=1
      found_disk "$ed_call" "$ed_name"
    done
    if [ "$ed_any" = 1 ]; then continue; fi
    ed_disks=$(configured_disks "$ed_id" "$ed_name")
    while next_line "$ed_disks"; do
      ed_disks=$LEFT
      take_configured_disk "$ed_id" "$LINE"
      found_disk "$ed_call" "$ed_name"
    done
  done
}

# In: a function and a guest's name; the D_ variables. Out: calls the function if this is a requested disk.
found_disk() {
  if [ -n "$ed_wanted" ] && [ "$ed_wanted" != "$D_NAME" ] && [ "$ed_wanted" != "${D_ID:-none}" ]; then
    # xapi names the disks of an HVM guest hd..., whatever name the guest uses.
    if [ -n "$ed_wanted_vdi" ]; then
      case $D_PARAMS in *"$ed_wanted_vdi"*) ;; *) return 0 ;; esac
    else
      case $ed_wanted/$D_NAME in xvd?/hd? | hd?/xvd?) [ "${ed_wanted##*vd}" = "${D_NAME##hd}" ] || [ "${ed_wanted##hd}" = "${D_NAME##*vd}" ] || return 0 ;; *) return 0 ;; esac
    fi
  fi
  FOUND=$((FOUND + 1))
  FACTS='' UNKNOWN=''
  fact host "$HOST"
  fact vm "$2"
  disk_facts
  guest_facts "$D_GUEST"
  host_facts
  "$1" "$2"
}

# In: a guest and a disk, as the user named them. Out: on a xapi host the uuid of the virtual disk, if xe knows it.
vdi_of() {
  if [ "$TOOLSTACK" != xapi ] || [ -z "$2" ]; then return 0; fi
  ask xe vm-list "name-label=$1" params=uuid --minimal || return 0
  vo_vm=$ANSWER
  case $vo_vm in ????????-*,*) return 0 ;; ????????-*) ;; *) return 0 ;; esac
  if ask xe vbd-list "vm-uuid=$vo_vm" "device=$2" params=vdi-uuid --minimal; then
    case $ANSWER in ????????-*) printf '%s\n' "$ANSWER" ;; esac
  fi
}

# Out: the names of GUESTS, for a message.
running_guests() {
  printf '%s\n' "$GUESTS" | awk -F '\t' 'NF { printf "%s%s", (n++ ? ", " : ""), $2 } END { if (!n) printf "none" }'
}

# In: a guest's name; FACTS and UNKNOWN. Out: the facts as directives, the unknown facts as comments.
print_disk() {
  pd_title="$1 $D_NAME"
  case $pd_title in *[!\ -~]*) pd_title=$(cleaned "$pd_title") ;; esac
  if [ ${#pd_title} -gt "$TEXT_MAX" ]; then pd_title=$(shortened "$pd_title"); fi
  printf '## %s\n' "$pd_title"
  {
    printf '%s' "$FACTS"
    operator_facts
  } | as_directives
  printf '%s' "$UNKNOWN" | sed 's/^/## not known: /'
}

# In: as print_disk. Out: a JSON object; all values are strings.
print_disk_json() {
  [ "$FOUND" = 1 ] || printf ',\n'
  {
    printf '%s' "$FACTS" | sed 's/^/f/'
    operator_facts | sed 's/^/f/'
    printf '%s' "$UNKNOWN" | sed 's/^/u/'
  } | vm=$1 device=$D_NAME awk '
    function quoted(text) { gsub(/\\/, "&&", text); gsub(/"/, "\\\\&", text); gsub(/[\001-\037]/, " ", text); return "\"" text "\"" }
    { kind = substr($0, 1, 1); at = index($0, ": "); key = substr($0, 2, at - 2); value = substr($0, at + 2) }
    kind == "f" { if (!(key in facts)) keys[++n] = key; facts[key] = value }
    kind == "u" { if (!(key in why)) open[++m] = key; why[key] = value }
    END {
      printf "  {\"vm\": %s, \"device\": %s, \"facts\": {", quoted(ENVIRON["vm"]), quoted(ENVIRON["device"])
      for (i = 1; i <= n; i++) printf "%s%s: %s", (i > 1 ? ", " : ""), quoted(keys[i]), quoted(facts[keys[i]])
      printf "}, \"not_known\": {"
      for (i = 1; i <= m; i++) printf "%s%s: %s", (i > 1 ? ", " : ""), quoted(open[i]), quoted(why[open[i]])
      printf "}}"
    }'
}
