"""What samples and lines cost: bytes of disk and memory from what a person expects. Pure.

Sources: https://prometheus.io/docs/prometheus/latest/storage/#operational-aspects for the disk (1 to 2 bytes a sample),
https://grafana.com/docs/loki/latest/setup/size/ for lines.
"""

from __future__ import annotations

import math

BYTES_PER_SAMPLE = 2
"""The upper end of what Prometheus' own documentation gives."""
FILL = 0.8
"""Share of a volume that blocks may take; the rest is for the log of the last hours and for compaction."""
BYTES_PER_SERIES = 8 * 1024
"""Memory of one series in the head block, with its labels and index; measured figures range from 7 to 9 KiB."""
MEMORY_MARGIN = 1.5
"""For queries, and for reading the log again after a crash."""
LEAST_MEMORY = 512 * 2**20
LEAST_VOLUME = 2 * 2**30
COMPRESSION = 5
"""Text by what Loki stores of it; JSON lines reach 5 to 10."""
AUDITED = 0.1
"""Share of lines that are kept as long as audit lines."""

FORMULA = "series / interval x retention x 2 bytes / 0.8"
LOGS_FORMULA = "daily text x (retention + 10 % x audit retention) / 5 / 0.8"

_DAYS = {"d": 1, "w": 7, "m": 30}


def days(retention: str) -> int:
    """`2w` -> 14; a month counts as 30 days."""
    return int(retention[:-1]) * _DAYS[retention[-1]]


def storage(series: int, interval: int, kept_days: int) -> int:
    """Bytes of a volume for samples every `interval` seconds, in whole GiB."""
    samples = series / interval * kept_days * 86_400
    return _whole(samples * BYTES_PER_SAMPLE / FILL)


def kept(volume: int) -> int:
    """Bytes of blocks after which Prometheus drops the oldest, whatever the retention says."""
    return int(volume * FILL)


def memory(series: int) -> int:
    """Bytes of memory that Prometheus is given, in whole multiples of 128 MiB."""
    step = 128 * 2**20
    return max(LEAST_MEMORY, math.ceil(series * BYTES_PER_SERIES * MEMORY_MARGIN / step) * step)


def cpu(series: int, interval: int) -> int:
    """Thousandths of a core: 100 to be there, and one core for each 25,000 samples a second with their rules."""
    return 100 + math.ceil(series / interval / 25)


def logs(daily: int, kept_days: int, audit_days: int) -> int:
    """Bytes of a volume for lines, in whole GiB."""
    return _whole(daily * (kept_days + AUDITED * audit_days) / COMPRESSION / FILL)


def written(count: int) -> str:
    """Bytes in GiB, as a stack file says it."""
    return f"{math.ceil(count / 2**30)}Gi"


def _whole(count: float) -> int:
    return max(LEAST_VOLUME, math.ceil(count / 2**30) * 2**30)
