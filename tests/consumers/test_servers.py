"""The servers at the versions that we deploy: each starts here, on loopback, and answers."""

from __future__ import annotations

import urllib.request
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.consumers.processes import Processes, free_ports, listens
from tests.consumers.servers import WORK, Servers, postgres_tool


@pytest.fixture
def work(scratch: Path, request: pytest.FixtureRequest) -> Path:
    folder = scratch / "servers" / request.node.name
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def processes(scratch: Path, request: pytest.FixtureRequest) -> Generator[Processes]:
    with Processes(scratch / "logs" / request.node.name) as running:
        yield running


def test_postgres_answers(servers: Servers, work: Path, processes: Processes) -> None:
    (port,) = free_ports(1)
    data = f"{WORK}/data"
    servers.run(work, postgres_tool("initdb"), "--auth=trust", "--no-sync", f"--pgdata={data}", user="postgres")
    flags = [f"--{name}={value}" for name, value in {"port": str(port), "unix_socket_directories": "/tmp"}.items()]  # noqa: S108  # its own
    processes.start("postgres", servers.command(work, postgres_tool("postgres"), "-D", data, *flags, user="postgres"))
    processes.wait_until("postgres is ready", lambda: servers.postgres_is_ready(work, port))
    query = ["-h", "127.0.0.1", "-p", str(port), "-U", "postgres", "-Atc", "SHOW server_version_num"]
    assert servers.run(work, postgres_tool("psql"), *query, user="postgres").startswith("18")


def test_valkey_answers(servers: Servers, work: Path, processes: Processes) -> None:
    (port,) = free_ports(1)
    processes.start("valkey", servers.command(work, "valkey-server", "--port", str(port), "--dir", WORK, user="valkey"))
    processes.wait_until("valkey listens", lambda: listens(port))
    assert servers.run(work, "valkey-cli", "-p", str(port), "ping") == "PONG\n"


def test_nginx_answers(servers: Servers, work: Path, processes: Processes) -> None:
    (port,) = free_ports(1)
    (work / "index.html").write_text("hello", encoding="utf-8")
    (work / "nginx.conf").write_text(
        f"""daemon off; pid {WORK}/pid; error_log stderr; events {{}}
        http {{ access_log off; client_body_temp_path {WORK}/body; proxy_temp_path {WORK}/proxy;
        fastcgi_temp_path {WORK}/f; uwsgi_temp_path {WORK}/u; scgi_temp_path {WORK}/s;
        server {{ listen 127.0.0.1:{port}; root {WORK}; }} }}""",
        encoding="utf-8",
    )
    processes.start(
        "nginx", servers.command(work, "nginx", "-c", f"{WORK}/nginx.conf", "-e", "stderr", user="www-data")
    )
    processes.wait_until("nginx listens", lambda: listens(port))
    assert _get(f"http://127.0.0.1:{port}/") == "hello"


def test_prometheus_answers(servers: Servers, work: Path, processes: Processes) -> None:
    (port,) = free_ports(1)
    (work / "prometheus.yml").write_text("global: {scrape_interval: 1s}\n", encoding="utf-8")
    assert "SUCCESS" in servers.run(work, "promtool", "check", "config", f"{WORK}/prometheus.yml")
    flags = [f"--config.file={WORK}/prometheus.yml", f"--storage.tsdb.path={WORK}/data"]
    listen = f"--web.listen-address=127.0.0.1:{port}"
    processes.start("prometheus", servers.command(work, "prometheus", *flags, listen, user="prometheus"))
    processes.wait_until("prometheus is ready", lambda: "Ready" in _get(f"http://127.0.0.1:{port}/-/ready"))


def test_alertmanagers_checker_answers(servers: Servers, work: Path) -> None:
    (work / "good.yml").write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n", encoding="utf-8")
    assert "SUCCESS" in servers.run(work, "amtool", "check-config", f"{WORK}/good.yml")
    (work / "bad.yml").write_text("route: {receiver: somebody}\nreceivers: [{name: nobody}]\n", encoding="utf-8")
    with pytest.raises(AssertionError, match="undefined receiver"):
        servers.run(work, "amtool", "check-config", f"{WORK}/bad.yml")


def test_the_cached_folder_cannot_be_written(servers: Servers, work: Path) -> None:
    with pytest.raises(AssertionError, match="Read-only file system"):
        servers.run(work, "sh", "-c", "echo spoilt > /etc/spoilt")


def _get(url: str) -> str:
    """What is there; nothing while nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310  # our own server
            return answer.read().decode()
    except OSError:
        return ""
