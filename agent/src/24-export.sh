EXPORT_MARK='## vbdstat-spool 1'

# In: a file. Out: all that waits is in it, checked, and no longer in the spool. The file is made in a folder beside it that nobody else
# can look into, and put into its place without following or replacing anything that somebody may have put there meanwhile.
command_export() {
  [ $# -eq 1 ] || stop "$MISUSED" "expected: export FILE; see $NAME export --help"
  ex_file=$(absolute "$1")
  if [ -e "$ex_file" ] || [ -h "$ex_file" ]; then stop "$MISUSED" "$1 exists; name a new file"; fi
  ex_name=${ex_file##*/}
  ex_place=$(cd "${ex_file%/*}/" 2>/dev/null && pwd -P) || stop "$FAILED" "there is no folder for $1"
  case $ex_name in '' | . | ..) stop "$MISUSED" "$1 is no name of a file" ;; esac
  ex_file=${ex_place%/}/$ex_name
  find_fault "$ex_place" holder
  [ -z "$FAULT" ] || stop "$MISUSED" "$FAULT; nothing was exported"
  need_spool
  adopt_jobs
  # What an agent that was killed has left there, if it is ours.
  for ex_left in "${ex_place%/}/.$NAME"-????????????????-*; do
    ex_owner=${ex_left##*/}
    ex_owner=${ex_owner#."$NAME"-????????????????-}
    if [ -d "$ex_left" ] && [ ! -h "$ex_left" ] && ! is_alive "$ex_owner"; then
      case $(ls -ldn "$ex_left" | awk '{ print $3 }') in "$ME") rm -rf "$ex_left" ;; esac
    fi
  done
  take_lock || stop "$WAITING" "another agent is sending; try again when it has ended"
  set --
  for ex_upload in "$SPOOL"/new/*; do
    [ -f "$ex_upload" ] || continue
    if can_be_exported "$ex_upload"; then
      set -- ${1+"$@"} "$ex_upload"
    else
      warn "${ex_upload##*/} is damaged, and left in the spool: its end is missing, or it has something in it that is no text"
      outcome "$FAILED"
    fi
  done
  if [ $# -eq 0 ]; then
    say "there is nothing in the spool to export"
    return 0
  fi
  # A name that no program looks for.
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
  stop "$FAILED" "$ex_file cannot be written (disk full?); the spool is as it was"
}

EXPORT_PLACE=

# In: a file, and the name that it shall have in a folder beside. Out: it has; false when something has that name. A link is made only
# where nothing is; without links, as on a stick, in a folder where nobody else can write.
put_in_place() {
  if ! ln "$1" "$2" 2>/dev/null; then
    find_fault "${2%/*}"
    if [ -n "$FAULT" ] || [ -e "$2" ] || [ -h "$2" ]; then return 1; fi
    mv "$1" "$2" 2>/dev/null || return 1
  fi
  [ -f "$2" ] && [ ! -h "$2" ]
}

# In: an upload. True when it is whole, and comes out of check_export as it went in, which takes it apart by lines.
can_be_exported() {
  has_end "$1" && [ "$(awk '{ print }' <"$1" | cksum)" = "$(cksum <"$1")" ]
}

# In: uploads. Out: all of them, each with a line before it that says where it ends, and a checksum to know damage by.
print_export() {
  printf '%s %s uploads of %s\n' "$EXPORT_MARK" $# "$HOST"
  for pe_file in "$@"; do
    printf '## upload %s lines %s\n' "$(awk 'END { print NR }' <"$pe_file")" "$(cksum <"$pe_file" | tr ' ' -)"
    cat "$pe_file"
  done
  printf '%s end\n' "$EXPORT_MARK"
}

# In: a file that print_export wrote, and a folder to make. Out: its uploads, as many as its first line says, are in the folder as
# files 1, 2, 3 ...; false when one is damaged or missing.
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

# In: a file. Out: all of it but its last line, the end mark, which spool adds again.
without_last() {
  sed '$d' <"$1"
}

# In: a file that another host exported. Out: its uploads are in the spool, and sent if they can be.
command_import() {
  [ $# -eq 1 ] || stop "$MISUSED" "expected: import FILE; see $NAME import --help"
  im_file=$(absolute "$1")
  if [ ! -f "$im_file" ] || [ ! -r "$im_file" ]; then stop "$FAILED" "$1 cannot be read; nothing was taken"; fi
  need_spool
  # Before anything is unpacked: what the first line says of their number, and the size of the file.
  im_said=$(clip 1000 <"$im_file" | mark="$EXPORT_MARK " awk 'NR == 1 && index($0, ENVIRON["mark"]) == 1 { print $4 }')
  whole "$im_said" || stop "$FAILED" "$1 is not from \"$NAME export\"; nothing was taken"
  im_count=$NUMBER
  count_bytes "$im_file"
  need_room "$im_count" $((BYTES / 1024 + 4))
  im_folder=$SPOOL/tmp/$OWNER.import
  # That many are in it, or it is damaged.
  check_export "$im_file" "$im_folder" || stop "$FAILED" "$1 is damaged, or $SPOOL has no room; nothing was taken"
  im_number=0
  im_taken=
  while [ "$im_number" -lt "$im_count" ]; do
    im_number=$((im_number + 1))
    if ! has_end "$im_folder/$im_number"; then
      warn "upload $im_number of $1 was damaged where it was exported: its end is missing; it was not taken"
      outcome "$FAILED"
      continue
    fi
    if ! spool without_last "$im_folder/$im_number"; then
      for im_name in $im_taken; do rm -f "$SPOOL/new/$im_name"; done
      stop "$FAILED" "the spool $SPOOL cannot be written (disk full?); nothing was taken; import $1 again when it can"
    fi
    # Names of next_name, without blanks.
    im_taken="$im_taken $SPOOLED"
  done
  rm -rf "$im_folder"
  # shellcheck disable=SC2086 # split at blanks
  set -- "$1" $im_taken
  report "imported $(($# - 1)) uploads from $1"
  send_spool
}
