#!/bin/sh
# `health.sh alive`: the server answers, even if only that it is busy. `health.sh ready`: it has all its data.
# The program's exit code says nothing: it is 0 for an error, too.
#
# Reads: ENGINE (valkey or redis), CLI_OPTIONS.
set -u

ask() {
    # shellcheck disable=SC2086 # several options
    REDISCLI_AUTH=$(cat /run/secrets/health) timeout 3 "$ENGINE-cli" $CLI_OPTIONS --user health "$@" 2>&1
}

answer=$(ask PING)
case "$1 $answer" in
*PONG) ;;
alive*LOADING* | alive*MASTERDOWN* | alive*BUSY*) exit 0 ;;
*)
    echo "$answer"
    exit 1
    ;;
esac
if [ "$1" = alive ]; then exit 0; fi
ask INFO replication | grep -Eq '^(role:master|master_link_status:up)'
