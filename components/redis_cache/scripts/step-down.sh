#!/bin/sh
# Before a server stops: a primary hands its role to a replica that has caught up, so that no write waits for a timeout.
#
# Reads: ENGINE (valkey or redis), GROUP, SENTINELS.
set -u

role() {
    REDISCLI_AUTH=$(cat /run/secrets/health) timeout 2 "$ENGINE-cli" --tls --cacert /run/tls/ca.crt \
        --user health ROLE 2>/dev/null | sed -n 1p
}

hand_over() { # HOST [COORDINATED]
    host=$1
    shift
    REDISCLI_AUTH=$(cat /run/secrets/replication) timeout 5 "$ENGINE-cli" -h "$host" -p 26379 \
        --tls --cacert /run/tls/ca.crt --user replication SENTINEL FAILOVER "$GROUP" "$@" 2>/dev/null | grep -qx OK
}

if [ "$(role)" != master ]; then exit 0; fi
for sentinel in $SENTINELS; do
    # Coordinated: the primary holds writes back until the replica has them all. Redis does not know the word.
    if hand_over "$sentinel" COORDINATED || { [ "$ENGINE" = redis ] && hand_over "$sentinel"; }; then break; fi
done
seconds=0
while [ "$(role)" = master ] && [ "$seconds" -lt 25 ]; do
    sleep 1
    seconds=$((seconds + 1))
done
exit 0
