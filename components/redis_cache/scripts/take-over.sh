#!/bin/sh
# For a person, when a majority of the primaries is lost for good and nobody can be elected:
# `kubectl exec deploy/NAME-keeper -- sh /run/config/take-over.sh`. In every shard that has no primary which answers, the
# replica that has read the most becomes one, without the others' votes. If a lost primary lives on out of sight, what it
# accepts meanwhile is lost.
#
# Reads: ENGINE, LAYOUT.
set -eu

REDISCLI_AUTH=$(cat /run/secrets/keeper)
export REDISCLI_AUTH

ask() { # HOST COMMAND...
    host=$1
    shift
    timeout 3 "$ENGINE-cli" -h "$host" --tls --cacert /run/tls/ca.crt --user keeper "$@" 2>/dev/null
}

for shard in $LAYOUT; do
    led=
    best=
    most=-1
    for host in $(echo "$shard" | tr , ' '); do
        if ! said=$(ask "$host" ROLE); then continue; fi
        case $said in
        master*) if ask "$host" CLUSTER NODES | awk '$3 ~ /myself/ && NF > 8 { owns = 1 } END { exit !owns }'; then led=$host; fi ;;
        slave*)
            read_so_far=$(echo "$said" | sed -n 5p)
            if [ "$read_so_far" -gt "$most" ]; then
                most=$read_so_far
                best=$host
            fi
            ;;
        esac
    done
    if [ -n "$led" ]; then
        echo "take-over: ${led%%.*} leads"
    elif [ -z "$best" ]; then
        echo "take-over: nobody answers of $shard"
    else
        echo "take-over: ${best%%.*}: $(ask "$best" CLUSTER FAILOVER TAKEOVER)"
    fi
done
