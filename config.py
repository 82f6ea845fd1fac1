"""The stack file of a platform: which sections there are.

Owns: the sections, and the JSON Schema of the file. Leaves reading them to `reading.py`, and what must hold between them
to `topology.py`, which ends the program if anything is wrong; nothing is registered before that.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pulumi
import yaml
from pydantic import Field, create_model

import reading
from components.app_service.contract import Contract
from components.app_service.kinds import AnyAppServiceSpec
from components.cdn_frontend.spec import CdnFrontendSpec
from components.edge_gateway.spec import EdgeGatewaySpec
from components.environment.spec import EnvironmentSpec
from components.object_stores import ObjectStoreSpec
from components.postgres_cluster.spec import PostgresClusterSpec
from components.redis_cache.spec import RedisCacheSpec
from components.vocabulary import DnsLabel, Spec
from reading import PROVIDERS, Handed
from stack_file import StackFile

OF_THE_PROJECT = ("contracts",)
"""Sections that stand in Pulumi.yaml, and in no stack file."""


class StackConfig(Spec):
    """Everything a stack file can say, but for the values of `secrets`."""

    environment: EnvironmentSpec
    """Where the stack runs."""
    object_stores: Mapping[DnsLabel, ObjectStoreSpec] = Field(
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
    sections: dict[str, Any] = {
        f"{project}:{name}": (field.annotation, field)
        for name, field in StackConfig.model_fields.items()
        if name not in OF_THE_PROJECT
    }
    config = create_model("Config", **sections).model_json_schema(by_alias=True)
    definitions = config.pop("$defs")
    config["properties"][f"{project}:secrets"] = {
        "type": "object",
        "additionalProperties": {
            "type": "object",
            "required": ["secure"],
            "properties": {"secure": {"type": "string"}},
        },
        "description": "Secrets by name; set with `pulumi config set --secret --path secrets.NAME`.",
    }
    config["patternProperties"] = {f"^({'|'.join(PROVIDERS)}):": {}}
    config["additionalProperties"] = False
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Stack file of {project}",
        "type": "object",
        "properties": {
            "config": config,
            "encryptionsalt": {"type": "string"},
            "secretsprovider": {"type": "string"},
            "encryptedkey": {"type": "string"},
        },
        "additionalProperties": False,
        "$defs": definitions,
    }


if __name__ == "__main__":
    if sys.argv[1:2] != ["schema"]:
        sys.exit("usage: python config.py schema [FOLDER OF Pulumi.yaml]")
    folder = Path(sys.argv[2] if len(sys.argv) > 2 else ".")
    name = yaml.safe_load((folder / "Pulumi.yaml").read_text(encoding="utf-8"))["name"]
    json.dump(schema(name), sys.stdout, indent=2)
    sys.stdout.write("\n")
