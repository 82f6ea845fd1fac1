"""Every user can do what it should and nothing else, on servers and on Sentinels."""

from __future__ import annotations

import pytest

from components.redis_cache.spec import ReplicatedSpec
from components.redis_cache.telemetry import telemetry
from tests.consumers.redis import drill, series, stack
from tests.consumers.redis.apps import ask
from tests.consumers.redis.instance import Instance

pytestmark = pytest.mark.parametrize("store", stack.ENGINES, indirect=True, scope="module")

NO = "NOPERM"
COUNT = "local kind = redis.call('type', KEYS[1]).ok return redis.call('llen', KEYS[1])"
"""What KEDA asks a queue, as the app's user. https://keda.sh/docs/2.21/scalers/redis-lists/"""


def said(store: Instance, app: str, *command: str, on_sentinel: bool = False) -> str:
    host, port = (store.sentinels[0].host, 26379) if on_sentinel else (drill.the_primary(store).host, 6379)
    return ask(store, host, app, store.binding(app)["password"], *command, port=port)


@pytest.mark.parametrize(
    ("app", "command", "answer"),
    [
        ("api", ("SET", "session:1", "a"), "OK"),
        ("api", ("GET", "session:1"), "a"),
        ("api", ("EVAL", "return redis.call('set', KEYS[1], 'b')", "1", "session:1"), "OK"),
        ("api", ("EVAL", "return redis.call('set', 'job:1', 'b')", "0"), "No permissions to access a key"),
        ("api", ("PUBLISH", "session:1", "x"), "0"),
        ("api", ("PUBLISH", "job:1", "x"), NO),
        ("api", ("SET", "job:1", "a"), NO),
        ("api", ("GET", "job:1"), NO),
        ("api", ("RENAME", "session:1", "job:1"), NO),
        ("api", ("INFO", "server"), "# Server"),
        *(
            ("api", command, NO)
            for command in (
                ("KEYS", "*"),
                ("SCAN", "0"),
                ("RANDOMKEY",),
                ("FLUSHALL",),
                ("FLUSHDB",),
                ("CONFIG", "GET", "*"),
                ("ACL", "LIST"),
                ("REPLICAOF", "NO", "ONE"),
                ("SHUTDOWN",),
                ("MONITOR",),
                ("CLIENT", "KILL", "TYPE", "normal"),
                ("FUNCTION", "LIST"),
                ("SCRIPT", "FLUSH"),
                ("PSYNC", "?", "-1"),
            )
        ),
        ("report", ("GET", "session:1"), "b"),
        ("report", ("SET", "session:1", "c"), NO),
        ("report", ("DEL", "session:1"), NO),
        ("report", ("GET", "job:1"), NO),
        ("worker", ("LPUSH", "job:list", "x"), "1"),
        ("worker", ("BRPOP", "job:list", "1"), "job:list"),
        ("worker", ("GET", "session:1"), NO),
        ("worker", ("EVAL", COUNT, "1", "job:none"), "0"),
        ("worker", ("EVAL", COUNT, "1", "session:1"), NO),
        ("report", ("EVAL", COUNT, "1", "session:1"), NO),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else str(value),
)
def test_an_app_on_the_servers(store: Instance, app: str, command: tuple[str, ...], answer: str) -> None:
    assert answer in said(store, app, *command)


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "sessions"), "sessions-"),
        (("SENTINEL", "REPLICAS", "sessions"), "sessions-"),
        (("SENTINEL", "FAILOVER", "sessions"), NO),
        (("SENTINEL", "SET", "sessions", "quorum", "1"), NO),
        (("SENTINEL", "REMOVE", "sessions"), NO),
        (("SENTINEL", "MONITOR", "x", "127.0.0.1", "1", "1"), NO),
        (("PUBLISH", "__sentinel__:hello", "x"), NO),
        (("SHUTDOWN",), NO),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_an_app_on_the_sentinels(store: Instance, command: tuple[str, ...], answer: str) -> None:
    assert answer in said(store, "worker", *command, on_sentinel=True)


def test_an_app_may_use_the_newer_words_of_sentinel_where_there_are_any(store: Instance) -> None:
    answer = said(store, "worker", "SENTINEL", "GET-PRIMARY-ADDR-BY-NAME", "sessions", on_sentinel=True)
    assert ("sessions-" if store.engine == "valkey" else "unknown subcommand") in answer


def test_an_app_that_comes_through_the_proxies_has_no_business_with_sentinels(store: Instance) -> None:
    assert "WRONGPASS" in said(store, "api", "PING", on_sentinel=True)


@pytest.mark.parametrize(("port", "pod"), [(6379, "server"), (26379, "sentinel")])
def test_nobody_gets_in_without_a_name(store: Instance, port: int, pod: str) -> None:
    host = (store.servers if pod == "server" else store.sentinels)[0].host
    words = f"timeout 3 valkey-cli -h {host} -p {port}"
    tls = "--tls --cacert /run/tls/ca.crt"
    inside = store.sentinels[-1]
    assert "NOAUTH" in inside.run("sh", "-c", f"{words} {tls} PING 2>&1").stdout
    assert "PONG" not in inside.run("sh", "-c", f"{words} PING 2>&1").stdout, "answers without TLS"


def test_a_password_stands_in_no_variable_and_no_command_line(store: Instance) -> None:
    known = {store.binding(app)["password"] for app in ("api", "worker", "report")}
    for pod in store.pods:
        own = {text for files in pod.contents.values() for text in files.values()}
        told = str(pod.template)
        assert not any(password in told for password in known)
        assert not any(password in text for text in own for password in known), pod.name


def test_the_exporters_give_every_series_that_signals_read(store: Instance) -> None:
    spec = ReplicatedSpec(mode="replicated", purpose="store", memory="256Mi", storage="1Gi")
    found = series.beside(store.servers)
    assert series.lacking(telemetry("sessions", spec, "kubernetes"), "kubernetes", found) == []
    assert series.unlisted(found) == {}
