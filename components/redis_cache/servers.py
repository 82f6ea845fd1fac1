"""The servers of a RedisCache on Kubernetes: one StatefulSet, or one for each shard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pulumi
from pulumi_kubernetes.apps.v1 import StatefulSet, StatefulSetSpecArgs, StatefulSetUpdateStrategyArgs
from pulumi_kubernetes.core.v1 import EnvVarArgs, PersistentVolumeClaimArgs, TopologySpreadConstraintArgs
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs

from components.redis_cache import facts, pods, workload
from components.redis_cache.pods import START_SECONDS, STOP_SECONDS, Files, Manner, Place
from components.redis_cache.spec import ClusterSpec, ReplicatedSpec
from components.redis_cache.workload import Role
from components.targets.kubernetes import metadata

POD_INDEX_LABEL = "apps.kubernetes.io/pod-index"
"""https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#pod-index-label"""


def create(
    role: Role, passwords: Mapping[str, pulumi.Output[str]], acl: pulumi.Output[str], after: Sequence[pulumi.Resource]
) -> StatefulSet:
    """One server, or a primary with its replicas."""
    spec = role.spec
    manner = Manner()
    if isinstance(spec, ReplicatedSpec):
        variables = tuple(group_variables(role, spec, "servers"))
        manner = Manner(start="start-server.sh", stop="step-down.sh", variables=variables)
    read = pods.files(role, manner, passwords, acl)
    several = spec.servers > 1
    place = Place()
    if several:
        place = Place(affinity=workload.one_per_node(role), spread=workload.over_zones(role, spec.servers))
    return _set(role, spec.servers, read, manner, place, after)


def create_shards(
    role: Role,
    spec: ClusterSpec,
    passwords: Mapping[str, pulumi.Output[str]],
    acl: pulumi.Output[str],
    after: Sequence[pulumi.Resource],
) -> list[StatefulSet]:
    """A StatefulSet for each shard, one after another: a majority of the primaries must never restart at once."""
    hosts = facts.shard_hosts(role.instance, spec, role.target.domain)
    shards = [_manner(role, own) for own in hosts]
    read = pods.files(role, shards[0], passwords, acl)
    made: list[StatefulSet] = []
    for number, manner in enumerate(shards):
        name, labels = facts.shard(role.instance, number), facts.shard_selector(role.instance, number)
        shard = replace(role, name=name, labels=labels)
        place = Place(affinity=workload.one_per_node(shard), spread=_apart(role, shard))
        made.append(_set(shard, spec.in_shard, read, manner, place, [*after, *made[-1:]]))
    return made


def _manner(role: Role, hosts: Sequence[str]) -> Manner:
    variables = (*pods.self_variables(role, "servers"), EnvVarArgs(name="SHARD", value=",".join(hosts)))
    return Manner(start="start-shard.sh", stop="step-down-shard.sh", variables=variables, bus=True)


def _apart(role: Role, shard: Role) -> list[TopologySpreadConstraintArgs]:
    """A zone takes one server of a shard with it, not two; and of the primaries, as far as there is room, less than a majority."""
    return [
        TopologySpreadConstraintArgs(
            topology_key="topology.kubernetes.io/zone",
            max_skew=1,
            when_unsatisfiable="DoNotSchedule" if role.target.zones > 1 else "ScheduleAnyway",
            label_selector=LabelSelectorArgs(match_labels=dict(shard.labels)),
            node_taints_policy="Honor",
        ),
        *(
            TopologySpreadConstraintArgs(
                topology_key=key,
                max_skew=1,
                # By force, it could leave the last server of the last shard without a place.
                when_unsatisfiable="ScheduleAnyway",
                label_selector=LabelSelectorArgs(match_labels=dict(role.labels)),
                match_label_keys=[POD_INDEX_LABEL],
            )
            for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
        ),
    ]


def _set(
    role: Role, count: int, read: Files, manner: Manner, place: Place, after: Sequence[pulumi.Resource]
) -> StatefulSet:
    size = facts.volume(role.spec)
    volumes = [] if size is None else workload.claims(role, count, size)
    if count > 1:
        workload.disruption(role)
    return StatefulSet(
        f"{role.name}-server",
        metadata=metadata(role.target, role.labels, role.name),
        spec=StatefulSetSpecArgs(
            service_name=f"{role.instance}-servers",
            replicas=count,
            selector=LabelSelectorArgs(match_labels=dict(role.labels)),
            # In order, the first would wait to be ready for a primary that is not started before it is.
            pod_management_policy="Parallel",
            update_strategy=StatefulSetUpdateStrategyArgs(type="RollingUpdate"),
            min_ready_seconds=10 if count > 1 else 0,
            template=pods.template(role, read, manner, place),
            volume_claim_templates=None if size is None else [_template_claim(role, size)],
        ),
        opts=pulumi.ResourceOptions.merge(
            role.options,
            pulumi.ResourceOptions(
                depends_on=[*after, *volumes],
                # Claims are objects of their own; the template only gives them their names, and can't be changed.
                ignore_changes=["spec.volumeClaimTemplates"],
                custom_timeouts=pulumi.CustomTimeouts(
                    create=f"{START_SECONDS + 300}s", update=f"{count * (START_SECONDS + STOP_SECONDS)}s"
                ),
            ),
        ),
    )


def _template_claim(role: Role, size: str) -> PersistentVolumeClaimArgs:
    return PersistentVolumeClaimArgs(metadata=ObjectMetaArgs(name="data"), spec=workload.claim(role, size))


def group_variables(role: Role, spec: ReplicatedSpec, service: str) -> list[EnvVarArgs]:
    """What the start scripts read, of servers and of Sentinels."""
    domain = role.target.domain
    return [
        *pods.self_variables(role, service),
        EnvVarArgs(name="GROUP", value=role.instance),
        EnvVarArgs(name="SENTINELS", value=" ".join(facts.sentinel_hosts(role.instance, spec.sentinels, domain))),
        EnvVarArgs(name="SERVERS", value=" ".join(facts.server_hosts(role.instance, spec.servers, domain))),
        EnvVarArgs(name="MAJORITY", value=str(spec.majority)),
        EnvVarArgs(name="QUORUM", value=str(spec.majority if spec.quorum is None else spec.quorum)),
    ]
