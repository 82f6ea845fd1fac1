"""What the monitoring is on Kubernetes: the operator's objects, our own programs, and what each of them may."""

from __future__ import annotations

import re
from typing import Any

import pytest

from components import versions
from components.monitoring_stack import facts, prometheus
from components.monitoring_stack.spec import MonitoringSpec
from tests.components.monitoring_stack.variants import PREFIX, TOLD, VARIANTS, operated, pods, rendered
from tests.kit.recorded import Resource, plain
from tests.stacks.shipped import topology_of

NAMESPACE = f"{PREFIX['kubernetes']}-monitoring"
OWN = ("Alertmanager", "PodMonitor", "Probe", "Prometheus", "PrometheusRule", "ServiceMonitor")
OPERATED = {"Prometheus": 2, "Alertmanager": 3}
"""Kinds that the operator runs, and how many of each in production."""

each_variant = pytest.mark.parametrize("variant", VARIANTS)


def ours(variant: str) -> list[Resource]:
    return [each for each in rendered(variant, "kubernetes").children_of("monitoring") if each.custom]


def named(variant: str, kind: str) -> dict[str, Resource]:
    return {
        each.name: each for each in rendered(variant, "kubernetes").of_type(kind) if each.name.startswith("monitoring-")
    }


def labels(resource: Resource) -> dict[str, str]:
    return resource.inputs["metadata"]["labels"]


@each_variant
def test_everything_is_in_the_monitorings_own_namespace_but_what_it_may_read_elsewhere(variant: str) -> None:
    elsewhere = {
        each.type.rpartition(":")[2]
        for each in ours(variant)
        if each.type.startswith("kubernetes:") and each.inputs["metadata"].get("namespace") != NAMESPACE
    }
    assert elsewhere == {"ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"}


@each_variant
def test_objects_of_the_operator_are_of_its_first_version_alone(variant: str) -> None:
    found = [each for each in ours(variant) if each.type.startswith("kubernetes:monitoring.coreos.com/")]
    assert {each.inputs["kind"] for each in found} == set(OWN)
    assert {each.inputs["apiVersion"] for each in found} == {versions.PROMETHEUS_OPERATOR_API}


@each_variant
def test_prometheus_finds_every_object_that_is_meant_for_it_and_no_other_stacks(variant: str) -> None:
    spec = operated(variant, "Prometheus")
    for kind in ("PodMonitor", "ServiceMonitor", "Probe", "PrometheusRule"):
        key = "ruleSelector" if kind == "PrometheusRule" else f"{kind[0].lower()}{kind[1:]}Selector"
        wanted = spec[key]["matchLabels"]
        assert named(variant, kind)
        assert all(labels(each).items() >= wanted.items() for each in named(variant, kind).values()), kind
    # Without a selector of namespaces, the operator looks in the object's own.
    assert not [key for key in spec if key.endswith("NamespaceSelector")]


@pytest.mark.parametrize(("kind", "replicas"), OPERATED.items())
def test_in_production_one_may_go_and_no_node_has_two(kind: str, replicas: int) -> None:
    spec = operated("as shipped", kind)
    assert spec["replicas"] == replicas
    ((term,),) = [spec["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]]
    assert term["topologyKey"] == "kubernetes.io/hostname"
    pod = {"app.kubernetes.io/name": kind.lower(), "app.kubernetes.io/instance": "monitoring"}
    assert term["labelSelector"]["matchLabels"] == pod, "the operator's own labels of its pods"
    name = "monitoring-disruption" if kind == "Prometheus" else "monitoring-alertmanager-disruption"
    budget = named("as shipped", "PodDisruptionBudget")[name].inputs["spec"]
    assert (budget["selector"]["matchLabels"], budget["maxUnavailable"]) == (pod, 1)


def test_the_prober_does_not_go_blind_where_prometheus_does_not() -> None:
    deployment = named("as shipped", "Deployment")["monitoring-blackbox-deployment"].inputs["spec"]
    assert (deployment["replicas"], deployment["strategy"]["rollingUpdate"]["maxUnavailable"]) == (2, 0)


def test_what_runs_once_has_no_budget_that_blocks_drains() -> None:
    assert named("alone", "PodDisruptionBudget") == {}
    for kind in OPERATED:
        spec = operated("alone", kind)
        assert spec["replicas"] == 1
        assert "affinity" not in spec


@each_variant
def test_the_operator_adopts_volumes_that_are_there_before_it_looks(variant: str) -> None:
    for kind in OPERATED:
        spec, word = operated(variant, kind), kind.lower()
        template = spec["storage"]["volumeClaimTemplate"]["spec"]
        for index in range(spec["replicas"]):
            claim = named(variant, "PersistentVolumeClaim")[f"monitoring-{word}-data-{index}"]
            assert claim.inputs["metadata"]["name"] == f"{word}-monitoring-db-{word}-monitoring-{index}"
            assert claim.inputs["spec"] == template
            object_ = named(variant, kind)[f"monitoring-{word}"]
            assert claim.urn in object_.dependencies
            assert object_.ignore_changes == ("spec.storage",), "another template takes the StatefulSet down"


@each_variant
def test_what_holds_samples_lines_or_credentials_is_protected_unless_the_file_says_otherwise(variant: str) -> None:
    protects = variant != "unprotected"
    password = rendered(variant, "kubernetes").one("RandomPassword", "monitoring-admin")
    for each in [*named(variant, "PersistentVolumeClaim").values(), password]:
        if each.name != "monitoring-pushgateway-data":
            assert (each.protect, each.retain_on_delete) == (protects, protects), each.name
    others = [
        each for each in ours(variant) if each.type.endswith(("ConfigMap", "Deployment", "Prometheus", "Service"))
    ]
    assert not [each.name for each in others if each.protect]


def containers(pod: dict[str, Any]) -> list[dict[str, Any]]:
    return [*pod["containers"], *pod.get("initContainers", [])]


@each_variant
def test_our_own_pods_are_restricted(variant: str) -> None:
    found = dict(pods(variant))
    assert found.keys() >= {"blackbox", "grafana"}
    assert ("loki" in found) is (variant != "without logs")
    for program, pod in found.items():
        context = pod["securityContext"]
        assert context["runAsNonRoot"] is True, program
        assert context["runAsUser"] == context["fsGroup"] > 0
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in containers(pod):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
                "readOnlyRootFilesystem": True,
            }


@pytest.mark.parametrize("kind", OPERATED)
def test_the_operators_pods_run_as_nobody_who_matters(kind: str) -> None:
    assert operated("as shipped", kind)["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 65534,
        "runAsGroup": 65534,
        "fsGroup": 65534,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }


@each_variant
def test_every_container_says_what_it_needs_so_that_the_quota_lets_it_in(variant: str) -> None:
    operated_containers = [
        each
        for kind in OPERATED
        for spec in [operated(variant, kind)]
        for each in [{"name": kind, "resources": spec["resources"]}, *containers(spec)]
    ]
    for container in [*operated_containers, *(each for _, pod in pods(variant) for each in containers(pod))]:
        asked, most = (container["resources"][key] for key in ("requests", "limits"))
        assert asked["memory"] == most["memory"], container["name"]
        assert asked["ephemeral-storage"] == most["ephemeral-storage"]
        assert asked["cpu"]
        assert "cpu" not in most, "what is not asked for is shared, not thrown away"


@each_variant
def test_kubernetes_asks_every_program_of_ours_how_it_is(variant: str) -> None:
    for _, pod in pods(variant):
        for container in containers(pod):
            (port,) = container["ports"]
            for question in ("startupProbe", "readinessProbe", "livenessProbe"):
                assert container[question]["httpGet"]["port"] == port["name"]


@each_variant
def test_images_are_pinned_by_what_they_hold(variant: str) -> None:
    images = {each["image"] for _, pod in pods(variant) for each in containers(pod)}
    images |= {operated(variant, kind)["image"] for kind in OPERATED}
    assert images <= set(versions.MONITORING_KUBERNETES.values())
    assert all("@sha256:" in image for image in images)


def test_the_operator_is_told_the_version_that_the_image_has() -> None:
    for kind in OPERATED:
        spec = operated("as shipped", kind)
        assert re.fullmatch(r"v\d+\.\d+\.\d+", spec["version"])
        assert f":{spec['version']}@" in spec["image"]


@each_variant
def test_each_program_is_somebody_and_only_prometheus_asks_the_cluster(variant: str) -> None:
    accounts = {each.inputs["metadata"]["name"]: each for each in named(variant, "ServiceAccount").values()}
    used = [pod["serviceAccountName"] for _, pod in pods(variant)]
    used += [operated(variant, kind)["serviceAccountName"] for kind in OPERATED]
    assert sorted(used) == sorted(accounts)
    tokens = {name for name, each in accounts.items() if each.inputs["automountServiceAccountToken"]}
    assert tokens == {facts.PROMETHEUS.name}
    assert operated(variant, "Alertmanager")["automountServiceAccountToken"] is False
    assert not [program for program, pod in pods(variant) if pod["automountServiceAccountToken"]]


def test_prometheus_reads_where_it_scrapes_and_writes_nowhere() -> None:
    roles = named("as shipped", "Role")
    where = {each.inputs["metadata"]["namespace"] for each in roles.values()}
    scraped = {
        n for each in named("as shipped", "PodMonitor").values() for n in spec(each)["namespaceSelector"]["matchNames"]
    }
    assert where == scraped | {NAMESPACE, "kube-system"}
    rules = [rule for each in roles.values() for rule in each.inputs["rules"]]
    assert {verb for rule in rules for verb in rule["verbs"]} == {"get", "list", "watch"}
    assert {each for rule in rules for each in rule["resources"]} == {"pods", "services", "endpointslices"}
    (cluster,) = named("as shipped", "ClusterRole").values()
    assert cluster.inputs["rules"] == [{"apiGroups": [""], "resources": ["nodes/metrics"], "verbs": ["get"]}]
    bindings = [*named("as shipped", "RoleBinding").values(), *named("as shipped", "ClusterRoleBinding").values()]
    account = {"kind": "ServiceAccount", "name": facts.PROMETHEUS.name, "namespace": NAMESPACE}
    assert all(each.inputs["subjects"] == [account] for each in bindings)


def test_what_is_shared_by_stacks_is_named_after_this_one() -> None:
    shared = [
        each
        for kind in ("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")
        for each in named("as shipped", kind).values()
    ]
    assert all(each.inputs["metadata"]["name"].startswith(f"{PREFIX['kubernetes']}-") for each in shared)


@each_variant
def test_every_program_has_its_policy_and_its_service(variant: str) -> None:
    programs = {name for name, _ in pods(variant)} | {kind.lower() for kind in OPERATED}
    for kind, key in (("NetworkPolicy", "podSelector"), ("Service", "selector")):
        selected = [spec(each)[key] for each in named(variant, kind).values()]
        found = [each.get("matchLabels", each) for each in selected]
        assert {each["app.kubernetes.io/name"] for each in found} == programs
        assert all(each["app.kubernetes.io/instance"] == "monitoring" for each in found)


def test_nothing_of_it_is_reached_from_outside_but_by_a_route() -> None:
    assert {spec(each).get("type", "ClusterIP") for each in named("as shipped", "Service").values()} == {"ClusterIP"}
    routes = [each.name for each in rendered("as shipped", "kubernetes").of_type("HTTPRoute") if "grafana" in each.name]
    assert len(routes) == 1


def spec(resource: Resource) -> dict[str, Any]:
    return plain(resource.inputs["spec"])


def test_every_endpoint_that_a_component_tells_is_scraped_under_its_name() -> None:
    wanted = {(s.instance, s.job, s.path) for one in topology_of("prod").telemetry for s in one.scrapes}
    found: set[tuple[str, str, str]] = set()
    for each in named("as shipped", "PodMonitor").values():
        (endpoint,) = spec(each)["podMetricsEndpoints"]
        given = {one["targetLabel"]: one["replacement"] for one in endpoint["relabelings"] if "replacement" in one}
        found.add((given["instance_name"], given["job"], endpoint["path"]))
    assert found == wanted


def test_kubelets_are_asked_for_what_is_used_and_for_this_stacks_pods_alone() -> None:
    (monitor,) = named("as shipped", "ServiceMonitor").values()
    for endpoint in spec(monitor)["endpoints"]:
        names, space, labels_ = endpoint["metricRelabelings"]
        assert (names["action"], names["sourceLabels"]) == ("keep", ["__name__"])
        assert (space["action"], space["sourceLabels"]) == ("keep", ["namespace"])
        assert not re.fullmatch(space["regex"], "default")
        assert re.fullmatch(space["regex"], PREFIX["kubernetes"])
        assert labels_["action"] == "labeldrop"


def test_agents_that_see_every_stack_tell_of_this_one_alone() -> None:
    (endpoint,) = spec(named("as shipped", "PodMonitor")["monitoring-podmonitor-environment-kube-state-metrics"])[
        "podMetricsEndpoints"
    ]
    assert endpoint["honorLabels"] is True
    (kept,) = endpoint["metricRelabelings"]
    assert kept["action"] == "keep"
    told = {name: bool(re.fullmatch(kept["regex"], name)) for name in ("", PREFIX["kubernetes"], NAMESPACE, "other")}
    assert told == {"": True, PREFIX["kubernetes"]: True, NAMESPACE: True, "other": False}


def test_a_probe_asks_the_prober_and_names_what_it_asks() -> None:
    wanted = sum(len(one.probes) for one in topology_of("prod").telemetry)
    found = [spec(each) for each in named("as shipped", "Probe").values()]
    assert len(found) == wanted > 0
    for each in found:
        assert each["prober"]["url"] == "monitoring-blackbox:9115"
        assert each["targets"]["staticConfig"]["labels"].keys() == {"instance_name", "vantage"}
    inside = [each["targets"]["staticConfig"] for each in found if "inside" in str(each["targets"])]
    assert inside
    assert all(f".{PREFIX['kubernetes']}" in one["static"][0] for one in inside), "the prober is in another namespace"


def test_the_rules_are_what_every_target_reads() -> None:
    (rules,) = named("as shipped", "PrometheusRule").values()
    plan = topology_of("prod")
    assert plan.stack.monitoring is not None
    assert spec(rules)["groups"] == plain(prometheus.groups(plan.stack.monitoring, plan.telemetry, "kubernetes"))


def test_receivers_secrets_are_mounted_from_a_secret_of_their_own() -> None:
    secret = named("everybody is told", "Secret")["monitoring-alertmanager-secrets"]
    assert plain(secret.inputs["stringData"]) == TOLD
    assert operated("everybody is told", "Alertmanager")["secrets"] == [secret.inputs["metadata"]["name"]]
    assert "secrets" not in operated("nobody is told", "Alertmanager")
    assert "monitoring-alertmanager-secrets" not in named("nobody is told", "Secret")


def test_lines_hand_alerts_to_each_alertmanager() -> None:
    def addresses(variant: str) -> list[str]:
        text = named(variant, "ConfigMap")["monitoring-loki-config"].inputs["data"]["loki.yaml"]
        (line,) = [each for each in text.splitlines() if "alertmanager_url" in each]
        return line.split(": ", 1)[1].split(",")

    assert len(addresses("as shipped")) == 3
    assert addresses("alone") == ["http://alertmanager-monitoring-0.alertmanager-operated:9093"]


@each_variant
def test_a_changed_setting_rolls_its_program_and_a_changed_page_does_not(variant: str) -> None:
    for name, each in named(variant, "ConfigMap").items():
        is_page = name.startswith("monitoring-dashboard-")
        assert each.inputs.get("immutable", False) is not is_page
        assert ("name" in each.inputs["metadata"]) is is_page


def test_flags_name_files_that_are_mounted() -> None:
    for program, pod in pods("as shipped"):
        (container,) = pod["containers"]
        mounted = {mount["mountPath"] for mount in container["volumeMounts"]}
        for flag in container.get("args", []):
            path = flag.partition("=")[2]
            if path.startswith("/"):
                assert any(path.startswith(f"{folder}/") for folder in mounted), f"{program}: {flag}"


def test_prometheus_keeps_what_the_file_promises_within_what_its_volume_holds() -> None:
    spec_ = operated("as shipped", "Prometheus")
    monitoring = topology_of("prod").stack.monitoring
    assert isinstance(monitoring, MonitoringSpec)
    assert spec_["retention"] == monitoring.metrics.retention
    volume = spec_["storage"]["volumeClaimTemplate"]["spec"]["resources"]["requests"]["storage"]
    held = int(spec_["retentionSize"].removesuffix("MiB"))
    assert 0.75 < held / 1024 / int(volume.removesuffix("Gi")) <= 0.8
    assert spec_["enforcedSampleLimit"] == monitoring.metrics.expected_series
