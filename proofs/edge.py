"""What must hold around the way in: routes, certificates, sites and what the cluster has for them.

Owns: gathering the parts of one stack file. Leaves the rules to the components' `facts.py`.
"""

from __future__ import annotations

from collections.abc import Iterator

from components.cdn_frontend import facts as site_facts
from components.edge_gateway import facts as edge_facts
from components.environment.spec import KubernetesTargetSpec
from components.vocabulary import Problem
from config import Draft


def everywhere(draft: Draft) -> Iterator[Problem]:
    """On every target."""
    config = draft.config
    routes = edge_facts.routes(config.app_services, config.cdn_frontends, config.monitoring)
    for name, site in config.cdn_frontends.items():
        for problem in site_facts.references(site, config.app_services, draft.broken):
            yield problem.below("cdn_frontends", name)
    yield from edge_facts.share_problems(config.app_services, draft.broken)
    if config.edge is None:
        yield from () if "edge" in draft.broken else edge_facts.without_edge(routes)
        return
    yield from edge_facts.problems(config.edge, routes)


def on_the_target(draft: Draft) -> Iterator[Problem]:
    """Where the environment could be read."""
    config, target = draft.config, draft.config.environment.target
    if not isinstance(target, KubernetesTargetSpec):
        return
    for name in config.cdn_frontends:
        for problem in site_facts.cluster_problems(target.cluster):
            yield problem.below("cdn_frontends", name)
    if config.edge is not None:
        routes = edge_facts.routes(config.app_services, config.cdn_frontends, config.monitoring)
        yield from edge_facts.cluster_problems(config.edge, routes, target.cluster)


def published(draft: Draft) -> list[tuple[tuple[str, ...], int]]:
    """Ports of the machine that sites and the edge take on Docker, and where they are said."""
    config = draft.config
    if config.environment.target.kind != "docker":
        return []
    sites = [
        (("cdn_frontends", name, "docker", "publish"), site.docker.publish)
        for name, site in config.cdn_frontends.items()
        if site.docker is not None and site.docker.publish is not None
    ]
    return [*sites, *edge_facts.published(config.edge)]
