"""The developer's day: what only a stack on Docker can say about an app."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from components.app_service.batch import SeedSpec
from components.vocabulary import AbsolutePath, Listed, Port, PortName, Spec


class SourceMount(Spec):
    """A folder of the developer's machine inside the container."""

    source: str = Field(pattern=r"^(\./|\.\./|/).*", examples=["./services/api/src"])
    """Folder, from the project's folder."""
    path: AbsolutePath = Field(examples=["/app/src"])
    """Where it appears."""
    read_only: bool = True
    """Whether the container can't write to it."""


class BuildSpec(Spec):
    """Builds the image on the Docker host during `up`, under the name in `image`."""

    context: str = Field(pattern=r"^(\./|\.\./|/).*", examples=["./services/api"])
    """Folder sent to the builder, from the project's folder."""
    dockerfile: str = Field(default="Dockerfile", examples=["Dockerfile"])
    """Path inside the context."""
    target: str | None = Field(default=None, examples=["dev"])
    """Stage of a multi-stage Dockerfile."""


class DockerSpec(Spec):
    """Only for stacks on Docker: the developer's day."""

    publish: Mapping[PortName, Port] = Field(default={}, examples=["{http: 3000}"])
    """Ports of the app by the port of 127.0.0.1 that reaches them."""
    command: Annotated[tuple[str, ...], Listed, Field(min_length=1)] | None = Field(
        default=None, examples=["[npm, run, dev]"]
    )
    """Replaces `command` here."""
    mounts: Annotated[tuple[SourceMount, ...], Listed] = Field(
        default=(), examples=["[{source: ./services/api/src, path: /app/src}]"]
    )
    """Source folders for hot reload."""
    build: BuildSpec | None = None
    """How to build `image` here; absent: it is pulled, or is there already."""
    env_file: str | None = Field(default=None, pattern=r"^(\./|\.\./|/).*", examples=["./api.env"])
    """A developer's own variables, one NAME=VALUE a line, from the project's folder; they go before `env`, and what
    connections bring goes before them."""
    seed: SeedSpec | None = None
    """Sample data."""
    writable_root: bool = False
    """Lets the container write to its own root file system, for development servers that insist."""
