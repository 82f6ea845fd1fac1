"""What a site tells the monitoring: how it answers, how often its cache had the answer. A pure function of its spec.

Source: mtail beside nginx (`components/nginx/counting.py`), so series are the same on both targets. Latency and errors as
users see them are the edge's to tell.
"""

from __future__ import annotations

from collections.abc import Iterator

from components.cdn_frontend.facts import PORT, selector
from components.cdn_frontend.spec import CdnFrontendSpec
from components.nginx import counting
from components.telemetry import BlackboxProbe, Dashboard, Panel, Row, Scrape, Signal, TargetKind, Telemetry, Unit

_BY = "sum by (instance_name)"
_FROM_CACHE = 'site_cache_total{state=~"HIT|STALE|UPDATING|REVALIDATED"}'


def _signal(name: str, unit: Unit, help_: str, source: str) -> Signal:
    return Signal(name=f"site_{name}", unit=unit, help=help_, sources={"docker": source, "kubernetes": source})


REQUESTS = _signal(
    "requests_per_second",
    "per_second",
    "Requests by class of status.",
    "sum by (instance_name, code_class) (rate(site_requests_total[5m]))",
)
CONNECTIONS = _signal(
    "connections", "count", "Open connections; a server takes 4096.", "max by (instance_name) (site_connections)"
)
HIT_RATIO = _signal(
    "cache_hit_ratio",
    "ratio",
    "Share of cacheable answers that no app had to give.",
    f"{_BY} (rate({_FROM_CACHE}[5m])) / {_BY} (rate(site_cache_total[5m]))",
)


def telemetry(name: str, spec: CdnFrontendSpec, target: TargetKind) -> Telemetry:
    """Nothing about a cache where nothing is cached."""
    probe = BlackboxProbe(instance=name, module="http_2xx", target=f"http://{name}:{PORT}/healthz", vantage="inside")
    scrape = Scrape(
        instance=name,
        job="nginx",
        labels=selector(name) if target == "kubernetes" else {},
        host=f"{name}-exporter" if target == "docker" else "",
        port=counting.PORT,
        port_name=counting.PORT_NAME,
    )
    cached = any(proxy.fresh is not None for proxy in spec.proxies.values())
    return Telemetry(
        scrapes=(scrape,),
        signals=(REQUESTS, CONNECTIONS, *([HIT_RATIO] if cached else [])),
        dashboard=Dashboard(title=f"Site {name}", instance=name, rows=tuple(_rows(name, cached=cached))),
        probes=(probe,),
    )


def _rows(name: str, *, cached: bool) -> Iterator[Row]:
    of_site = f'{{instance_name="{name}"}}'
    requests = Panel(
        title="Requests",
        unit="per_second",
        description="Many 4xx: pages ask for files that neither this release nor the one before has.",
        queries={"{{code_class}}": f"{REQUESTS.series}{of_site}"},
    )
    connections = Panel(
        title="Open connections of the busiest replica",
        unit="count",
        description="Rises without requests where clients are slow.",
        queries={"connections": f"{CONNECTIONS.series}{of_site}"},
    )
    yield Row(title="Does it answer?", panels=(requests, connections))
    if cached:
        panel = Panel(
            title="Answers from the cache",
            unit="ratio",
            description="Falls to zero with every release, and rises again within minutes.",
            queries={"from the cache": f"{HIT_RATIO.series}{of_site}"},
        )
        yield Row(title="Does the cache help?", panels=(panel,))
