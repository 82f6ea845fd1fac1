"""What no single request shows: WebSockets, sticky sessions, replicas that die, limits, TLS versions, log lines."""

from __future__ import annotations

import json
import re
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.consumers.edge import asking, table
from tests.consumers.edge.asking import Answer, ask
from tests.consumers.edge.conftest import Running

FORGETS_SECONDS = 6.1
"""After so long a replica that failed is asked again: fail_timeout, which nginx counts in whole seconds."""


def get(edge: Running, target: str, **more: object) -> Answer:
    return ask(edge.place.https, target, host="app.test", trust=edge.authority, **more)  # pyright: ignore[reportArgumentType]  # passed on


def dial(edge: Running, **versions: ssl.TLSVersion) -> ssl.SSLSocket:
    assert edge.authority is not None
    return asking.dial(edge.place.https, "app.test", edge.authority, **versions)


def test_plain_http_is_sent_to_https(edge: Running) -> None:
    answer = ask(edge.place.http, "/a?b=c", host="app.test", method="POST", body=b"x")
    assert answer.status == 308, "a POST must stay a POST"
    assert answer.header("Location") == "https://app.test/a?b=c"


def test_a_host_without_a_certificate_gets_no_handshake(edge: Running) -> None:
    with pytest.raises(ssl.SSLError, match=r"(?i)unrecognized.name"):
        ask(edge.place.https, "/", host="other.test", trust=edge.authority)


def test_the_certificate_is_for_its_hosts_alone_and_short_enough_for_browsers(edge: Running) -> None:
    with dial(edge) as connection:
        certificate = connection.getpeercert()
    assert certificate is not None
    assert set(certificate["subjectAltName"]) == {("DNS", "app.test"), ("DNS", "inside.test")}
    began, ends = (ssl.cert_time_to_seconds(str(certificate[when])) for when in ("notBefore", "notAfter"))
    lifetime = ends - began
    assert lifetime <= 398 * 86400


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_current_tls_is_spoken(edge: Running, version: ssl.TLSVersion) -> None:
    with dial(edge, minimum_version=version, maximum_version=version) as connection:
        assert connection.version() == {"TLSv1_2": "TLSv1.2", "TLSv1_3": "TLSv1.3"}[version.name]


def test_old_tls_is_refused(edge: Running) -> None:
    with pytest.warns(DeprecationWarning, match="TLSv1"), pytest.raises(ssl.SSLError):
        dial(edge, minimum_version=ssl.TLSVersion.TLSv1, maximum_version=ssl.TLSVersion.TLSv1_1)


def test_a_websocket_passes_both_ways_and_a_plain_path_does_not_upgrade(edge: Running) -> None:
    upgrade = b"Host: app.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    with dial(edge) as connection:
        connection.sendall(b"GET /ws/blocks HTTP/1.1\r\n" + upgrade)
        head = connection.recv(4096)
        assert b" 101 " in head.splitlines()[0]
        for frame in (b"first", b"second"):
            connection.sendall(frame)
            assert connection.recv(100) == frame
    with dial(edge) as connection:
        connection.sendall(b"GET /plain HTTP/1.1\r\n" + upgrade)
        assert b" 200 " in connection.recv(4096).splitlines()[0]


def test_a_client_stays_with_its_replica_and_clients_are_spread(edge: Running) -> None:
    homes: list[str] = []
    for _ in range(24):
        first = get(edge, "/sticky/who")
        cookie = (first.header("Set-Cookie") or "").partition(";")[0]
        attributes = first.header("Set-Cookie") or ""
        assert all(word in attributes for word in ("Secure", "HttpOnly", "SameSite=Lax"))
        home = json.loads(first.body)["backend"]
        again = {json.loads(get(edge, "/sticky/who", headers={"Cookie": cookie}).body)["backend"] for _ in range(5)}
        assert again == {home}
        homes.append(home)
    assert set(homes) == {"127.0.0.1", "127.0.0.2"}


def test_no_idempotent_request_fails_when_a_replica_dies_under_load(edge: Running) -> None:
    dying, other = edge.backends

    def many(number: int) -> list[int]:
        return [get(edge, f"/load/{number}").status for _ in range(40)]

    with ThreadPoolExecutor(8) as pool:
        running = [pool.submit(many, number) for number in range(8)]
        time.sleep(0.1)
        dying.die()
        try:
            statuses = [status for task in running for status in task.result()]
        finally:
            dying.revive()
    assert statuses == [200] * 320
    assert sum(other.seen.values()) > 0


def test_what_an_app_answers_is_handed_on_and_asked_for_once(edge: Running) -> None:
    """An endpoint that fails is no reason to ask it again, nor to leave the others of its app alone."""
    before = sum(backend.seen["GET /often/busy"] for backend in edge.backends)
    assert [get(edge, "/often/busy").status for _ in range(8)] == [503] * 8
    assert sum(backend.seen["GET /often/busy"] for backend in edge.backends) == before + 8
    assert [get(edge, "/well").status for _ in range(8)] == [200] * 8


def test_a_circuit_leaves_a_replica_alone_that_only_fails(edge: Running) -> None:
    ill, well = edge.backends
    ill.broken = True
    try:
        statuses = [get(edge, "/guarded/ill").status for _ in range(40)]
    finally:
        ill.broken = False
    assert statuses == [200] * 40
    assert 0 < ill.seen["GET /guarded/ill"] <= 4
    assert well.seen["GET /guarded/ill"] == 40


def test_a_post_is_not_sent_twice(edge: Running) -> None:
    """Though its replica may have died of it. A GET is."""
    time.sleep(FORGETS_SECONDS)
    assert {get(edge, "/before").status for _ in range(8)} == {200}, "each replica has answered since it failed"
    for method, times in (("POST", 1), ("GET", 2)):
        assert get(edge, "/once/cut", method=method, body=b"x" if method == "POST" else None).status == 502
        assert sum(backend.seen[f"{method} /once/cut"] for backend in edge.backends) == times
    time.sleep(FORGETS_SECONDS)
    assert get(edge, "/").status == 200


def test_a_key_stays_at_the_edge_and_in_no_log(edge: Running) -> None:
    answer = get(edge, "/keyed/who", headers={"X-API-Key": table.KEY})
    assert answer.status == 200
    assert table.KEY not in answer.body.decode()
    seen = answer.header("X-Request-Id")
    assert seen is not None
    assert table.KEY not in str(_lines(edge.folder / "access.log", seen))


def test_a_client_above_its_open_requests_is_refused(edge: Running) -> None:
    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(lambda _: get(edge, "/crowded/slow").status, range(4)))
    assert statuses[0] == 200
    assert statuses[-1] == 429


def test_a_client_that_sends_its_headers_too_slowly_is_hung_up_on(edge: Running) -> None:
    with dial(edge) as connection:
        connection.settimeout(20)
        connection.sendall(b"GET / HTTP/1.1\r\nHost: app.test\r\n")
        started = time.monotonic()
        told = connection.recv(100)
    assert told == b"" or b" 408 " in told
    assert 8 < time.monotonic() - started < 15


def test_every_line_of_the_log_is_json_with_the_id_that_app_and_client_saw_and_nobodys_address(edge: Running) -> None:
    answer = get(edge, "/logged?secret=1", headers={"User-Agent": 'a "quoted" \\ agent'})
    seen = json.loads(answer.body)["headers"]["x-request-id"]
    assert answer.header("X-Request-Id") == seen
    assert re.fullmatch(r"[0-9a-f]{32}", seen)
    lines = _lines(edge.folder / "access.log", seen)
    (line,) = [entry for entry in lines if entry["request_id"] == seen]
    assert (line["route"], line["status"], line["path"], line["upstream_status"]) == ("api", 200, "/logged", "200")
    assert line["tls"] == "TLSv1.3"
    assert not any("secret" in str(entry) or "agent" in str(entry) for entry in lines)
    assert not any("client" in entry or "remote" in str(entry) for entry in lines)


def _lines(log: Path, until: str) -> list[dict[str, object]]:
    """The log is written after the answer: waits for one id."""
    for _ in range(50):
        text = log.read_text(encoding="utf-8")
        if until in text:
            return [json.loads(line) for line in text.splitlines()]
        threading.Event().wait(0.05)
    raise AssertionError(until)
