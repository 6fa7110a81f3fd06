#!/bin/sh
# vbdstat-agent: delivers Bonnie++ results of a Xen Dom0 to a vbdstat server, each exactly once, with the block backend and the
# facts that explain it. README.md is the manual. This file is joined from agent/src/*.sh: edit those, then run `npm run agent`.
#
# In: guests' disks as xenstore, /sys and the toolstack report them, and the output of a Bonnie++ command. Out: uploads
# (`# key: value` lines, then Bonnie++'s own output) in a spool, and from there POST /v1/results.
#
# Exactly once: an upload is complete and on the disk before it is sent, it contains the ids of its runs, and it leaves the spool
# only after the server's receipt for it. So any number of agents may send it any number of times, after any crash: the server
# recognizes it.
#
# Untrusted input: the agent runs as root, and guests, driver domains, servers and middleboxes write much of what it reads. The
# agent truncates such text before it holds it, and checks it before it uses it in arithmetic (whole, hexadecimal), in a pattern,
# a program or a file name, or shows it. test/attacks/agent-script.test.ts analyzes this file and enforces that.
#
# Portability: every /bin/sh since 2005. No `local`: the variables of a function begin with the initials of its name. No GNU
# options, and no programs except awk, sed and other common tools.
#
# `In:` above a function names its arguments and the variables it reads, `Out:` what it prints, sets or returns.
#
# shellcheck disable=SC2317,SC2012 # commands are called by name, and `ls` gets known names only

VERSION=0.1.0
NAME=vbdstat-agent
NL='
'
TAB='	'

LC_ALL=C
export LC_ALL
# cron's PATH lacks sbin, where xl lives. VBDSTAT_PATH is for containers and tests.
PATH=${VBDSTAT_PATH:-$PATH:/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/opt/xensource/bin}
export PATH
umask 077
set -u
IFS=" $TAB$NL"
unset CDPATH GREP_OPTIONS || :

# Opens closed standard streams on /dev/null: the next file would take a closed stream's number, and awk, curl or Bonnie++ would
# fail or write into it. By way of another number, because mksh and posh close a stream again that is opened under its own number.
(: 3<&0) 2>/dev/null || exec 3</dev/null 0<&3 3<&-
(: 3>&1) 2>/dev/null || exec >/dev/null
# Nobody can see a message about a closed standard error.
(: 3>&2) || exec 2>/dev/null

# Exit codes; `vbdstat-agent help` explains them.
DONE=0 FAILED=1 MISUSED=2 WAITING=3 REJECTED=4 REFUSED=5 NO_RESULT=6
