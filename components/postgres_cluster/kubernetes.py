"""PostgresCluster on Kubernetes: CloudNativePG's custom resources. https://cloudnative-pg.io/documentation/1.30/"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import Secret

from components import versions
from components.connections import ClientScript, Consumer, Edge, Gate, SecretKey
from components.postgres_cluster import facts
from components.postgres_cluster.access import Access, uri
from components.postgres_cluster.setup_sql import migrator_sql
from components.postgres_cluster.spec import PostgresClusterSpec
from components.targets import KubernetesTarget
from components.targets.kubernetes import guarded, kept, metadata, network_policy

API = versions.CLOUDNATIVE_PG_API

SMART_SHUTDOWN_SECONDS = 3
"""Time for sessions to end by themselves. The operator's 180 let one pooled connection hold out new ones for 204 s when a
primary was deleted; with 3 the gap in writes was 5 to 10 s (measured, three instances under load)."""

STOP_SECONDS = 180
SWITCHOVER_SECONDS = 180
"""A primary that has not stopped by then is stopped hard, and recovers from its log. The operator's 1800 and 3600 would
keep an app waiting for an hour."""

CREATE_TIMEOUT = "30m"
"""For the volumes, the first instance and its clones."""

APPLIED = {"pulumi.com/waitFor": "jsonpath={.status.applied}=true"}
READY = {"pulumi.com/waitFor": "condition=Ready"}


def create(
    name: str,
    spec: PostgresClusterSpec,
    target: KubernetesTarget,
    *,
    consumers: Sequence[Consumer],
    passwords: Mapping[str, pulumi.Output[str]],
    edges: tuple[Sequence[Edge], Sequence[Edge]],
    parent: pulumi.Resource,
) -> dict[str, Access]:
    labels = {"app.kubernetes.io/name": facts.COMPONENT, "app.kubernetes.io/instance": name}
    policy = network_policy(name, labels, facts.selector(name), edges, target, parent)
    cluster = CustomResource(
        f"{name}-cluster",
        api_version=API,
        kind="Cluster",
        metadata=metadata(target, guarded(labels, protect=spec.deletion_protection), name, READY),
        spec=_cluster(name, spec, target),
        opts=pulumi.ResourceOptions.merge(
            kept(parent, target, protect=spec.deletion_protection),
            pulumi.ResourceOptions(
                # Without its policy the operator can't reach the instances, and the cluster never becomes ready.
                depends_on=[policy],
                custom_timeouts=pulumi.CustomTimeouts(create=CREATE_TIMEOUT, update=CREATE_TIMEOUT),
            ),
        ),
    )
    databases = {
        database: _database(name, database, labels, target, parent, cluster, protect=declared.deletion_protection)
        for database, declared in sorted(spec.databases.items())
    }
    found = {
        consumer.app: _access(
            name, consumer, passwords[consumer.app], labels, target, parent, databases[consumer.database], _image(spec)
        )
        for consumer in consumers
    }
    return {role: _after_those_it_grants_to(access, found) for role, access in found.items()}


def _after_those_it_grants_to(access: Access, others: Mapping[str, Access]) -> Access:
    """A migrator's script names the roles of all apps of its database."""
    roles = [role for app in access.consumer.grants for role in others[app].gate.resources]
    return replace(access, gate=Gate(resources=(*access.gate.resources, *roles)))


def _cluster(name: str, spec: PostgresClusterSpec, target: KubernetesTarget) -> dict[str, Any]:
    kubernetes = spec.kubernetes
    storage_class = (
        target.storage_class if kubernetes is None or kubernetes.storage_class is None else kubernetes.storage_class
    )
    resources = {"cpu": spec.resources.cpu, "memory": spec.resources.memory}
    rendered: dict[str, Any] = {
        "instances": spec.instances,
        "imageName": _image(spec),
        "storage": {"size": spec.storage, "storageClass": storage_class},
        "resources": {"requests": resources, "limits": resources},
        "bootstrap": {
            # Declared databases are objects of their own; this one only lets the server begin.
            "initdb": {"database": "slipway", "owner": "slipway", "encoding": "UTF8", "dataChecksums": True}
        },
        "postgresql": {"parameters": _parameters(spec)},
        "enableSuperuserAccess": False,
        # A budget over the only instance would block every node drain.
        "enablePDB": spec.instances > 1,
        "affinity": {
            "enablePodAntiAffinity": True,
            "podAntiAffinityType": "required" if spec.instances > 1 else "preferred",
            "topologyKey": "kubernetes.io/hostname",
        },
        "smartShutdownTimeout": SMART_SHUTDOWN_SECONDS,
        "stopDelay": STOP_SECONDS,
        "switchoverDelay": SWITCHOVER_SECONDS,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    if spec.wal_storage is not None:
        rendered["walStorage"] = {"size": spec.wal_storage, "storageClass": storage_class}
    if spec.instances > 1:
        rendered["topologySpreadConstraints"] = [
            {
                "topologyKey": "topology.kubernetes.io/zone",
                "maxSkew": 1,
                "whenUnsatisfiable": "DoNotSchedule" if 1 < target.zones <= spec.instances else "ScheduleAnyway",
                "labelSelector": {"matchLabels": facts.selector(name)},
                "nodeTaintsPolicy": "Honor",
            }
        ]
    if kubernetes is not None and kubernetes.priority_class is not None:
        rendered["priorityClassName"] = kubernetes.priority_class
    if kubernetes is not None and kubernetes.node_selector:
        rendered["affinity"]["nodeSelector"] = dict(kubernetes.node_selector)
    return rendered


def _image(spec: PostgresClusterSpec) -> str:
    return versions.POSTGRES_KUBERNETES[spec.major] if spec.image is None else spec.image


def _parameters(spec: PostgresClusterSpec) -> dict[str, str]:
    owned = {"max_connections": str(spec.max_connections), "shared_buffers": spec.shared_buffers}
    return dict(sorted({**spec.parameters, **owned}.items()))


def _database(
    name: str,
    database: str,
    labels: Mapping[str, str],
    target: KubernetesTarget,
    parent: pulumi.Resource,
    cluster: pulumi.Resource,
    *,
    protect: bool,
) -> pulumi.Resource:
    """The database and the role that owns it. Both outlive their objects (`retain`)."""
    owner = facts.owner(database)
    role = CustomResource(
        f"{name}-{owner}",
        api_version=API,
        kind="DatabaseRole",
        metadata=metadata(target, labels, f"{name}-{owner}", APPLIED),
        spec={
            "cluster": {"name": name},
            "name": owner,
            "login": False,
            "comment": f"owns database {database}",
            "databaseRoleReclaimPolicy": "retain",
        },
        opts=pulumi.ResourceOptions.merge(
            kept(parent, target, protect=protect), pulumi.ResourceOptions(depends_on=[cluster])
        ),
    )
    return CustomResource(
        f"{name}-{database}-database",
        api_version=API,
        kind="Database",
        metadata=metadata(target, labels, f"{name}-{database}", APPLIED),
        spec={
            "cluster": {"name": name},
            "name": database,
            "owner": owner,
            "encoding": "UTF8",
            "databaseReclaimPolicy": "retain",
        },
        opts=pulumi.ResourceOptions.merge(
            kept(parent, target, protect=protect), pulumi.ResourceOptions(depends_on=[role])
        ),
    )


def _access(
    name: str,
    consumer: Consumer,
    password: pulumi.Output[str],
    labels: Mapping[str, str],
    target: KubernetesTarget,
    parent: pulumi.Resource,
    database: pulumi.Resource,
    image: str,
) -> Access:
    binding = f"{name}-{consumer.app}"
    host = f"{name}-rw"
    address = uri(consumer, host, password, "verify-full")
    options = kept(parent, target, protect=consumer.deletion_protection)
    secret = Secret(
        f"{binding}-binding",
        metadata=metadata(target, {**labels, "cnpg.io/reload": "true"}, binding),
        # The type that the operator wants of a password; the keys are those of servicebinding.io.
        type="kubernetes.io/basic-auth",
        string_data={
            "type": "postgresql",
            "provider": "cloudnative-pg",
            "host": host,
            "port": str(facts.PORT),
            "database": consumer.database,
            "username": consumer.app,
            "password": password,
            "uri": address,
        },
        opts=options,
    )
    role = CustomResource(
        f"{binding}-role",
        api_version=API,
        kind="DatabaseRole",
        metadata=metadata(target, labels, binding, APPLIED),
        spec={
            "cluster": {"name": name},
            "name": consumer.app,
            "login": True,
            "inRoles": [facts.owner(consumer.database)] if consumer.owns else [],
            "passwordSecret": {"name": binding},
            "comment": f"login of app {consumer.app}",
            "databaseRoleReclaimPolicy": "retain",
        },
        opts=pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(depends_on=[secret, database])),
    )
    return Access(
        consumer=consumer,
        host=host,
        password=password,
        uri=address,
        sslmode="verify-full",
        binding=binding,
        ca=SecretKey(secret=f"{name}-ca", key="ca.crt"),
        gate=Gate(resources=(role,)),
        # The operator's objects can't grant; the migrator can, on what the owner role makes.
        setup=ClientScript(image=image, sql=migrator_sql(consumer)) if consumer.grants else None,
    )
