"""The corpus: what somebody changes, and what the review must say. Each flag has at least one change that raises it and one that does not.

The previews were recorded from the real engine (`python -m tests.review.record`); a scenario that is new or edited needs that again.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Scenario:
    name: str
    about: str
    """The flag that it is there for."""
    edits: tuple[tuple[str, str], ...]
    """Text of the program, and what comes instead."""
    flags: tuple[str, ...] = ()
    """All that must be raised, each with `!` if it blocks."""
    exit_code: int = 0
    says: str = ""
    """A part of the words that the first flag must use."""


def _of(name: str, about: str, *edits: tuple[str, str], flags: str = "", says: str = "") -> Scenario:
    raised = tuple(flags.split())
    code = 20 if any(f.endswith("!") for f in raised) else 10 if raised else 0
    return Scenario(name, about, edits, raised, code, says)


def _line(start: str) -> tuple[str, str]:
    """Takes one statement away."""
    return (f"\n{start}", f"\n# {start}")


SCENARIOS = (
    _of("nothing", "-", flags=""),
    # F1
    _of("claim-deleted", "F1", _line("claim = "), flags="F1!", says="its volume goes with it"),
    _of(
        "claim-moved",
        "F1",
        ('"name": "claim", "namespace": "shop"', '"name": "claim", "namespace": "other"'),
        flags="F1!",
        says="can't be changed in place",
    ),
    _of("claim-grown", "F1", ('"storage": "20Gi"', '"storage": "30Gi"'), flags=""),
    _of("claim-shrunk", "F1", ('"storage": "20Gi"', '"storage": "10Gi"'), flags="F1! F6", says="no volume can shrink"),
    _of("database-deleted", "F1", _line("database = "), flags="F1!", says="every database on it is gone"),
    _of(
        "database-shrunk",
        "F1",
        ('"storage": {"size": "50Gi"}', '"storage": {"size": "40Gi"}'),
        flags="F1!",
        says="no volume can shrink",
    ),
    _of("database-grown", "F1", ('"storage": {"size": "50Gi"}', '"storage": {"size": "60Gi"}'), flags=""),
    _of(
        "database-older-major",
        "F1",
        ("postgresql:18.1", "postgresql:17.6"),
        flags="F1!",
        says="can't read what the newer one wrote",
    ),
    _of("database-newer-minor", "F1", ("postgresql:18.1", "postgresql:18.2"), flags=""),
    _of(
        "password-regenerated",
        "F1",
        ('"db-password", length=24', '"db-password", length=32'),
        flags="F1! F4",
        says="locked out",
    ),
    _of(
        "key-regenerated",
        "F1",
        ('"session-key", length=24', '"session-key", length=32'),
        flags="F1",
        says="a new value is generated",
    ),
    _of(
        "claim-template-changed",
        "F1",
        ('"storage": "5Gi"', '"storage": "9Gi"'),
        flags="F1! F4",
        says="volumeClaimTemplates",
    ),
    # F2
    _of("namespace-deleted", "F2", _line("namespace = "), flags="F2!", says="stays where it is"),
    _of(
        "namespace-relabelled",
        "F2",
        ('pod-security.kubernetes.io/enforce": "restricted"', 'pod-security.kubernetes.io/enforce": "baseline"'),
        flags="",
    ),
    _of(
        "definition-deleted",
        "F2",
        _line("kinds = "),
        flags="F2!",
        says="every object of this kind in the whole cluster",
    ),
    _of("storage-class-deleted", "F2", _line("fast = "), flags="F2!", says="no new volume of this class"),
    # F3
    _of("component-renamed", "F3", ('Part("cache")', 'Part("store")'), flags="F3!", says="looks like a rename"),
    _of(
        "component-renamed-with-alias",
        "F3",
        (
            'super().__init__("shop:index:Part", name, {}, None)',
            'super().__init__("shop:index:Part", name, {}, ResourceOptions(aliases=[pulumi.Alias(name="cache")]))',
        ),
        ('Part("cache")', 'Part("store")'),
        flags="",
    ),
    _of(
        "policy-renamed",
        "F3",
        ('NetworkPolicy("wall"', 'NetworkPolicy("fence"'),
        flags="F3! F7!",
        says="its like is made",
    ),
    _of(
        "policy-renamed-with-alias",
        "F3",
        ('NetworkPolicy("wall"', 'NetworkPolicy("fence"'),
        (
            '"ports": [{"port": 5432}]}]}, opts=on())',
            '"ports": [{"port": 5432}]}]}, opts=on(aliases=[pulumi.Alias(name="wall")]))',
        ),
        flags="",
    ),
    _of(
        "one-gone-another-made",
        "F3",
        _line("settings = "),
        (
            "part = Part",
            'other = k8s.core.v1.ConfigMap("other", metadata={"name": "other", "namespace": "shop"}, data={"a": "b", "c": "d", "e": "f"}, opts=on())\npart = Part',
        ),
        flags="",
    ),
    # F4
    _of(
        "fixed-name-replaced",
        "F4",
        ('"maxmemory 512mb', '"maxmemory 600mb'),
        flags="F4",
        says="is deleted before its successor",
    ),
    _of("made-up-name-replaced", "F4", ('data={"level": "info"}', 'data={"level": "debug"}'), flags=""),
    # F5
    _of(
        "recreate",
        "F5",
        ('"strategy": {"type": "RollingUpdate"}', '"strategy": {"type": "Recreate"}'),
        flags="F5",
        says="all its pods stop",
    ),
    _of(
        "probe-removed",
        "F5",
        ('    "readinessProbe": {"httpGet": {"path": "/healthz", "port": "http"}},\n', ""),
        flags="F5 F7",
        says="loses its readiness probe",
    ),
    _of("probe-changed", "F5", ('"path": "/healthz"', '"path": "/ready"'), flags=""),
    _of("budget-removed", "F5", _line("budget = "), flags="F5 F7", says="a drain of nodes"),
    _of("service-deleted", "F5", _line("door = "), flags="F5", says="gets no answer"),
    _of("service-type", "F5", ('"type": "ClusterIP"', '"type": "LoadBalancer"'), flags="F5", says="its type changes"),
    _of(
        "selector-changed",
        "F5",
        (
            '"replicas": 4, "selector": {"matchLabels": {"app": "web"}}',
            '"replicas": 4, "selector": {"matchLabels": {"app": "web", "tier": "front"}}',
        ),
        (
            '"template": {"metadata": {"labels": {"app": "web"}}, "spec": pod}}, opts=on(depends_on',
            '"template": {"metadata": {"labels": {"app": "web", "tier": "front"}}, "spec": pod}}, opts=on(depends_on',
        ),
        flags="F4 F5",
        says="",
    ),
    _of("one-replica", "F5", ('"replicas": 4', '"replicas": 1'), flags="F5 F6 F7", says="one replica is left"),
    # F6
    _of("replicas-cut", "F6", ('"replicas": 4', '"replicas": 3'), flags="F6", says="25% less, from 4 to 3"),
    _of("replicas-added", "F6", ('"replicas": 4', '"replicas": 5'), flags=""),
    _of("memory-trimmed", "F6", ('"memory": "4Gi"', '"memory": "3500Mi"'), flags=""),
    _of("memory-cut", "F6", ('"memory": "4Gi"', '"memory": "2Gi"'), flags="F6", says="memory per replica: 50% less"),
    _of(
        "pool-cut",
        "F6",
        ('"default_pool_size": "40"', '"default_pool_size": "20"'),
        flags="F6",
        says="pooler default_pool_size: 50% less",
    ),
    _of("cache-memory-cut", "F6", ('"maxmemory 512mb', '"maxmemory 256mb'), flags="F4 F6"),
    # F7
    _of("policy-removed", "F7", _line("wall = "), flags="F7!"),
    _of(
        "policy-opened",
        "F7",
        ('"cidr": "10.1.0.0/16"', '"cidr": "0.0.0.0/0"'),
        flags="F7",
        says="opens traffic to 0.0.0.0/0",
    ),
    _of("policy-narrowed", "F7", ('"cidr": "10.1.0.0/16"', '"cidr": "10.1.2.0/24"'), flags=""),
    _of(
        "privileged",
        "F7",
        ('"allowPrivilegeEscalation": False,', '"allowPrivilegeEscalation": False, "privileged": True,'),
        flags="F7!",
        says="is privileged",
    ),
    _of("root", "F7", ('"runAsNonRoot": True, ', ""), flags="F7!", says="may run as root"),
    _of(
        "secret-as-variable",
        "F7",
        (
            '{"name": "ZONE", "value": "a"}',
            '{"name": "ZONE", "value": "a"}, {"name": "DB", "valueFrom": {"secretKeyRef": {"name": "database-binding", "key": "password"}}}',
        ),
        flags="F7",
        says="gets a secret as a variable",
    ),
    _of(
        "credential-as-variable",
        "F7",
        (
            '{"name": "ZONE", "value": "a"}',
            '{"name": "ZONE", "value": "a"}, {"name": "SERVICE_TOKEN", "value": "not-a-real-one"}',
        ),
        flags="F7!",
        says="looks like a credential",
    ),
    _of(
        "role-widened",
        "F7",
        ('"verbs": ["get"]', '"verbs": ["get", "update"]'),
        flags="F7",
        says="its holders may now update configmaps",
    ),
    _of("role-wildcard", "F7", ('"verbs": ["get"]', '"verbs": ["*"]'), flags="F7!", says="wildcard"),
    _of(
        "tag-instead-of-digest",
        "F7",
        ('"ghcr.io/example/web@sha256:" + "1" * 64', '"ghcr.io/example/web:2.0"'),
        flags="F7",
        says="without a digest",
    ),
    _of("image-bumped", "F7", ('"1" * 64', '"2" * 64'), flags=""),
    _of("variable-added-first", "-", ('"env": [', '"env": [{"name": "ALPHA", "value": "1"}, '), flags=""),
    # F8
    _of("ten-instances", "F8", ('"instances": 3', '"instances": 10'), flags="F8", says="more per month"),
    # F9
    _of(
        "protect-removed",
        "F9",
        ('"storage": "20Gi"}}}, opts=on(protect=True)', '"storage": "20Gi"}}}, opts=on()'),
        flags="F9!",
        says="loses protect",
    ),
    _of(
        "protect-added",
        "F9",
        ('reclaim_policy="Retain", opts=on()', 'reclaim_policy="Retain", opts=on(protect=True)'),
        flags="",
    ),
    _of(
        "retain-removed",
        "F9",
        ("on(protect=True, retain_on_delete=True)", "on(protect=True)"),
        flags="F9!",
        says="loses retain_on_delete",
    ),
    _of("reclaim-policy", "F9", ('reclaim_policy="Retain"', 'reclaim_policy="Delete"'), flags="F9!"),
    _of(
        "retention-lowered",
        "F9",
        ('"retentionPolicy": "30d"', '"retentionPolicy": "7d"'),
        flags="F9!",
        says="7 days instead of 30",
    ),
    _of("retention-raised", "F9", ('"retentionPolicy": "30d"', '"retentionPolicy": "8w"'), flags=""),
    # F10
    _of("backup-removed", "F10", _line("nightly = "), flags="F10!", says="no base backup"),
    _of(
        "backup-suspended",
        "F10",
        ('"schedule": "0 0 2 * * *", ', '"schedule": "0 0 2 * * *", "suspend": True, '),
        flags="F10!",
        says="is suspended",
    ),
    _of(
        "archive-off",
        "F10",
        ('"isWALArchiver": True', '"isWALArchiver": False'),
        flags="F10!",
        says="not archived any more",
    ),
    _of(
        "archive-moved",
        "F10",
        ("s3://backups/shop", "s3://elsewhere/shop"),
        flags="F10!",
        says="backups go somewhere else",
    ),
    _of("drill-removed", "F10", _line("drill = "), flags="F10!", says="nobody notices"),
    _of(
        "drill-image",
        "F10",
        ('"spec": {**pod, "restartPolicy": "Never"}', '"spec": {**pod, "restartPolicy": "OnFailure"}'),
        flags="",
    ),
    # F11
    _of(
        "size-unknown",
        "F11",
        ('"storage": {"size": "50Gi"}', '"storage": {"size": claim.metadata["uid"]}'),
        ('"name": "claim", "namespace": "shop"', '"name": "claim2", "namespace": "shop"'),
        flags="F1! F11",
    ),
    _of(
        "harmless-unknown",
        "F11",
        (
            '{"name": "ZONE", "value": "a"}',
            '{"name": "ZONE", "value": k8s.core.v1.ConfigMap("fresh", metadata={"namespace": "shop"}, data={"a": "b"}, opts=on()).metadata["uid"]}',
        ),
        flags="",
    ),
    # F13
    _of(
        "definition-changed",
        "F13",
        ('"type": "object"}}', '"type": "object", "properties": {"spec": {"type": "object"}}}}'),
        flags="F13",
        says="definition of a whole kind",
    ),
    _of(
        "everything-relabelled",
        "F13",
        ('"namespace": "shop"', '"namespace": "shop", "annotations": {"team": "shop"}'),
        flags="F13",
        says="too many",
    ),
    # secrets
    _of(
        "secret-rotated",
        "-",
        ('"username": "shop", "password": password.result', '"username": "shop2", "password": password.result'),
        flags="F4",
    ),
    _of("context-changed", "F2", ('context="here"', 'context="there"'), flags="F2!", says=""),
)
