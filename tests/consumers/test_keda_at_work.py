"""An app that scales by a queue, under KEDA's own programs: its webhook takes the objects, and it asks as the app."""

from __future__ import annotations

import copy
import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.consumers import accounts, managers
from tests.consumers.managers import Operated
from tests.consumers.rendered import Rendered
from tests.consumers.test_kubernetes_apps import APPLY, OWN, RUNTIME_CLASS, described


@pytest.fixture(scope="module")
def operated(scratch: Path, rendered: Rendered) -> Generator[Operated]:
    project = str(described(scratch / "apps"))
    rendered.objects("apps", project)
    with managers.operating_keda(scratch / "keda") as running:
        running.cluster.apply(RUNTIME_CLASS)
        done = running.cluster.try_kubectl(*APPLY, "-f", rendered.folder("apps", project))
        assert done.returncode == 0, done.stderr
        yield running


def scaled(operated: Operated) -> dict[str, Any]:
    return operated.cluster.get("scaledobject", "mailer", OWN)


def test_the_webhook_is_asked_and_refuses_two_scalers_of_one_app(operated: Operated) -> None:
    again = copy.deepcopy(scaled(operated))
    again["metadata"] = {"name": "mailer-again", "namespace": OWN}
    done = operated.cluster.try_kubectl("apply", "-f", "-", stdin=json.dumps(again))
    assert done.returncode != 0
    assert "already managed by the ScaledObject 'mailer'" in done.stderr


def test_the_queue_is_asked_at_its_server_as_the_app(operated: Operated) -> None:
    """There is none here: what KEDA says of that shows what it has read from the objects and the Secret."""

    def told() -> str:
        conditions = scaled(operated).get("status", {}).get("conditions", ())
        return "".join(str(each.get("message")) for each in conditions if each["type"] == "Ready")

    operated.cluster.wait_until("KEDA has tried", lambda: "postgreSQL connection" in told())
    assert "user=mailer database=shop" in told()
    assert f"main-rw.{OWN}.svc.cluster.local" in told()
    status = scaled(operated)["status"]
    assert status["triggersTypes"] == "cpu,postgresql"
    assert status["authenticationsTypes"] == "mailer"


def test_keda_asks_for_nothing_that_it_may_not_do(operated: Operated) -> None:
    """Last, when it has done its work."""
    asked = [each for each in accounts.requests(operated.cluster) if each.account.startswith("keda:")]
    assert any(each.verb in {"update", "patch"} and each.what == "scaledobjects/status" for each in asked)
    assert [each for each in asked if each.code == 403] == []
