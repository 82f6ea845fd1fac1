"""Started once for all tests of this folder: nginx with the rendered edge, nginx with the rendered site, Envoy, and backends."""

from __future__ import annotations

import gzip
from collections.abc import Generator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from components.cdn_frontend import facts as site_facts
from components.cdn_frontend.nginx import configuration as site_configuration
from components.cdn_frontend.spec import CdnFrontendSpec
from components.edge_gateway.nginx import configuration as edge_configuration
from components.edge_gateway.nginx import key_file, key_lines
from components.edge_gateway.spec import EdgeGatewaySpec
from components.nginx.render import Place
from components.routes import Route, RouteSpec
from tests.consumers import managers
from tests.consumers.edge import nginx_server, proxies, table
from tests.consumers.edge.asking import until_found
from tests.consumers.edge.backends import Backend
from tests.consumers.edge.proxies import Proxy
from tests.consumers.servers import installed
from toolchain.consumers import machine

CERTIFICATES = {"main": ("app.test", "inside.test")}


@dataclass(frozen=True)
class Running:
    """An nginx that answers."""

    place: Place
    folder: Path
    authority: Path | None
    backends: tuple[Backend, ...]


def routes(port: int) -> list[Route]:
    return [
        Route(
            backend=name,
            port=port,
            section="app_services",
            place=("app_services", name, "route"),
            replicated=True,
            spec=RouteSpec.model_validate(said),
        )
        for name, said in table.ROUTES.items()
    ]


@pytest.fixture(scope="session")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Generator[Running]:
    """The edge in front of two replicas, both on every address of one port."""
    folder = tmp_path_factory.mktemp("edge")
    port = nginx_server.free_port()
    with ExitStack() as ends:
        names = nginx_server.Names(["127.0.0.1", "127.0.0.2"])
        ends.callback(names.close)
        backends = tuple(Backend(address, port) for address in ("127.0.0.1", "127.0.0.2"))
        for backend in backends:
            ends.callback(backend.close)
        authority = nginx_server.local_certificates(folder, CERTIFICATES)
        place = nginx_server.place(folder, names.address)
        spec = EdgeGatewaySpec.model_validate({"certificates": {"main": {"hosts": list(CERTIFICATES["main"])}}})
        wanted = routes(port)
        for route in wanted:
            if route.spec.api_key is not None:
                keys = dict.fromkeys(route.spec.api_key.clients, table.KEY)
                write(Path(place.given_tls), {key_file(route): key_lines(keys)})
        text = edge_configuration(spec, wanted, place)
        ends.enter_context(nginx_server.running(text, folder, ready=place.inside))
        until_found(place.https, "/found", host="app.test", trust=authority)
        yield Running(place, folder, authority, backends)


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Generator[Running]:
    """The site of the table, with an app behind it."""
    folder = tmp_path_factory.mktemp("site")
    port = nginx_server.free_port()
    spec = CdnFrontendSpec.model_validate(table.SITE)
    with ExitStack() as ends:
        names = nginx_server.Names(["127.0.0.1"])
        ends.callback(names.close)
        backend = Backend("127.0.0.1", port)
        ends.callback(backend.close)
        place = nginx_server.place(folder, names.address)
        write(Path(place.site), table.FILES)
        write(Path(place.previous), table.PREVIOUS)
        write(Path(place.config), {"config.json": site_facts.config_json(spec)})
        original = Path(place.site, table.PRECOMPRESSED)
        Path(f"{original}.gz").write_bytes(gzip.compress(original.read_bytes()))
        text = site_configuration("site", spec, dict.fromkeys(spec.proxies, port), place)
        ends.enter_context(nginx_server.running(text, folder, ready=place.inside))
        until_found(place.http, "/live/found", host="site.test")
        yield Running(place, folder, None, (backend,))


@pytest.fixture(scope="package")  # its gateway's ports are fixed, and others want them after these tests
def envoy(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Generator[Proxy]:
    """The way in of a stack, which is its parameter, and the routes of the table. Never two at once."""
    if machine.kind() != "root":
        pytest.skip("namespaces: a proxy listens in a network of its own")
    if reason := managers.why_no_gateway():
        pytest.skip(f"envoy-gateway: {reason}")
    stack: str = request.param
    with proxies.running(stack, installed(), tmp_path_factory.mktemp(f"envoy-{stack}")) as running:
        yield running
