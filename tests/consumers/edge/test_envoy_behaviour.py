"""What no single request shows, of the Envoy that runs in a cluster; what nginx does beside it: test_edge_behaviour.py."""

from __future__ import annotations

import json
import re
import ssl
import time
from collections import Counter
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.consumers.edge import asking, issuer, table, way_in
from tests.consumers.edge.asking import ask
from tests.consumers.edge.backends import Backend
from tests.consumers.edge.proxies import HTTP, Proxy
from tests.series import emitted_by

pytestmark = pytest.mark.parametrize("envoy", ["prod"], indirect=True)

UPGRADE = b"Host: app.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
ALLOWED = "203.0.113.5"


def dial(envoy: Proxy, **versions: ssl.TLSVersion) -> ssl.SSLSocket:
    return asking.dial(envoy.at, way_in.HOST, envoy.authority, **versions)


@contextmanager
def broken(*backends: Backend) -> Generator[None]:
    for backend in backends:
        backend.broken = True
    try:
        yield
    finally:
        for backend in backends:
            backend.broken = False


def test_plain_http_is_sent_to_https(envoy: Proxy) -> None:
    answer = ask(f"{envoy.address}:{HTTP}", "/a?b=c", host=way_in.HOST, method="POST", body=b"x")
    assert answer.status == 308, "a POST must stay a POST"
    assert answer.header("Location") == "https://app.test/a?b=c"


def test_a_host_without_a_certificate_gets_no_handshake(envoy: Proxy) -> None:
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        envoy.ask("/", host="other.test")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_current_tls_is_spoken(envoy: Proxy, version: ssl.TLSVersion) -> None:
    with dial(envoy, minimum_version=version, maximum_version=version) as connection:
        assert connection.version() == {"TLSv1_2": "TLSv1.2", "TLSv1_3": "TLSv1.3"}[version.name]


def test_old_tls_is_refused(envoy: Proxy) -> None:
    with pytest.warns(DeprecationWarning, match="TLSv1"), pytest.raises(ssl.SSLError):
        dial(envoy, minimum_version=ssl.TLSVersion.TLSv1, maximum_version=ssl.TLSVersion.TLSv1_1)


def test_a_websocket_passes_both_ways(envoy: Proxy) -> None:
    with dial(envoy) as connection:
        connection.sendall(b"GET /ws/blocks HTTP/1.1\r\n" + UPGRADE)
        assert b" 101 " in connection.recv(4096).splitlines()[0]
        for frame in (b"first", b"second"):
            connection.sendall(frame)
            assert connection.recv(100) == frame


def test_a_silent_websocket_is_closed_and_a_talking_one_is_not(envoy: Proxy) -> None:
    """The route says one second."""
    with dial(envoy) as connection:
        connection.sendall(b"GET /quick/ws HTTP/1.1\r\n" + UPGRADE)
        assert b" 101 " in connection.recv(4096).splitlines()[0]
        for frame in (b"1", b"2", b"3", b"4"):
            time.sleep(0.5)
            connection.sendall(frame)
            assert connection.recv(100) == frame
        started = time.monotonic()
        assert connection.recv(100) == b""
    assert 0.5 < time.monotonic() - started < 3


def test_an_app_that_is_too_slow_is_not_waited_for(envoy: Proxy) -> None:
    started = time.monotonic()
    assert envoy.ask("/quick/slower").status == 504
    assert 0.9 < time.monotonic() - started < 1.8


def test_a_client_stays_with_its_replica_and_clients_are_spread(envoy: Proxy) -> None:
    homes: list[str] = []
    for _ in range(24):
        first = envoy.ask("/sticky/who")
        given = first.header("Set-Cookie") or ""
        assert all(word in given for word in ("Secure", "HttpOnly", "SameSite=Lax", "Max-Age=3600", "Path=/;")), given
        cookie = given.partition(";")[0]
        home = json.loads(first.body)["backend"]
        again = {json.loads(envoy.ask("/sticky/who", headers={"Cookie": cookie}).body)["backend"] for _ in range(5)}
        assert again == {home}
        homes.append(home)
    assert set(homes) == {backend.address for backend in envoy.replicas}


def test_each_app_gets_its_share(envoy: Proxy) -> None:
    before = sum(envoy.canary.seen.values())
    statuses = Counter(envoy.ask("/share").status for _ in range(400))
    assert statuses == {200: 400}
    assert 15 <= sum(envoy.canary.seen.values()) - before <= 70, "one in ten, by chance"


def test_a_full_app_is_not_asked_for_more(envoy: Proxy) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(envoy.ask, ["/full/slow"] * 8))
    statuses = Counter(answer.status for answer in answers)
    assert set(statuses) == {200, 503}
    assert statuses[200] <= 2 * way_in.OPEN + 1, "those that ended made room for a few more"
    assert envoy.ask("/full/after").status == 200


def test_a_replica_that_only_fails_is_left_alone(envoy: Proxy) -> None:
    ill, well = envoy.replicas
    with broken(ill):
        statuses = [envoy.ask("/full/ill").status for _ in range(60)]
    assert Counter(statuses)[503] <= 10
    assert statuses[-30:] == [200] * 30
    assert well.seen["GET /full/ill"] > ill.seen["GET /full/ill"]


def test_only_what_a_replica_held_fails_when_it_dies_under_load(envoy: Proxy) -> None:
    """Its connections are cut, and nobody listens any more: what a killed pod leaves until its address is taken out.

    A request that it had begun is not given to another, since Envoy does so for every method or for none.
    """
    dying = envoy.replicas[0]

    def many(number: int) -> list[int]:
        return [envoy.ask(f"/load/{number}").status for _ in range(60)]

    clients = 8
    with ThreadPoolExecutor(clients) as pool:
        running = [pool.submit(many, number) for number in range(clients)]
        time.sleep(0.2)
        dying.die()
        statuses = [status for task in running for status in task.result()]
    dying.revive()
    assert set(statuses) <= {200, 503}
    assert Counter(statuses)[503] <= clients


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_a_replica_has_begun_is_not_sent_to_another(envoy: Proxy, method: str) -> None:
    body = b"x" if method == "POST" else None
    assert envoy.ask("/once/cut", method=method, body=body).status == 503
    assert sum(backend.seen[f"{method} /once/cut"] for backend in envoy.replicas) == 1


def test_what_an_app_answers_is_handed_on_and_asked_for_once(envoy: Proxy) -> None:
    assert [envoy.ask("/often/busy").status for _ in range(8)] == [503] * 8
    assert sum(backend.seen["GET /often/busy"] for backend in envoy.replicas) == 8
    assert [envoy.ask("/well").status for _ in range(8)] == [200] * 8


def test_a_key_stays_at_the_edge_and_in_no_log(envoy: Proxy) -> None:
    answer = envoy.ask("/keyed/who", headers={"X-API-Key": table.KEY})
    assert answer.status == 200
    assert table.KEY not in answer.body.decode()
    assert table.KEY not in str(envoy.log_lines(until=answer.header("X-Request-Id")))


def test_a_client_that_sends_its_headers_too_slowly_is_hung_up_on(envoy: Proxy) -> None:
    with dial(envoy) as connection:
        connection.settimeout(20)
        connection.sendall(b"GET / HTTP/1.1\r\nHost: app.test\r\n")
        started = time.monotonic()
        told = connection.recv(100)
    assert told == b"" or b" 408 " in told
    assert 8 < time.monotonic() - started < 15


def test_a_trusted_proxy_in_front_tells_who_the_client_is(envoy: Proxy) -> None:
    told = {"X-Forwarded-For": ALLOWED}
    through = envoy.ask("/closed", source=envoy.cdn, headers=told)
    assert through.status == 200
    assert json.loads(through.body)["headers"]["x-forwarded-for"] == ALLOWED
    assert envoy.ask("/closed", source=envoy.cdn, headers={"X-Forwarded-For": "198.51.100.7"}).status == 403
    assert envoy.ask("/closed", headers=told).status == 403, "a client is not believed"


def test_limits_count_clients_behind_a_trusted_proxy_one_by_one(envoy: Proxy) -> None:
    def asked_by(client: str) -> list[int]:
        told = {"X-Forwarded-For": client}
        return [envoy.ask("/counted", source=envoy.cdn, headers=told).status for _ in range(4)]

    for client in ("203.0.113.21", "203.0.113.22"):
        assert asked_by(client) == [200, 200, 200, 429]


def test_a_token_opens_what_it_is_for(envoy: Proxy) -> None:
    url = f"https://{way_in.ISSUER}"
    given = {
        "none": {},
        "right": {"Authorization": f"Bearer {envoy.issuer.token(url, way_in.AUDIENCE)}"},
        "for another": {"Authorization": f"Bearer {envoy.issuer.token(url, 'another')}"},
        "too old": {"Authorization": f"Bearer {envoy.issuer.token(url, way_in.AUDIENCE, seconds=-600)}"},
        "from another": {"Authorization": f"Bearer {envoy.issuer.token('https://other.test', way_in.AUDIENCE)}"},
    }
    found = {what: envoy.ask("/tokens", headers=headers).status for what, headers in given.items()}
    assert found == {"none": 401, "right": 200, "for another": 403, "too old": 401, "from another": 401}


def test_people_are_sent_to_sign_in_and_come_back(envoy: Proxy) -> None:
    first = envoy.ask("/desk/papers?a=1", headers=table.PAGE)
    assert first.status == 302
    there = urlsplit(first.header("Location") or "")
    said = {key: value[0] for key, value in parse_qs(there.query).items()}
    assert f"{there.scheme}://{there.netloc}{there.path}" == f"https://{way_in.ISSUER}/authorize"
    assert (said["client_id"], said["response_type"]) == ("desk", "code")
    assert said["redirect_uri"] == "https://app.test/desk/oauth2/callback"
    assert set(said["scope"].split()) == {"openid", "email"}
    kept = _cookies(first)
    back = envoy.ask(f"/desk/oauth2/callback?code=one&state={said['state']}", headers={"Cookie": kept, **table.PAGE})
    assert (back.status, back.header("Location")) == (302, "https://app.test/desk/papers?a=1"), back
    assert envoy.issuer.given == [("desk", way_in.CLIENT_SECRET, "one")]
    inside = envoy.ask("/desk/papers?a=1", headers={"Cookie": _cookies(back), **table.PAGE})
    assert inside.status == 200
    assert json.loads(inside.body)["headers"]["authorization"] == f"Bearer {issuer.ACCESS}"


def _cookies(answer: asking.Answer) -> str:
    """What a browser would send back."""
    given = [line.partition(";")[0] for line in answer.cookies]
    return "; ".join(cookie for cookie in given if not cookie.endswith("=deleted"))


@pytest.mark.parametrize("coding", ["br", "gzip"])
def test_answers_are_compressed_as_the_client_likes(envoy: Proxy, coding: str) -> None:
    assert envoy.ask("/long", headers={"Accept-Encoding": coding}).header("Content-Encoding") == coding
    assert envoy.ask("/long", headers={"Accept-Encoding": "identity"}).header("Content-Encoding") is None


def test_every_line_of_the_log_is_json_with_the_id_that_app_and_client_saw_and_nobodys_address(envoy: Proxy) -> None:
    answer = envoy.ask("/logged?secret=1", headers={"User-Agent": 'a "quoted" \\ agent'})
    seen = json.loads(answer.body)["headers"]["x-request-id"]
    assert answer.header("X-Request-Id") == seen
    lines = envoy.log_lines(until=seen)
    (line,) = [entry for entry in lines if entry["request_id"] == seen]
    assert (line["status"], line["path"], line["method"]) == (200, "/logged", "GET")
    assert line["tls"] == "TLSv1.3"
    text = str(lines)
    assert "secret" not in text
    assert "agent" not in text
    told = {str(value).partition(":")[0] for entry in lines for value in entry.values()}
    assert not told & {envoy.client, envoy.cdn, ALLOWED}


def test_envoy_tells_every_series_that_signals_are_made_of(envoy: Proxy) -> None:
    """Asked after all that is counted has happened."""
    for target, status in (("/closed", 403), ("/keyed", 401), ("/tokens", 401), ("/", 200)):
        assert envoy.ask(target).status == status
    told: dict[str, set[str]] = {}
    for line in envoy.stats().splitlines():
        if found := re.match(r"(\w+)\{([^}]*)\}", line):
            told.setdefault(found[1], set()).update(re.findall(r"(\w+)=", found[2]))
    wanted = emitted_by("envoy")
    assert {name: labels - told.get(name, set()) for name, labels in wanted.items()} == dict.fromkeys(
        wanted, frozenset()
    )
    route = f'envoy_cluster_name="httproute/{envoy.namespace}/edge-asked-api/rule/0"'
    assert route in envoy.stats(), "the route is read out of this name"
    assert 'envoy_http_conn_manager_prefix="https-' in envoy.stats()
