"""Secrets: what a stack file names is set in it. Values are nobody's business here; the keys of `secrets` are enough."""

from __future__ import annotations

from collections.abc import Iterator

from components.app_service.connects_to import ToObjectStore
from components.app_service.env import SecretRef
from components.edge_gateway import facts as edge_facts
from components.postgres_cluster import facts as postgres_facts
from components.vocabulary import Problem
from config import Draft

Named = Iterator[tuple[tuple[str | int, ...], str]]
"""Where a secret is named, and its key in `secrets`."""


def are_set(draft: Draft) -> Iterator[Problem]:
    for path, key in (*_of_apps(draft), *_of_the_edge(draft), *_of_data(draft), *_of_the_monitoring(draft)):
        if key not in draft.secrets:
            rule = f"names a secret that is not set; set it: pulumi config set --secret --path secrets.{key}"
            yield Problem(path=path, rule=rule)


def _of_apps(draft: Draft) -> Named:
    for name, spec in draft.config.app_services.items():
        for variable, value in spec.env.items():
            if isinstance(value, SecretRef):
                yield ("app_services", name, "env", variable, "secret"), value.secret


def _of_the_edge(draft: Draft) -> Named:
    config = draft.config
    if config.edge is not None:
        yield from edge_facts.given_secrets(config.edge)
        routes = edge_facts.routes(config.app_services, config.cdn_frontends, config.monitoring)
        yield from edge_facts.route_secrets(routes)


def _of_data(draft: Draft) -> Named:
    """An object store that nobody uses needs none."""
    stores = draft.config.object_stores
    used = {
        connection.object_store
        for app in draft.config.app_services.values()
        for connection in app.connects_to
        if isinstance(connection, ToObjectStore)
    }
    for name, server in sorted(draft.config.postgres_clusters.items()):
        if server.topology is not None and server.topology.promotion_token is not None:
            path = ("postgres_clusters", name, "topology", "promotion_token", "secret")
            yield path, server.topology.promotion_token.secret
        used |= {*postgres_facts.stores(server)}
    for name in sorted(used & stores.keys()):
        yield from ((("object_stores", name, *path), key) for path, key in stores[name].secrets.items())


def _of_the_monitoring(draft: Draft) -> Named:
    if draft.config.monitoring is not None:
        yield from ((("monitoring", *path), key) for path, key in draft.config.monitoring.secrets())
