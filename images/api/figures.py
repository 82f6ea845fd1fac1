"""What the demo counts, as Prometheus reads it: by the names that BlockSight's own API has, which its stack files declare."""

from __future__ import annotations

import base64
import json
import os
import threading
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

BOUNDS = (0.01, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0)
"""Upper bounds of the histogram's buckets in seconds: `metrics.requests.buckets` of the stack files."""

HISTOGRAM = "http_request_duration_seconds"
NODE_PATIENCE_SECONDS = 2


def tip() -> tuple[int, int] | None:
    """Height and time of the newest block that the node has; None if it does not answer."""
    host, port = os.environ.get("BITCOIND_HOST", ""), os.environ.get("BITCOIND_PORT", "")
    word = Path(os.environ.get("BITCOIND_USERPASS_FILE", "/nowhere"))
    question = json.dumps({"method": "getblockchaininfo", "params": []}).encode()
    try:
        login = base64.b64encode(word.read_bytes().strip()).decode()
        headers = {"Authorization": f"Basic {login}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"http://{host}:{port}/", data=question, headers=headers)
        with urllib.request.urlopen(request, timeout=NODE_PATIENCE_SECONDS) as answer:  # noqa: S310  # of this stack
            told: dict[str, Any] = json.load(answer)["result"]
        return int(told["blocks"]), int(told["time"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


class Figures:
    """Counters of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[int] = Counter()
        self._within: Counter[tuple[int, float]] = Counter()
        self._seconds: Counter[int] = Counter()

    def answered(self, status: int, seconds: float) -> None:
        """One request."""
        with self._lock:
            self._requests[status] += 1
            self._seconds[status] += seconds  # pyright: ignore[reportArgumentType]  # a Counter adds up fractions too
            for bound in BOUNDS:
                self._within[status, bound] += seconds <= bound

    def text(self, newest: tuple[int, int] | None) -> str:
        """The exposition format. https://prometheus.io/docs/instrumenting/exposition_formats/"""
        lines = [f"# TYPE {HISTOGRAM} histogram"]
        with self._lock:
            for status, count in sorted(self._requests.items()):
                label = f'status_code="{status}"'
                lines += [f'{HISTOGRAM}_bucket{{{label},le="{b:g}"}} {self._within[status, b]}' for b in BOUNDS]
                lines.append(f'{HISTOGRAM}_bucket{{{label},le="+Inf"}} {count}')
                lines.append(f"{HISTOGRAM}_sum{{{label}}} {self._seconds[status]:.6f}")
                lines.append(f"{HISTOGRAM}_count{{{label}}} {count}")
        if newest is not None:
            height, moment = newest
            lines += ["# TYPE blocksight_tip_height gauge", f"blocksight_tip_height {height}"]
            lines += ["# TYPE blocksight_tip_timestamp_seconds gauge", f"blocksight_tip_timestamp_seconds {moment}"]
        # The demo opens no WebSocket and keeps nothing in the cache; zeros say so, where silence would be an alarm.
        lines += ["# TYPE blocksight_websocket_connections gauge", "blocksight_websocket_connections 0"]
        lines.append("# TYPE blocksight_cache_reads_total counter")
        lines += [f'blocksight_cache_reads_total{{result="{result}"}} 0' for result in ("hit", "miss")]
        return "\n".join(lines) + "\n"
