#!/bin/sh
# Before a server of a sharded instance stops: if it owns slots, a replica takes them over once it has every write.
#
# Reads: ENGINE (valkey or redis), SELF, SHARD (the hosts of its shard, with commas).
set -u

ask() { # HOST USER COMMAND...
    host=$1
    user=$2
    shift 2
    REDISCLI_AUTH=$(cat "/run/secrets/$user") timeout 2 "$ENGINE-cli" -h "$host" --tls --cacert /run/tls/ca.crt \
        --user "$user" "$@" 2>/dev/null
}

owns() { ask localhost health CLUSTER NODES | awk '$3 ~ /myself/ && NF > 8 { owns = 1 } END { exit !owns }'; }

for mate in $(echo "$SHARD" | tr , '\n' | grep -Fvx "$SELF"); do
    if ! owns; then exit 0; fi
    if ask "$mate" replication CLUSTER FAILOVER | grep -qx OK; then
        seconds=0
        while owns && [ "$seconds" -lt 6 ]; do # an attempt that has not succeeded by then has failed
            sleep 1
            seconds=$((seconds + 1))
        done
    fi
done
exit 0
