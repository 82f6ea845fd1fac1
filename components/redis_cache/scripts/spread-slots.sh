#!/bin/sh
# For a person, after shards were added: `kubectl exec deploy/NAME-keeper -- sh /run/config/spread-slots.sh`. Moves slots
# until every shard has as many. Keys stay readable and writable; run it again if it was interrupted.
#
# Only in a cluster that is whole, and that has one primary for each shard: slots would be moved to any other one too, and
# a server that is alone for a moment, or has not been told yet whom it follows, is one.
#
# Reads: ENGINE, LAYOUT.
set -eu

refuse() {
    echo "spread-slots: $*; nothing was moved. The keeper's log says what it waits for" >&2
    exit 1
}

entry=${LAYOUT%%,*}
REDISCLI_AUTH=$(cat /run/secrets/keeper)
export REDISCLI_AUTH

if [ ! -e /run/keeper/whole ]; then refuse "the cluster is not whole"; fi
primaries=$(timeout 3 "$ENGINE-cli" -h "$entry" --tls --cacert /run/tls/ca.crt --user keeper CLUSTER NODES |
    awk '$3 ~ /master/ && $3 !~ /fail|handshake|noaddr/ { primaries++ } END { print primaries + 0 }')
shards=$(echo "$LAYOUT" | wc -w)
if [ "$primaries" -ne "$shards" ]; then refuse "${entry%%.*} sees $primaries primaries for $shards shards"; fi

echo $$ >/run/keeper/spreading
trap 'rm -f /run/keeper/spreading' EXIT
"$ENGINE-cli" --cluster rebalance "$entry:6379" --tls --cacert /run/tls/ca.crt --user keeper --no-auth-warning \
    --cluster-use-empty-masters --cluster-use-atomic-slot-migration --cluster-threshold 1
