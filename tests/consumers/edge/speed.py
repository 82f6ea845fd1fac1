"""The rendered nginx against the distribution's own configuration with the same features on: `python -m tests.consumers.edge.speed`.

Runs of both take turns, so that what else the machine does hits both alike; medians are compared: of the processor time for one request,
which a busy machine changes least. Requests per second and latency are told beside it.
"""

from __future__ import annotations

import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, fields
from pathlib import Path

from components.cdn_frontend import facts
from components.cdn_frontend.nginx import configuration as site_configuration
from components.cdn_frontend.spec import CdnFrontendSpec
from components.edge_gateway.nginx import configuration as edge_configuration
from components.edge_gateway.spec import EdgeGatewaySpec
from components.headers import HeadersSpec, header_values
from components.nginx.render import Place, add_headers
from components.routes import Route, RouteSpec
from tests.consumers.edge import nginx_server
from tests.consumers.edge.asking import until_found
from tests.consumers.servers import installed

ROUNDS, SECONDS, CONNECTIONS = 7, 2, 32
HOST = "app.test"
ANSWER = '{"block": 1}' + " " * 500

APP = """
server {
    listen 127.0.0.1:@app@;
    access_log off;
    location / { default_type application/json; return 200 '@answer@'; }
}
"""
"""What stands behind both: fast, so that the proxy is measured."""

DEFAULT_SERVERS = """
upstream app { server 127.0.0.1:@app@; keepalive 32; }
server {
    listen 127.0.0.1:@http@;
    root @site@;
    @headers@
    location /assets/ { gzip_static on; try_files $uri =404; }
}
server {
    listen 127.0.0.1:@https@ ssl;
    server_name app.test;
    ssl_certificate @tls@/main.crt;
    ssl_certificate_key @tls@/main.key;
    location / {
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Host $host;
        proxy_set_header X-Request-Id $request_id;
        proxy_pass http://app;
    }
}
"""
"""Same work, as somebody would write it on top of the distribution's nginx.conf."""


@dataclass(frozen=True)
class Subject:
    """What is asked, and the folder of the nginx that answers."""

    url: str
    folder: Path


@dataclass(frozen=True)
class Figure:
    per_second: float
    p99_ms: float
    cpu_us: float
    """Processor time of the workers for one request: what a busy machine changes least."""


def processor_seconds(folder: Path) -> float:
    """Of all workers, since they began."""
    master = (folder / "scratch" / "nginx.pid").read_text(encoding="utf-8").strip()
    ticks = 0
    for worker in Path(f"/proc/{master}/task/{master}/children").read_text(encoding="utf-8").split():
        fields = Path(f"/proc/{worker}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def load(subject: Subject) -> Figure:
    """One run of wrk."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "--latency", "-H", "Host: localhost", subject.url]
    before = processor_seconds(subject.folder)
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    spent = processor_seconds(subject.folder) - before
    if "Non-2xx" in told or "Socket errors" in told:
        raise SystemExit(told)
    rate, p99 = re.search(r"Requests/sec:\s+([\d.]+)", told), re.search(r"99%\s+([\d.]+)(us|ms|s)\n", told)
    count = re.search(r"(\d+) requests in", told)
    if rate is None or p99 is None or count is None:
        raise SystemExit(told)
    milliseconds = float(p99[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[p99[2]]
    return Figure(float(rate[1]), milliseconds, spent / int(count[1]) * 1e6)


def compare(title: str, subjects: Mapping[str, Subject], limit: float) -> bool:
    """Whether the first takes at most `limit` times the processor time of the second."""
    runs: dict[str, list[Figure]] = {name: [] for name in subjects}
    for _ in range(ROUNDS):
        for name, subject in subjects.items():
            runs[name].append(load(subject))
    medians: list[Figure] = []
    for name, figures in runs.items():
        middle = Figure(*(statistics.median(getattr(f, field.name) for f in figures) for field in fields(Figure)))
        medians.append(middle)
        sys.stdout.write(
            f"{title:8} {name:12} {middle.cpu_us:6.1f} us of CPU per request, "
            f"{middle.per_second:7.0f} requests/s, p99 {middle.p99_ms:6.2f} ms\n"
        )
    ours, theirs = medians
    ratio = ours.cpu_us / theirs.cpu_us
    sys.stdout.write(
        f"{title:8} CPU ratio {ratio:.2f}, at most {limit:.2f}; "
        f"requests/s ratio {ours.per_second / theirs.per_second:.2f}, p99 ratio {ours.p99_ms / theirs.p99_ms:.2f}\n"
    )
    sys.stdout.flush()
    return ratio <= limit


def default_configuration(folder: Path, place: Place, app: int) -> str:
    """The distribution's nginx.conf, with its folders moved and our two servers in it."""
    etc = installed() / "etc/nginx"
    text = (etc / "nginx.conf").read_text(encoding="utf-8")
    text = re.sub(r"(?m)^\s*#.*$", "", text)
    text = re.sub(r"(?m)^(user|pid|error_log|include /etc/nginx/modules).*$", "", text)
    text = re.sub(r"(?m)^\s*include /etc/nginx/(conf\.d|sites-enabled).*$", "", text)
    text = text.replace("/etc/nginx/", f"{etc}/").replace("/var/log/nginx/access.log", f"{folder}/access.log")
    servers = (APP + DEFAULT_SERVERS).replace("@answer@", ANSWER)
    for word, value in {
        "app": str(app),
        "http": place.http.rpartition(":")[2],
        "https": place.https.rpartition(":")[2],
        "site": place.site,
        "tls": place.tls,
        "headers": add_headers(
            {**header_values(HeadersSpec(profile="strict")), "Cache-Control": "public, max-age=31536000, immutable"}
        ),
    }.items():
        servers = servers.replace(f"@{word}@", value)
    paths = "".join(
        f"{kind}_temp_path {folder}/scratch/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    end = text.rindex("}")
    return f"daemon off;\npid {folder}/scratch/nginx.pid;\n{text[:end]}{paths}{servers}}}\n"


def main() -> int:
    if shutil.which("wrk") is None:
        sys.exit("speed: needs wrk")
    base = Path(tempfile.mkdtemp(prefix="slipway-speed-"))
    with ExitStack() as ends:
        ends.callback(shutil.rmtree, base, ignore_errors=True)
        names = nginx_server.Names(["127.0.0.1"])
        ends.callback(names.close)
        app = nginx_server.free_port()
        places: dict[str, Place] = {}
        for part in ("default", "site", "edge"):
            (base / part).mkdir()
            places[part] = nginx_server.place(base / part, names.address)
        for part in ("default", "site"):
            file = Path(places[part].site, "assets", "app-1.js")
            file.parent.mkdir()
            file.write_text("x" * 20_000, encoding="utf-8")
        for part in ("default", "edge"):
            nginx_server.local_certificates(base / part, {"main": (HOST, "localhost")})
        start(ends, base, places, app)
        site, default, edge = places["site"], places["default"], places["edge"]
        until_found(site.http, "/api/x", host=HOST)
        until_found(edge.https, "/", host="localhost", trust=base / "edge" / "tls" / "authority.crt")
        port = {name: each.https.rpartition(":")[2] for name, each in places.items()}
        asset = "/assets/app-1.js"
        rendered = Subject(f"http://{site.http}{asset}", base / "site")
        good = [
            compare(
                "asset",
                {"rendered": rendered, "default": Subject(f"http://{default.http}{asset}", base / "default")},
                1.05,
            ),
            compare(
                "proxied",
                {
                    "rendered": Subject(f"https://localhost:{port['edge']}/", base / "edge"),
                    "default": Subject(f"https://localhost:{port['default']}/", base / "default"),
                },
                1.05,
            ),
            compare(
                "cached",
                {
                    "cache hit": Subject(f"http://{site.http}/api/x", base / "site"),
                    "static file": Subject(f"http://{site.http}/config.json", base / "site"),
                },
                1.3,
            ),
        ]
    return 0 if all(good) else 1


def start(ends: ExitStack, base: Path, places: Mapping[str, Place], app: int) -> None:
    """All three servers, until the stack of ends unwinds."""
    default = default_configuration(base / "default", places["default"], app)
    ends.enter_context(nginx_server.running(default, base / "default", ready=places["default"].http))
    said = {"image": "demo/site:1", "config": {"FILLER": ANSWER}, "proxies": {"/api": {"app": "app", "fresh": "1h"}}}
    spec = CdnFrontendSpec.model_validate(said)
    Path(places["site"].config, "config.json").write_text(facts.config_json(spec), encoding="utf-8")
    site = site_configuration("site", spec, {"/api": app}, places["site"])
    ends.enter_context(nginx_server.running(site, base / "site", ready=places["site"].inside))
    edge = EdgeGatewaySpec.model_validate({"certificates": {"main": {"hosts": [HOST]}}})
    route = Route(
        backend="app",
        port=app,
        section="app_services",
        place=("app_services", "app", "route"),
        replicated=False,
        spec=RouteSpec(host=HOST),
    )
    # wrk names the host of its URL in the handshake, and nobody knows ours.
    text = edge_configuration(edge, [route], places["edge"]).replace(HOST, "localhost")
    ends.enter_context(nginx_server.running(text, base / "edge", ready=places["edge"].inside))


if __name__ == "__main__":
    sys.exit(main())
