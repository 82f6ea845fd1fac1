#!/bin/sh
# After a Sentinel has started: has it ask the servers every second how they are, not every ten.
#
# A Sentinel takes a replica for good only if it has heard from it within five seconds. At ten seconds between two
# questions, a primary that is missed after five can leave it without a good replica (seen at the first drill),
# and the next attempt comes much later. There is no setting for it, so it is said at each start.
#
# Reads: ENGINE (valkey or redis).
set -u

attempts=0
while [ "$attempts" -lt 60 ]; do
    if REDISCLI_AUTH=$(cat /run/secrets/sentinel) timeout 2 "$ENGINE-cli" -p 26379 --tls --cacert /run/tls/ca.crt \
        --user sentinel SENTINEL DEBUG INFO-PERIOD 1000 2>/dev/null | grep -qx OK; then
        exit 0
    fi
    attempts=$((attempts + 1))
    sleep 0.5
done
exit 1
