"""A real browser loads the demo site through edge and front end, as a person does."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
import time
from collections.abc import Generator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from components.cdn_frontend import facts
from components.cdn_frontend.nginx import configuration as site_configuration
from components.cdn_frontend.spec import CdnFrontendSpec
from components.edge_gateway.nginx import configuration as edge_configuration
from components.edge_gateway.spec import EdgeGatewaySpec
from components.routes import Route, RouteSpec
from tests.consumers.edge import nginx_server
from tests.consumers.edge.asking import until_found
from tests.consumers.edge.backends import Backend
from tests.consumers.edge.conftest import write
from tests.stacks.shipped import ROOT, topology_of

HOST = "site.test"
SLOWEST_PAINT_MS = 2500
"""Above it, a largest contentful paint no longer counts as good. https://web.dev/articles/lcp"""
WORST_SHIFT = 0.1


@dataclass(frozen=True)
class Visit:
    document: str
    """The page after its scripts ran."""
    console: str
    requested: list[str]
    """Paths that reached the site during the visit."""


@dataclass(frozen=True)
class Browser:
    program: str
    url: str
    pin: str
    """Hash of the one key that is trusted."""
    profile: Path
    log: Path

    def visit(self, path: str, *more: str) -> Visit:
        before = len(self._lines())
        command = [
            *(self.program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
            *("--disable-background-networking", "--enable-logging=stderr", "--virtual-time-budget=8000"),
            f"--user-data-dir={self.profile}",
            f"--host-resolver-rules=MAP {HOST} 127.0.0.1",
            f"--ignore-certificate-errors-spki-list={self.pin}",
            *(more or ("--dump-dom",)),
            f"{self.url}{path}",
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=90)
        assert done.returncode == 0, done.stderr[-2000:]
        console = "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)
        return Visit(done.stdout, console, [str(line["path"]) for line in self._after(before)])

    def _after(self, before: int) -> list[dict[str, object]]:
        time.sleep(1.3)  # the log is written in batches
        return self._lines()[before:]

    def _lines(self) -> list[dict[str, object]]:
        if not self.log.exists():
            return []
        return [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Generator[Browser]:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("browser: neither chromium nor google-chrome is on PATH")
    folder = tmp_path_factory.mktemp("browser")
    front, back = folder / "edge", folder / "site"
    for part in (front, back):
        part.mkdir()
    with ExitStack() as ends:
        names = nginx_server.Names(["127.0.0.1"])
        ends.callback(names.close)
        api = Backend("127.0.0.1", nginx_server.free_port())
        ends.callback(api.close)
        shipped = topology_of("prod").stack.cdn_frontends["web"]
        said = shipped.model_dump(mode="json", exclude_none=True, exclude={"route"}, by_alias=True)
        spec = CdnFrontendSpec.model_validate(said)
        place = nginx_server.place(back, names.address)
        shutil.copytree(ROOT / "images" / "web" / "site", place.site, dirs_exist_ok=True)
        write(Path(place.config), {"config.json": facts.config_json(spec)})
        text = site_configuration("web", spec, dict.fromkeys(spec.proxies, api.server_port), place)
        ends.enter_context(nginx_server.running(text, back, ready=place.inside))
        until_found(place.http, "/api/found", host=HOST)

        authority = nginx_server.local_certificates(front, {"main": (HOST,)})
        gate = nginx_server.place(front, names.address)
        route = Route(
            backend="web",
            port=int(place.http.rpartition(":")[2]),
            section="cdn_frontends",
            place=("cdn_frontends", "web", "route"),
            replicated=False,
            spec=RouteSpec(host=HOST),
        )
        edge = EdgeGatewaySpec.model_validate({"certificates": {"main": {"hosts": [HOST]}}})
        ends.enter_context(nginx_server.running(edge_configuration(edge, [route], gate), front, ready=gate.inside))
        until_found(gate.https, "/", host=HOST, trust=authority)
        url = f"https://{HOST}:{gate.https.rpartition(':')[2]}"
        yield Browser(program, url, _pin(front / "tls" / "main.crt"), folder / "profile", back / "access.log")


def _pin(certificate: Path) -> str:
    """What a browser calls a key: the digest of its public half."""
    openssl = nginx_server.program("usr/bin/openssl")
    public = subprocess.run(
        [*openssl, "x509", "-in", certificate, "-pubkey", "-noout"], capture_output=True, check=True
    )
    der = subprocess.run(
        [*openssl, "pkey", "-pubin", "-outform", "der"], input=public.stdout, capture_output=True, check=True
    )
    return base64.b64encode(hashlib.sha256(der.stdout).digest()).decode()


def test_the_demo_runs_under_its_policy_and_reaches_the_api(browser: Browser) -> None:
    visit = browser.visit("/")
    assert 'data-ready="yes"' in visit.document, visit.console
    assert "Overview" in visit.document
    assert "https://api.blocksight.live" in visit.document, "from /config.json"
    assert "/api/status" in visit.document, "told by the app behind the site"
    assert "Refused" not in visit.console
    assert "violates" not in visit.console
    assert "/assets/app-9d3e5a61.js" in visit.requested


def test_a_deep_link_can_be_opened_and_its_assets_come_from_the_browsers_cache(browser: Browser) -> None:
    browser.visit("/")
    again = browser.visit("/block/42")
    assert "Block 42" in again.document
    assert not [path for path in again.requested if path.startswith("/assets/")]


def test_core_web_vitals_are_good(browser: Browser) -> None:
    document, paint = "", None
    for _ in range(10):  # without a screen, Chromium now and then dumps a page before it painted any of it
        document = browser.visit("/").document
        paint = re.search(r'data-lcp="(\d+)"', document)
        if paint is not None:
            break
    assert paint is not None, document
    assert int(paint[1]) < SLOWEST_PAINT_MS
    shift = re.search(r'data-cls="([\d.]+)"', document)
    assert shift is None or float(shift[1]) < WORST_SHIFT


def test_it_looks_like_a_page(browser: Browser, tmp_path: Path) -> None:
    picture = tmp_path / "page.png"
    browser.visit("/block/42", f"--screenshot={picture}", "--window-size=900,600")
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size > 5000, "an empty page is smaller"
