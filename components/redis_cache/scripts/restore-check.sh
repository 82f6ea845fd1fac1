#!/bin/sh
# Whether a store's file is worth anything: copies it from a server's volume, loads it into a server that is thrown away,
# and compares the number of keys with the one that is running. Changes nothing, and lets nobody in but through a socket.
#
# Reads: ENGINE (valkey or redis), LIVE. At most a hundredth of the keys may differ: they change while this runs.
set -eu

say() { echo "restore-check: $*"; }

live() {
    REDISCLI_AUTH=$(cat /run/secrets/health) timeout 5 "$ENGINE-cli" -h "$LIVE" --tls --cacert /run/tls/ca.crt \
        --user health INFO keyspace | sed -n 's/^db0:keys=\([0-9]*\),.*/\1/p'
}

copied() { # a file that is written anew between two reads would be torn: it is whole if the list of its parts stayed
    rm -rf /scratch/appendonlydir
    parts=$(cat /data/appendonlydir/*.manifest) &&
        cp -R /data/appendonlydir /scratch/ &&
        [ "$(cat /data/appendonlydir/*.manifest)" = "$parts" ]
}

before=$(live)
attempts=5
until copied; do
    attempts=$((attempts - 1))
    if [ "$attempts" -eq 0 ]; then
        say "there is no whole file in $(ls /data)"
        exit 1
    fi
    sleep 5
done

"$ENGINE-server" --port 0 --unixsocket /scratch/socket --dir /scratch --appendonly yes --save '' \
    --auto-aof-rewrite-percentage 0 >/scratch/log 2>&1 &
throwaway=$!
until "$ENGINE-cli" -s /scratch/socket PING 2>/dev/null | grep -qx PONG; do
    if ! kill -0 "$throwaway" 2>/dev/null; then
        say "the file can't be loaded"
        tail -n 20 /scratch/log
        exit 1
    fi
    sleep 1
done
found=$("$ENGINE-cli" -s /scratch/socket DBSIZE)
kill -KILL "$throwaway"

after=$(live)
before=${before:-0}
after=${after:-0}
least=$((before < after ? before : after))
say "$found keys in the file; $before before and $after after in the server"
if [ $((found * 100)) -lt $((least * 99)) ]; then
    say "keys are missing"
    exit 1
fi
