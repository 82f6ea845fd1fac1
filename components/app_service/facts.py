"""What follows from an AppService's name and spec alone: selector, names it takes, footprint."""

from __future__ import annotations

from components.app_service.spec import AppServiceSpec
from components.footprint import Footprint
from components.vocabulary import cpu_millis, size_bytes

COMPONENT = "app-service"
"""Value of app.kubernetes.io/name; part of the selector, so it is for ever."""

SUFFIXES = ("", "-secrets", "-config", "-files", "-egress")
"""What is put behind the instance's name, on either target."""


def selector(name: str) -> dict[str, str]:
    """Labels that select the app's pods; immutable in a Deployment, so they are for ever."""
    return {"app.kubernetes.io/name": COMPONENT, "app.kubernetes.io/instance": name}


def claims(name: str) -> set[str]:
    """Names that no other instance may take."""
    return {f"{name}{suffix}" for suffix in SUFFIXES}


def peak(spec: AppServiceSpec) -> Footprint:
    """The most the app can ask of its namespace: every replica, and the surge of a rollout."""
    pods = spec.most_replicas + spec.rollout.max_surge
    return Footprint(
        cpu=pods * cpu_millis(spec.resources.cpu), memory=pods * size_bytes(spec.resources.memory), pods=pods
    )
