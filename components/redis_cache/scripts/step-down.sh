#!/bin/sh
# Before a server stops: a primary hands its role to a replica that has caught up, so that no write waits for a timeout,
# and none that was answered is lost.
#
# Valkey's Sentinels have the primary hold writes back until the replica has them all. Redis' do not (seen at its first
# drill: dozens of answered writes were lost), so it is told so here; it stops without taking another write.
#
# Reads: ENGINE (valkey or redis), GROUP, SELF, SENTINELS.
set -u

ask() { # USER COMMAND...: this server
    user=$1
    shift
    REDISCLI_AUTH=$(cat "/run/secrets/$user") timeout 2 "$ENGINE-cli" --tls --cacert /run/tls/ca.crt \
        --user "$user" "$@" 2>/dev/null
}

ask_sentinel() { # HOST COMMAND...
    host=$1
    shift
    REDISCLI_AUTH=$(cat /run/secrets/replication) timeout 5 "$ENGINE-cli" -h "$host" -p 26379 \
        --tls --cacert /run/tls/ca.crt --user replication SENTINEL "$@" 2>/dev/null
}

role() { ask health ROLE | sed -n 1p; }

caught_up() { # whether every replica has said that it has all: ROLE is `master`, an offset, and three lines for each
    ask health ROLE | awk 'NR == 2 { all = $1 } NR > 2 && NR % 3 == 2 && $1 + 0 < all + 0 { behind = 1 } END { exit behind }'
}

hold_writes() {
    ask replication CLIENT PAUSE 60000 WRITE >/dev/null # until it stops
    tenths=0
    while [ "$tenths" -lt 50 ] && ! caught_up; do
        sleep 0.1
        tenths=$((tenths + 1))
    done
}

leads() {
    if [ "$(role)" != master ]; then return 1; fi
    # Redis calls itself the primary for some seconds more.
    if [ "$ENGINE" = redis ]; then ask_sentinel "$sentinel" GET-MASTER-ADDR-BY-NAME "$GROUP" | grep -qFx "$SELF"; fi
}

if [ "$(role)" != master ]; then exit 0; fi
coordinated=COORDINATED
if [ "$ENGINE" = redis ]; then
    coordinated=
    hold_writes
fi
for sentinel in $SENTINELS; do
    # shellcheck disable=SC2086 # a word, or none
    if ask_sentinel "$sentinel" FAILOVER "$GROUP" $coordinated | grep -qx OK; then break; fi
done
seconds=0
while leads && [ "$seconds" -lt 25 ]; do
    sleep 1
    seconds=$((seconds + 1))
done
exit 0
