# ---------------------------------------------------------------------------------------------------------------------
# Commands: export and import
# ---------------------------------------------------------------------------------------------------------------------

EXPORT_MARK='## vbdstat-spool 1'

# In: a file. Out: moves all waiting uploads into the file, and checks it. The file is created in a private folder next to it, and then
# moved into place without following or replacing anything that another user may have put there.
command_export() {
  [ $# -eq 1 ] || stop "$MISUSED" "expected: export FILE; see $NAME export --help"
  ex_file=$(absolute "$1")
  if [ -e "$ex_file" ] || [ -h "$ex_file" ]; then stop "$MISUSED" "$1 exists; name a new file"; fi
  ex_name=${ex_file##*/}
  ex_place=$(cd "${ex_file%/*}/" 2>/dev/null && pwd -P) || stop "$FAILED" "the folder of $1 does not exist"
  case $ex_name in '' | . | ..) stop "$MISUSED" "$1 is not a file name" ;; esac
  ex_file=${ex_place%/}/$ex_name
  find_fault "$ex_place" holder
  [ -z "$FAULT" ] || stop "$MISUSED" "$FAULT; nothing was exported"
  need_spool
  adopt_jobs
  # A folder of this user that a killed agent has left behind.
  for ex_left in "${ex_place%/}/.$NAME"-????????????????-*; do
    ex_owner=${ex_left##*/}
    ex_owner=${ex_owner#."$NAME"-????????????????-}
    if [ -d "$ex_left" ] && [ ! -h "$ex_left" ] && ! is_alive "$ex_owner"; then
      case $(ls -ldn "$ex_left" | awk '{ print $3 }') in "$ME") rm -rf "$ex_left" ;; esac
    fi
  done
  take_lock || stop "$WAITING" "another agent is sending; try again when it has finished"
  set --
  for ex_upload in "$SPOOL"/new/*; do
    [ -f "$ex_upload" ] || continue
    if can_be_exported "$ex_upload"; then
      set -- ${1+"$@"} "$ex_upload"
    else
      warn "${ex_upload##*/} is damaged, and left in the spool: its end is missing, or it contains binary data"
      outcome "$FAILED"
    fi
  done
  if [ $# -eq 0 ]; then
    say "nothing to export: the spool is empty"
    return 0
  fi
  # Hidden, so that no program picks it up.
  EXPORT_PLACE=${ex_place%/}/.$NAME-$(random_hex)-$OWNER
  ex_part=$EXPORT_PLACE/.$NAME-export
  if mkdir -m 700 "$EXPORT_PLACE" && print_export "$@" | cat 2>/dev/null >"$ex_part" && to_disk "$ex_part" &&
    check_export "$ex_part" "$SPOOL/tmp/$OWNER.export" && put_in_place "$ex_part" "$ex_file"; then
    rm -rf "$EXPORT_PLACE"
    to_disk "$ex_file"
    if [ "$KEEP" = 0 ]; then rm -f "$@"; fi
    report "exported $# uploads to $ex_file"
    return 0
  fi
  rm -rf "$EXPORT_PLACE"
  stop "$FAILED" "$ex_file cannot be written (disk full?); the spool is unchanged"
}

EXPORT_PLACE=

# In: a file, and its final name in the folder above. Out: gives the file that name; false when the name is taken. `ln` never replaces
# anything; a file system without links, such as on a USB stick, needs a folder where no other user can write.
put_in_place() {
  if ! ln "$1" "$2" 2>/dev/null; then
    find_fault "${2%/*}"
    if [ -n "$FAULT" ] || [ -e "$2" ] || [ -h "$2" ]; then return 1; fi
    mv "$1" "$2" 2>/dev/null || return 1
  fi
  [ -f "$2" ] && [ ! -h "$2" ]
}

# In: an upload. True when it is complete, and check_export, which copies it line by line, would not change it.
can_be_exported() {
  has_end "$1" && [ "$(awk '{ print }' <"$1" | cksum)" = "$(cksum <"$1")" ]
}

# In: uploads. Out: all of them, each after a line with its number of lines and its checksum.
print_export() {
  printf '%s %s uploads of %s\n' "$EXPORT_MARK" $# "$HOST"
  for pe_file in "$@"; do
    printf '## upload %s lines %s\n' "$(awk 'END { print NR }' <"$pe_file")" "$(cksum <"$pe_file" | tr ' ' -)"
    cat "$pe_file"
  done
  printf '%s end\n' "$EXPORT_MARK"
}

# In: a file that print_export wrote, and a folder to create. Out: puts its uploads into the folder as files 1, 2, 3 ...; false when one is
# damaged or missing.
check_export() {
  mkdir "$2" || return 1
  folder=$2 mark=$EXPORT_MARK awk '
    BEGIN { folder = ENVIRON["folder"]; mark = ENVIRON["mark"] }
    NR == 1 { if (index($0, mark " ") != 1) exit; expected = $4; next }
    left == 0 && $0 == mark " end" { whole = 1; exit }
    left == 0 {
      if ($1 != "##" || $2 != "upload" || $3 !~ /^[1-9][0-9]*$/ || n >= expected) exit
      if (n) close(file)
      n++; left = $3; file = folder "/" n; print $5 >(folder "/sums"); next
    }
    { print >file; left-- }
    END { if (!whole || n != expected) exit 1 }' <"$1" || return 1
  ce_count=0
  while read -r ce_sum; do
    ce_count=$((ce_count + 1))
    [ "$(cksum <"$2/$ce_count" | tr ' ' -)" = "$ce_sum" ] || return 1
  done <"$2/sums"
}

# In: a file. Out: the file without its last line, the end mark, which spool adds again.
without_last() {
  sed '$d' <"$1"
}

# In: a file that another host exported. Out: spools its uploads, and sends the spool if it can.
command_import() {
  [ $# -eq 1 ] || stop "$MISUSED" "expected: import FILE; see $NAME import --help"
  im_file=$(absolute "$1")
  if [ ! -f "$im_file" ] || [ ! -r "$im_file" ]; then stop "$FAILED" "$1 cannot be read; nothing was accepted"; fi
  need_spool
  # Before anything is unpacked: the number of uploads in the first line, and the size of the file.
  im_declared=$(clip 1000 <"$im_file" | mark="$EXPORT_MARK " awk 'NR == 1 && index($0, ENVIRON["mark"]) == 1 { print $4 }')
  whole "$im_declared" || stop "$FAILED" "$1 is not from \"$NAME export\"; nothing was accepted"
  im_count=$NUMBER
  count_bytes "$im_file"
  need_room "$im_count" $((BYTES / 1024 + 4))
  im_folder=$SPOOL/tmp/$OWNER.import
  # A file with another number of uploads is damaged.
  check_export "$im_file" "$im_folder" || stop "$FAILED" "$1 is damaged, or $SPOOL has no space; nothing was accepted"
  im_number=0
  im_taken=
  while [ "$im_number" -lt "$im_count" ]; do
    im_number=$((im_number + 1))
    if ! has_end "$im_folder/$im_number"; then
      warn "upload $im_number of $1 was already damaged when it was exported: its end is missing; it was not accepted"
      outcome "$FAILED"
      continue
    fi
    if ! spool without_last "$im_folder/$im_number"; then
      for im_name in $im_taken; do rm -f "$SPOOL/new/$im_name"; done
      stop "$FAILED" "the spool $SPOOL cannot be written (disk full?); nothing was accepted; import $1 again later"
    fi
    # Names of next_name, without spaces.
    im_taken="$im_taken $SPOOLED"
  done
  rm -rf "$im_folder"
  # shellcheck disable=SC2086 # split at spaces
  set -- "$1" $im_taken
  report "imported $(($# - 1)) uploads from $1"
  send_spool
}
