"""The real mtail reads lines that the real nginx wrote, with the program that we ship."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

from components.nginx.render import TEMPLATES
from tests.consumers.edge.asking import ask
from tests.consumers.edge.conftest import Running
from tests.consumers.edge.nginx_server import program

PROGRAM = TEMPLATES.parent / "mtail" / "access.mtail"


def read(log: Path, folder: Path) -> str:
    """The series that mtail makes of a log, as Prometheus would scrape them."""
    programs = folder / "programs"
    programs.mkdir(exist_ok=True)
    shutil.copy(PROGRAM, programs)
    command = program("usr/bin/mtail", "-one_shot", "-one_shot_format=prometheus", "-logtostderr=false")
    done = subprocess.run(
        [*command, f"-log_dir={folder}", f"-progs={programs}", f"-logs={log}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_requests_latency_and_refusals_become_series(edge: Running, tmp_path: Path) -> None:
    for _ in range(3):
        ask(edge.place.https, "/", host="app.test", trust=edge.authority)
    for _ in range(5):
        ask(edge.place.https, "/counted", host="app.test", trust=edge.authority)
    # Words of the program inside a path must stay what they are.
    ask(edge.place.https, '/x","status":599,"bytes":1,"seconds":9.0,', host="app.test", trust=edge.authority)
    time.sleep(1.3)  # written in batches
    told = read(edge.folder / "access.log", tmp_path)
    assert 'edge_requests_total{code_class="2xx",prog="access.mtail",route="api"}' in told
    assert 'edge_limited_total{prog="access.mtail",route="counted"}' in told
    assert 'edge_request_seconds_bucket{prog="access.mtail",route="api",le="0.2"}' in told
    lines = (edge.folder / "access.log").read_text(encoding="utf-8").count("\n")
    counted = sum(float(line.split()[-1]) for line in told.splitlines() if line.startswith("edge_requests_total{"))
    assert counted == lines


def test_the_caches_states_become_series(site: Running, tmp_path: Path) -> None:
    for _ in range(2):
        ask(site.place.http, "/api/counted", host="site.test")
    time.sleep(1.3)
    told = read(site.folder / "access.log", tmp_path)
    for state in ("HIT", "MISS"):
        assert f'edge_cache_total{{prog="access.mtail",route="site",state="{state}"}}' in told
