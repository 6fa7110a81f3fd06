#!/bin/sh
# `npm run agent`, or `agent/build.sh [FILE]`: joins the parts in agent/src, in the order of their numbers, into the one file that a
# Dom0 installs (agent/vbdstat-agent, or FILE). Every part begins after an empty line.
set -eu
LC_ALL=C
export LC_ALL
folder=$(dirname "$0")
file=${1:-$folder/vbdstat-agent}
awk 'FNR == 1 && NR > 1 { print "" } { print }' "$folder"/src/[0-9]*.sh >"$file.part"
chmod 755 "$file.part"
mv "$file.part" "$file"
