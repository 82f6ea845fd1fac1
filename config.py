"""The stack file of a platform: which sections there are.

Owns: the sections. Leaves reading them to `reading.py`, their JSON Schema to `schemas.py`, and what must hold between them
to `topology.py`, which ends the program if anything is wrong; nothing is registered before that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pydantic import Field

import reading
import schemas
from components.app_service.contract import Contract
from components.app_service.kinds import AnyAppServiceSpec
from components.cdn_frontend.spec import CdnFrontendSpec
from components.edge_gateway.spec import EdgeGatewaySpec
from components.environment.spec import EnvironmentSpec
from components.monitoring_stack.spec import MonitoringSpec
from components.object_stores import AnyObjectStoreSpec
from components.postgres_cluster.spec import PostgresClusterSpec
from components.redis_cache.spec import RedisCacheSpec
from components.vocabulary import DnsLabel, Spec
from reading import Handed
from stack_file import StackFile

OF_THE_PROJECT = ("contracts",)
"""Sections that stand in Pulumi.yaml, and in no stack file."""


class StackConfig(Spec):
    """Everything a stack file can say, but for the values of `secrets`."""

    environment: EnvironmentSpec = Field(examples=["{target: {kind: docker}}"])
    """Where the stack runs."""
    object_stores: Mapping[DnsLabel, AnyObjectStoreSpec] = Field(
        default={}, examples=["{backups: {bucket: s3://blocksight-backups/prod}}"]
    )
    """Buckets that exist already, by name."""
    postgres_clusters: Mapping[DnsLabel, PostgresClusterSpec] = Field(
        default={}, examples=["{main: {major: 18, databases: {api: {}}}}"]
    )
    """PostgreSQL servers, by name."""
    redis_caches: Mapping[DnsLabel, RedisCacheSpec] = Field(
        default={}, examples=["{cache: {mode: standalone, purpose: cache, memory: 256Mi}}"]
    )
    """Caches and stores, by name."""
    app_services: Mapping[DnsLabel, AnyAppServiceSpec] = Field(
        default={}, examples=["{api: {image: ..., ports: {http: 8000}}}"]
    )
    """Apps, by name."""
    cdn_frontends: Mapping[DnsLabel, CdnFrontendSpec] = Field(
        default={}, examples=["{web: {image: ..., route: {host: blocksight.live}}}"]
    )
    """Sites of files, by name."""
    edge: EdgeGatewaySpec | None = Field(default=None, examples=["{certificates: {main: {hosts: [blocksight.live]}}}"])
    """The way in; absent: nothing is reached from outside."""
    monitoring: MonitoringSpec | None = Field(
        default=None, examples=["{runbooks: https://github.com/blocksight/platform/blob/main/docs/runbooks}"]
    )
    """Metrics, alerts, dashboards and logs; absent: nobody watches."""
    contracts: Mapping[DnsLabel, Contract] = Field(default={}, examples=["{api: {LOG_LEVEL: {default: info}}}"])
    """Variables that each app reads, by the app's name. In Pulumi.yaml, since they are the same for all stacks."""


Draft = reading.Draft[StackConfig]
"""A stack file as far as it could be read."""


def read() -> Draft:
    """The running stack's file, as the engine hands it over."""
    return reading.parse(StackConfig, reading.handed())


def parse(project: str, stack: str, file: StackFile, values: Mapping[str, Any]) -> Draft:
    """Any stack file's values."""
    return reading.parse(StackConfig, Handed(project=project, stack=stack, file=file, values=values))


def stack_prefix(draft: Draft) -> str:
    """Start of every physical name."""
    given = None if "environment" in draft.broken else draft.config.environment.name
    return f"{draft.project}-{draft.stack}" if given is None else given


def secrets() -> pulumi.Output[Mapping[str, str]]:
    """The stack file's secrets, encrypted to the end."""
    empty = pulumi.Output.secret(dict[str, str]())
    return pulumi.Config().get_secret_object("secrets") or empty  # an Output, or None when the file has no such key


def schema(project: str) -> dict[str, Any]:
    """JSON Schema of a whole stack file, for editors: keys carry the project's name."""
    return schemas.of(project, StackConfig, elsewhere=OF_THE_PROJECT)


if __name__ == "__main__":
    schemas.main(schema)
