"""The kinds of apps: what each one has beside what all have, and what it can't do without."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from components.app_service.batch import SmokeSpec
from components.app_service.probes import LONGEST_AWAITED_SECONDS
from components.app_service.scaling import AutoscalingSpec, unusable
from components.app_service.spec import ONE_MACHINE, AppServiceSpec, RolloutSpec, UpdateSpec
from components.app_service.storage import StorageSpec
from components.vocabulary import OnlyOn, Port, PortName, Problem, seconds


class RollingSpec(AppServiceSpec):
    """An app that keeps nothing: any replica may be replaced by another one at any time."""

    autoscaling: Annotated[AutoscalingSpec | None, OnlyOn("kubernetes", ONE_MACHINE)] = None
    """Bounds of the autoscaler; absent: none."""
    rollout: Annotated[RolloutSpec, OnlyOn("kubernetes", "a container is replaced in place")] = RolloutSpec()
    """How a new version replaces the old one."""

    @property
    def fewest_replicas(self) -> int:
        return self.replicas if self.autoscaling is None else self.autoscaling.min

    @property
    def most_replicas(self) -> int:
        return self.replicas if self.autoscaling is None else self.autoscaling.max

    @property
    def surge(self) -> int:
        return self.rollout.max_surge

    @property
    def smoke(self) -> SmokeSpec | None:
        return self.rollout.smoke

    def problems(self) -> Iterable[Problem]:
        yield from super().problems()
        if self.autoscaling is not None and "replicas" in self.model_fields_set:
            yield Problem(
                path=("replicas",), rule="belongs to the autoscaler once autoscaling is given; remove one of the two"
            )
        if self.autoscaling is not None and self.autoscaling.queue is not None:
            yield from unusable(self.autoscaling.queue, self.connects_to)
        if seconds(self.probes.startup_budget) > LONGEST_AWAITED_SECONDS:
            yield Problem(
                path=("probes", "startup_budget"),
                rule="must be 15m or less: `up` waits for every kind but stateful",
                example="5m",
            )


class WebSpec(RollingSpec):
    """A stateless app that answers requests."""

    kind: Literal["web"] = "web"
    """What sort of app it is."""
    ports: Mapping[PortName, Port] = Field(min_length=1, examples=["{http: 8000, metrics: 9464}"])
    """Ports the app listens on, by name. The Service has the same numbers."""

    def problems(self) -> Iterable[Problem]:
        yield from super().problems()
        yield from _needs_readiness(self)


class WorkerSpec(RollingSpec):
    """An app that fetches its work: nobody connects to it, but for its metrics if it has a port for them."""

    kind: Literal["worker"]
    """What sort of app it is."""


class StatefulSpec(AppServiceSpec):
    """An app that keeps data of its own on a volume."""

    kind: Literal["stateful"]
    """What sort of app it is."""
    ports: Mapping[PortName, Port] = Field(min_length=1, examples=["{http: 8000, metrics: 9464}"])
    """Ports the app listens on, by name. The Service has the same numbers."""
    storage: StorageSpec
    """The volume of each replica."""
    replicas: Annotated[int, OnlyOn("kubernetes", ONE_MACHINE, (1,))] = Field(default=1, ge=1, le=20, examples=[1])
    """Replicas, each with a volume of its own; they do not share data unless the app itself sees to it."""
    rollout: Annotated[UpdateSpec, OnlyOn("kubernetes", "a container is replaced in place")] = UpdateSpec()
    """What is asked of a new version, which replaces the old one replica by replica."""

    @property
    def smoke(self) -> SmokeSpec | None:
        return self.rollout.smoke

    @property
    def is_awaited(self) -> bool:
        """Whether `up` waits for it to be ready; what needs longer is watched by its telemetry."""
        return seconds(self.probes.startup_budget) <= LONGEST_AWAITED_SECONDS

    def problems(self) -> Iterable[Problem]:
        yield from super().problems()
        yield from _needs_readiness(self)
        if self.smoke is not None and not self.is_awaited:
            yield Problem(
                path=("rollout", "smoke"),
                rule="would ask before the app is ready: `up` does not wait for a startup_budget above 15m; remove one of the two",
            )
        for path in self.scratch:
            if _within(path, self.storage.path) or _within(self.storage.path, path):
                yield Problem(path=("storage", "path"), rule=f"lies inside the scratch folder {path}, or around it")


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


def _needs_readiness(spec: AppServiceSpec) -> Iterable[Problem]:
    if spec.probes.readiness is None:
        yield Problem(
            path=("probes", "readiness"),
            rule="is missing: nobody would know when it may get requests",
            example="{http: /healthz}",
        )


def _kind(value: Any) -> str | None:
    match value:
        case AppServiceSpec():
            return str(getattr(value, "kind", ""))
        case {"kind": ("web" | "worker" | "stateful") as kind}:
            return kind
        case {"kind": _}:
            return None
        case _:
            return "web"


AnyAppServiceSpec = Annotated[
    Annotated[WebSpec, Tag("web")] | Annotated[WorkerSpec, Tag("worker")] | Annotated[StatefulSpec, Tag("stateful")],
    Discriminator(
        _kind,
        custom_error_type="form",
        custom_error_message="must have a `kind` of web (the default), worker or stateful",
    ),
    Field(examples=["{kind: worker, image: ...}"]),
]
