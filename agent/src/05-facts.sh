# ---------------------------------------------------------------------------------------------------------------------
# Facts: collected in FACTS as `key: value` lines; facts that could not be determined in UNKNOWN as `key: reason` lines
# ---------------------------------------------------------------------------------------------------------------------

FACTS=
UNKNOWN=
KIND=

# In: a fact key. Out: KIND, the kind of values that the server accepts for it.
fact_kind() {
  case $1 in
    driver_domain | image_sparse | persistent | rotational | dom0_pinned) KIND=boolean ;;
    backend_domid | dom0_weight | ring_page_order | indirect_segments | queues | other_guests_running | readahead_kb | \
      dom0_mem_avail_mb) KIND=count ;;
    host_cpus | dom0_vcpus | guest_vcpus | run_index | spindles | dom0_mem_mb | guest_mem_mb | file_size_mb) KIND=positive ;;
    cpu_mhz | dom0_load1 | device_read_ratio | reference_read_kps | first_run_read_kps) KIND=number ;;
    host | vm | run | finished | backend | image_format | storage | cache_mode | backend_evidence | image_fs | \
      image_fs_opts | disk_model | storage_link | disk_write_cache | storage_stack | io_scheduler | toolstack | \
      xen_version | site | hardware | cpu_model | dom0_kernel | dom0_distro | guest_type | guest_kernel | guest_fs | \
      guest_fs_opts | guest_io_scheduler | os_version | bonnie_version | bonnie_flags | label.?*) KIND=text ;;
    *) KIND=none ;;
  esac
}

# In: text. Out: the text without characters that are invisible, move the cursor or change the direction of text: C0 and C1 controls,
# direction marks, joiners, fillers, variation selectors, tags, and all spaces except U+0020: the server rejects a name that has one
# (isName in functions/service/upload/metadata.ts). If the text is not valid UTF-8, only its ASCII characters remain.
cleaned() {
  printf '%s' "$1" | tr '\012' ' ' | tr -d '\000-\037\177' | awk '{
    text = rest = $0
    gsub(/[\361-\363][\200-\277][\200-\277][\200-\277]|\360[\220-\277][\200-\277][\200-\277]|\364[\200-\217][\200-\277][\200-\277]/, ".", rest)
    gsub(/[\341-\354\356\357][\200-\277][\200-\277]|\340[\240-\277][\200-\277]|\355[\200-\237][\200-\277]|[\302-\337][\200-\277]/, ".", rest)
    if (rest ~ /[\200-\377]/) gsub(/[\200-\377]/, "", text)
    # U+0080 to U+00A0, 00AD, 034F, 0600 to 0605, 061C, 06DD, 070F.
    gsub(/\302[\200-\240\255]|\315\217|\330[\200-\205\234]|\333\235|\334\217/, "", text)
    # U+0890, 0891, 08E2, 115F, 1160, 1680, 17B4, 17B5, 180B to 180F.
    gsub(/\340\242[\220\221]|\340\243\242|\341\205[\237\240]|\341\232\200|\341\236[\264\265]|\341\240[\213-\217]/, "", text)
    # U+2000 to 200F, 2028 to 202F, 205F to 206F, 2800, 3000, 3164.
    gsub(/\342\200[\200-\217\250-\257]|\342\201[\237-\257]|\342\240\200|\343\200\200|\343\205\244/, "", text)
    # U+FE00 to FE0F, FEFF, FFA0, FFF0 to FFFB.
    gsub(/\357\270[\200-\217]|\357\273\277|\357\276\240|\357\277[\260-\273]/, "", text)
    # U+110BD, 110CD, 13430 to 1343F, 1BCA0 to 1BCA3, 1D173 to 1D17A, E0000 to E0FFF.
    gsub(/\360\221\202\275|\360\221\203\215|\360\223\220[\260-\277]|\360\233\262[\240-\243]|\360\235\205[\263-\272]|\363\240[\200-\277][\200-\277]/, "", text)
    print text }'
}

# The maximum length of a fact, in characters.
TEXT_MAX=200

# In: text. Out: the text as ASCII, truncated to TEXT_MAX characters.
shortened() {
  printf '%s\n' "$1" | tr -dc ' -~' | cut -c "1-$TEXT_MAX"
}

# In: a key and a value found on this host. Out: adds the fact to FACTS if the server accepts it, else to UNKNOWN: one invalid value
# would make the server reject the whole upload. An empty value adds nothing.
fact() {
  fact_value=$2
  case $fact_value in *[!\ -~]*) fact_value=$(cleaned "$fact_value") ;; esac
  if [ ${#fact_value} -gt "$TEXT_MAX" ]; then fact_value=$(shortened "$fact_value"); fi
  while :; do
    case $fact_value in
      ' '*) fact_value=${fact_value# } ;;
      *' ') fact_value=${fact_value% } ;;
      *) break ;;
    esac
  done
  [ -n "$fact_value" ] || return 0
  fact_fits=0
  fact_kind "$1"
  case $KIND in
    boolean) case $fact_value in yes | no) fact_fits=1 ;; esac ;;
    count | positive) if fits_number "$1" "$fact_value"; then fact_fits=1 fact_value=$NUMBER; fi ;;
    number)
      case $fact_value in *[!0-9.]* | *.*.* | . | ????????????????*) ;; *) fact_fits=1 ;; esac
      case $1/${fact_value%%.*} in cpu_mhz/0* | *_kps/0* | */??????????* | cpu_mhz/??????*) fact_fits=0 ;; esac
      ;;
    text) fact_fits=1 ;;
  esac
  if [ "$fact_fits" = 1 ]; then FACTS="$FACTS$1: $fact_value$NL"; else unknown "$1" "found \"$fact_value\", which is not a valid value"; fi
}

# In: a key whose KIND is count or positive, and text. True when the server accepts the text for the key; then NUMBER is the number.
fits_number() {
  whole "$2" || return 1
  case $KIND/$NUMBER in
    positive/0 | */??????????*) return 1 ;;
  esac
  case $1/$NUMBER in
    *_mb/* | readahead_kb/*) ;;
    */???????*) return 1 ;;
    ring_page_order/?? | ring_page_order/???*) return 1 ;;
    backend_domid/?????*) [ "$NUMBER" -le 32751 ] ;;
    dom0_weight/0) return 1 ;;
    dom0_weight/?????*) [ "$NUMBER" -le 65535 ] ;;
  esac
}

# In: a key and why its value is not known. Out: adds them to UNKNOWN.
unknown() {
  UNKNOWN="$UNKNOWN$1: $2$NL"
}

# In: a key. True when FACTS has it.
has_fact() {
  case $NL$FACTS in *"$NL$1: "*) ;; *) return 1 ;; esac
}

# In: `key: value` lines on standard input. Out: the same lines as directives, with `# ` in front.
as_directives() {
  sed 's/^/# /'
}

IMAGE_NAME=

# In: the image of a disk as the toolstack or xenstore has it: a path, or a text such as `aio:rbd:pool/vm101:id=admin:key=SECRET` or
# `https://user:password@host/vm101.img?token=SECRET`. Out: IMAGE_NAME, the image alone, without options, users, passwords and hosts;
# empty when the name cannot be separated from them.
without_secrets() {
  IMAGE_NAME=$1
  while :; do
    case $IMAGE_NAME in
      aio:* | raw:* | sync:* | vhd:* | qcow:* | qcow2:* | qed:* | vmdk:* | tap:* | tap2:* | tapdisk:* | phy:* | file:* | drbd:*)
        IMAGE_NAME=${IMAGE_NAME#*:}
        ;;
      *) break ;;
    esac
  done
  case $IMAGE_NAME in
    json:* | *[{}]*) IMAGE_NAME= ;;
    /*)
      # A path may have colons; only what looks like an option after one is not part of it.
      IMAGE_NAME=${IMAGE_NAME%%\?*}
      case $IMAGE_NAME in *:[A-Za-z_]*=*) IMAGE_NAME=${IMAGE_NAME%%:[A-Za-z_]*=*} ;; esac
      ;;
    *://*)
      ws_scheme=${IMAGE_NAME%%:*}
      IMAGE_NAME=${IMAGE_NAME#*://}
      IMAGE_NAME=${IMAGE_NAME%%\?*}
      IMAGE_NAME=${IMAGE_NAME%%\#*}
      # A password may contain a slash.
      IMAGE_NAME=${IMAGE_NAME##*@}
      case $IMAGE_NAME in */?*) IMAGE_NAME=$ws_scheme:/${IMAGE_NAME#*/} ;; *) IMAGE_NAME= ;; esac
      ;;
    nbd:unix:*)
      IMAGE_NAME=${IMAGE_NAME#nbd:unix:}
      IMAGE_NAME=${IMAGE_NAME%%:*}
      ;;
    # The name would be the host.
    nbd:* | sheepdog:*:*) IMAGE_NAME= ;;
    rbd:* | sheepdog:*)
      ws_scheme=${IMAGE_NAME%%:*}
      IMAGE_NAME=${IMAGE_NAME#*:}
      # A snapshot of Ceph follows an at sign.
      IMAGE_NAME=$ws_scheme:${IMAGE_NAME%%[:?@]*}
      ;;
    *) IMAGE_NAME=${IMAGE_NAME%%[:?,;]*} ;;
  esac
  # Whatever was not foreseen above.
  case $(printf '%s\n' "$IMAGE_NAME" | tr '[:upper:]' '[:lower:]') in
    *key=* | *id=* | *mon_host=* | *user=* | *token=* | *passw* | *secret* | *:*@*) IMAGE_NAME= ;;
  esac
}

# In: a path or uuid. Out: what the operator allows the agent to send of it: nothing, a salted hash or its last part.
identifier_of() {
  case $IDENTIFIERS in
    basename)
      id_name=${1##*/}
      case $id_name in rbd:* | sheepdog:*) id_name=${id_name#*:} ;; esac
      printf '%s\n' "$id_name"
      ;;
    hash)
      id_salt=$(salt) || return 0
      for id_tool in sha256sum sha1sum 'openssl sha256' sha256 sha1; do
        command -v "${id_tool%% *}" >/dev/null 2>&1 || continue
        printf '%s\n' "$id_salt$1" | $id_tool 2>/dev/null | sed 's/.*= *//; s/[^0-9a-f].*//' | cut -c 1-16
        return
      done
      ;;
  esac
}

# Out: the secret salt of this host's hashes, created on first use.
salt() {
  if [ ! -s "$SPOOL/salt" ]; then
    make_spool && printf '%s%s\n' "$(random_hex)" "$(random_hex)" >"$SPOOL/tmp/$OWNER.salt" && mv "$SPOOL/tmp/$OWNER.salt" "$SPOOL/salt" || return 1
  fi
  first_line "$SPOOL/salt"
}
