#!/bin/sh
# Looks at all servers of a sharded instance every two seconds, and says what cluster-plan.awk finds must be said: they
# meet, get slots and follow their shard's primary; a server that came back empty, or under another address, is taken in
# again. It may be away, and run twice: nothing depends on what it knows, and every command is one that may be repeated.
#
# Reads: ENGINE (valkey or redis), LAYOUT. Leaves in /run/keeper: `looked` after each look, `whole` while nothing is to be done.
set -u
trap 'exit 0' TERM INT

work=/run/keeper
say() { echo "keep-cluster: $*"; }

ask() { # HOST COMMAND...: without a command, those that come in
    host=$1
    shift
    timeout 3 "$ENGINE-cli" -h "$host" --tls --cacert /run/tls/ca.crt --user keeper "$@" 2>/dev/null
}

look() { # HOST...: each one's view, its host in front of each line
    for host in "$@"; do
        printf 'DBSIZE\nCLUSTER INFO\nCLUSTER NODES\n' | ask "$host" | tr -d '\r' | sed "s/^/$host /"
    done
}

views() {
    for shard in $LAYOUT; do
        # shellcheck disable=SC2046 # several hosts
        look $(echo "$shard" | tr , ' ') >"$work/view-${shard%%.*}" &
    done
    wait
    cat "$work"/view-*
}

address() { getent ahosts "$1" | sed -n '1s/ .*//p'; }

tell() { # HOST COMMAND...
    to=$1
    command=$2
    shift 2
    case $command in
    MEET)
        found=$(address "$1")
        if [ -z "$found" ]; then return; fi
        answer=$(ask "$to" CLUSTER MEET "$found" 6379)
        ;;
    *) answer=$(ask "$to" CLUSTER "$command" "$@") ;;
    esac
    say "${to%%.*}: $command $*: ${answer:-no answer}"
}

spreading() { # whether a person moves slots meanwhile: spread-slots.sh leaves its number
    [ -s "$work/spreading" ] && kill -0 "$(cat "$work/spreading")" 2>/dev/null
}

REDISCLI_AUTH=$(cat /run/secrets/keeper)
export REDISCLI_AUTH
rm -f "$work/whole" # of the container before
calm=0
while :; do
    if spreading; then
        calm=0
    else
        plan=$(views | awk -v LAYOUT="$LAYOUT" -v CALM="$calm" -f /run/config/cluster-plan.awk)
        if [ "$plan" = whole ]; then
            calm=$((calm + 1))
            touch "$work/whole"
        else
            calm=0
            rm -f "$work/whole"
            echo "$plan" | while read -r host words; do
                # shellcheck disable=SC2086 # several words
                if [ -n "$words" ]; then tell "$host" $words; fi
            done
        fi
    fi
    touch "$work/looked"
    sleep 2
done
