#!/bin/sh
# Starts a server of a sharded instance. Its role and its slots stand in nodes.conf on its volume, and in what the others
# know; keep-cluster.sh tells a server that has no such file where it belongs.
#
# A server that owns slots and has lost their keys waits, while one of its shard still has them, until that one is elected
# in its place: as a primary it would tell its replicas to become as empty as it is. A cache is always such a server.
#
# Reads: ENGINE (valkey or redis), SELF, SHARD (the hosts of its shard, with commas).
set -eu
trap 'exit 0' TERM INT

say() { echo "start-shard: $*"; }

ask() { # HOST COMMAND...
    host=$1
    shift
    REDISCLI_AUTH=$(cat /run/secrets/health) timeout 2 "$ENGINE-cli" -h "$host" --tls --cacert /run/tls/ca.crt \
        --user health "$@" 2>/dev/null || true
}

has_data() { [ -d /data/appendonlydir ]; }

mates() { echo "$SHARD" | tr , '\n' | grep -Fvx "$SELF" || true; }

owner() { # the number by which the others know this server, if it owns slots as far as it knows
    if [ -s /data/nodes.conf ]; then awk '$3 ~ /myself/ && NF > 8 { print $1 }' /data/nodes.conf; fi
}

awaited() { # NUMBER: whether a server of the shard has keys, and has not been elected yet
    for mate in $(mates); do
        if ask "$mate" INFO keyspace | grep -q '^db0:' &&
            ask "$mate" CLUSTER NODES | awk -v id="$1" '$1 == id && NF > 8 { owns = 1 } END { exit !owns }'; then
            return 0
        fi
    done
    return 1
}

if number=$(owner) && [ -n "$number" ] && ! has_data; then
    seconds=0
    silent=0
    while [ "$seconds" -lt 30 ] && [ "$silent" -lt 2 ]; do
        if awaited "$number"; then
            say "owns slots and has no keys, but another of the shard has them: waiting until that one is elected"
            silent=0
        else
            silent=$((silent + 1))
        fi
        seconds=$((seconds + 1))
        sleep 1
    done
fi
umask 077
{
    echo "include /run/config/server.conf"
    echo "cluster-announce-hostname $SELF"
    echo "masteruser replication"
    echo "masterauth $(cat /run/secrets/replication)"
} >/run/server/server.conf
exec "$ENGINE-server" /run/server/server.conf
