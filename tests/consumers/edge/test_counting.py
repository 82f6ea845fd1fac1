"""The real mtail counts what the real nginx tells it, by the program and the addresses that we ship."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from components.cdn_frontend import telemetry as site_telemetry
from components.cdn_frontend.nginx import configuration as site_configuration
from components.cdn_frontend.spec import CdnFrontendSpec
from components.edge_gateway.nginx import configuration as edge_configuration
from components.edge_gateway.nginx import key_file, key_lines
from components.edge_gateway.signals import Sources, signals
from components.edge_gateway.spec import EdgeGatewaySpec
from components.nginx import counting
from tests.consumers.edge import nginx_server, table
from tests.consumers.edge.asking import ask, until_found
from tests.consumers.edge.backends import Backend
from tests.consumers.edge.conftest import CERTIFICATES, routes, write


class Counter:
    """An mtail that runs, and can be killed and started again as a container is."""

    def __init__(self, folder: Path, kind: counting.Kind, listen: str) -> None:
        self.errors = folder / "mtail.log"
        self.port = nginx_server.free_port()
        programs = folder / "programs"
        write(programs, {counting.PROGRAM_FILE: counting.program(kind)})
        program, *flags = counting.arguments(listen, str(programs))
        flags = [f"-port={self.port}" if flag.startswith("-port=") else flag for flag in flags]
        self._command = [*nginx_server.program(program.removeprefix("/")), *flags, "-address=127.0.0.1"]
        self._running: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        with self.errors.open("ab") as log:
            self._running = subprocess.Popen(self._command, stderr=log, stdout=log)
        self.until(lambda text: text != "")

    def kill(self) -> None:
        assert self._running is not None
        self._running.kill()
        self._running.wait()

    def text(self) -> str:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=2) as answer:
                return answer.read().decode()
        except OSError:
            return ""

    def until(self, is_so: Callable[[str], bool]) -> str:
        """The series, once they are as wanted, or after five seconds."""
        for _ in range(100):
            text = self.text()
            if is_so(text):
                return text
            time.sleep(0.05)
        return self.text()


@contextmanager
def counted(folder: Path, kind: counting.Kind, listen: str) -> Generator[Counter]:
    counter = Counter(folder, kind, listen)
    try:
        yield counter
    finally:
        counter.kill()


@contextmanager
def edge(folder: Path, counter: str) -> Generator[Callable[[str], int]]:
    """The edge of the table with a counter's address; asks it for a path."""
    port = nginx_server.free_port()
    names = nginx_server.Names(["127.0.0.1"])
    backend = Backend("127.0.0.1", port)
    try:
        authority = nginx_server.local_certificates(folder, CERTIFICATES)
        place = replace(nginx_server.place(folder, names.address), counter=counter)
        wanted = routes(port)
        for route in (r for r in wanted if r.spec.api_key):
            write(Path(place.given_tls), {key_file(route): key_lines({"partner": table.KEY})})
        spec = EdgeGatewaySpec.model_validate({"certificates": {"main": {"hosts": list(CERTIFICATES["main"])}}})
        with nginx_server.running(edge_configuration(spec, wanted, place), folder, ready=place.inside):
            until_found(place.https, "/found", host="app.test", trust=authority)
            yield lambda path: ask(place.https, path, host="app.test", trust=authority).status
    finally:
        names.close()
        backend.close()


def value(text: str, series: str) -> float:
    return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(series))


def test_on_docker_by_a_socket_that_a_killed_counter_left_behind(tmp_path: Path) -> None:
    socket = tmp_path / "run" / "access.sock"
    socket.parent.mkdir()
    answered = 'edge_requests_total{code_class="2xx",route="api"}'
    with counted(tmp_path, "edge", f"unixgram://{socket}") as counter, edge(tmp_path, f"unix:{socket}") as get:
        # The request that found the edge ready is counted a moment after its answer.
        before = value(counter.until(lambda text: value(text, answered) >= 1), answered)
        for _ in range(20):
            get("/")
        for _ in range(5):
            get("/counted")
        for path in ("/keyed", "/closed"):
            get(path)
        # Words of the program inside a path never reach it.
        get('/x","status":599,"seconds":9.0,')
        told = counter.until(lambda text: value(text, answered) >= before + 21)  # the last request is one of them
        assert value(told, answered) - before == 21
        assert value(told, 'edge_requests_total{code_class="4xx",route="counted"}') == 2
        assert value(told, 'edge_limited_total{route="counted"}') == 2
        assert value(told, 'edge_refused_total{route="keyed",status="401"}') == 1
        assert value(told, 'edge_refused_total{route="closed",status="403"}') == 1
        assert value(told, "edge_connections") >= 1
        assert "5xx" not in told
        known = {name for name in re.findall(r"edge_[a-z_]+", told) if name in told}
        for signal in signals(Sources(envoy=False, issued_in=None, made_for=[])):
            assert set(re.findall(r"\bedge_[a-z_]+", signal.sources.get("docker", ""))) <= known, signal.name
        counter.kill()
        assert get("/") == 200, "requests pass without a counter"
        socket.unlink()  # as the container's command does
        counter.start()
        lost = os.cpu_count() or 1  # the line by which each worker notices
        for _ in range(lost + 10):
            get("/")
        told = counter.until(lambda text: value(text, "edge_requests_total") >= 10)
        assert 10 <= value(told, 'edge_requests_total{code_class="2xx",route="api"}') <= lost + 10


def test_on_kubernetes_by_the_pods_own_loopback(tmp_path: Path) -> None:
    address = f"127.0.0.1:{nginx_server.free_port()}"
    names, backend_port = nginx_server.Names(["127.0.0.1"]), nginx_server.free_port()
    backend = Backend("127.0.0.1", backend_port)
    spec = CdnFrontendSpec.model_validate(table.SITE)
    try:
        place = replace(nginx_server.place(tmp_path, names.address), counter=address)
        write(Path(place.site), table.FILES)
        text = site_configuration("site", spec, dict.fromkeys(spec.proxies, backend_port), place)
        with (
            counted(tmp_path, "site", f"udp://{address}") as counter,
            nginx_server.running(text, tmp_path, ready=place.inside),
        ):
            until_found(place.http, "/live/found", host="site.test")
            for _ in range(3):
                ask(place.http, "/api/counted", host="site.test")
            ask(place.http, "/assets/missing.js", host="site.test")
            told = counter.until(lambda text: 'code_class="4xx"' in text)
    finally:
        names.close()
        backend.close()
    assert value(told, 'site_cache_total{route="site",state="HIT"}') == 2
    assert value(told, 'site_cache_total{route="site",state="MISS"}') == 1
    assert value(told, 'site_requests_total{code_class="4xx",route="site"}') == 1
    for signal in site_telemetry.telemetry("site", spec, "kubernetes").signals:
        for series in re.findall(r"\bsite_[a-z]+(?:_[a-z]+)*", signal.sources["kubernetes"]):
            assert f"\n{series}" in told, signal.name


def test_a_server_that_nobody_counts_tells_nobody(tmp_path: Path) -> None:
    place = nginx_server.place(tmp_path, "127.0.0.1:53")
    text = site_configuration("site", CdnFrontendSpec.model_validate({"image": "demo/site:1"}), {}, place)
    assert "syslog" not in text
    assert "access_log off" in text


@pytest.mark.parametrize("kind", ["edge", "site"])
def test_mtail_has_no_complaint_about_the_program(kind: counting.Kind, tmp_path: Path) -> None:
    file = tmp_path / counting.PROGRAM_FILE
    file.write_text(counting.program(kind), encoding="utf-8")
    command = [*nginx_server.program("usr/bin/mtail"), "-compile_only", "-logtostderr", f"-progs={tmp_path}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "unused" not in done.stderr
    shutil.rmtree(tmp_path)
