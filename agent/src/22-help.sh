# ---------------------------------------------------------------------------------------------------------------------
# Help
# ---------------------------------------------------------------------------------------------------------------------

help_agent() {
  cat <<EOF
$NAME $VERSION brings Bonnie++ results of a Xen Dom0 to a vbdstat server.

  $NAME detect [VM [DEVICE]]      what serves the disks of running guests, and all facts about it
  $NAME run VM DEVICE -- COMMAND  measure: facts, COMMAND (it runs Bonnie++), facts; spool; send
  $NAME post FILE...              spool and send what Bonnie++ has printed already
  $NAME flush                     send what waits in the spool; for cron
  $NAME export FILE, import FILE  carry the spool to a host that has a network
  $NAME check                     configuration, token, server, clock, spool: in words

"$NAME COMMAND --help" explains a command.

Settings are lines KEY=value of $CONFIG (or of --config FILE), and lines
fact=value for facts of your own. Each setting can also be given in the environment as
VBDSTAT_KEY, and as a flag, --key VALUE; own facts as VBDSTAT_FACTS="site=fra;label.rack=a1", and
as --fact site=fra. --quiet leaves out what is no trouble.

  SERVER                https://vbdstat.example.com; empty: spool only
  TOKEN_FILE            /etc/vbdstat/token, mode 0600: a token with scope ingest
  CA_FILE               certificates to trust instead of the system's
  HOST                  name of this host; default: what uname -n says
  SPOOL                 /var/spool/vbdstat
  SPOOL_MAX_MB          5, and
  SPOOL_MAX_FILES       500: more is refused, loudly; half of both is for what was rejected
  TIMEOUT               60 seconds for a request
  TOOL_TIMEOUT          10 seconds for xe, xl, xm, tap-ctl
  DETECT_WAIT           2 seconds until a disk that is being attached is looked at again
  LOCK_WAIT             30 seconds to wait for another agent that is sending
  BACKOFF_FIRST         60 seconds, doubled with each failure, up to
  BACKOFF_MAX           3600
  IDENTIFIERS           none, hash or basename: what is sent of an image's path or uuid
  ALLOW_BUSYBOX_WGET    1 lets busybox wget send, which takes the token along where it is redirected
  ALLOW_UNVERIFIED_TLS  1 lets busybox wget, which verifies nobody, use https

Exit codes: 0 done; 1 not taken or not done, the message says why; 2 wrong use or settings;
3 spooled, not delivered yet (flush sends it); 4 rejected by the server, kept in SPOOL/rejected;
5 token refused, everything kept; 6 the command of "run" printed no result.
EOF
}

help_detect() {
  cat <<EOF
$NAME detect [--json] [VM [DEVICE]]

Looks at each disk of each running guest (or of VM: its name or domain id; DEVICE: xvda, or its
number) and prints its backend, format, storage, cache mode and the facts about host, guest and
storage, as "# key: value" lines that may stand before Bonnie++'s output in an upload. Lines with
## are comments: which disk it is, and what could not be found out, and why. --json: an array of
objects. Needs root: xenstore is open to root only.
EOF
}

help_run() {
  cat <<EOF
$NAME run [--backend WORD] [--fact KEY=VALUE]... VM DEVICE -- COMMAND [ARGUMENT]...

Runs COMMAND, which runs Bonnie++ on the disk DEVICE of the guest VM, for example

  $NAME run vm101 xvda -- ssh root@vm101 bonnie++ -u nobody -d /srv -q

Keeps what it prints, with the facts taken before, and with what the disks' counters say about
caches after; spools it and sends the spool. Of standard output that is the first 128 and the last
256 KiB, of standard error the first and the last 8. Of lines "# key: value" on standard output
those about the guest itself are facts, too: a script in the guest can tell "# guest_kernel: 6.1.0",
but nothing that Dom0 knows better. When the agent is killed half-way, the next "flush" sends what
was measured.
--backend: what serves the disk, where it cannot be detected.
EOF
}

help_post() {
  cat <<EOF
$NAME post [--backend WORD] [--vm VM [--device DEVICE]] [--run ID] [--finished TIME]
                   [--fact KEY=VALUE]... FILE...

Spools and sends what Bonnie++ has printed: CSV lines among other text, or its tables. "-" is
standard input. The backend comes from --backend, from lines "# backend: loop" in FILE, or, with
--vm, from looking at the guest's disk now (and all other facts with it: for fresh results only).

Posting a FILE again stores nothing twice, nor does posting it after lines were added. Two
measurements that printed the very same line count as one, unless they are in one FILE or have
different --run ids. What comes from standard input is a new measurement each time.
--finished: when the run ended, ISO 8601 or Unix seconds; else when FILE was last written.
EOF
}

help_flush() {
  cat <<EOF
$NAME flush [--now] [--spread SECONDS]

Sends what waits in the spool, oldest first, until all is sent or the server cannot be reached.
After each failure the next try is later; --now does not wait for it. --spread: begin after a
random time of up to SECONDS, so that the cron jobs of a fleet do not all come in one second.
EOF
}

help_export() {
  cat <<EOF
$NAME export [--keep] FILE

Moves all that waits in the spool into FILE, to be carried to a host with a network and imported
there. --keep leaves it in the spool as well; nothing is stored twice in any case.
EOF
}

help_import() {
  cat <<EOF
$NAME import FILE

Takes what "export" wrote on another host into the spool here, all of it or nothing, checks it for
damage, and sends it. Hosts, times and run ids stay those of where it was measured.
EOF
}

help_check() {
  cat <<EOF
$NAME check

Says whether this host is set up: configuration, token, server, clock, TLS, spool, toolstack.
Sends no result. Ends with 1 when something is wrong.
EOF
}
