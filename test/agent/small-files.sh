#!/bin/sh
# sh, with no file of more than 512 bytes: stands for a full disk where nothing may be mounted.
ulimit -f 1
exec sh "$@"
