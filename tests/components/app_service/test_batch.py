"""Migrations and jobs: what gates what, who they are, and what they can reach."""

from __future__ import annotations

from typing import Any

import pytest

import edges
from tests.components.app_service.test_kinds import changed
from tests.kit.recording import Recording, Resource
from tests.stacks.shipped import recorded, topology_of

CLEANUP: dict[str, Any] = {"schedule": "15 3 * * *", "command": ["npm", "run", "cleanup"]}


def _deps(recording: Recording, resource: Resource) -> set[str]:
    names = {r.urn: r.name for r in recording.resources}
    return {names[urn] for urn in resource.dependencies}


def test_migrations_come_between_the_role_and_the_new_version() -> None:
    recording = recorded("prod")
    job = recording.one("Job", "api-migrations")
    assert {"main-api-migrator-role", "api-batch-policy"} <= _deps(recording, job)
    assert "api-migrations" in _deps(recording, recording.one("Deployment", "api-deployment"))


def test_a_new_image_is_a_new_job_and_a_failed_one_runs_again() -> None:
    job = recorded("prod").one("Job", "api-migrations").inputs
    assert "name" not in job["metadata"], "named by the engine: created before the old one is deleted"
    assert job["metadata"]["annotations"] == {"pulumi.com/replaceUnready": "true"}
    assert job["spec"]["backoffLimit"] == 0
    assert "ttlSecondsAfterFinished" not in job["spec"], "a job that vanished would run again"


def test_migrations_run_the_apps_image_with_a_role_of_their_own() -> None:
    recording = recorded("prod")
    pod = recording.one("Job", "api-migrations").inputs["spec"]["template"]["spec"]
    app = recording.one("Deployment", "api-deployment").inputs["spec"]["template"]["spec"]["containers"][0]
    variables = {v["name"]: v.get("value") for v in pod["containers"][0]["env"]}
    assert pod["containers"][0]["image"] == app["image"]
    assert variables["PGUSER"] == "api-migrator"
    assert {v["name"]: v.get("value") for v in app["env"]} | {"PGUSER": "api-migrator"} == variables
    assert pod["restartPolicy"] == "Never"


def test_the_service_does_not_select_what_runs_beside_the_replicas() -> None:
    recording = recorded("prod")
    selector = recording.one("Service", "api-service").inputs["spec"]["selector"]
    labels = recording.one("Job", "api-migrations").inputs["spec"]["template"]["metadata"]["labels"]
    assert not selector.items() <= labels.items()


def test_with_migrations_the_apps_own_role_owns_nothing() -> None:
    recording = recorded("prod")
    assert recording.one("DatabaseRole", "main-api-role").inputs["spec"]["inRoles"] == []
    assert recording.one("DatabaseRole", "main-api-migrator-role").inputs["spec"]["inRoles"] == ["api-owner"]


def test_without_migrations_the_app_is_the_owner() -> None:
    recording = changed("prod", {"api": {"migrations": None}})
    assert recording.one("DatabaseRole", "main-api-role").inputs["spec"]["inRoles"] == ["api-owner"]
    of_the_app = [r.name for r in recording.resources if r.name.startswith("api-")]
    assert [name for name in of_the_app if "migrat" in name or "batch" in name] == []


def test_an_app_that_shares_a_migrated_database_gets_rights_and_no_ownership() -> None:
    worker = {"kind": "worker", "image": "registry.example.com/w@sha256:" + "2" * 64}
    recording = changed("prod", {"mails": {**worker, "connects_to": [{"postgres": "main", "database": "api"}]}})
    assert recording.one("DatabaseRole", "main-mails-role").inputs["spec"]["inRoles"] == []
    setup = recording.one("Job", "api-migrations").inputs["spec"]["template"]["spec"]["initContainers"][0]
    assert 'TO "mails"' in setup["command"][-1]


def test_the_grants_survive_kubernetes_reading_of_dollars() -> None:
    """`$$` is one dollar to Kubernetes, and `$(X)` a variable."""
    setup = recorded("prod").one("Job", "api-migrations").inputs["spec"]["template"]["spec"]["initContainers"][0]
    assert "$$" not in setup["command"][-1]
    assert "$(" not in setup["command"][-1]


def test_on_docker_the_exit_code_of_the_migrations_gates_the_app() -> None:
    recording = recorded("dev")
    migrations = recording.one("Container", "api-migrations")
    assert migrations.inputs["entrypoints"] == ["/run/slipway/busybox", "timeout", "600"]
    assert migrations.inputs["mustRun"] is False
    assert migrations.inputs["attach"] is True
    assert "main-setup" in _deps(recording, migrations)
    assert migrations.urn in recording.one("Container", "api-container").dependencies
    assert "PGUSER=api-migrator" in migrations.inputs["envs"]


def test_a_job_runs_what_the_app_is_with_what_the_app_reads() -> None:
    recording = changed("prod", {"api": {"jobs": {"cleanup": CLEANUP}}})
    job = recording.one("CronJob", "api-job-cleanup").inputs
    assert job["metadata"]["name"] == "api-cleanup"
    assert job["spec"]["schedule"] == "15 3 * * *"
    assert job["spec"]["timeZone"] == "Etc/UTC"
    assert job["spec"]["concurrencyPolicy"] == "Forbid"
    pod = job["spec"]["jobTemplate"]["spec"]["template"]
    assert {v["name"]: v.get("value") for v in pod["spec"]["containers"][0]["env"]}["PGUSER"] == "api"
    assert (
        pod["metadata"]["labels"]
        == recording.one("NetworkPolicy", "api-batch-policy").inputs["spec"]["podSelector"]["matchLabels"]
    )


@pytest.mark.parametrize("stack", ["staging", "prod"])
def test_what_runs_beside_reaches_what_the_app_reaches_and_is_reached_by_nobody(stack: str) -> None:
    plan = topology_of(stack)
    assert [(e.producer, e.port) for e in plan.outbound("api")] == [
        (e.producer, e.port) for e in plan.outbound("api-batch")
    ]
    assert plan.inbound("api-batch") == ()


def test_migrations_and_jobs_count_in_the_peak() -> None:
    assert edges.batch("api").name == "api-batch"
    spec = topology_of("prod").stack.app_services["api"]
    assert spec.most_batch_pods == 1


SMOKE: dict[str, Any] = {
    "image": "registry.example.com/view@sha256:" + "3" * 64,
    "ports": {"http": 8080},
    "probes": {"readiness": {"http": "/healthz"}},
    "connects_to": [{"app": "api"}],
    "rollout": {"smoke": {"command": ["npm", "run", "smoke"]}},
}


def test_a_smoke_test_comes_after_the_rollout_and_gates_what_counts_as_released() -> None:
    recording = changed("prod", {"view": SMOKE})
    job = recording.one("Job", "view-smoke")
    assert "view-deployment" in _deps(recording, job)
    variables = {v["name"]: v.get("value") for v in job.inputs["spec"]["template"]["spec"]["containers"][0]["env"]}
    assert (variables["SMOKE_HOST"], variables["SMOKE_PORT"]) == ("view", "8080")
    assert job.inputs["metadata"]["annotations"] == {"pulumi.com/replaceUnready": "true"}
    view = recording.one("AppService", "view")
    assert view.outputs is not None
    assert view.outputs["released"] == job.inputs["spec"]["template"]["spec"]["containers"][0]["image"]


def test_a_stateful_app_is_asked_too() -> None:
    index = {**SMOKE, "kind": "stateful", "storage": {"path": "/data", "size": "1Gi"}}
    recording = changed("prod", {"index": index})
    job = recording.one("Job", "index-smoke")
    assert "index-stateful-set" in _deps(recording, job)
    released = recording.one("AppService", "index").outputs
    assert released is not None
    assert released["released"] == index["image"]


def test_a_smoke_test_may_ask_the_app_and_what_the_app_uses() -> None:
    recording = changed("prod", {"view": SMOKE})
    out = recording.one("NetworkPolicy", "view-batch-policy").inputs["spec"]["egress"]
    asked = {
        (rule["to"][0]["podSelector"]["matchLabels"]["app.kubernetes.io/instance"], rule["ports"][0]["port"])
        for rule in out
    }
    assert asked == {("api", 8000), ("view", 8080)}
    callers = recording.one("NetworkPolicy", "view-policy").inputs["spec"]["ingress"]
    assert [rule["from"][0]["podSelector"]["matchLabels"]["app.kubernetes.io/name"] for rule in callers] == [
        "app-service-batch"
    ]
