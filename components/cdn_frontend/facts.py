"""What follows from a CDNFrontend's name and spec alone: selector, names it takes, footprint, release."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping

from components.app_service.spec import AppServiceSpec
from components.cdn_frontend.spec import CdnFrontendSpec
from components.environment.spec import ClusterSpec
from components.footprint import Footprint
from components.nginx import counting
from components.vocabulary import Problem, cpu_millis, size_bytes

COMPONENT = "cdn-frontend"
"""Value of app.kubernetes.io/name; part of the selector, so it is for ever."""

PORT = 8080
INSIDE_PORT = 8081

SUFFIXES = ("", "-config", "-egress", "-files", "-previous", "-site", *counting.SUFFIXES)
"""What is put behind the instance's name, on either target."""

SURGE = 1
SCRATCH = "64Mi"
"""Temporary files of the server; the cache comes on top."""
IMAGE_VOLUMES = (1, 36)
"""The first minor of Kubernetes where image volumes are on for everybody. https://kubernetes.io/docs/concepts/storage/volumes/#image"""


def selector(name: str) -> dict[str, str]:
    """Labels that select the site's pods; immutable in a Deployment, so they are for ever."""
    return {"app.kubernetes.io/name": COMPONENT, "app.kubernetes.io/instance": name}


def claims(name: str) -> set[str]:
    """Names that no other instance may take."""
    return {f"{name}{suffix}" for suffix in SUFFIXES}


def peak(spec: CdnFrontendSpec, *, counted: bool) -> Footprint:
    """The most the site can ask of its namespace: every replica, and the surge of a rollout. `counted`: with what counts
    its requests beside each.
    """
    pods = spec.most_replicas + SURGE
    cpu, memory = cpu_millis(spec.cpu), size_bytes(spec.memory)
    if counted:
        cpu, memory = cpu + cpu_millis(counting.CPU), memory + size_bytes(counting.MEMORY)
    return Footprint(cpu=pods * cpu, memory=pods * memory, pods=pods)


def release(spec: CdnFrontendSpec) -> str:
    """Short name of what is served; the cache's keys start with it, so that a release purges what came before."""
    return hashlib.sha256(spec.image.encode()).hexdigest()[:12]


def config_json(spec: CdnFrontendSpec) -> str:
    """Text of /config.json."""
    return json.dumps(dict(sorted(spec.config.items())), indent=2) + "\n"


def cluster_problems(cluster: ClusterSpec) -> Iterator[Problem]:
    """What the cluster must have; paths start at the spec."""
    if tuple(map(int, cluster.version.split("."))) < IMAGE_VOLUMES:
        yield Problem(
            path=("image",),
            rule="is mounted as a volume, which Kubernetes 1.36 and later can; raise the cluster, or serve the files from an app_service",
        )


def references(spec: CdnFrontendSpec, apps: Mapping[str, AppServiceSpec], broken: Collection[str]) -> Iterator[Problem]:
    """Proxied paths that lead to no app or no port; paths start at the spec."""
    for path, proxy in spec.proxies.items():
        app = apps.get(proxy.app)
        if app is None and proxy.app not in broken:
            there = ", ".join(sorted(apps)) or "none"
            yield Problem(path=("proxies", path, "app"), rule=f"names nothing in this stack; there are: {there}")
        elif app is not None and proxy.port not in app.ports:
            yield Problem(
                path=("proxies", path, "port"),
                rule=f"is no port of {proxy.app!r}; it has: {', '.join(sorted(app.ports))}",
            )
