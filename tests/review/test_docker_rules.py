"""The rules that a Docker container can keep, each broken once; the corpus is of Kubernetes."""

from __future__ import annotations

from typing import Any

import pytest

from review.flags.losses import delete_first
from review.model import Change, Op, Plan, Side
from review.rules import breaches
from review.values import HIDDEN
from review.world import Thing, World
from tests.review import corpus

GOOD: dict[str, Any] = {
    "name": "shop-web",
    "image": "sha256:" + "1" * 64,
    "capabilities": {"drops": ["ALL"], "adds": ["CAP_NET_BIND_SERVICE"]},
    "readOnly": True,
    "memory": 256,
    "envs": ["LEVEL=info", "DB_PASSWORD_FILE=/run/secrets/password"],
    "ports": [{"internal": 80, "external": 8080, "ip": "127.0.0.1"}],
    "mounts": [{"type": "volume", "source": "data", "target": "/data"}, {"type": "bind", "source": "/home/me/src"}],
}


def _broken(**changes: Any) -> set[tuple[str, str]]:
    body = {**GOOD, **changes}
    return {(b.rule, b.where) for b in breaches(World([Thing("urn", "Container", "", "web", body, "docker")]))}


def test_a_good_one_breaks_none() -> None:
    assert _broken() == set()


@pytest.mark.parametrize(
    ("changes", "rule", "where"),
    [
        ({"privileged": True}, "R02", ""),
        ({"capabilities": {}}, "R04", ""),
        ({"capabilities": {"drops": ["ALL"], "adds": ["CAP_SYS_ADMIN"]}}, "R04", "CAP_SYS_ADMIN"),
        ({"readOnly": False}, "R06", ""),
        ({"pidMode": "host"}, "R07", "pidMode"),
        ({"ipcMode": "host"}, "R07", "ipcMode"),
        ({"networkMode": "host"}, "R08", ""),
        ({"ports": [{"internal": 80, "external": 8080}]}, "R09", "8080"),
        ({"ports": [{"internal": 80, "external": 8080, "ip": "0.0.0.0"}]}, "R09", "8080"),  # noqa: S104  # it is refused
        ({"mounts": [{"type": "bind", "source": "/var/run/docker.sock"}]}, "R10", "/var/run/docker.sock"),
        ({"mounts": [{"type": "bind", "source": "/"}]}, "R10", "/"),
        ({"volumes": [{"hostPath": "/var/lib/docker", "containerPath": "/d"}]}, "R10", "/var/lib/docker"),
        ({"envs": ["LEVEL=info", HIDDEN]}, "R18", ""),
        ({"envs": ["SERVICE_TOKEN=not-a-real-one"]}, "R19", "SERVICE_TOKEN"),
        ({"memory": None}, "R23", ""),
    ],
)
def test_each_is_broken(changes: dict[str, Any], rule: str, where: str) -> None:
    assert _broken(**changes) == {(rule, where)}


def test_one_that_runs_once_may_write() -> None:
    """It ends before anything else starts."""
    assert _broken(mustRun=False, readOnly=False, memory=None) == set()


def test_one_that_runs_once_may_hand_files_over_and_no_more() -> None:
    given = {"drops": ["ALL"], "adds": ["CAP_CHOWN", "CAP_SYS_ADMIN"]}
    assert _broken(mustRun=False, capabilities=given) == {("R04", "CAP_SYS_ADMIN")}
    assert _broken(capabilities=given) == {("R04", "CAP_SYS_ADMIN"), ("R04", "CAP_CHOWN")}


def test_a_container_has_to_go_first_and_nobody_is_told_to_take_its_name_away() -> None:
    side = Side(GOOD, protect=False, retain=False)
    urn = "urn:pulumi:dev::shop::docker:index/container:Container::web"
    change = Change(
        urn=urn,
        type="docker:index/container:Container",
        op=Op.REPLACE,
        parent="",
        provider="",
        old=side,
        new=side,
        delete_first=True,
    )
    plan = Plan("shop", "dev", {urn: change}, (), (), 1, False, True, (), ())
    (found,) = delete_first(corpus.case(plan, corpus.before()))
    assert "metadata.name" not in found.remedy
    assert "its name is free only when the old one is gone" in found.remedy
