#!/bin/sh
# sh, with no file of more than 512 bytes: simulates a full disk where mounting is not permitted.
ulimit -f 1
exec sh "$@"
