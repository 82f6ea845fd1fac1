"""What a cluster's stack file comes to: what goes in and in which order, and the block that stack files paste.

Owns: what must hold between the sections; ends the program with everything that is wrong. Pure, but for the stack files
that it is told to look into.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast, get_args

import yaml

from cluster import logs, versions
from cluster.addons import AddOn, Installed, merged
from cluster.config import ClusterConfig, Draft
from cluster.spec import AddOnSpec, ClusterFactsSpec, StorageClassSpec
from cluster.versions import INSTALLED
from components.environment.spec import DnsSpec, OperatorName
from components.vocabulary import Problem
from refusals import refuse

FOLDER = Path(__file__).parent

SCRAPED = {name: row.scraped for name, row in INSTALLED.items() if row.scraped is not None}
"""Agents that the stacks' monitoring is told of."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Everything that the program needs."""

    cluster: ClusterFactsSpec
    storage_classes: Mapping[str, StorageClassSpec]
    installed: tuple[Installed, ...]
    """What has a chart, in its order."""
    definitions: tuple[str, ...]
    """Releases of definitions that this layer owns."""
    block: Mapping[str, Any]
    """The stack files' `cluster:`."""


def plan(draft: Draft) -> Plan:
    """Raises RunError with all problems if there are any."""
    found = [*draft.file.problems(), *draft.problems]
    if "cluster" not in draft.broken:
        found += _kubernetes(draft.config)
        found += _nodes(draft.config)
    found += [*_addons(draft), *_logs(draft), *_storage(draft), *_stacks(draft)]
    if found:
        raise refuse(draft.file, found)
    config = draft.config
    ours = _ours(config)
    return Plan(
        cluster=config.cluster,
        storage_classes=config.storage_classes,
        installed=tuple(_installed(config, name) for name in ours if INSTALLED[name].chart is not None),
        definitions=tuple(row.definitions for name in ours if (row := INSTALLED[name]).definitions is not None),
        block=_block(config),
    )


def _ours(config: ClusterConfig) -> list[str]:
    """What this layer installs, in its order."""
    return [name for name in INSTALLED if (spec := _spec(config, name)) is not None and spec.adopt is None]


def _spec(config: ClusterConfig, name: str) -> AddOnSpec | None:
    return cast("Mapping[str, AddOnSpec]", config.addons).get(name)


def _kubernetes(config: ClusterConfig) -> Iterator[Problem]:
    version, path = config.cluster.version, ("cluster", "version")
    if _number(version) < _number(versions.LOWEST_KUBERNETES):
        yield Problem(path=path, rule=f"must be {versions.LOWEST_KUBERNETES} or later, for ValidatingAdmissionPolicy")
        return
    for name in _ours(config):
        row = INSTALLED[name]
        if row.kubernetes is not None and not _number(row.kubernetes[0]) <= _number(version) <= _number(
            row.kubernetes[1]
        ):
            rule = f"is no version that {name} {row.minor} supports, which are {row.kubernetes[0]} to {row.kubernetes[1]} ({row.source}); adopt another {name}, or leave it out"
            yield Problem(path=path, rule=rule)


def _nodes(config: ClusterConfig) -> Iterator[Problem]:
    if not config.cluster.nodes and (name := "node_exporter") in _ours(config):
        yield Problem(
            path=("cluster", "nodes"),
            rule=f"is missing: {name} answers at the addresses of the nodes, and network rules must name them; give their ranges",
            example="[10.0.0.0/16]",
        )


def _addons(draft: Draft) -> Iterator[Problem]:
    for name, spec in draft.config.addons.items():
        found = _installable(draft, name, spec) if spec.adopt is None else _adopted(name, spec)
        yield from (problem.below("addons", name) for problem in found)


def _adopted(name: str, spec: AddOnSpec) -> Iterator[Problem]:
    assert spec.adopt is not None
    if name == "envoy_gateway" and spec.adopt.gateway_class is None:
        yield Problem(
            path=("adopt", "gateway_class"), rule="is missing: stacks are told which class to use", example="envoy"
        )
    if name != "envoy_gateway" and spec.adopt.gateway_class is not None:
        yield Problem(path=("adopt", "gateway_class"), rule="is only for envoy_gateway; remove it")


def _installable(draft: Draft, name: str, spec: AddOnSpec) -> Iterator[Problem]:
    row = INSTALLED[name]
    yield from _needs(draft, name, row)
    yield from _second_owners(name, row, spec)
    if row.chart is None and spec.values:
        yield Problem(path=("values",), rule="goes to a chart, and this one has none; remove it")


def _logs(draft: Draft) -> Iterator[Problem]:
    """The collector, and where it puts what it collects: one is nothing without the other."""
    stores, collector = draft.config.logs, _spec(draft.config, "log_collector")
    if "log_collector" in draft.broken or any(problem.path[:1] == ("logs",) for problem in draft.problems):
        return
    ours = None if collector is None or collector.adopt is not None else collector
    if stores and ours is None:
        rule = "is for log_collector, which this layer does not install here; add it to addons, or remove this section"
        yield Problem(path=("logs",), rule=rule, example="log_collector: {}")
    if ours is not None and not stores and not _reached(ours.values, ("config", "pipeline", "outputs")):
        yield Problem(
            path=("addons", "log_collector"),
            rule="does not say where the logs go: section `logs` is missing, and the chart's own would print them",
            example="logs: {shop-prod: {push: http://monitoring-loki.shop-prod-monitoring:3100/loki/api/v1/push}}",
        )


def _needs(draft: Draft, name: str, row: AddOn) -> Iterator[Problem]:
    for needed, lowest in row.needs.items():
        spec = _spec(draft.config, needed)
        if needed in draft.broken:
            continue
        if spec is None:
            yield Problem(
                path=(),
                rule=f"needs {needed}, which is not there ({row.source}); add it, or adopt the one that is there",
            )
        elif spec.adopt is not None and _number(spec.adopt.version) < _number(lowest):
            yield Problem(
                path=(),
                rule=f"{name} {row.minor} needs {needed} {lowest} or later, and an older one is adopted ({row.source})",
            )


def _second_owners(name: str, row: AddOn, spec: AddOnSpec) -> Iterator[Problem]:
    for path in (name.split(".") for name in row.chart.own_definitions) if row.chart is not None else ():
        if not _reached(spec.values, path):
            continue
        rule = f"gives {' and '.join(row.groups)} a second owner: this layer owns the definitions, and those of a chart go with its release; remove it"
        if name == "envoy_gateway":
            rule += ". This chart would also put the experimental channel of the Gateway API on top of the standard one"
        yield Problem(path=("values", *path), rule=rule)


def _reached(values: Any, path: Sequence[str]) -> Any:
    for part in path:
        values = cast("Mapping[str, Any]", values).get(part) if isinstance(values, Mapping) else None
    return values


def _storage(draft: Draft) -> Iterator[Problem]:
    classes = draft.config.storage_classes
    if draft.broken & {"storage_classes", *classes}:
        return
    defaults = [name for name, spec in classes.items() if spec.default]
    if len(defaults) != 1:
        told = f"{len(defaults)} say so: {', '.join(sorted(defaults))}" if defaults else "none says so"
        yield Problem(
            path=("storage_classes",),
            rule=f"must have exactly one class with `default: true`, and {told}",
            example="{fast-retain: {provisioner: ebs.csi.aws.com, default: true}}",
        )


def _stacks(draft: Draft) -> Iterator[Problem]:
    """What the stacks above were told, and is not there any more."""
    there = {*draft.config.addons, *draft.broken}
    for name, spec in draft.config.stacks.items():
        path = ("stacks", name, "file")
        try:
            told = _pasted((FOLDER / spec.file).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError):
            yield Problem(path=path, rule="can't be read as YAML; give its path, seen from the folder of this project")
            continue
        operators = {str(operator) for operator in told.get("operators") or ()}
        wanted = operators | ({"envoy_gateway"} if told.get("gateway") else set[str]())
        if (cni := told.get("cni")) is not None and "cluster" not in draft.broken and cni != draft.config.cluster.cni:
            rule = "this stack lets apps out by the names of hosts, and `cluster.cni` names no network that can; name it, or take `cni` out of the stack first"
            yield Problem(path=path, rule=rule, example="cni: cilium")
        for missing in sorted(wanted - there):
            rule = (
                f"this stack goes by {missing}, which is not there; add it to addons, or take it out of the stack first"
            )
            yield Problem(path=path, rule=rule, example=f"{{{missing}: {{}}}}")


def _pasted(text: str) -> Mapping[str, Any]:
    config = _mapping(_mapping(yaml.safe_load(text)).get("config"))
    environments = [value for key, value in config.items() if key.rpartition(":")[2] == "environment"]
    return _mapping(_mapping(_mapping(environments[0] if environments else None).get("target")).get("cluster"))


def _mapping(value: Any) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def _installed(config: ClusterConfig, name: str) -> Installed:
    row = INSTALLED[name]
    assert row.chart is not None
    ours = _ours(config)
    first = [other for other in (*row.needs, *row.after) if other in ours]
    with_definitions = [INSTALLED[each].definitions for each in (*first, name)]
    values = row.chart.given
    if name == "cert_manager" and _spec(config, "gateway_api") is not None:
        values = merged(values, {"config": {"gatewayAPI": {"enabled": True}}})
    if name == "log_collector" and config.logs:
        values = merged(values, logs.values(config.logs))
    return Installed(
        name=name,
        namespace=row.namespace,
        chart=row.chart,
        values=merged(values, cast("Mapping[str, Any]", config.addons)[name].values),
        after=tuple(other for other in first if INSTALLED[other].chart is not None),
        definitions=tuple(release for release in with_definitions if release is not None),
    )


def _block(config: ClusterConfig) -> dict[str, Any]:
    """In the words of `ClusterSpec`."""
    facts = config.cluster
    told = {name: _operator(name, config) for name in sorted(config.addons) if name in get_args(OperatorName)}
    block: dict[str, Any] = {
        "version": facts.version,
        "id": facts.id,
        "api_server": list(facts.api_server),
        "zones": list(facts.zones),
        "storage_classes": {
            "default": next(name for name, spec in config.storage_classes.items() if spec.default),
            **({} if facts.snapshot_class is None else {"snapshots": facts.snapshot_class}),
        },
        "operators": told,
    }
    if (gateway := _spec(config, "envoy_gateway")) is not None:
        block["gateway"] = {
            "class": versions.ENVOY if gateway.adopt is None else gateway.adopt.gateway_class,
            "proxy_namespace": told["envoy_gateway"]["namespace"],
            "proxy_labels": dict(versions.ENVOY_PROXIES),
        }
    if agents := _agents(config):
        block["agents"] = agents
    if facts.nodes:
        block["nodes"] = list(facts.nodes)
    if facts.dns != DnsSpec():
        block["dns"] = facts.dns.model_dump(mode="json", exclude_defaults=True)
    if facts.cni is not None:
        block["cni"] = facts.cni
    return block


def _agents(config: ClusterConfig) -> dict[str, Any]:
    """Empty where nothing of the kind is there."""
    there = {name: spec for name in SCRAPED if (spec := _spec(config, name)) is not None}
    spaces = [INSTALLED[name].namespace if spec.adopt is None else spec.adopt.namespace for name, spec in there.items()]
    if not spaces:
        return {}
    common = versions.NODE_AGENTS if versions.NODE_AGENTS in spaces else spaces[0]
    return {"namespace": common, **{name: _agent(name, spec, common) for name, spec in there.items()}}


def _agent(name: str, spec: AddOnSpec, common: str) -> dict[str, Any]:
    told = dict(SCRAPED[name])
    if spec.adopt is None:
        return told
    labels = {"labels": dict(spec.adopt.labels)} if spec.adopt.labels else {}
    return {**told, **labels, **({"namespace": spec.adopt.namespace} if spec.adopt.namespace != common else {})}


def _operator(name: str, config: ClusterConfig) -> dict[str, Any]:
    adopted = cast("Mapping[str, AddOnSpec]", config.addons)[name].adopt
    if adopted is None:
        row = INSTALLED[name]
        metrics = {} if row.metrics is None else {"metrics": row.metrics}
        return {"version": row.minor, "namespace": row.namespace, **metrics}
    return {
        "version": adopted.version,
        "namespace": adopted.namespace,
        **({"labels": dict(adopted.labels)} if adopted.labels else {}),
        **({} if adopted.metrics is None else {"metrics": adopted.metrics}),
    }


def _number(minor: str) -> tuple[int, ...]:
    return tuple(map(int, minor.split(".")))
