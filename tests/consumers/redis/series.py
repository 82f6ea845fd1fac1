"""What the exporter beside a server serves, as it is rendered: `python -m tests.consumers.redis.series` prints it for tests/series."""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from components.telemetry import TargetKind, Telemetry
from tests.consumers.redis.instance import Instance
from tests.consumers.redis.pods import Pod
from tests.consumers.redis.stack import recording, sharded, standalone
from tests.series import emitted_by, missing
from toolchain.consumers.servers import ROOT, SERVERS

PROGRAM = "prometheus-redis-exporter"
"""What Debian calls it; the image starts it by itself."""

PORT = 9121

_SAMPLE = re.compile(r"^(redis_\w+)(?:\{(.*)\})? ", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="')

Labels = Mapping[str, frozenset[str]]


def beside(pods: Iterable[Pod]) -> Labels:
    """Labels by series, of all the pods' exporters."""
    return read("\n".join(_beside(pod) for pod in pods))


def read(text: str) -> Labels:
    found: dict[str, frozenset[str]] = {}
    for series, labels in _SAMPLE.findall(text):
        found[series] = found.get(series, frozenset()) | frozenset(_LABEL.findall(labels))
    return found


def _beside(pod: Pod) -> str:
    """Runs the pod's exporter once."""
    exporter = pod.template["spec"]["containers"][1]
    variables = " ".join(f"{each['name']}='{each['value']}'" for each in exporter["env"])
    return pod.run(
        "bash", "-c", f"{variables} {PROGRAM} >/dev/null 2>&1 & sleep 2; {fetch('127.0.0.1')}; kill %1"
    ).stdout


def fetch(host: str) -> str:
    """A shell line that prints what an exporter serves; the servers' images have no HTTP client."""
    return f"exec 3<>/dev/tcp/{host}/{PORT}; printf 'GET /metrics HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3"


def lacking(told: Telemetry, target: TargetKind, found: Labels) -> list[str]:
    """What an instance's signals read of its exporters and these do not give."""
    return [
        lack
        for signal in told.signals
        if "redis_" in signal.sources[target]
        for lack in missing(signal.sources[target], found)
    ]


def unlisted(found: Labels) -> dict[str, frozenset[str]]:
    """Labels that listed series have and the list does not know. Which series there are depends on what a server has seen."""
    listed = emitted_by("redis-exporter")
    new = {name: labels - listed[name] for name, labels in found.items() if name in listed}
    return {name: labels for name, labels in new.items() if labels}


def main() -> None:
    found: dict[str, frozenset[str]] = {}
    for name, stack in (("sessions", standalone()), ("sessions", recording()), ("cache", sharded())):
        with (
            tempfile.TemporaryDirectory(prefix="redis-series") as folder,
            Instance(name, stack, SERVERS.need() / ROOT, Path(folder)) as instance,
        ):
            instance.start()
            instance.wait("all ready", instance.all_ready)
            for series, labels in beside(instance.servers).items():
                found[series] = found.get(series, frozenset()) | labels
    for series, labels in sorted(found.items()):
        sys.stdout.write(f"  {series}: [{', '.join(sorted(labels))}]\n")


if __name__ == "__main__":
    main()
