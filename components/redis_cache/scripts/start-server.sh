#!/bin/sh
# Starts a server of a replicated instance in the role that a majority of the Sentinels gives it, and in no other.
#
# - A server never makes itself the primary: without a majority it waits. So two starts can't make two primaries.
# - A server without data that is named the primary waits until another one is named: as a primary it would tell its
#   replicas to become as empty as it is. Only at the founding, when no Sentinel knows of any replica, may it start so.
# - A server that is named the primary while a failover runs waits for its end, half a minute at most.
#
# Reads: ENGINE (valkey or redis), GROUP, SELF, SENTINELS, MAJORITY.
set -eu
trap 'exit 0' TERM INT

say() { echo "start-server: $*"; }

ask() { # HOST COMMAND...: what one Sentinel answers; nothing if it does not
    host=$1
    shift
    REDISCLI_AUTH=$(cat /run/secrets/replication) timeout 2 "$ENGINE-cli" -h "$host" -p 26379 \
        --tls --cacert /run/tls/ca.crt --user replication "$@" 2>/dev/null || true
}

primary() { # the host that a majority names; fails without one
    for sentinel in $SENTINELS; do
        ask "$sentinel" SENTINEL GET-MASTER-ADDR-BY-NAME "$GROUP" | sed -n 1p
    done | sort | uniq -c | awk -v need="$MAJORITY" '$1 >= need { print $2; found = 1 } END { exit !found }'
}

any() { # PATTERN COMMAND...: whether an answer of any Sentinel has a line of that pattern
    pattern=$1
    shift
    for sentinel in $SENTINELS; do
        if ask "$sentinel" "$@" | grep -Eq "$pattern"; then return 0; fi
    done
    return 1
}

has_data() { [ -d /data/appendonlydir ]; }

start() { # [PRIMARY]: becomes the server; without an argument, the primary
    {
        echo "include /run/config/server.conf"
        echo "replica-announce-ip $SELF"
        echo "replica-announce-port 6379"
        echo "masteruser replication"
        echo "masterauth $(cat /run/secrets/replication)"
        if [ $# -gt 0 ]; then echo "replicaof $1 6379"; fi
    } >/run/server/server.conf
    exec "$ENGINE-server" /run/server/server.conf
}

umask 077
patience=30
while :; do
    if ! named=$(primary); then
        say "no majority of $SENTINELS names a primary; waiting"
    elif [ "$named" != "$SELF" ]; then
        say "replica of $named"
        start "$named"
    elif ! has_data && any . SENTINEL REPLICAS "$GROUP"; then
        say "named the primary, but there is no data here and replicas are known: waiting until another is named"
    elif [ "$patience" -gt 0 ] && any 'failover_in_progress' SENTINEL MASTER "$GROUP"; then
        say "named the primary, but a failover runs: waiting for its end"
        patience=$((patience - 1))
    else
        say "primary"
        start
    fi
    sleep 1
done
