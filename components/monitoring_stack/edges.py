"""Whom the monitoring talks to: what it scrapes and probes, its own programs, and the services that tell people. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from components.connections import PUBLIC, Edge, Instance, Network, Peer, Pods
from components.environment.spec import ClusterSpec
from components.monitoring_stack import facts
from components.monitoring_stack.alerting import EmailReceiver
from components.monitoring_stack.facts import ALERTMANAGER, BLACKBOX, GRAFANA, LOKI, PROMETHEUS, PUSHGATEWAY, instance
from components.monitoring_stack.spec import MonitoringSpec
from components.telemetry import BlackboxProbe, Scrape

HTTPS = 443
KUBELET_PORT = 10250


def within(spec: MonitoringSpec) -> Iterator[Edge]:
    """What its programs need of each other, on every target."""
    prometheus = instance(PROMETHEUS)
    yield Edge(
        consumer=prometheus, producer=instance(ALERTMANAGER), port=ALERTMANAGER.port, why="alerts are handed over"
    )
    yield Edge(consumer=prometheus, producer=instance(BLACKBOX), port=BLACKBOX.port, why="probes are asked for")
    if spec.alertmanagers > 1:
        peers = instance(ALERTMANAGER)
        for protocol in ("TCP", "UDP"):  # whole states by the one, news by the other
            yield Edge(
                consumer=peers,
                producer=peers,
                port=facts.ALERTMANAGER_PEERS,
                why="replicas agree on what was told",
                protocol=protocol,
            )
    if spec.logs is not None:
        yield Edge(
            consumer=instance(LOKI),
            producer=instance(ALERTMANAGER),
            port=ALERTMANAGER.port,
            why="alerts that lines tell are handed over",
        )
    sources = [PROMETHEUS, ALERTMANAGER, *(() if spec.logs is None else (LOKI,))]
    for source in sources:
        yield Edge(consumer=instance(GRAFANA), producer=instance(source), port=source.port, why="dashboards show it")


def pushed(pushers: Iterable[tuple[str, Instance]]) -> Iterator[Edge]:
    """Whoever pushes series, by its app."""
    for app, who in pushers:
        why = f"app_services.{app}.metrics.push"
        yield Edge(consumer=who, producer=instance(PUSHGATEWAY), port=PUSHGATEWAY.port, why=why)


def outward(spec: MonitoringSpec) -> Iterator[Edge]:
    """Services outside that tell people, or say who they are."""
    teller = instance(ALERTMANAGER)
    if spec.alerts.receivers or spec.alerts.dead_mans_switch is not None:
        yield Edge(consumer=teller, producer=PUBLIC, port=HTTPS, why="monitoring.alerts.receivers")
    for receiver in spec.alerts.receivers.values():
        if isinstance(receiver, EmailReceiver):
            port = int(receiver.server.rpartition(":")[2])
            yield Edge(consumer=teller, producer=PUBLIC, port=port, why="monitoring.alerts.receivers")
    if spec.dashboards.oidc is not None:
        cidrs = spec.dashboards.oidc.cidrs
        provider = PUBLIC if "0.0.0.0/0" in cidrs else Network(cidrs=cidrs)
        yield Edge(consumer=instance(GRAFANA), producer=provider, port=HTTPS, why="monitoring.dashboards.oidc")


def in_the_cluster(spec: MonitoringSpec, cluster: ClusterSpec) -> Iterator[Edge]:
    """Kubernetes: discovery, the kubelets, and the collector of logs."""
    prometheus = instance(PROMETHEUS)
    for address in cluster.api_server:
        cidr, _, port = address.rpartition(":")
        yield Edge(consumer=prometheus, producer=Network(cidrs=(cidr,)), port=int(port), why="targets are discovered")
    yield Edge(
        consumer=prometheus,
        producer=Network(cidrs=cluster.nodes),
        port=KUBELET_PORT,
        why="kubelets know containers and volumes",
    )
    agents = cluster.agents
    if spec.logs is not None and agents is not None and agents.log_collector is not None:
        collector = Pods(
            namespace=agents.log_collector.namespace or agents.namespace, labels=agents.log_collector.labels
        )
        yield Edge(consumer=collector, producer=instance(LOKI), port=LOKI.port, why="the nodes' agents bring logs")


def scraped(scrapes: Iterable[Scrape], cluster: ClusterSpec | None) -> Iterator[Edge]:
    """One edge for each endpoint."""
    for scrape in scrapes:
        producer: Peer = Instance(name=f"{scrape.instance}{scrape.role}", labels=scrape.labels)
        if scrape.on_node and cluster is not None:
            producer = Network(cidrs=cluster.nodes)
        elif scrape.namespace is not None:
            producer = Pods(namespace=scrape.namespace, labels=scrape.labels)
        yield Edge(consumer=instance(PROMETHEUS), producer=producer, port=scrape.port, why=f"metrics of {scrape.job}")


def probed(probes: Iterable[tuple[BlackboxProbe, Instance]]) -> Iterator[Edge]:
    """Probes from inside, with the instance that each asks; and the public way, once, for those from outside."""
    outside = False
    for probe, answers in probes:
        address = urlsplit(probe.target if "//" in probe.target else f"//{probe.target}")
        if probe.vantage == "inside" or probe.server_name not in ("", address.hostname):
            yield Edge(consumer=instance(BLACKBOX), producer=answers, port=address.port or HTTPS, why="a probe asks")
        else:
            outside = True
    if outside:
        yield Edge(consumer=instance(BLACKBOX), producer=PUBLIC, port=HTTPS, why="probes come as users do")
