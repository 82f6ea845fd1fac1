"""The shipped prod stack under the operators' own programs.

Their webhooks take every object and refuse what would lose data; what they make of the objects is looked at as far as
it goes without nodes.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from cluster.versions import INSTALLED
from tests.consumers import accounts, managers
from tests.consumers.cluster import Cluster
from tests.consumers.managers import BALANCED, Operated
from tests.consumers.rendered import Rendered
from tests.consumers.workloads import namespace
from tests.stacks.shipped import topology_of

APPLY = ("apply", "--server-side", "--field-manager=pulumi-kubernetes")


@dataclass(frozen=True, kw_only=True)
class Work:
    operated: Operated
    objects: list[dict[str, Any]]
    space: str
    warnings: str

    @property
    def cluster(self) -> Cluster:
        return self.operated.cluster

    def status(self, kind: str, name: str) -> dict[str, Any]:
        return self.cluster.get(kind, name, self.space).get("status", {})

    def named(self, kind: str) -> list[str]:
        return [each["metadata"]["name"] for each in self.objects if each["kind"] == kind]

    def change(self, kind: str, name: str, spec: dict[str, Any]) -> str:
        """What the API server says to a change of the live object; nothing is changed."""
        patch = json.dumps({"spec": spec})
        done = self.cluster.try_kubectl(
            "patch", kind, name, "-n", self.space, "--type=merge", "--dry-run=server", "-p", patch
        )
        assert (done.returncode == 0) == (done.stderr == ""), done.stderr
        return done.stderr


@pytest.fixture(scope="module")
def work(scratch: Path, rendered: Rendered) -> Generator[Work]:
    objects = rendered.objects("prod")
    space = namespace(objects)
    with managers.operating(scratch / "operators") as operated:
        cluster = operated.cluster
        done = cluster.try_kubectl(*APPLY, "-f", rendered.folder("prod"))
        assert done.returncode == 0, done.stderr
        for each in (each for each in objects if each["kind"] == "Certificate"):
            pair = managers.certificate(scratch / "pair", each["spec"].get("dnsNames", ["any.example.com"]))
            name = each["spec"]["secretName"]
            cluster.kubectl("create", "secret", "tls", name, "-n", space, f"--cert={pair[0]}", f"--key={pair[1]}")
        yield Work(operated=operated, objects=objects, space=space, warnings=done.stderr)


def test_the_webhooks_take_every_object_without_a_warning(work: Work) -> None:
    assert {"Cluster", "Database", "Pooler", "ScheduledBackup"} <= {each["kind"] for each in work.objects}
    assert work.warnings == ""


@pytest.mark.parametrize(
    ("kind", "name", "spec", "told"),
    [
        ("cluster.postgresql.cnpg.io", "main", {"storage": {"size": "50Gi"}}, "can't shrink existing storage"),
        ("cluster.postgresql.cnpg.io", "main", {"walStorage": {"size": "1Gi"}}, "can't shrink existing storage"),
        (
            "cluster.postgresql.cnpg.io",
            "main",
            {"imageName": "ghcr.io/cloudnative-pg/postgresql:17.11-standard-trixie"},
            "can't downgrade from major 18 to 17",
        ),
        (
            "cluster.postgresql.cnpg.io",
            "main",
            {"postgresql": {"synchronous": {"number": 3}}},
            "must be less than the total number of instances",
        ),
        (
            "cluster.postgresql.cnpg.io",
            "main",
            {"postgresql": {"parameters": {"port": "5433"}}},
            "Can't set fixed configuration parameter",
        ),
        ("pooler", "main-pooler-rw", {"cluster": {"name": "other"}}, "immutable"),
    ],
)
def test_the_webhooks_refuse_what_would_lose_data_or_can_not_be(
    work: Work, kind: str, name: str, spec: dict[str, Any], told: str
) -> None:
    assert told in work.change(kind, name, spec)


def test_the_webhooks_let_a_volume_grow(work: Work) -> None:
    assert work.change("cluster.postgresql.cnpg.io", "main", {"storage": {"size": "200Gi"}}) == ""


def test_the_rules_webhook_refuses_what_no_prometheus_could_read(work: Work) -> None:
    rule = {"spec": {"groups": [{"name": "slipway", "rules": [{"alert": "Down", "expr": "up = = 0"}]}]}}
    patch = ("--type=merge", "--dry-run=server", "-p", json.dumps(rule))
    done = work.cluster.try_kubectl("patch", "prometheusrule", "rules", "-n", _monitoring(work), *patch)
    assert done.returncode != 0
    assert "could not parse expression" in done.stderr


def test_a_database_server_is_made_up_to_where_its_first_instance_must_answer(work: Work) -> None:
    def stopped() -> bool:
        return "Status Extraction Error" in work.status("cluster.postgresql.cnpg.io", "main").get("phase", "")

    work.operated.processes.wait_until("nothing but the instance's answer is missing", stopped)
    status = work.status("cluster.postgresql.cnpg.io", "main")
    assert work.operated.condition(status, "Initialized") == "True"
    assert [plugin["name"] for plugin in status["pluginStatus"]] == ["barman-cloud.cloudnative-pg.io"]
    assert status["healthyPVC"] == ["main-1", "main-1-wal"]
    assert "main-pooler-rw" in status["certificates"]["serverAltDNSNames"]
    pod = work.cluster.get("pod", "main-1", work.space)
    assert work.operated.condition(pod["status"], "Ready") == "True"
    containers = [*pod["spec"]["containers"], *pod["spec"]["initContainers"]]
    assert {each["name"] for each in containers} == {"postgres", "bootstrap-controller", "plugin-barman-cloud"}
    for kind, name in (("service", "main-rw"), ("poddisruptionbudget", "main-primary"), ("role", "main-barman-cloud")):
        assert work.cluster.get(kind, name, work.space)


def test_an_upgrade_of_the_operator_restarts_one_server_after_another(work: Work) -> None:
    log = work.operated.processes.log("cloudnative-pg").read_text(encoding="utf-8").splitlines()
    (told,) = [json.loads(line)["configuration"] for line in log if "Operator configuration loaded" in line]
    assert (told["clustersRolloutDelay"], told["instancesRolloutDelay"]) == (60, 10)


def test_poolers_run_within_the_quota(work: Work) -> None:
    """The quota refuses a pod that has a container without a size, whoever makes it."""
    work.cluster.wait_until("the operator made the poolers", lambda: work.status("pooler", "main-pooler-rw") != {})
    work.cluster.rolled_out("deployment", "main-pooler-rw", work.space)


def test_nothing_that_an_operator_makes_is_refused(work: Work) -> None:
    events = work.cluster.all("events", work.space)
    failed = [each["message"] for each in events if each["reason"] in {"FailedCreate", "FailedScheduling"}]
    assert [message for message in failed if "quota" in message or "forbidden" in message] == []


def test_what_an_operator_runs_here_is_reached_by_a_policy_of_its_own(work: Work) -> None:
    """Beside those over all pods: the labels that operators give are those that our policies select."""
    policies = [each for each in work.objects if each["kind"] == "NetworkPolicy"]
    chosen = [labels for each in policies if (labels := each["spec"]["podSelector"].get("matchLabels"))]
    pods = work.cluster.all("pod", work.space)
    made = [pod for pod in pods if pod["metadata"]["labels"].get("app.kubernetes.io/managed-by") == "cloudnative-pg"]
    assert {"instance", "pooler"} <= {pod["metadata"]["labels"].get("cnpg.io/podRole") for pod in made}
    for pod in made:
        labels = pod["metadata"]["labels"].items()
        assert any(each.items() <= labels for each in chosen), pod["metadata"]["name"]


def _monitoring(work: Work) -> str:
    """Namespace of the stack's monitoring."""
    (prometheus,) = [each for each in work.objects if each["kind"] == "Prometheus"]
    return prometheus["metadata"]["namespace"]


@pytest.mark.parametrize("kind", ["prometheus", "alertmanager"])
@pytest.mark.parametrize("condition", ["Reconciled", "Available"])
def test_monitoring_runs(work: Work, kind: str, condition: str) -> None:
    work.operated.wait_until_status(kind, "monitoring", _monitoring(work), condition)


def test_prometheus_is_told_of_every_endpoint_and_question_of_the_stack(work: Work) -> None:
    space = _monitoring(work)
    config = yaml.safe_load(work.operated.unzipped("prometheus-monitoring", space, "prometheus.yaml.gz"))
    jobs = {job["job_name"]: job for job in config["scrape_configs"]}
    endpoints = {f"podMonitor/{space}/{name}/0" for name in work.named("PodMonitor")}
    questions = {f"probe/{space}/{name}" for name in work.named("Probe")}
    assert jobs.keys() == {*endpoints, *questions, *(f"serviceMonitor/{space}/kubelet/{i}" for i in (0, 1))}

    def named(job: str) -> tuple[str, str]:
        setting = [rule for rule in jobs[job]["relabel_configs"] if "target_label" in rule]
        said = {rule["target_label"]: rule.get("replacement") for rule in setting}  # of two rules the last one counts
        return said["instance_name"], said["job"]

    telemetry = topology_of("prod").telemetry
    assert {named(job) for job in endpoints} == {(each.instance, each.job) for one in telemetry for each in one.scrapes}
    asked = {target for job in questions for group in jobs[job]["static_configs"] for target in group["targets"]}
    assert len(asked) == len(questions) == sum(len(one.probes) for one in telemetry)


def test_prometheus_reads_every_rule_of_the_stack(work: Work) -> None:
    wanted = {
        group["name"] for each in work.objects if each["kind"] == "PrometheusRule" for group in each["spec"]["groups"]
    }
    maps = [m for m in work.cluster.all("configmap", _monitoring(work)) if "rulefiles" in m["metadata"]["name"]]
    files = [yaml.safe_load(text) for each in maps for text in each["data"].values()]
    assert {group["name"] for file in files for group in file["groups"]} == wanted


def test_alertmanager_is_told_who_is_told(work: Work) -> None:
    space = _monitoring(work)
    made = yaml.safe_load(work.operated.unzipped("alertmanager-monitoring-generated", space, "alertmanager.yaml.gz"))
    written = yaml.safe_load(work.operated.secret("monitoring-alertmanager-config", space, "alertmanager.yaml"))
    for part in ("route", "inhibit_rules"):
        assert made[part] == written[part]
    assert [each["name"] for each in made["receivers"]] == [each["name"] for each in written["receivers"]]


@pytest.fixture(scope="module")
def gateway(work: Work) -> dict[str, Any]:
    """The Gateway, once its proxies run and their Service has an address."""
    if reason := managers.why_no_gateway():
        pytest.skip(f"envoy-gateway: {reason}")
    (name,) = work.named("Gateway")
    space = INSTALLED["envoy_gateway"].namespace
    owned = f"gateway.envoyproxy.io/owning-gateway-name={name}"
    work.cluster.wait_until("the proxies have a Service", lambda: bool(work.cluster.all("service", space, owned)))
    (service,) = work.cluster.all("service", space, owned)
    address = json.dumps({"status": {"loadBalancer": {"ingress": [{"ip": BALANCED}]}}})
    patch = ("patch", "service", service["metadata"]["name"], "-n", space, "--subresource=status", "--type=merge")
    work.cluster.kubectl(*patch, "-p", address)
    work.operated.wait_until_status("gateway.gateway.networking.k8s.io", name, work.space, "Programmed")
    return work.status("gateway.gateway.networking.k8s.io", name)


def test_the_gateway_is_programmed(work: Work, gateway: dict[str, Any]) -> None:
    assert work.operated.condition(gateway, "Accepted") == "True"
    assert [each["value"] for each in gateway["addresses"]] == [BALANCED]
    assert len(gateway["listeners"]) >= 2
    for listener in gateway["listeners"]:
        for condition in ("Accepted", "Programmed", "ResolvedRefs"):
            assert work.operated.condition(listener, condition) == "True", (listener["name"], condition)
        assert listener["attachedRoutes"] >= 1, listener["name"]


def test_every_route_and_policy_is_accepted(work: Work, gateway: dict[str, Any]) -> None:
    assert gateway
    kinds = {"HTTPRoute": "parents", "BackendTrafficPolicy": "ancestors", "ClientTrafficPolicy": "ancestors"}
    for kind, places in kinds.items():
        names = work.named(kind)
        assert names, kind
        for name in names:
            found = work.status(kind.lower(), name).get(places, [])
            assert found, f"{kind} {name} has no status"
            for each in found:
                assert work.operated.condition(each, "Accepted") == "True", (kind, name, each)
                assert work.operated.condition(each, "ResolvedRefs") in {"True", ""}, (kind, name, each)


def test_the_proxies_run_where_and_as_stacks_are_told(work: Work, gateway: dict[str, Any]) -> None:
    """`gateway` of the printed block: network rules of the apps go by it."""
    assert gateway
    config = yaml.safe_load((Path(__file__).parents[2] / "Pulumi.prod.yaml").read_text(encoding="utf-8"))["config"]
    told = config["blocksight:environment"]["target"]["cluster"]["gateway"]
    labels = ",".join(f"{key}={value}" for key, value in told["proxy_labels"].items())
    pods = work.cluster.all("pod", told["proxy_namespace"], labels)
    assert len(pods) == 2
    assert all(work.operated.condition(pod["status"], "Ready") == "True" for pod in pods)


def test_a_refusal_is_seen_in_the_record(work: Work) -> None:
    work.cluster.kubectl("create", "serviceaccount", "nobody")
    token = work.cluster.kubectl("create", "token", "nobody").strip()
    done = work.cluster.try_kubectl("get", "secrets", f"--token={token}")
    assert done.returncode != 0
    assert ("default:nobody", "list", "secrets", 403) in {
        (request.account, request.verb, request.what, request.code) for request in accounts.requests(work.cluster)
    }


def test_no_operator_asks_for_more_than_its_release_lets_it_do(work: Work) -> None:
    """Last, when all of them have done their work. Roles that they make are meant too: nobody may give what he has not."""
    spaces = {INSTALLED[name].namespace for name in managers.operators()}
    asked = [each for each in accounts.requests(work.cluster) if each.account.partition(":")[0] in spaces]
    assert {each.account.partition(":")[0] for each in asked if each.verb == "create" and each.code == 201} == spaces
    assert [each for each in asked if each.code == 403] == []
