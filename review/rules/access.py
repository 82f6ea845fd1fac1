"""Rules about who may do what and what is visible where: R16 to R22."""

from __future__ import annotations

import re
from collections.abc import Iterator

from review.redaction import credential
from review.rules.breach import Found
from review.values import HIDDEN, SIGNATURE, UNKNOWN, at, is_secret, items, mapping, objects, text
from review.world import Thing, World

_POWERS = frozenset({"bind", "escalate", "impersonate"})
_READING = frozenset({"get", "list", "watch", "*"})
_CREATING = frozenset({"create", "*"})
_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$|^sha256:[0-9a-f]{64}$")


def grants(thing: Thing) -> Iterator[tuple[str, str, str]]:
    """API group, resource and verb of everything that a role allows."""
    for rule in objects(thing.body.get("rules")):
        for group in items(rule.get("apiGroups")) or [""]:
            for resource in [*items(rule.get("resources")), *items(rule.get("nonResourceURLs"))]:
                for verb in items(rule.get("verbs")):
                    yield str(group), str(resource), str(verb)


def wildcards(world: World) -> Found:
    for role in world.of("Role", "ClusterRole"):
        if any("*" in grant for grant in grants(role)):
            yield role, "", "allows everything by a wildcard"


def powers(world: World) -> Found:
    for role in world.of("Role", "ClusterRole"):
        for _, resource, verb in sorted(set(grants(role))):
            if verb in _POWERS:
                yield role, f"{verb} {resource}", "lets its holder give itself more rights"
            elif resource == "secrets" and verb in _READING and not _narrow(role):
                yield role, f"{verb} {resource}", "reads every secret of the namespace"
            elif (resource == "pods" and verb in _CREATING) or resource in ("pods/exec", "pods/attach"):
                yield role, f"{verb} {resource}", "runs programs in pods"
    for binding in world.of("RoleBinding", "ClusterRoleBinding"):
        if at(binding.body, "roleRef", "name") == "cluster-admin":
            yield binding, "", "makes somebody administrator of the cluster"


def _narrow(role: Thing) -> bool:
    """Whether every rule about secrets names them."""
    return all(
        r.get("resourceNames") for r in objects(role.body.get("rules")) if "secrets" in items(r.get("resources"))
    )


def secrets_as_variables(world: World) -> Found:
    for work in world.workloads:
        for container in work.every_container:
            name = text(container.get("name"))
            for entry in objects(container.get("env")):
                if at(entry, "valueFrom", "secretKeyRef") is not None or is_secret(entry.get("value")):
                    yield (
                        work.thing,
                        f"{name} {text(entry.get('name'))}",
                        "gets a secret as a variable: crash reports and child processes see it",
                    )
            for source in objects(container.get("envFrom")):
                if "secretRef" in source:
                    yield (
                        work.thing,
                        f"{name} {text(at(source, 'secretRef', 'name'))}",
                        "gets all keys of a secret as variables",
                    )
            if is_secret(container.get("env")):
                yield work.thing, name, "gets a secret as a variable: crash reports and child processes see it"


def credentials_in_plain_sight(world: World) -> Found:
    for thing in world.of("ConfigMap"):
        for key, value in mapping(thing.body.get("data")).items():
            if isinstance(value, str) and key != SIGNATURE and value != UNKNOWN and credential(value, (key,)):
                yield thing, key, "holds what looks like a credential; whoever reads the namespace reads it"
    for work in world.workloads:
        for container in work.every_container:
            words = [*items(container.get("command")), *items(container.get("args"))]
            if any(isinstance(word, str) and word != HIDDEN and credential(word) for word in words):
                yield work.thing, text(container.get("name")), "has what looks like a credential in its command line"
            for entry in objects(container.get("env")):
                value = text(entry.get("value"))
                if value not in ("", HIDDEN, UNKNOWN) and credential(value, (text(entry.get("name")),)):
                    yield (
                        work.thing,
                        f"{text(container.get('name'))} {text(entry.get('name'))}",
                        "has what looks like a credential as a plain variable",
                    )


def digests(world: World) -> Found:
    for work in world.workloads:
        for container in work.every_container:
            image = text(container.get("image"))
            if image != UNKNOWN and not _DIGEST.search(image):
                yield (
                    work.thing,
                    text(container.get("name")),
                    "has an image without a digest: what runs can change without a diff",
                )


def pull_policy(world: World) -> Found:
    for work in world.workloads:
        for container in work.every_container:
            policy = container.get("imagePullPolicy")
            if policy == "Never" or (policy == "IfNotPresent" and not _DIGEST.search(text(container.get("image")))):
                yield work.thing, text(container.get("name")), "may run an old image under the same tag"


def registry(image: str) -> str:
    """Host that an image is from; empty if its name does not say, or there is nothing to say."""
    host, slash, _ = image.partition("/")
    return host if slash and ("." in host or ":" in host or host == "localhost") else ""


def registries(world: World) -> Found:
    for work in world.workloads:
        for container in work.every_container:
            image = text(container.get("image"))
            if image != UNKNOWN and not image.startswith("sha256:") and not registry(image):
                yield work.thing, text(container.get("name")), "does not say which registry its image is from"
