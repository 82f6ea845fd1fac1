"""What servers, Sentinels and proxies read: valkey.conf, sentinel.conf, haproxy.cfg. Pure text.

Owns: settings. What a server's role is stands in none of them: scripts/start-server.sh asks the Sentinels at each start.
https://valkey.io/topics/valkey.conf/ https://valkey.io/topics/sentinel/ https://docs.haproxy.org/3.2/configuration.html
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from components.folders import SECRETS_FOLDER, TLS_FOLDER
from components.redis_cache.facts import BUS_PORT, PORT, PROXY_STATUS_PORT, SENTINEL_PORT
from components.redis_cache.spec import ClusterSpec, RedisCacheSpec, ReplicatedSpec

DATA_FOLDER = "/data"

SCRIPTS = Path(__file__).parent / "scripts"

DOWN_AFTER_MS = 5000
"""A primary that has not answered for so long is away. Shorter, and a pause of a busy node is a failover."""

FAILOVER_TIMEOUT_MS = 10_000
"""An attempt that has not ended by then has failed; the next one begins after twice this."""

MAX_LAG_SECONDS = 10
"""A replica that has been silent for longer doesn't count for min-replicas-to-write."""

_TLS = (
    f"tls-cert-file {TLS_FOLDER}/tls.crt",
    f"tls-key-file {TLS_FOLDER}/tls.key",
    f"tls-ca-cert-file {TLS_FOLDER}/ca.crt",
    "tls-auth-clients no",
    "tls-replication yes",
)

_TAKING_OVER = {
    # Without a file, which would need the room of all keys on disk, and come back with what they were yesterday.
    "valkey": ("repl-diskless-load flush-before-load",),
    # Redis needs one if it has keys, unless it may keep them in memory meanwhile. It has room, and goes at once.
    "redis": ("repl-diskless-load on-empty-db", "rdb-del-sync-files yes"),
}
"""How a cache's replica takes over all keys."""

PROXY_STOP_SECONDS = 20
"""Connections that are still open when a proxy stops may last so long."""

CERTIFICATE_CHECK_SECONDS = 3600
"""How often a server looks whether its certificate was renewed."""


def script(name: str) -> str:
    """A script of this package."""
    return (SCRIPTS / name).read_text(encoding="utf-8")


def server(spec: RedisCacheSpec, *, tls: bool) -> str:
    """server.conf"""
    durable = spec.purpose == "store"
    lines = [
        *_listen(spec, PORT, tls=tls),
        f"aclfile {SECRETS_FOLDER}/users.acl",
        "databases 1",
        f"dir {DATA_FOLDER}",
        f"maxmemory {spec.maxmemory_bytes}",
        f"maxmemory-policy {'noeviction' if durable else 'allkeys-lru'}",
        f"maxclients {spec.max_clients}",
        "tcp-keepalive 60",
        "latency-monitor-threshold 100",
        # Files are the append-only log's; a snapshot beside it would be a second truth.
        'save ""',
        f"appendonly {'yes' if durable else 'no'}",
    ]
    if durable:
        lines += ["appendfsync everysec"]
    if isinstance(spec, ReplicatedSpec | ClusterSpec):
        lines += [
            "repl-diskless-sync-delay 1",
            f"repl-backlog-size {max(16 * 2**20, spec.maxmemory_bytes // 16)}",
        ]
        if durable:
            # An old primary that nobody follows any more must not go on taking writes.
            lines += ["min-replicas-to-write 1", f"min-replicas-max-lag {MAX_LAG_SECONDS}"]
        else:
            lines += _TAKING_OVER[spec.engine]
    if isinstance(spec, ClusterSpec):
        lines += _sharded(durable=durable)
    return _text(lines)


def _sharded(*, durable: bool) -> list[str]:
    """https://valkey.io/topics/cluster-spec/"""
    return [
        "cluster-enabled yes",
        "cluster-config-file nodes.conf",
        f"cluster-port {BUS_PORT}",
        # Servers show each other certificates of the instance's own authority: the bus has no users.
        "tls-cluster yes",
        f"cluster-node-timeout {DOWN_AFTER_MS}",
        "cluster-preferred-endpoint-type hostname",
        # A shard that is away is no reason for the others to stop, least of all for the seconds of a failover.
        "cluster-require-full-coverage no",
        # A replica that left its shard would stand where the shard's primary does.
        "cluster-allow-replica-migration no",
        # Of a store, only a replica that was in touch a minute ago may be elected; of a cache, any.
        f"cluster-replica-validity-factor {10 if durable else 0}",
    ]


def sentinel(name: str, spec: ReplicatedSpec) -> str:
    """The part of sentinel.conf that is known beforehand; scripts/start-sentinel.sh adds names, passwords and what was learnt."""
    return _text(
        [
            *_listen(spec, SENTINEL_PORT, tls=True),
            f"aclfile {SECRETS_FOLDER}/users.acl",
            f"dir {DATA_FOLDER}",
            "sentinel resolve-hostnames yes",
            "sentinel announce-hostnames yes",
            "sentinel deny-scripts-reconfig yes",
            f"sentinel down-after-milliseconds {name} {DOWN_AFTER_MS}",
            f"sentinel failover-timeout {name} {FAILOVER_TIMEOUT_MS}",
            f"sentinel parallel-syncs {name} 1",
        ]
    )


def _listen(spec: RedisCacheSpec, port: int, *, tls: bool) -> list[str]:
    # Protected mode is for servers without users; here `default` is off.
    lines = ["bind * -::*", "protected-mode no"]
    if not tls:
        return [*lines, f"port {port}"]
    lines += ["port 0", f"tls-port {port}", *_TLS]
    # Redis reads its certificate at its start alone.
    return [*lines, f"tls-auto-reload-interval {CERTIFICATE_CHECK_SECONDS}"] if spec.engine == "valkey" else lines


def proxy(spec: ReplicatedSpec, hosts: Sequence[str], password: str) -> str:
    """haproxy.cfg: connections go, still encrypted, to the server that says it is the primary."""
    # A store's primary takes writes only while a replica follows; one that nobody follows is an old one.
    leads = r"role:master\r\nconnected_slaves:[1-9]" if spec.purpose == "store" else "role:master"
    return _text(
        [
            "global",
            f"  maxconn {spec.max_clients}",
            f"  hard-stop-after {PROXY_STOP_SECONDS}s",
            "  log stdout format raw local0 notice",
            "defaults",
            "  mode tcp",
            "  log global",
            "  timeout connect 3s",
            # Idle connections of a pool are the client's to close.
            "  timeout client 3h",
            "  timeout server 3h",
            "  option clitcpka",
            "  option srvtcpka",
            "  retries 2",
            "resolvers cluster",
            "  parse-resolv-conf",
            "  resolve_retries 2",
            "  timeout resolve 1s",
            "  timeout retry 1s",
            "  hold valid 2s",
            "frontend status",
            "  mode http",
            f"  bind :{PROXY_STATUS_PORT}",
            "  timeout client 10s",
            "  monitor-uri /healthz",
            "  http-request use-service prometheus-exporter if { path /metrics }",
            "frontend clients",
            f"  bind :{PORT}",
            "  default_backend primary",
            "backend primary",
            "  option tcp-check",
            f"  tcp-check send AUTH\\ proxy\\ {password}\\r\\n",
            "  tcp-check expect string +OK",
            "  tcp-check send INFO\\ replication\\r\\n",
            f"  tcp-check expect rstring {leads}",
            "  tcp-check send QUIT\\r\\n",
            "  tcp-check expect string +OK",
            f"  default-server check check-ssl verify required ca-file {TLS_FOLDER}/ca.crt inter 1s fastinter 500ms fall 2 rise 1 "
            "on-marked-down shutdown-sessions resolvers cluster init-addr none",
            *(f"  server {host.partition('.')[0]} {host}:{PORT}" for host in hosts),
        ]
    )


def _text(lines: Sequence[str]) -> str:
    return "\n".join(lines) + "\n"
