"""Every kind of app that the shipped stacks do not have, read by a real API server that knows KEDA and the VPA."""

from __future__ import annotations

import copy
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.consumers.cluster import Cluster
from tests.consumers.rendered import PROJECT, Rendered
from tests.consumers.workloads import namespaces

DIGEST = "registry.example.com/app@sha256:" + "5" * 64
WEB: dict[str, Any] = {"image": DIGEST, "ports": {"http": 8080}, "probes": {"readiness": {"http": "/healthz"}}}
APPS: dict[str, Any] = {
    "shop": {
        **WEB,
        "connects_to": [{"postgres": "main", "database": "shop", "pool": 5}, {"app": "runner"}, {"app": "index"}],
        "migrations": {"command": ["migrate"]},
        "rollout": {"smoke": {"command": ["smoke"]}},
        "jobs": {"cleanup": {"schedule": "15 3 * * *", "command": ["cleanup"]}},
        "kubernetes": {
            "sidecars": {"shipper": {"image": DIGEST}},
            "init": {"prepare": {"image": DIGEST, "command": ["prepare"]}},
        },
    },
    "mailer": {
        "kind": "worker",
        "image": DIGEST,
        "connects_to": [{"postgres": "main", "database": "shop", "pool": 5}],
        "autoscaling": {
            "min": 0,
            "max": 4,
            "queue": {"postgres": "main", "query": "SELECT count(*) FROM mails WHERE sent_at IS NULL", "each": 50},
        },
    },
    "packer": {
        "kind": "worker",
        "image": DIGEST,
        "connects_to": [
            {"redis": "work", "keys": "job:*"},
            {"external": "api.example.com", "port": 443, "by_name": True},
            {"external": "store.example.com", "port": 443, "cidrs": ["10.20.0.0/16"]},
        ],
        "autoscaling": {"min": 0, "max": 4, "queue": {"redis": "work", "key": "job:parcels", "each": 20}},
    },
    "runner": {
        **WEB,
        "isolation": {"profile": "untrusted", "runtime_class": "gvisor"},
        "connects_to": [{"external": "packages.example.com", "port": 443, "cidrs": ["203.0.113.0/24"]}],
        "resources": {"cpu": "500m", "memory": "512Mi"},
    },
    "index": {
        **WEB,
        "kind": "stateful",
        "replicas": 2,
        "storage": {"path": "/var/lib/index", "size": "10Gi"},
        "rollout": {"smoke": {"command": ["smoke"]}},
    },
}
CONFIG: dict[str, Any] = {
    "pulumi:disable-default-providers": ["kubernetes", "docker"],
    "shop:environment": {
        "target": {
            "kind": "kubernetes",
            "kubeconfig": "~/.kube/config",
            "context": "shop",
            "cluster": {
                "version": "1.36",
                "id": "00000000-0000-0000-0000-000000000009",
                "api_server": ["10.0.0.1/32:6443"],
                "zones": ["a", "b", "c"],
                "storage_classes": {"default": "fast-retain"},
                "cni": "cilium",
                "operators": {
                    "cert_manager": {"version": "1.21", "namespace": "cert-manager"},
                    "cloudnative_pg": {"version": "1.30", "namespace": "cnpg-system"},
                    "keda": {"version": "2.21", "namespace": "keda"},
                    "vertical_pod_autoscaler": {"version": "1.7", "namespace": "vpa"},
                },
            },
            "quota": {"cpu": "8", "memory": "16Gi", "pods": 32, "storage": "1Ti", "volume_claims": 12},
        }
    },
    "shop:postgres_clusters": {
        "main": {
            "major": 18,
            "instances": 1,
            "storage": {"size": "10Gi"},
            "databases": {"shop": {}},
            "resources": {"cpu": "500m", "memory": "1Gi"},
        }
    },
    "shop:redis_caches": {"work": {"mode": "standalone", "purpose": "store", "memory": "256Mi", "storage": "2Gi"}},
    "shop:app_services": APPS,
}
RUNTIME_CLASS = {
    "apiVersion": "node.k8s.io/v1",
    "kind": "RuntimeClass",
    "metadata": {"name": "gvisor"},
    "handler": "runsc",
}
APPLY = ("apply", "--server-side", "--field-manager=pulumi-kubernetes")
OWN, APART = "shop-apps", "shop-apps-x-runner"


class Applied:
    """The stack on the cluster."""

    def __init__(self, cluster: Cluster, folder: Path, objects: list[dict[str, Any]]) -> None:
        self.cluster, self.folder, self.objects = cluster, folder, objects
        self.warnings = ""

    def the(self, kind: str, name: str) -> dict[str, Any]:
        """One rendered object. Jobs are named by the engine, so the start of a name will do."""
        (found,) = [e for e in self.objects if e["kind"] == kind and e["metadata"]["name"].startswith(name)]
        return found


def described(folder: Path) -> Path:
    """A project with the stack."""
    folder.mkdir(exist_ok=True)
    project = {"name": "shop", "runtime": "python", "main": str(PROJECT)}
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump(project), encoding="utf-8")
    (folder / "Pulumi.apps.yaml").write_text(yaml.safe_dump({"config": CONFIG}), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def stack(cluster: Cluster, rendered: Rendered, scratch: Path) -> Generator[Applied]:
    project = described(scratch / "apps")
    objects = rendered.objects("apps", str(project))
    found = Applied(cluster, rendered.folder("apps", str(project)), objects)
    cluster.define_for(objects)
    try:
        done = cluster.try_kubectl(*APPLY, "-f", found.folder)
        assert done.returncode == 0, done.stderr
        found.warnings = done.stderr
        yield found
    finally:
        for each in reversed(namespaces(objects)):
            cluster.empty(each)
        cluster.try_kubectl("delete", "runtimeclass", "gvisor", "--ignore-not-found")


def test_every_object_is_accepted_without_a_warning(stack: Applied) -> None:
    assert stack.warnings == ""
    assert namespaces(stack.objects) == [OWN, APART]
    kinds = {each["kind"] for each in stack.objects}
    assert {"ScaledObject", "TriggerAuthentication", "VerticalPodAutoscaler", "StatefulSet", "CronJob"} <= kinds
    assert "CiliumNetworkPolicy" in kinds


def test_what_keda_reads_is_checked(stack: Applied) -> None:
    """The schemas bite: a word that KEDA does not know, and a trigger without its data, are refused."""
    scaled = stack.the("ScaledObject", "mailer")
    live = stack.cluster.get("scaledobject", "mailer", OWN)["spec"]
    assert live == scaled["spec"], "nothing was dropped, nothing was added"
    misspelt, bare = copy.deepcopy(scaled), copy.deepcopy(scaled)
    misspelt["spec"]["triggers"][0]["metricTyp"] = "Utilization"
    del bare["spec"]["triggers"][1]["metadata"]
    assert 'unknown field "spec.triggers[0].metricTyp"' in _refusal(stack.cluster, misspelt)
    assert "spec.triggers[1].metadata: Required value" in _refusal(stack.cluster, bare)


def test_a_list_is_asked_over_tls_as_the_apps_own_user(stack: Applied) -> None:
    scaled, login = stack.the("ScaledObject", "packer"), stack.the("TriggerAuthentication", "packer")
    live = stack.cluster.get("scaledobject", "packer", OWN)["spec"]
    assert live == scaled["spec"], "nothing was dropped, nothing was added"
    assert stack.cluster.get("triggerauthentication", "packer", OWN)["spec"] == login["spec"]
    asked = live["triggers"][1]
    assert (asked["type"], asked["authenticationRef"]) == ("redis", {"name": "packer"})
    assert asked["metadata"] == {
        "address": f"work.{OWN}.svc.cluster.local:6379",
        "username": "packer",
        "enableTLS": "true",
        "listName": "job:parcels",
        "listLength": "20",
    }
    there = {(e["kind"], e["metadata"]["name"]) for e in stack.objects}
    for each in login["spec"]["secretTargetRef"]:
        # The authority stands in a Secret that cert-manager makes for the server's Certificate.
        made = {e["spec"]["secretName"] for e in stack.objects if e["kind"] == "Certificate"}
        assert ("Secret", each["name"]) in there or each["name"] in made, each
    bare, misspelt = copy.deepcopy(login), copy.deepcopy(login)
    del bare["spec"]["secretTargetRef"][0]["key"]
    misspelt["spec"]["secretTargetRefs"] = misspelt["spec"].pop("secretTargetRef")
    assert "spec.secretTargetRef[0].key: Required value" in _refusal(stack.cluster, bare)
    assert 'unknown field "spec.secretTargetRefs"' in _refusal(stack.cluster, misspelt)


def test_what_cilium_reads_is_checked(stack: Applied) -> None:
    named = stack.the("CiliumNetworkPolicy", "packer")
    live = stack.cluster.get("ciliumnetworkpolicy", "packer", OWN)["spec"]
    assert live == named["spec"], "nothing was dropped, nothing was added"
    misspelt, numbered, wild = copy.deepcopy(named), copy.deepcopy(named), copy.deepcopy(named)
    misspelt["spec"]["egress"][1]["toFQDN"] = misspelt["spec"]["egress"][1].pop("toFQDNs")
    numbered["spec"]["egress"][1]["toPorts"][0]["ports"][0]["port"] = "https!"
    wild["spec"]["egress"][1]["toFQDNs"][0]["matchName"] = "*.example.com"
    assert 'unknown field "spec.egress[1].toFQDN"' in _refusal(stack.cluster, misspelt)
    assert "spec.egress[1].toPorts[0].ports[0].port" in _refusal(stack.cluster, numbered)
    assert "spec.egress[1].toFQDNs[0].matchName" in _refusal(stack.cluster, wild)


def test_keda_alone_decides_about_the_replicas(stack: Applied) -> None:
    assert "replicas" not in stack.the("Deployment", "mailer")["spec"]
    stack.cluster.kubectl("scale", "deployment/mailer", "-n", OWN, "--replicas=0")  # as KEDA does with an empty queue
    done = stack.cluster.try_kubectl(*APPLY, "-f", stack.folder)
    assert done.returncode == 0, done.stderr
    assert stack.cluster.get("deployment", "mailer", OWN)["spec"]["replicas"] == 0, "the stack woke it up"


def test_advice_is_advice(stack: Applied) -> None:
    for app, kind in (("shop", "Deployment"), ("mailer", "Deployment"), ("index", "StatefulSet")):
        spec = stack.cluster.get("verticalpodautoscaler", app, OWN)["spec"]
        assert spec["updatePolicy"]["updateMode"] == "Off"
        assert (spec["targetRef"]["kind"], spec["targetRef"]["name"]) == (kind, app)
    wrong = copy.deepcopy(stack.the("VerticalPodAutoscaler", "shop"))
    wrong["spec"]["updatePolicy"]["updateMode"] = "Never"
    assert "spec.updatePolicy.updateMode: Unsupported value" in _refusal(stack.cluster, wrong)


def _refusal(cluster: Cluster, wrong: dict[str, Any]) -> str:
    done = cluster.try_kubectl("apply", "--dry-run=server", "-f", "-", stdin=yaml.safe_dump(wrong))
    assert done.returncode != 0
    return done.stderr


def test_an_untrusted_app_waits_for_its_second_wall(stack: Applied) -> None:
    """A cluster without the runtime class runs it not at all, rather than behind one wall."""

    def refused() -> bool:
        events = stack.cluster.all("events", APART)
        return any('RuntimeClass "gvisor" not found' in event.get("message", "") for event in events)

    stack.cluster.wait_until("its pods are refused", refused)
    assert stack.cluster.all("pod", APART) == []
    stack.cluster.apply(RUNTIME_CLASS)
    stack.cluster.kubectl("rollout", "restart", "deployment/runner", "-n", APART)
    stack.cluster.rolled_out("deployment", "runner", APART)
    pods = stack.cluster.all("pod", APART)
    assert {pod["spec"]["runtimeClassName"] for pod in pods} == {"gvisor"}
    assert {pod["spec"]["automountServiceAccountToken"] for pod in pods} == {False}


def test_an_untrusted_app_has_what_it_was_given_and_no_more(stack: Applied) -> None:
    (quota,) = stack.cluster.all("resourcequota", APART)
    assert quota["status"]["hard"]["limits.cpu"] == "1500m", "two replicas and the surge"
    pod = copy.deepcopy(stack.cluster.all("pod", APART)[0])
    spec = {**pod["spec"], "nodeName": None, "volumes": [], "runtimeClassName": None}
    more = {**spec["containers"][0]["resources"]["limits"], "cpu": "2"}
    spec["containers"][0] |= {"volumeMounts": [], "resources": {"requests": more, "limits": more}}
    intruder = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "intruder", "namespace": APART}, "spec": spec}
    assert "exceeded quota" in _refusal(stack.cluster, intruder)
    policies = stack.cluster.all("networkpolicy", APART)
    everybody = [p for p in policies if p["spec"]["podSelector"] == {}]
    assert {kind for p in everybody for kind in p["spec"]["policyTypes"]} == {"Ingress", "Egress"}


def test_everything_else_becomes_available(stack: Applied) -> None:
    for kind, name in (("deployment", "shop"), ("statefulset", "index")):
        stack.cluster.rolled_out(kind, name, OWN)
    claims = stack.cluster.all("pvc", OWN)
    assert {(c["metadata"]["name"], c["status"]["phase"]) for c in claims} == {
        ("data-index-0", "Bound"),
        ("data-index-1", "Bound"),
        ("data-work-0", "Bound"),
    }
    for job in ("shop-migrations", "shop-smoke", "index-smoke"):
        name = stack.the("Job", job)["metadata"]["name"]
        stack.cluster.kubectl("wait", "--for=condition=Complete", "--timeout=60s", f"job/{name}", "-n", OWN)


def test_a_second_apply_changes_nothing(stack: Applied) -> None:
    done = stack.cluster.try_kubectl("diff", "--server-side", APPLY[-1], "-f", stack.folder)
    assert done.returncode == 0, done.stdout[:3000] + done.stderr
