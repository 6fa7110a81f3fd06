#!/bin/sh
# vbdstat-agent: brings Bonnie++ results of a Xen Dom0 to a vbdstat server, each exactly once, with the block backend
# and the facts that explain it.
#
# In: guests' disks as xenstore, /sys and the toolstack show them, and what a Bonnie++ command prints. Out: uploads
# (`# key: value` lines, then Bonnie++'s own output) in a spool, and from there POST /v1/results.
#
# How it stays exact: an upload is complete and on the disk before it is sent, it carries the ids of its runs, and it
# leaves the spool only when the server's receipt for it has been seen. So it may be sent any number of times, by any
# number of agents, after any crash: the server knows it again.
#
# How it stays harmless: it runs as root, and much of what it reads was written by others (guests, driver domains, servers,
# whatever stands between). Such text is cut to a length before it is held, and checked before it is calculated with (whole,
# hexadecimal), put into a pattern, a program or a file name, or shown. test/attacks/agent-script.test.ts reads this file for it.
#
# Written for every /bin/sh since 2005: no `local`, so variables of a function carry its name's first letters; no GNU
# options; nothing that a Dom0 may lack but awk, sed and the like. README.md is the manual.
#
# Commands are called by name, and `ls` is only asked about names that are known:
# shellcheck disable=SC2317,SC2012

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

# What was closed is opened on nothing: else the next file would take its number, and awk, curl or Bonnie++ would fail or write there.
# By way of another number, because mksh and posh close again what is opened with the right one at once.
(: 3<&0) 2>/dev/null || exec 3</dev/null 0<&3 3<&-
(: 3>&1) 2>/dev/null || exec >/dev/null
# A message about a closed one can be seen by nobody.
(: 3>&2) || exec 2>/dev/null

# Exit codes; `vbdstat-agent help` explains them.
DONE=0 FAILED=1 MISUSED=2 WAITING=3 REJECTED=4 REFUSED=5 NO_RESULT=6
