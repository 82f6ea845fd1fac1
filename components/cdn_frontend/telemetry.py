"""What a site tells the monitoring: how often its cache had the answer, and whether it answers.

The cache's states come out of the access log (`components/nginx/mtail/access.mtail`), which is read on Docker alone;
requests, errors and latency of a routed site are the edge's to tell, on both targets.
"""

from __future__ import annotations

from components.cdn_frontend.facts import PORT
from components.cdn_frontend.spec import CdnFrontendSpec
from components.telemetry import BlackboxProbe, Dashboard, Panel, Row, Signal, Telemetry

HIT_RATIO = Signal(
    name="site_cache_hit_ratio",
    unit="ratio",
    help="Share of cacheable answers that no app had to give.",
    sources={
        "docker": 'sum by (instance_name, route) (rate(edge_cache_total{state=~"HIT|STALE|UPDATING|REVALIDATED"}[5m])) / sum by (instance_name, route) (rate(edge_cache_total[5m]))'
    },
)


def telemetry(name: str, spec: CdnFrontendSpec) -> Telemetry:
    """Nothing about a cache where nothing is cached."""
    probe = BlackboxProbe(instance=name, module="http_2xx", target=f"http://{name}:{PORT}/healthz", vantage="inside")
    if not any(proxy.fresh is not None for proxy in spec.proxies.values()):
        return Telemetry(probes=(probe,))
    panel = Panel(
        title="Answers from the cache",
        unit="ratio",
        description="Falls to zero with every release, and rises again within minutes.",
        queries={"{{route}}": HIT_RATIO.series},
    )
    return Telemetry(
        signals=(HIT_RATIO,),
        dashboard=Dashboard(title=f"Site {name}", instance=name, rows=(Row(title="Cache", panels=(panel,)),)),
        probes=(probe,),
    )
