"""The namespace's own rules, the database server and its logins."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_random as random
from ground import (
    APPLIED,
    CNPG,
    ENVIRONMENT,
    GUARDED,
    IMAGE,
    SERVER,
    about,
    apis,
    generated,
    kept,
    kept_after,
    opts,
    pods,
    pods_of,
    selector,
    tcp,
)
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.meta import v1 as meta
from pulumi_kubernetes.networking import v1 as networking


def environment() -> None:
    networking.NetworkPolicy(
        "environment-deny-all",
        metadata=about(ENVIRONMENT, "deny-all"),
        spec=networking.NetworkPolicySpecArgs(
            pod_selector=meta.LabelSelectorArgs(), policy_types=["Ingress", "Egress"]
        ),
        opts=opts,
    )
    networking.NetworkPolicy(
        "environment-permit-dns",
        metadata=about(ENVIRONMENT, "permit-dns"),
        spec=networking.NetworkPolicySpecArgs(
            pod_selector=meta.LabelSelectorArgs(),
            policy_types=["Egress"],
            egress=[
                networking.NetworkPolicyEgressRuleArgs(
                    to=[pods_of("kube-system", {"k8s-app": "kube-dns"})],
                    ports=[networking.NetworkPolicyPortArgs(port=53, protocol=protocol) for protocol in ("TCP", "UDP")],
                )
            ],
        ),
        opts=opts,
    )
    core.ResourceQuota(
        "environment-quota",
        metadata=about(ENVIRONMENT, "quota"),
        spec=core.ResourceQuotaSpecArgs(
            hard={
                "requests.cpu": "1000",
                "requests.memory": "4Ti",
                "limits.memory": "4Ti",
                "requests.storage": "2Ti",
                "persistentvolumeclaims": "100",
                "pods": "2000",
            }
        ),
        opts=opts,
    )


def server_policy() -> networking.NetworkPolicy:
    own = {"cnpg.io/cluster": "main"}
    operator = pods_of("cnpg-system", {"app.kubernetes.io/name": "cloudnative-pg"})
    api_server = networking.NetworkPolicyPeerArgs(ip_block=networking.IPBlockArgs(cidr="10.0.0.1/32"))
    return networking.NetworkPolicy(
        "main-policy",
        metadata=about(SERVER, "main"),
        spec=networking.NetworkPolicySpecArgs(
            pod_selector=meta.LabelSelectorArgs(match_labels=own),
            policy_types=["Ingress", "Egress"],
            ingress=[
                *(networking.NetworkPolicyIngressRuleArgs(from_=pods(selector(app)), ports=tcp(5432)) for app in apis),
                networking.NetworkPolicyIngressRuleArgs(from_=pods(own), ports=tcp(5432, 8000)),
                networking.NetworkPolicyIngressRuleArgs(from_=[operator], ports=tcp(5432, 8000)),
            ],
            egress=[
                networking.NetworkPolicyEgressRuleArgs(to=pods(own), ports=tcp(5432, 8000)),
                networking.NetworkPolicyEgressRuleArgs(to=[api_server], ports=tcp(6443)),
            ],
        ),
        opts=opts,
    )


def server_spec() -> dict[str, Any]:
    resources = {"cpu": "2", "memory": "8Gi"}
    return {
        "instances": 3,
        "imageName": IMAGE,
        "storage": {"size": "100Gi", "storageClass": "fast"},
        "resources": {"requests": resources, "limits": resources},
        "bootstrap": {"initdb": {"database": "slipway", "owner": "slipway", "encoding": "UTF8", "dataChecksums": True}},
        "postgresql": {
            "parameters": {
                "archive_timeout": "300s",
                "max_connections": "1000",
                "max_slot_wal_keep_size": "51200MB",
                "shared_buffers": "2048MB",
            },
            "synchronous": {"method": "any", "number": 1, "dataDurability": "required", "failoverQuorum": True},
        },
        "primaryUpdateMethod": "restart",
        "enableSuperuserAccess": False,
        "enablePDB": True,
        "affinity": {
            "enablePodAntiAffinity": True,
            "podAntiAffinityType": "required",
            "topologyKey": "kubernetes.io/hostname",
        },
        "smartShutdownTimeout": 3,
        "stopDelay": 180,
        "switchoverDelay": 180,
        "seccompProfile": {"type": "RuntimeDefault"},
        "topologySpreadConstraints": [
            {
                "topologyKey": "topology.kubernetes.io/zone",
                "maxSkew": 1,
                "whenUnsatisfiable": "DoNotSchedule",
                "labelSelector": {"matchLabels": {"cnpg.io/cluster": "main", "cnpg.io/podRole": "instance"}},
                "nodeTaintsPolicy": "Honor",
            }
        ],
    }


def custom(name: str, kind: str, called: str, spec: dict[str, Any], *after: pulumi.Resource) -> CustomResource:
    return CustomResource(
        name,
        api_version=CNPG,
        kind=kind,
        metadata=about(SERVER, called, APPLIED),
        spec={"cluster": {"name": "main"}, **spec},
        opts=kept_after(*after),
    )


def database() -> CustomResource:
    server = CustomResource(
        "main-cluster",
        api_version=CNPG,
        kind="Cluster",
        metadata=about(
            {**SERVER, **GUARDED}, "main", {"pulumi.com/waitFor": "condition=Ready", "postgres-major": "18"}
        ),
        spec=server_spec(),
        opts=pulumi.ResourceOptions.merge(
            kept_after(server_policy()),
            pulumi.ResourceOptions(
                custom_timeouts=pulumi.CustomTimeouts(create="30m", update="30m"),
                replace_on_changes=["metadata.annotations.postgres-major"],
            ),
        ),
    )
    owner = {
        "name": "shared-owner",
        "login": False,
        "comment": "owns database shared",
        "databaseRoleReclaimPolicy": "retain",
    }
    role = custom("main-shared-owner", "DatabaseRole", "main-shared-owner", owner, server)
    shared = {"name": "shared", "owner": "shared-owner", "encoding": "UTF8", "databaseReclaimPolicy": "retain"}
    return custom("main-shared-database", "Database", "main-shared", shared, role)


def login(app: str, shared: CustomResource) -> CustomResource:
    password = random.RandomPassword(f"main-{app}-password", length=32, special=False, opts=generated).result
    secret = core.Secret(
        f"main-{app}-binding",
        metadata=about({**SERVER, "cnpg.io/reload": "true"}, f"main-{app}"),
        type="kubernetes.io/basic-auth",
        string_data={
            "type": "postgresql",
            "provider": "cloudnative-pg",
            "host": "main-rw",
            "port": "5432",
            "database": "shared",
            "username": app,
            "password": password,
            "uri": pulumi.Output.concat(f"postgresql://{app}:", password, "@main-rw:5432/shared?sslmode=verify-full"),
            "replicas-uri": pulumi.Output.concat(
                f"postgresql://{app}:", password, "@main-ro:5432/shared?sslmode=verify-full"
            ),
        },
        opts=kept,
    )
    role = {
        "name": app,
        "login": True,
        "inRoles": ["shared-owner"],
        "passwordSecret": {"name": f"main-{app}"},
        "comment": f"login of app {app}",
        "databaseRoleReclaimPolicy": "retain",
    }
    return custom(f"main-{app}-role", "DatabaseRole", f"main-{app}", role, secret, shared)
