"""Databases and roles inside a server on Kubernetes, each an object of its own, and each consumer's binding Secret."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import Secret

from components import versions
from components.connections import ClientScript, Consumer, Gate, SecretKey
from components.postgres_cluster import facts
from components.postgres_cluster.access import BINDING_KEYS, Access, Way, uri
from components.postgres_cluster.cluster import image
from components.postgres_cluster.setup_sql import migrator_sql
from components.postgres_cluster.spec import PostgresClusterSpec
from components.targets import KubernetesTarget
from components.targets.kubernetes import kept, metadata

API = versions.CLOUDNATIVE_PG_API

APPLIED = {"pulumi.com/waitFor": "jsonpath={.status.applied}=true"}


def _awaited(spec: PostgresClusterSpec) -> dict[str, str] | None:
    """Where another site writes, nothing is applied until this one is promoted."""
    return APPLIED if spec.topology is None or spec.topology.is_primary else None


def database(
    name: str,
    database: str,
    spec: PostgresClusterSpec,
    labels: Mapping[str, str],
    target: KubernetesTarget,
    parent: pulumi.Resource,
    cluster: pulumi.Resource,
) -> pulumi.Resource:
    """The database and the role that owns it. Both outlive their objects (`retain`)."""
    declared = spec.databases[database]
    protect = declared.deletion_protection
    extensions: dict[str, Any] = (
        {"extensions": [{"name": extension, "ensure": "present"} for extension in sorted(declared.extensions)]}
        if declared.extensions
        else {}
    )
    owner = facts.owner(database)
    role = CustomResource(
        f"{name}-{owner}",
        api_version=API,
        kind="DatabaseRole",
        metadata=metadata(target, labels, f"{name}-{owner}", _awaited(spec)),
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
        metadata=metadata(target, labels, f"{name}-{database}", _awaited(spec)),
        spec={
            "cluster": {"name": name},
            "name": database,
            "owner": owner,
            "encoding": "UTF8",
            "databaseReclaimPolicy": "retain",
            **extensions,
        },
        opts=pulumi.ResourceOptions.merge(
            kept(parent, target, protect=protect), pulumi.ResourceOptions(depends_on=[role])
        ),
    )


def access(
    name: str,
    spec: PostgresClusterSpec,
    consumer: Consumer,
    password: pulumi.Output[str],
    labels: Mapping[str, str],
    target: KubernetesTarget,
    parent: pulumi.Resource,
    database: pulumi.Resource,
) -> Access:
    """A login role, and the Secret that apps are given it by."""
    binding = f"{name}-{consumer.app}"
    ways = hosts(name, spec)
    options = kept(parent, target, protect=consumer.deletion_protection)
    secret = Secret(
        f"{binding}-binding",
        metadata=metadata(target, {**labels, "cnpg.io/reload": "true"}, binding),
        # The type that the operator wants of a password; the keys are those of servicebinding.io.
        type="kubernetes.io/basic-auth",
        string_data={
            "type": "postgresql",
            "provider": "cloudnative-pg",
            "host": ways["primary"],
            "port": str(facts.PORT),
            "database": consumer.database,
            "username": consumer.app,
            "password": password,
            **{BINDING_KEYS[way]: uri(consumer, host, password, "verify-full") for way, host in ways.items()},
        },
        opts=options,
    )
    role = CustomResource(
        f"{binding}-role",
        api_version=API,
        kind="DatabaseRole",
        metadata=metadata(target, labels, binding, _awaited(spec)),
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
        hosts=ways,
        password=password,
        sslmode="verify-full",
        binding=binding,
        ca=SecretKey(secret=f"{name}-ca", key="ca.crt"),
        gate=Gate(resources=(role,)),
        # The operator's objects can't grant; the migrator can, on what the owner role makes.
        setup=ClientScript(image=image(spec), sql=migrator_sql(consumer)) if consumer.grants else None,
    )


def hosts(name: str, spec: PostgresClusterSpec) -> dict[Way, str]:
    """Services by the way that a consumer takes."""
    ways: dict[Way, str] = {"primary": f"{name}-rw"}
    if spec.instances > 1:
        ways["replicas"] = f"{name}-ro"
    if spec.pooler is not None:
        ways["pooler"] = facts.pooler(name)
    return ways
