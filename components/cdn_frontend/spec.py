"""What a stack file can say about a CDNFrontend: a site of files, and what it caches of the apps behind it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import Field

from components.app_service.scaling import AutoscalingSpec
from components.headers import HeadersSpec
from components.routes import RouteSpec, covers
from components.vocabulary import (
    AbsolutePath,
    Cpu,
    DnsLabel,
    Duration,
    ImageRef,
    OnlyOn,
    Port,
    PortName,
    Problem,
    Size,
    Spec,
    UrlPrefix,
    VariableName,
    milliseconds,
)

ONE_MACHINE = "one machine runs one container of each site"
RESERVED = ("/healthz", "/config.json")
"""Paths that the site's server answers itself."""


class ProxySpec(Spec):
    """A path that an app answers, perhaps out of the cache."""

    app: DnsLabel = Field(examples=["api"])
    """Name of the AppService."""
    port: PortName = "http"
    """Name of its port."""
    fresh: Duration | None = Field(default=None, examples=["10s"])
    """How long an answer is used again, unless the app says otherwise itself (Cache-Control). Absent: never."""

    def problems(self) -> Iterable[Problem]:
        if self.fresh is not None and milliseconds(self.fresh) < 1000:
            yield Problem(path=("fresh",), rule="must be one second or more", example="10s")


class CacheSpec(Spec):
    """The cache of proxied answers. Every release of the site has its own: a new image starts with none."""

    size: Size = "64Mi"
    """Greatest size, on each replica."""
    keep: Duration = "1h"
    """How long an unused answer is kept; while an app fails, old answers are given."""


class DockerSpec(Spec):
    """Only for stacks on Docker."""

    publish: Port | None = Field(default=None, examples=[3000])
    """Port of 127.0.0.1 that reaches the site without the edge."""


class CdnFrontendSpec(Spec):
    """A static or single-page site, served from an image that holds nothing but its files."""

    image: ImageRef
    """Image of files, by digest on Kubernetes; it is mounted, never run."""
    previous_image: ImageRef | None = Field(default=None, examples=["ghcr.io/blocksight/web@sha256:<64 hex digits>"])
    """Image of the release before: pages that are still open find its hashed assets."""
    root: AbsolutePath = Field(default="/site", examples=["/site"])
    """Folder of the files inside the image."""
    assets: UrlPrefix = Field(default="/assets", examples=["/assets"])
    """Path of files whose names change with their content: browsers keep them for a year."""
    single_page: bool = True
    """Whether the site's own script reads the path: pages that are no file get index.html."""
    source_maps: bool = False
    """Whether *.map files are given out."""
    config: Mapping[VariableName, str] = Field(default={}, examples=["{API_URL: https://api.blocksight.live}"])
    """What /config.json holds. Everybody can read it."""
    headers: HeadersSpec = HeadersSpec(profile="strict")
    """Security headers of every answer."""
    proxies: Mapping[UrlPrefix, ProxySpec] = Field(default={}, examples=["{/api: {app: api, fresh: 10s}}"])
    """Paths that apps answer."""
    cache: CacheSpec = CacheSpec()
    """The cache of proxied answers."""
    route: RouteSpec | None = Field(default=None, examples=["{host: blocksight.live}"])
    """How it is reached from outside; absent: not at all."""
    cpu: Cpu = "50m"
    """Requested processor time; on Docker, the limit."""
    memory: Size = "128Mi"
    """Requested and greatest memory of the server, without the cache."""
    replicas: Annotated[int, OnlyOn("kubernetes", ONE_MACHINE, (1,))] = Field(default=2, ge=1, le=50, examples=[3])
    """Replicas. One survives no node loss."""
    autoscaling: Annotated[AutoscalingSpec | None, OnlyOn("kubernetes", ONE_MACHINE)] = None
    """Bounds of the autoscaler, which looks at the server's processor time; absent: none."""
    docker: Annotated[DockerSpec | None, OnlyOn("docker", "the block is named after its target")] = None
    """What only Docker can honour."""

    @property
    def fewest_replicas(self) -> int:
        """What is sure to run."""
        return self.replicas if self.autoscaling is None else self.autoscaling.min

    @property
    def most_replicas(self) -> int:
        """What may run."""
        return self.replicas if self.autoscaling is None else self.autoscaling.max

    def _scaling(self) -> Iterable[Problem]:
        if self.autoscaling is None:
            return
        if "replicas" in self.model_fields_set:
            yield Problem(
                path=("replicas",), rule="belongs to the autoscaler once autoscaling is given; remove one of the two"
            )
        if self.autoscaling.queue is not None:
            yield Problem(
                path=("autoscaling", "queue"), rule="has nothing to do with files; a site scales by its processor time"
            )

    def problems(self) -> Iterable[Problem]:
        yield from self._scaling()
        if self.assets == "/":
            yield Problem(
                path=("assets",),
                rule="must be a path below `/`: documents must not be kept for a year",
                example="/assets",
            )
        if self.headers.profile == "app-owned":
            yield Problem(
                path=("headers", "profile"),
                rule="is for apps that set their own headers; files set none",
                example="strict",
            )
        if self.route is not None:
            yield from self._route(self.route)
        for path in self.proxies:
            for taken in (self.assets, *RESERVED):
                if covers(path, taken) or covers(taken, path):
                    yield Problem(path=("proxies", path), rule=f"would take {taken}, which the site answers itself")

    def _route(self, route: RouteSpec) -> Iterable[Problem]:
        if route.port != "http":
            yield Problem(path=("route", "port"), rule="must be http: a site has no other port", example="http")
        if route.websocket:
            yield Problem(
                path=("route", "websocket"),
                rule="leads nowhere: files answer no WebSocket; give the app a route of its own",
            )
        if route.headers.profile != "app-owned":
            yield Problem(path=("route", "headers"), rule="are set by the site itself; give them as its `headers`")
