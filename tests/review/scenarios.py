"""The corpus: what somebody changes, and what the review must say. Each flag has at least one change that raises it and one that does not.

The previews were recorded from the real engine (`python -m tests.review.record`); a scenario that is new or edited needs that again.
"""

from __future__ import annotations

from tests.review.posture_scenarios import POSTURE
from tests.review.scenario import of, without


def _scaler(of: str, least: int, most: int) -> tuple[str, str]:
    """One more autoscaler."""
    target = f'{{"apiVersion": "apps/v1", "kind": "Deployment", "name": "{of}"}}'
    spec = f'{{"minReplicas": {least}, "maxReplicas": {most}, "scaleTargetRef": {target}}}'
    made = f'k8s.autoscaling.v2.HorizontalPodAutoscaler("{of}-scaler", metadata={{"name": "{of}", "namespace": "shop"}}, spec={spec}, opts=on())'
    return ("part = Part", f"{made}\npart = Part")


SCENARIOS = (
    of("nothing", "-", flags=""),
    # F1
    of("claim-deleted", "F1", without("claim = "), flags="F1!", says="its volume goes with it"),
    of(
        "claim-moved",
        "F1",
        ('"name": "claim", "namespace": "shop"', '"name": "claim", "namespace": "other"'),
        flags="F1!",
        says="can't be changed in place",
    ),
    of("claim-grown", "F1", ('"storage": "20Gi"', '"storage": "30Gi"'), flags=""),
    of("claim-shrunk", "F1", ('"storage": "20Gi"', '"storage": "10Gi"'), flags="F1!", says="no volume can shrink"),
    of("database-deleted", "F1", without("database = "), flags="F1!", says="every database on it is gone"),
    of(
        "database-shrunk",
        "F1",
        ('"storage": {"size": "50Gi"}', '"storage": {"size": "40Gi"}'),
        flags="F1!",
        says="no volume can shrink",
    ),
    of("database-grown", "F1", ('"storage": {"size": "50Gi"}', '"storage": {"size": "60Gi"}'), flags=""),
    of(
        "database-older-major",
        "F1",
        ("postgresql:18.1", "postgresql:17.6"),
        flags="F1!",
        says="can't read what the newer one wrote",
    ),
    of("database-newer-minor", "F1", ("postgresql:18.1", "postgresql:18.2"), flags=""),
    of(
        "password-regenerated",
        "F1",
        ('"db-password", length=24', '"db-password", length=32'),
        flags="F1! F4",
        says="locked out",
    ),
    of(
        "key-regenerated",
        "F1",
        ('"session-key", length=24', '"session-key", length=32'),
        flags="F1",
        says="a new value is generated",
    ),
    of(
        "claim-template-changed",
        "F1",
        ('"storage": "5Gi"', '"storage": "9Gi"'),
        flags="F1! F4",
        says="volumeClaimTemplates",
    ),
    # F2
    of("namespace-deleted", "F2", without("namespace = "), flags="F2!", says="stays where it is"),
    of(
        "namespace-relabelled",
        "F2",
        ('pod-security.kubernetes.io/enforce": "restricted"', 'pod-security.kubernetes.io/enforce": "baseline"'),
        flags="",
    ),
    of(
        "definition-deleted",
        "F2",
        without("kinds = "),
        flags="F2!",
        says="every object of this kind in the whole cluster",
    ),
    of("storage-class-deleted", "F2", without("fast = "), flags="F2!", says="no new volume of this class"),
    # F3
    of("component-renamed", "F3", ('Part("cache")', 'Part("store")'), flags="F3!", says="looks like a rename"),
    of(
        "component-renamed-with-alias",
        "F3",
        (
            'super().__init__("shop:index:Part", name, {}, None)',
            'super().__init__("shop:index:Part", name, {}, ResourceOptions(aliases=[pulumi.Alias(name="cache")]))',
        ),
        ('Part("cache")', 'Part("store")'),
        flags="",
    ),
    of(
        "policy-renamed",
        "F3",
        ('NetworkPolicy("wall"', 'NetworkPolicy("fence"'),
        flags="F3! F7!",
        says="its like is made",
    ),
    of(
        "policy-renamed-with-alias",
        "F3",
        ('NetworkPolicy("wall"', 'NetworkPolicy("fence"'),
        (
            '"ports": [{"port": 5432}]}]}, opts=on())',
            '"ports": [{"port": 5432}]}]}, opts=on(aliases=[pulumi.Alias(name="wall")]))',
        ),
        flags="",
    ),
    of(
        "one-gone-another-made",
        "F3",
        without("settings = "),
        (
            "part = Part",
            'other = k8s.core.v1.ConfigMap("other", metadata={"name": "other", "namespace": "shop"}, data={"a": "b", "c": "d", "e": "f"}, opts=on())\npart = Part',
        ),
        flags="",
    ),
    # F4
    of(
        "fixed-name-replaced",
        "F4",
        ('"maxmemory 512mb', '"maxmemory 600mb'),
        flags="F4",
        says="is deleted before its successor",
    ),
    of("made-up-name-replaced", "F4", ('data={"level": "info"}', 'data={"level": "debug"}'), flags=""),
    # F5
    of(
        "recreate",
        "F5",
        ('"strategy": {"type": "RollingUpdate"}', '"strategy": {"type": "Recreate"}'),
        flags="F5",
        says="all its pods stop",
    ),
    of(
        "probe-removed",
        "F5",
        ('    "readinessProbe": {"httpGet": {"path": "/healthz", "port": "http"}},\n', ""),
        flags="F5 F7",
        says="loses its readiness probe",
    ),
    of("probe-changed", "F5", ('"path": "/healthz"', '"path": "/ready"'), flags=""),
    of("budget-removed", "F5", without("budget = "), flags="F5 F7", says="a drain of nodes"),
    of("service-deleted", "F5", without("door = "), flags="F5 F7", says="gets no answer"),
    of("service-type", "F5", ('"type": "ClusterIP"', '"type": "LoadBalancer"'), flags="F5", says="its type changes"),
    of(
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
    of("one-replica", "F5", ('"replicas": 4', '"replicas": 1'), flags="F5 F6 F7", says="one replica is left"),
    of(
        "autoscaled",
        "F5",
        ('"replicas": 4, ', ""),
        _scaler("web", 3, 9),
        flags="F5 F6",
        says="Kubernetes runs 1 instead of 4 for a moment, until the autoscaler has raised it to 3",
    ),
    of("autoscaled-and-counted", "F5", _scaler("web", 4, 9), flags="F7"),
    of(
        "counted-by-hand-again",
        "F5",
        without("scaler = "),
        (
            'spec={"selector": {"matchLabels": {"app": "web", "part": "worker"}}',
            'spec={"replicas": 2, "selector": {"matchLabels": {"app": "web", "part": "worker"}}',
        ),
        flags="",
    ),
    # F6
    of("replicas-cut", "F6", ('"replicas": 4', '"replicas": 3'), flags="F6", says="25% less, from 4 to 3"),
    of("replicas-added", "F6", ('"replicas": 4', '"replicas": 5'), flags=""),
    of("memory-trimmed", "F6", ('"memory": "4Gi"', '"memory": "3500Mi"'), flags=""),
    of("memory-cut", "F6", ('"memory": "4Gi"', '"memory": "2Gi"'), flags="F6", says="memory per replica: 50% less"),
    of(
        "pool-cut",
        "F6",
        ('"default_pool_size": "40"', '"default_pool_size": "20"'),
        flags="F6",
        says="pooler default_pool_size: 50% less",
    ),
    of("cache-memory-cut", "F6", ('"maxmemory 512mb', '"maxmemory 256mb'), flags="F4 F6"),
    *POSTURE,
    # F8
    of("ten-instances", "F8", ('"instances": 3', '"instances": 10'), flags="F8", says="more per month"),
    of("a-little-more-memory", "F8", ('"memory": "512Mi", "ephemeral', '"memory": "520Mi", "ephemeral'), flags=""),
    # F9
    of(
        "protect-removed",
        "F9",
        ('"storage": "20Gi"}}}, opts=on(protect=True)', '"storage": "20Gi"}}}, opts=on()'),
        flags="F9!",
        says="loses protect",
    ),
    of(
        "protect-added",
        "F9",
        ('reclaim_policy="Retain", opts=on()', 'reclaim_policy="Retain", opts=on(protect=True)'),
        flags="",
    ),
    of(
        "retain-removed",
        "F9",
        ("on(protect=True, retain_on_delete=True)", "on(protect=True)"),
        flags="F9!",
        says="loses retain_on_delete",
    ),
    of("reclaim-policy", "F9", ('reclaim_policy="Retain"', 'reclaim_policy="Delete"'), flags="F9!"),
    of(
        "retention-lowered",
        "F9",
        ('"retentionPolicy": "30d"', '"retentionPolicy": "7d"'),
        flags="F9!",
        says="7 days instead of 30",
    ),
    of("retention-raised", "F9", ('"retentionPolicy": "30d"', '"retentionPolicy": "8w"'), flags=""),
    # F10
    of("backup-removed", "F10", without("nightly = "), flags="F10!", says="no base backup"),
    of(
        "backup-suspended",
        "F10",
        ('"schedule": "0 0 2 * * *", ', '"schedule": "0 0 2 * * *", "suspend": True, '),
        flags="F10!",
        says="is suspended",
    ),
    of(
        "archive-off",
        "F10",
        ('"isWALArchiver": True', '"isWALArchiver": False'),
        flags="F10!",
        says="not archived any more",
    ),
    of(
        "archive-moved",
        "F10",
        ("s3://backups/shop", "s3://elsewhere/shop"),
        flags="F10!",
        says="backups go somewhere else",
    ),
    of("drill-removed", "F10", without("drill = "), flags="F10!", says="nobody notices"),
    of(
        "drill-image",
        "F10",
        ('"spec": {**pod, "restartPolicy": "Never"}', '"spec": {**pod, "restartPolicy": "OnFailure"}'),
        flags="",
    ),
    # F11
    of(
        "size-unknown",
        "F11",
        ('"storage": {"size": "50Gi"}', '"storage": {"size": claim.metadata["uid"]}'),
        ('"name": "claim", "namespace": "shop"', '"name": "claim2", "namespace": "shop"'),
        flags="F1! F11",
    ),
    of(
        "harmless-unknown",
        "F11",
        (
            '{"name": "ZONE", "value": "a"}',
            '{"name": "ZONE", "value": k8s.core.v1.ConfigMap("fresh", metadata={"namespace": "shop"}, data={"a": "b"}, opts=on()).metadata["uid"]}',
        ),
        flags="",
    ),
    # F13
    of(
        "definition-changed",
        "F13",
        ('"type": "object"}}', '"type": "object", "properties": {"spec": {"type": "object"}}}}'),
        flags="F13",
        says="definition of a whole kind",
    ),
    of(
        "everything-relabelled",
        "F13",
        ('"namespace": "shop"', '"namespace": "shop", "annotations": {"team": "shop"}'),
        flags="F13",
        says="too many",
    ),
    of("two-at-once", "F13", ('"1" * 64', '"2" * 64'), ('data={"level": "info"}', 'data={"level": "debug"}'), flags=""),
    # secrets
    of(
        "secret-rotated",
        "-",
        ('"username": "shop", "password": password.result', '"username": "shop2", "password": password.result'),
        flags="F4",
    ),
    of("context-changed", "F2", ('context="here"', 'context="there"'), flags="F2!", says=""),
)
