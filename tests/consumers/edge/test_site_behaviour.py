"""What no single request shows of a site: conditional requests, one question for many, old answers while an app fails."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from components.cdn_frontend.nginx import configuration
from components.cdn_frontend.spec import CdnFrontendSpec
from tests.consumers.edge import nginx_server, table
from tests.consumers.edge.asking import Answer, ask, until_found
from tests.consumers.edge.backends import Backend
from tests.consumers.edge.conftest import Running, write


def get(site: Running, target: str, **headers: str) -> Answer:
    return ask(site.place.http, target, host="site.test", headers={k.replace("_", "-"): v for k, v in headers.items()})


@pytest.mark.parametrize("target", ["/", "/assets/app-1.js", "/config.json"])
def test_what_a_browser_has_already_is_not_sent_again(site: Running, target: str) -> None:
    first = get(site, target, Accept="text/html")
    again = get(site, target, Accept="text/html", If_None_Match=str(first.header("ETag")))
    assert (again.status, again.body) == (304, b"")
    assert again.header("Cache-Control") == first.header("Cache-Control")


def test_many_who_ask_at_once_are_one_question_to_the_app(site: Running) -> None:
    (app,) = site.backends
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: get(site, "/api/together/slow"), range(12)))
    assert {a.status for a in answers} == {200}
    assert app.seen["GET /api/together/slow"] == 1


def test_while_an_app_fails_old_answers_are_given_and_new_ones_fail(tmp_path: Path) -> None:
    said = {**table.SITE, "proxies": {"/api": {"app": "api", "fresh": "1s"}}}
    spec = CdnFrontendSpec.model_validate(said)
    port = nginx_server.free_port()
    with ExitStack() as ends:
        names = nginx_server.Names(["127.0.0.1"])
        ends.callback(names.close)
        app = Backend("127.0.0.1", port)
        ends.callback(app.close)
        place = nginx_server.place(tmp_path, names.address)
        write(Path(place.site), table.FILES)
        running = Running(place, tmp_path, None, (app,))
        ends.enter_context(
            nginx_server.running(configuration("site", spec, {"/api": port}, place), tmp_path, ready=place.inside)
        )
        until_found(place.http, "/api/found", host="site.test")
        assert get(running, "/api/kept").header("X-Cache") == "MISS"
        time.sleep(2.2)  # nginx counts whole seconds
        app.broken = True
        old = get(running, "/api/kept")
        assert (old.status, old.header("X-Cache")) == (200, "STALE")
        assert get(running, "/api/never-seen").status == 503
        app.broken = False
        time.sleep(0.3)
        states = [get(running, "/api/kept").header("X-Cache") for _ in range(3)]
        assert states[0] in {"STALE", "UPDATING", "HIT"}
        time.sleep(0.3)
        fresh = get(running, "/api/kept")
        assert json.loads(fresh.body)["count"] > 1


def test_a_release_starts_with_an_empty_cache() -> None:
    def key(image: str) -> str:
        spec = CdnFrontendSpec.model_validate({**table.SITE, "image": image})
        text = configuration("site", spec, dict.fromkeys(spec.proxies, 1), nginx_server.Place(resolver=""))
        return next(line for line in text.splitlines() if "proxy_cache_key" in line)

    assert key("demo/site:1") == key("demo/site:1")
    assert key("demo/site:1") != key("demo/site:2")


def test_a_configuration_that_is_a_link_is_read(site: Running) -> None:
    """Kubernetes mounts a ConfigMap's files as links."""
    file = Path(site.place.config, "config.json")
    real = file.with_name("real.json")
    file.rename(real)
    file.symlink_to(real)
    try:
        assert get(site, "/config.json").status == 200
    finally:
        file.unlink()
        real.rename(file)


def test_the_metrics_and_health_port_is_another_one(site: Running) -> None:
    assert b"Active connections" in ask(site.place.inside, "/status").body
    assert get(site, "/status", Accept="application/json").status == 404
