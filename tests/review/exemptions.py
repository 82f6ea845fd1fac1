"""What ships and breaks a posture rule all the same: who answers for it, why, and until when.

An exemption that ends makes the gate fail again, as does one that nothing needs any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

ROLES = frozenset({"platform", "data", "monitoring"})
"""Who may answer: the role that owns the part, as code owners name it."""


@dataclass(frozen=True)
class Exemption:
    rule: str
    object: str
    """Logical name of the resource, and the part of it."""
    owner: str
    reason: str
    expires: date


_HALF_A_YEAR, _A_YEAR = date(2027, 5, 31), date(2027, 11, 30)

_GRANTS = "psql reads its password from a variable or a file of its own format; the container runs for a second before the migrations and starts nothing else"
_NODE = "a full node has one writer and its chain on one volume; a second one doubles that, and what reads from it waits and retries"
_INDEX = "staging has one index of the chain, as it can be made again; production has two"
_USERS = "the image's own user, below 10000: its files belong to it; the pod is non-root and `restricted` all the same"
_AGENTS = "agents of the node read its files and processes, which Pod Security forbids; nothing else may run in this namespace"
_MACHINE = "it measures the machine or reads its containers' logs, on a developer's machine only; the daemon's socket is its door to that and to more"
_WATCHED = "one volume with one writer; while it is gone Prometheus goes on judging and Alertmanager goes on telling"
_PROBER = "staging asks from outside only while its one prober stands; production has two"
_TAG = "its makers publish a tag, and no catalogue that could be read tells the digest; to be pinned by the first who pulls it"

_SINGLE = ("grafana-deployment", "loki-stateful-set")
_IMAGES = (
    ("sessions-batch-restore-check", "check"),
    ("sessions-proxy-deployment", "proxy"),
    *((f"{cache}-server", container) for cache in ("cache", "sessions") for container in ("server", "exporter")),
    *((f"{cache}-sentinel-watch", "sentinel") for cache in ("cache", "sessions")),
)
_MEASURING = (
    ("R10", "monitoring-cadvisor-container /"),
    ("R10", "monitoring-cadvisor-container /sys"),
    ("R10", "monitoring-cadvisor-container /var/lib/docker"),
    ("R10", "monitoring-cadvisor-container /var/run/docker.sock"),
    ("R10", "monitoring-collector-container /var/lib/docker/containers"),
    ("R10", "monitoring-node-container /"),
    ("R07", "monitoring-node-container pidMode"),
    ("R04", "monitoring-collector-container CAP_DAC_READ_SEARCH"),
)

EXEMPTIONS: tuple[Exemption, ...] = (
    Exemption("R18", "api-migrations grants-pg PGPASSWORD", "data", _GRANTS, _HALF_A_YEAR),
    *(Exemption("R01", f"{name} {container}", "data", _USERS, _A_YEAR) for name, container in _IMAGES),
    Exemption("R01", "web-deployment nginx", "platform", _USERS, _A_YEAR),
    Exemption("R01", "monitoring-grafana-deployment grafana", "monitoring", _USERS, _A_YEAR),
    *(Exemption(rule, "web-deployment exporter", "platform", _TAG, _HALF_A_YEAR) for rule in ("R20", "R21")),
    *(Exemption("R26", f"monitoring-{program}", "monitoring", _WATCHED, _A_YEAR) for program in _SINGLE),
    Exemption("R26", "monitoring-blackbox-deployment", "monitoring", _PROBER, _A_YEAR),
    Exemption("R26", "bitcoind-stateful-set", "platform", _NODE, _A_YEAR),
    Exemption("R26", "electrs-stateful-set", "platform", _INDEX, _A_YEAR),
    Exemption("R31", "operators-namespace-node-agents", "platform", _AGENTS, _A_YEAR),
    *(Exemption(rule, thing, "monitoring", _MACHINE, _HALF_A_YEAR) for rule, thing in _MEASURING),
)
