"""The posture rules as a gate: nothing that ships breaks one, unless somebody answers for it until a date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from rehearsal.session import Session
from review import events, world
from review.rules import RULES, Breach, breaches

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Exemption:
    rule: str
    object: str
    """Logical name of the resource, and the part of it."""
    owner: str
    reason: str
    expires: date


_GRANTS = "psql reads its password from a variable or a file of its own format; the container runs for a second before the migrations and starts nothing else"
_NODE = "a full node has one writer and its chain on one volume; a second one doubles that, and what reads from it waits and retries"
_INDEX = "staging has one index of the chain, as it can be made again; production has two"

_WATCHED = "one volume with one writer; while it is gone Prometheus goes on judging and Alertmanager goes on telling"
_PROBER = "staging asks from outside only while its one prober stands; production has two"

_USERS = "the image's own user, below 10000: its files belong to it; the pod is non-root and `restricted` all the same"
_PROXY = "both ask the proxy itself, and not what is behind it; it holds no work that a restart would lose"
_IMAGES = (
    ("sessions-batch-restore-check", "check"),
    ("sessions-proxy-deployment", "proxy"),
    ("web-deployment", "nginx"),
    ("monitoring-grafana-deployment", "grafana"),
    *(
        (f"{cache}-{pod}", container)
        for cache in ("cache", "sessions")
        for pod, container in (("server", "server"), ("server", "exporter"))
    ),
    *((f"{cache}-sentinel-watch", "sentinel") for cache in ("cache", "sessions")),
)

EXEMPTIONS: tuple[Exemption, ...] = (
    Exemption("R18", "api-migrations grants-pg PGPASSWORD", "platform", _GRANTS, date(2027, 6, 30)),
    *(Exemption("R01", f"{name} {container}", "platform", _USERS, date(2027, 6, 30)) for name, container in _IMAGES),
    Exemption("R25", "sessions-proxy-deployment proxy liveness", "platform", _PROXY, date(2027, 6, 30)),
    Exemption("R26", "bitcoind-stateful-set", "platform", _NODE, date(2027, 6, 30)),
    Exemption("R26", "electrs-stateful-set", "platform", _INDEX, date(2027, 6, 30)),
    *(
        Exemption("R26", f"monitoring-{program}", "platform", _WATCHED, date(2027, 6, 30))
        for program in ("grafana-deployment", "loki-stateful-set", "pushgateway-deployment")
    ),
    Exemption("R26", "monitoring-blackbox-deployment", "platform", _PROBER, date(2027, 6, 30)),
)


@pytest.mark.parametrize("stack", ["dev", "staging", "prod"])
def test_shipped_stacks_break_no_rule(stack: str) -> None:
    with Session(ROOT, stack) as session:
        result = session.preview("--color=never")
        assert result.exit_code == 0, result.text
        found = breaches(world.after(events.read(result.events)))
    assert [f"{b.rule} {_object(b)}: {b.sentence}" for b in found if not _exempt(b)] == []


def _object(breach: Breach) -> str:
    return f"{breach.urn.rpartition('::')[2]} {breach.where}".strip()


def _exempt(breach: Breach) -> bool:
    today = datetime.now(tz=UTC).date()
    return any((e.rule, e.object) == (breach.rule, _object(breach)) and today <= e.expires for e in EXEMPTIONS)


def test_exemptions_are_answered_for() -> None:
    for exemption in EXEMPTIONS:
        assert exemption.rule in RULES
        assert exemption.owner
        assert len(exemption.reason.split()) >= 5, exemption
