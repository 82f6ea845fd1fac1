#!/bin/sh
# For a person, after shards were added: `kubectl exec deploy/NAME-keeper -- sh /run/config/spread-slots.sh`. Moves slots
# until every shard has as many. Keys stay readable and writable; run it again if it was interrupted.
#
# Reads: ENGINE, LAYOUT.
set -eu

REDISCLI_AUTH=$(cat /run/secrets/keeper)
export REDISCLI_AUTH
echo $$ >/run/keeper/spreading
trap 'rm -f /run/keeper/spreading' EXIT
"$ENGINE-cli" --cluster rebalance "${LAYOUT%%,*}:6379" --tls --cacert /run/tls/ca.crt --user keeper --no-auth-warning \
    --cluster-use-empty-masters --cluster-use-atomic-slot-migration --cluster-threshold 1
