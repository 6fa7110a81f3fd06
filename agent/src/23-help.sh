# ---------------------------------------------------------------------------------------------------------------------
# Help
# ---------------------------------------------------------------------------------------------------------------------

help_agent() {
  cat <<EOF
$NAME $VERSION sends Bonnie++ results from a Xen Dom0 to a vbdstat server.

  $NAME detect [VM [DEVICE]]      report the backend of running guests' disks, with all facts
  $NAME run VM DEVICE -- COMMAND  measure: facts, COMMAND (it runs Bonnie++), facts; spool; send
  $NAME post FILE...              spool and send existing Bonnie++ output
  $NAME flush                     send the spool; for cron
  $NAME export FILE, import FILE  carry the spool to a host that has a network
  $NAME check                     check configuration, token, server, clock and spool

Run "$NAME COMMAND --help" for details.

$CONFIG (or --config FILE) has settings as lines KEY=value, and your
own facts as lines fact=value. You can also pass a setting in the environment as VBDSTAT_KEY or as
a flag --key VALUE, and facts as VBDSTAT_FACTS="site=fra;label.rack=a1" or --fact site=fra.
--quiet prints warnings and errors only.

  SERVER                URL such as https://vbdstat.example.com; empty: spool only
  TOKEN_FILE            /etc/vbdstat/token, mode 0600: a token with scope ingest
  CA_FILE               certificates to trust instead of the system's
  HOST                  name of this host; default: the output of uname -n
  SPOOL                 /var/spool/vbdstat
  SPOOL_MAX_MB          5, and
  SPOOL_MAX_FILES       500: the agent rejects more; up to half of both is for rejected uploads
  TIMEOUT               60 seconds for a request
  TOOL_TIMEOUT          10 seconds for xe, xl, xm, tap-ctl
  DETECT_WAIT           2 seconds before a second look at a disk that is being attached
  LOCK_WAIT             30 seconds to wait for another agent that is sending
  BACKOFF_FIRST         60 seconds, doubled with each failure, up to
  BACKOFF_MAX           3600
  IDENTIFIERS           none, hash or basename: what to send of an image's path or uuid
  ALLOW_BUSYBOX_WGET    1: busybox wget may send; it also sends the token to redirect targets
  ALLOW_UNVERIFIED_TLS  1: busybox wget may use https; it does not verify servers

Exit codes: 0 done; 1 failed, nothing accepted: the message gives the reason; 2 usage or settings;
3 spooled, not delivered yet (flush sends it); 4 rejected by the server, kept in SPOOL/rejected;
5 token rejected, everything kept; 6 the command of "run" printed no result.
EOF
}

help_detect() {
  cat <<EOF
$NAME detect [--json] [VM [DEVICE]]

Inspects each disk of each running guest (or of VM: its name or domain id; DEVICE: xvda, or its
number) and prints its backend, format, storage, cache mode and the facts about host, guest and
storage, as "# key: value" lines that an upload may have before Bonnie++'s output. Lines with ##
are comments: the name of the disk, and what could not be determined, with the reason. --json: an
array of objects. Needs root: only root may read xenstore.
EOF
}

help_run() {
  cat <<EOF
$NAME run [--backend WORD] [--fact KEY=VALUE]... VM DEVICE -- COMMAND [ARGUMENT]...

Runs COMMAND, which runs Bonnie++ on the disk DEVICE of the guest VM, for example

  $NAME run vm101 xvda -- ssh root@vm101 bonnie++ -u nobody -d /srv -q

Records its output, with the facts from before the run and the disks' counters from after it, which
show whether a cache answered; spools the result and sends the spool. It keeps the first 128 and the
last 256 KiB of standard output, and the first and the last 8 KiB of standard error. Lines
"# key: value" on standard output that describe the guest itself are facts as well: a script in the
guest can print "# guest_kernel: 6.1.0", but cannot override what Dom0 knows. If the agent is killed
during the run, the next "flush" sends what was measured.
--backend: the backend of the disk, where it cannot be detected.
EOF
}

help_post() {
  cat <<EOF
$NAME post [--backend WORD] [--vm VM [--device DEVICE]] [--run ID] [--finished TIME]
                   [--fact KEY=VALUE]... FILE...

Spools and sends existing Bonnie++ output: CSV lines, with or without other text, or its tables. "-"
is standard input. The backend comes from --backend, from lines "# backend: loop" in FILE, or, with
--vm, from the guest's disk as it is now (with all other facts: for recent results only).

Posting a FILE again, also after it has grown, stores nothing twice. Two measurements that printed
the same line count as one, unless they are in one FILE or have different --run ids. Standard input
is a new measurement each time.
--finished: when the run ended, ISO 8601 or Unix seconds; default: when FILE was last modified.
EOF
}

help_flush() {
  cat <<EOF
$NAME flush [--now] [--spread SECONDS]

Sends the spool, oldest upload first, until it is empty or the server cannot be reached. After each
failure it waits longer before the next try; --now does not wait. --spread: starts after a random
time of up to SECONDS, so that the cron jobs of a fleet do not all run in the same second.
EOF
}

help_export() {
  cat <<EOF
$NAME export [--keep] FILE

Moves the spool into FILE, which you carry to a host with a network and import there. --keep leaves
the uploads in the spool as well; the server stores nothing twice in either case.
EOF
}

help_import() {
  cat <<EOF
$NAME import FILE

Checks FILE, which "export" wrote on another host, for damage, adds all of it or nothing to the
spool here, and sends it. Hosts, times and run ids are not changed.
EOF
}

help_check() {
  cat <<EOF
$NAME check

Checks the setup of this host: configuration, token, server, clock, TLS, spool, toolstack.
Sends no result. Exits with 1 if something is wrong.
EOF
}
