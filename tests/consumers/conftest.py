"""Fixtures of floor 3: each real program is started once, and ends with the tests. An unexpected skip is a failure."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from pathlib import Path

import pytest

from components import versions
from tests.consumers import cluster as clusters
from tests.consumers import docker_daemon, docker_images
from tests.consumers import servers as root_folder
from tests.consumers.cluster import Cluster
from tests.consumers.docker_daemon import Daemon
from tests.consumers.rendered import Rendered
from tests.consumers.servers import Servers
from toolchain.consumers import machine
from toolchain.consumers.servers import ROOT, SERVERS

EXPECTED_SKIPS = Path(__file__).parent / "expected_skips.txt"


def expected_skips(kind: machine.Kind) -> frozenset[str]:
    """Parts whose tests may be skipped on a machine of this kind."""
    lines = [line.split() for line in EXPECTED_SKIPS.read_text(encoding="utf-8").splitlines()]
    return frozenset(words[1] for words in lines if words and words[0] == kind)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.CallInfo[None], None]:
    """Turns a skip that is on no list into a failure."""
    outcome = yield
    report: pytest.TestReport = outcome.get_result()  # pyright: ignore[reportAttributeAccessIssue]  # pluggy's result
    if not report.skipped or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[2].removeprefix("Skipped: ") if isinstance(report.longrepr, tuple) else ""
    kind = machine.kind()
    if reason.partition(":")[0] not in expected_skips(kind):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid}: skipped ({reason}), which {EXPECTED_SKIPS.name} does not expect on `{kind}`"


@pytest.fixture(scope="session")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Generator[Path]:
    """A folder for all that the programs write; removed at the end, as it grows to gigabytes."""
    folder = tmp_path_factory.mktemp("consumers")
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def rendered(scratch: Path) -> Rendered:
    return Rendered(scratch / "rendered")


@pytest.fixture(scope="session")
def cluster(scratch: Path) -> Generator[Cluster]:
    with clusters.running(scratch / "cluster") as running:
        yield running


@pytest.fixture(scope="session")
def servers() -> Servers:
    if reason := root_folder.why_not():
        pytest.skip(f"servers: {reason}")
    return Servers(SERVERS.need() / ROOT)


@pytest.fixture(scope="session")
def daemon(scratch: Path, rendered: Rendered) -> Generator[Daemon]:
    """A Docker daemon with the images that the dev stack names, and that of the push gateway, which no shipped stack needs."""
    if reason := docker_daemon.why_not():
        pytest.skip(f"dockerd: {reason}")
    with docker_daemon.running(scratch / "docker") as running:
        images = [each["inputs"]["name"] for each in rendered.resources("dev") if each["type"].endswith(":RemoteImage")]
        docker_images.load(running.docker, [*images, versions.MONITORING_DOCKER["pushgateway"]])
        yield running
