#!/bin/sh
# Starts a Sentinel with what it learnt before: votes and epochs must outlive a restart, and so must its identity, or
# each restart would add a ghost to the number that a majority is counted from.
#
# Without a past, the primary is whom another Sentinel names, else the one server that says it is one, else the first.
#
# Reads: ENGINE (valkey or redis), GROUP, SELF, SENTINELS, SERVERS, QUORUM.
set -eu
trap 'exit 0' TERM INT

state=/data/sentinel.conf

ask() { # HOST PORT COMMAND...
    host=$1
    port=$2
    shift 2
    REDISCLI_AUTH=$(cat /run/secrets/sentinel) timeout 2 "$ENGINE-cli" -h "$host" -p "$port" \
        --tls --cacert /run/tls/ca.crt --user sentinel "$@" 2>/dev/null || true
}

first_primary() {
    for sentinel in $SENTINELS; do
        if [ "$sentinel" != "$SELF" ]; then
            named=$(ask "$sentinel" 26379 SENTINEL GET-MASTER-ADDR-BY-NAME "$GROUP" | sed -n 1p)
            if [ -n "$named" ]; then
                echo "$named"
                return
            fi
        fi
    done
    leading=$(for server in $SERVERS; do
        if [ "$(ask "$server" 6379 ROLE | sed -n 1p)" = master ]; then echo "$server"; fi
    done)
    if [ "$(echo "$leading" | grep -c .)" = 1 ]; then
        echo "$leading"
    else
        echo "${SERVERS%% *}"
    fi
}

umask 077
known=$(if [ -s "$state" ]; then
    grep -E '^sentinel (current-epoch|config-epoch|leader-epoch|known-(replica|slave|sentinel)) ' "$state" || true
fi)
named=$(if [ -s "$state" ]; then awk '$1 == "sentinel" && $2 == "monitor" { print $4 }' "$state"; fi)
if [ -z "$named" ]; then named=$(first_primary); fi
echo "start-sentinel: watching $named"
{
    echo "sentinel monitor $GROUP $named 6379 $QUORUM"
    cat /run/config/sentinel.conf
    echo "sentinel myid $(printf %s "$SELF" | sha1sum | cut -c 1-40)"
    echo "sentinel announce-ip $SELF"
    echo "sentinel announce-port 26379"
    echo "sentinel sentinel-user sentinel"
    echo "sentinel sentinel-pass $(cat /run/secrets/sentinel)"
    echo "sentinel auth-user $GROUP sentinel"
    echo "sentinel auth-pass $GROUP $(cat /run/secrets/sentinel)"
    echo "$known"
} >"$state.new"
mv "$state.new" "$state"
exec "$ENGINE-server" "$state" --sentinel
