"""Prints an `.env` template for one app of a stack: `make env APP=api`, for running the app itself outside its container.

Owns: the text. What the variables are stands in the stack file and in the contract; secrets are left for a person to
fill in. A database that the stack publishes is reached at 127.0.0.1.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pulumi
import yaml

import config
import topology
from components.app_service.connects_to import (
    ConnectionSpec,
    ToApp,
    ToObjectStore,
    ToPostgres,
    ToRedis,
    variables_prefix,
)
from components.app_service.contract import AnyVariable, Contract, delivered
from components.app_service.delivery import postgres_variable
from components.app_service.env import GeneratedSecret, SecretRef
from components.app_service.metrics import PUSH_VARIABLE
from components.app_service.spec import AppServiceSpec
from components.environment.spec import KubernetesTargetSpec
from components.object_stores import S3StoreSpec
from components.postgres_cluster import facts as postgres_facts
from components.redis_cache import facts as redis_facts
from config import StackConfig
from stack_file import PROJECT_FILE, StackFile, qualified


def template(stack: StackConfig, app: str) -> str:
    """The lines of an `.env` file."""
    spec, contract = stack.app_services[app], stack.contracts.get(app, {})
    lines = [f"# {app}: fill in what is empty; keep the file out of the repository."]
    for name, entry in sorted(spec.env.items()):
        lines += _own(name, entry, contract.get(name))
    lines += _defaults(contract, spec)
    for connection in spec.connects_to:
        if told := dict(_reached(stack, app, connection)):
            lines += ["", f"# {_title(connection)}", *(f"{name}={value}" for name, value in sorted(told.items()))]
    if spec.pushes:
        lines += ["", "# push gateway: not published", f"{PUSH_VARIABLE}="]
    return "\n".join(lines) + "\n"


def _own(name: str, entry: str | SecretRef | GeneratedSecret, variable: AnyVariable | None) -> Iterator[str]:
    if variable is not None:
        yield f"# {variable.about + ': ' if variable.about else ''}{variable.form}"
    match entry:
        case str():
            yield f"{name}={_quoted(entry)}"
        case SecretRef(secret=key):
            yield f"{name}=  # secret {key} of the stack"
        case GeneratedSecret(generate=length):
            yield f"{name}=  # any {length} letters and digits"


def _defaults(contract: Contract, spec: AppServiceSpec) -> Iterator[str]:
    brought = delivered(spec)
    for name, variable in sorted(contract.items()):
        if name not in spec.env and name not in brought:
            yield f"# {variable.about + ': ' if variable.about else ''}{variable.form}"
            yield f"{name}={_quoted(variable.default)}" if variable.default is not None else f"# {name}="


def _quoted(value: str) -> str:
    plain = value and all(c.isalnum() or c in "_-./:@%+," for c in value)
    return value if plain else "'" + value.replace("'", "'\\''") + "'"


def _title(connection: ConnectionSpec) -> str:
    match connection:
        case ToPostgres(postgres=name):
            return f"PostgreSQL {name}"
        case ToRedis(redis=name):
            return f"Redis {name}"
        case ToApp(app=name):
            return f"app {name}"
        case ToObjectStore(object_store=name):
            return f"object store {name}"
        case _:
            return "another service"


def _reached(stack: StackConfig, app: str, connection: ConnectionSpec) -> Iterator[tuple[str, str]]:
    """What leads to a published port of this machine; an unpublished one is named, and left empty."""
    match connection:
        case ToPostgres():
            local = stack.postgres_clusters[connection.postgres].docker
            port = None if local is None else local.publish
            words = {"DATABASE": connection.database or app, "USER": app, "SSLMODE": "disable", "PASSWORD": ""}
            words |= (
                {"HOST": "127.0.0.1", "PORT": str(port)} if port else {"HOST": "", "PORT": str(postgres_facts.PORT)}
            )
            yield from ((postgres_variable(connection.prefix, word), value) for word, value in words.items())
        case ToRedis():
            local = stack.redis_caches[connection.redis].docker
            port = None if local is None else local.publish
            yield f"{connection.prefix}_HOST", "127.0.0.1" if port else ""
            yield f"{connection.prefix}_PORT", str(port or redis_facts.PORT)
            yield f"{connection.prefix}_TLS", str(isinstance(stack.environment.target, KubernetesTargetSpec)).lower()
            yield f"{connection.prefix}_USER", app
            yield f"{connection.prefix}_PASSWORD", ""
        case ToApp():
            local = stack.app_services[connection.app].docker
            port = None if local is None else local.publish.get(connection.port_name)
            prefix, producer = variables_prefix(connection), stack.app_services[connection.app]
            yield f"{prefix}_HOST", "127.0.0.1" if port else ""
            yield f"{prefix}_PORT", str(port or producer.ports[connection.port_name])
            if connection.credential is not None:
                yield f"{prefix}_USER", producer.provides[connection.credential].user
                yield f"{prefix}_PASSWORD", ""
        case ToObjectStore():
            store = stack.object_stores[connection.object_store]
            assert isinstance(store, S3StoreSpec), "a proof has looked at its provider"
            told = {**store.told, "ACCESS_KEY_ID": "", "SECRET_ACCESS_KEY": ""}
            yield from ((f"{variables_prefix(connection)}_{word}", value) for word, value in told.items())
        case _:
            return


def read(folder: Path, stack: str) -> StackConfig:
    """A stack of a project, from its files alone; its secrets count as set. Raises pulumi.RunError if it is refused."""
    shared: Mapping[str, Any] = yaml.safe_load((folder / PROJECT_FILE).read_text(encoding="utf-8"))
    project = str(shared["name"])
    path = folder / f"Pulumi.{stack}.yaml"
    of_all_stacks = {key: each["value"] for key, each in shared.get("config", {}).items() if "value" in each}
    own: Mapping[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))["config"]
    values = qualified(of_all_stacks, project) | qualified(own, project)
    secrets = _named_secrets(values)
    values[f"{project}:secrets"] = {**dict.fromkeys(secrets, ""), **values.get(f"{project}:secrets", {})}
    return topology.plan(config.parse(project, stack, StackFile.read(path, project), values)).stack


def _named_secrets(values: Any) -> Iterator[str]:
    """Each part once, however often aliases repeat it."""
    left, seen = [values], set[int]()
    while left:
        value = left.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        match value:
            case {"secret": str(name)}:
                yield name
            case dict():
                left += value.values()
            case list():
                left += value
            case _:
                continue


def main() -> int:
    parser = argparse.ArgumentParser(prog="python env_template.py", description="prints an .env template for an app")
    parser.add_argument("app", metavar="APP", help="its name in the stack file")
    parser.add_argument("--stack", default="dev", help="name of the stack: Pulumi.<stack>.yaml (default: dev)")
    parser.add_argument(
        "--project", type=Path, default=Path(), metavar="DIR", help="folder of Pulumi.yaml (default: here)"
    )
    given = parser.parse_args()
    try:
        stack = read(given.project, given.stack)
    except FileNotFoundError as error:
        sys.stderr.write(f"env: there is no {error.filename}\n")
        return 2
    except yaml.YAMLError as error:
        sys.stderr.write(f"env: a file of stack {given.stack} is not valid YAML: {error}\n")
        return 2
    except (KeyError, TypeError, AttributeError):
        sys.stderr.write(
            f"env: Pulumi.{given.stack}.yaml or {PROJECT_FILE} lacks what each has: `config:`, and a `name`\n"
        )
        return 2
    except pulumi.RunError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if given.app not in stack.app_services:
        there = ", ".join(sorted(stack.app_services))
        sys.stderr.write(f"env: {given.app} is no app of stack {given.stack}; it has: {there}\n")
        return 2
    sys.stdout.write(template(stack, given.app))
    return 0


if __name__ == "__main__":
    sys.exit(main())
