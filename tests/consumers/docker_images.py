"""Images for a daemon that reaches no registry: made of the servers' root folder, under the names that stacks use.

They behave as the real ones do where a stack counts on it: user, data folder, entry point, stop signal, tools in /bin.
"""

from __future__ import annotations

import io
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.consumers.docker_api import Docker, tar_of
from tests.consumers.rendered import PROJECT
from toolchain.consumers.parts import Part
from toolchain.consumers.pgbouncer_exporter import PGBOUNCER_EXPORTER, PROGRAM
from toolchain.consumers.servers import ROOT, SERVERS, TOOLBOX

STAND_INS = Path(__file__).parent / "images"
"""Programs that no package here has: small ones with the same flags, files and ports."""

MAJOR = 18
SERVER_ID = 999
"""User and group of the official images; Debian's differ from one installation to the next."""

NOBODY = 65534

STOOD_IN_FOR = {"bitcoin/bitcoin": ("bitcoind", "bitcoin-cli"), "getumbrel/electrs": ("electrs",)}
"""Files of `images/`, by the names they go under."""

OF_THE_ROOT: dict[str, tuple[str, str, str | None]] = {
    "ghcr.io/google/mtail": ("mtail", "mtail", None),
    "oliver006/redis_exporter": ("prometheus-redis-exporter", "redis_exporter", None),
    "quay.io/prometheus/alertmanager": ("prometheus-alertmanager", "alertmanager", "/alertmanager"),
    "quay.io/prometheus/blackbox-exporter": ("prometheus-blackbox-exporter", "blackbox_exporter", None),
    "quay.io/prometheus/node-exporter": ("prometheus-node-exporter", "node_exporter", None),
    "quay.io/prometheus/prometheus": ("prometheus", "prometheus", "/prometheus"),
    "quay.io/prometheuscommunity/postgres-exporter": ("prometheus-postgres-exporter", "postgres_exporter", None),
}
"""Programs of the root folder with an image of their own: name there, name here, data folder."""

OF_THE_CACHE: dict[str, tuple[Part, str]] = {
    "quay.io/prometheuscommunity/pgbouncer-exporter": (PGBOUNCER_EXPORTER, "pgbouncer_exporter"),
}
"""Programs that were built from their modules: which, and its name in the image."""

ENDPOINTS: dict[str, tuple[int, int, str | None, str]] = {
    "grafana/grafana": (3000, 472, "/var/lib/grafana", "/run.sh"),
    "grafana/loki": (3100, 10001, "/loki", "/usr/bin/loki"),
    "quay.io/prometheus/pushgateway": (9091, NOBODY, None, "/bin/pushgateway"),
    "ghcr.io/google/cadvisor": (8080, 0, None, "/usr/bin/cadvisor"),
    "fluent/fluent-bit": (2020, 0, None, "/fluent-bit/bin/fluent-bit"),
}
"""Programs that no package here has: port, user, data folder, path."""

LEFT_OUT = frozenset(
    {
        *("dev", "proc", "run", "sys", "tmp"),  # Docker's own
        *("boot", "usr/share/i18n", "usr/share/perl", "var/cache", "var/lib/apt", "var/lib/dpkg", "var/lib/prometheus"),
    }
)
"""Of the root folder."""

LEFT_OUT_PROGRAMS = ("amtool", "mtail", "prometheus", "promtool")
"""400 MB that no container here runs, with all that is called after them."""

ENTRYPOINT = """#!/bin/sh
# What the official image does for a server without scripts of its own. https://hub.docker.com/_/postgres
set -eu
[ "${1:-}" = postgres ] || exec "$@"
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    mkdir -p "$PGDATA"
    chmod 0700 "$PGDATA"
    initdb --username=postgres --pwfile="$POSTGRES_PASSWORD_FILE" $POSTGRES_INITDB_ARGS
    echo "listen_addresses = '*'" >> "$PGDATA/postgresql.conf"
    echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
fi
exec "$@"
"""

POSTGRES = f"""
FROM servers:base
ENV PATH=/usr/lib/postgresql/{MAJOR}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ENV PGDATA=/var/lib/postgresql/{MAJOR}/docker
COPY entrypoint.sh /usr/local/bin/docker-entrypoint.sh
VOLUME /var/lib/postgresql
ENTRYPOINT ["docker-entrypoint.sh"]
STOPSIGNAL SIGINT
EXPOSE 5432
CMD ["postgres"]
"""

VALKEY = """
FROM servers:base
WORKDIR /data
VOLUME /data
EXPOSE 6379
CMD ["valkey-server"]
"""


NGINX = """
FROM servers:base
STOPSIGNAL SIGQUIT
USER 101:101
"""

PLAIN = {"nginxinc/nginx-unprivileged": NGINX, "valkey/valkey": VALKEY}
"""Images that are the root folder and a few words."""


def load(docker: Docker, references: Iterable[str]) -> None:
    """The images that a stack names. Raises LookupError for one that nothing here stands in for."""
    with tempfile.TemporaryFile() as tar:
        with tarfile.open(fileobj=tar, mode="w") as archive:
            _pack(SERVERS.need() / ROOT, archive)
        tar.seek(0)
        docker.load(tar, "servers:base")
    for reference in sorted(set(references)):
        name = reference.removeprefix("docker.io/").removeprefix("library/")  # as the daemon files it
        _make(docker, name)


def _make(docker: Docker, name: str) -> None:
    match name.partition(":")[0]:
        case "postgres":
            files = {"Dockerfile": POSTGRES.encode(), "entrypoint.sh": ENTRYPOINT.encode()}
            docker.build(tar_of(files, mode=0o755), name)
        case "busybox":
            docker.load(io.BytesIO(_toolbox(SERVERS.need() / ROOT / "usr/bin/busybox")), name)
        case reference if reference in OF_THE_CACHE:
            docker.build(_of_the_cache(*OF_THE_CACHE[reference]), name)
        case reference if reference in PLAIN:
            docker.build(tar_of({"Dockerfile": PLAIN[reference].encode()}), name)
        case "blocksight/api" | "blocksight/web" as demo:
            docker.build(_demo(PROJECT / "images" / demo.rpartition("/")[2]), name)
        case reference if reference in STOOD_IN_FOR:
            docker.build(_stand_in(*STOOD_IN_FOR[reference]), name)
        case reference if reference in OF_THE_ROOT:
            docker.build(_of_the_root(*OF_THE_ROOT[reference]), name)
        case reference if reference in ENDPOINTS:
            docker.build(_endpoint(*ENDPOINTS[reference]), name)
        case _:
            msg = f"nothing stands in for the image {name}; add it to {Path(__file__).name}"
            raise LookupError(msg)


def _demo(folder: Path) -> bytes:
    """The build context of a demo image; on a base that has its Python, if it wants one."""
    files = {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}
    dockerfile = re.sub(rb"^FROM python:.*$", b"FROM servers:base", files["Dockerfile"], flags=re.MULTILINE)
    return tar_of({**files, "Dockerfile": dockerfile})


def _stand_in(*programs: str) -> bytes:
    """One of `images/`, under each of its names."""
    content = (STAND_INS / f"{programs[0]}.py").read_bytes()
    lines = ["FROM servers:base", *(f"COPY program /usr/local/bin/{program}" for program in programs)]
    return tar_of({"Dockerfile": "\n".join(lines).encode(), "program": content}, mode=0o755)


def _of_the_root(program: str, called: str, data: str | None) -> bytes:
    """A program of the root folder as its own image has it: as nobody, with a folder of its own for data."""
    kept = [] if data is None else [f"RUN mkdir {data} && chown {NOBODY} {data}", f"VOLUME {data}", f"WORKDIR {data}"]
    lines = [
        "FROM servers:base",
        f"COPY program /bin/{called}",
        *kept,
        f"USER {NOBODY}",
        f'ENTRYPOINT ["/bin/{called}"]',
    ]
    content = (SERVERS.need() / ROOT / "usr/bin" / program).read_bytes()
    return tar_of({"Dockerfile": "\n".join(lines).encode(), "program": content}, mode=0o755)


def _of_the_cache(program: Part, called: str) -> bytes:
    content = (program.need() / PROGRAM).read_bytes()
    lines = ["FROM servers:base", f"COPY program /bin/{called}", f"USER {NOBODY}", f'ENTRYPOINT ["/bin/{called}"]']
    return tar_of({"Dockerfile": "\n".join(lines).encode(), "program": content}, mode=0o755)


def _endpoint(port: int, user: int, data: str | None, program: str) -> bytes:
    """Says that it is there, and nothing else."""
    kept = [] if data is None else [f"RUN mkdir {data} && chown {user} {data}", f"VOLUME {data}"]
    lines = [
        "FROM servers:base",
        f"COPY program {program}",
        *kept,
        f"USER {user}",
        f'ENTRYPOINT ["{program}", "{port}"]',
    ]
    content = (STAND_INS / "endpoint.py").read_bytes()
    return tar_of({"Dockerfile": "\n".join(lines).encode(), "program": content}, mode=0o755)


def _pack(root: Path, tar: tarfile.TarFile) -> None:
    for name in ("proc", "run", "sys", "tmp"):
        entry = tarfile.TarInfo(name)
        entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
        tar.addfile(entry)
    data = tarfile.TarInfo("data")  # Valkey's
    data.type, data.mode, data.uid, data.gid = tarfile.DIRTYPE, 0o755, SERVER_ID, SERVER_ID
    tar.addfile(data)
    for path in sorted(root.iterdir()):
        tar.add(path, path.name, filter=_adapted)
    for file, line in (("passwd", "postgres:x:{0}:{0}::/var/lib/postgresql:/bin/sh"), ("group", "postgres:x:{0}:")):
        kept = [each for each in (root / "etc" / file).read_text("utf-8").splitlines() if "postgres" not in each]
        _add(tar, f"etc/{file}", "\n".join([*kept, line.format(SERVER_ID)]) + "\n")
    python = tarfile.TarInfo("usr/local/bin/python")
    python.type, python.linkname = tarfile.SYMTYPE, "/usr/bin/python3"
    tar.addfile(python)


def _adapted(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Leaves out what `LEFT_OUT` says and the server that Debian's package makes; gives its folder to the image's user."""
    name = entry.name
    if name in LEFT_OUT or name in {"etc/passwd", "etc/group"} or name.startswith("var/lib/postgresql/"):
        return None
    program = Path(name).name if name.startswith("usr/bin/") else ""
    if program.split("-")[0] in LEFT_OUT_PROGRAMS:
        return None
    if name == "var/lib/postgresql":
        entry.uid = entry.gid = SERVER_ID
    return entry


def _add(tar: tarfile.TarFile, name: str, text: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(text.encode()), 0o644
    tar.addfile(entry, io.BytesIO(text.encode()))


def _toolbox(busybox: Path) -> bytes:
    """A root of static programs: BusyBox under a name for each of its applets."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        tar.add(TOOLBOX.need() / "toolbox", "bin/busybox")
        tar.add(busybox, "bin/busybox-of-debian")
        for applet in _applets(busybox):
            link = tarfile.TarInfo(f"bin/{applet}")
            link.type, link.linkname, link.mode = tarfile.LNKTYPE, "bin/busybox-of-debian", 0o755
            tar.addfile(link)
        _add(tar, "etc/passwd", "root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n")
    return buffer.getvalue()


def _applets(busybox: Path) -> Iterator[str]:
    listed = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True)
    return (applet for applet in listed.stdout.split() if applet != "busybox")
