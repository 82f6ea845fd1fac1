"""Fields of one component that contradict each other."""

from __future__ import annotations

from tests.stacks.refusals.case import API, Case

CASES: tuple[Case, ...] = (
    # Fields of one component that contradict each other
    Case(
        "`replicas` beside `autoscaling`",
        {f"{API}.replicas": 3, f"{API}.autoscaling": {"min": 3, "max": 6}},
        (f"{API}.replicas: belongs to the autoscaler once autoscaling is given; remove one of the two",),
    ),
    Case(
        "An autoscaler with min above max",
        {f"{API}.autoscaling": {"min": 6, "max": 3}},
        (f"{API}.autoscaling.max: must be above min (6); e.g. 18",),
    ),
    Case(
        "A disruption budget of nothing",
        {f"{API}.disruption": {"max_unavailable": 0}},
        (f"{API}.disruption.max_unavailable: blocks every node drain; must be 1 or more; e.g. 1",),
    ),
    Case(
        "A disruption budget that keeps every replica",
        {f"{API}.disruption": {"min_available": 2}},
        (
            f"{API}.disruption.min_available: blocks every node drain: 2 replicas are all that is sure to run; e.g. {{max_unavailable: 1}}",
        ),
    ),
    Case(
        "Both ways to say a disruption budget",
        {f"{API}.replicas": 4, f"{API}.disruption": {"min_available": 2, "max_unavailable": 1}},
        (f"{API}.disruption.min_available: give max_unavailable or min_available, not both",),
    ),
    Case(
        "A grace period shorter than pre-stop and drain",
        {f"{API}.shutdown": {"pre_stop": "10s", "drain": "30s", "grace": "30s"}},
        (f"{API}.shutdown.grace: must exceed pre_stop + drain (40 s), or open requests are cut; e.g. 45s",),
    ),
    Case(
        "A liveness probe that is stricter than readiness",
        {f"{API}.probes": {"readiness": {"http": "/healthz"}, "liveness": {"http": "/healthz"}}},
        (
            f"{API}.probes.liveness: asks what readiness asks and gives up no later, so a busy replica is restarted instead of spared; ask a cheaper path or allow more failures; e.g. {{http: /livez, every: 10s, failures: 6}}",
        ),
    ),
    Case(
        "A web app that takes hours to start",
        {f"{API}.probes.startup_budget": "3h"},
        (f"{API}.probes.startup_budget: must be 15m or less: `up` waits for every kind but stateful; e.g. 5m",),
    ),
    Case(
        "A probe faster than a second",
        {f"{API}.probes.readiness.every": "500ms"},
        (f"{API}.probes.readiness.every: must be one second or more; e.g. 2s",),
    ),
    Case(
        "A probe of a port that is not there",
        {f"{API}.probes.readiness.port": "admin"},
        (f"{API}.probes.readiness.port: is no port of this app; it has: http",),
    ),
    Case(
        "Two names for one port",
        {f"{API}.ports": {"http": 8000, "metrics": 8000}},
        (f"{API}.ports.metrics: has the same number as port 'http'; give it one of its own",),
    ),
    Case(
        "Too little memory for a server",
        {"postgres_clusters.main.resources": {"memory": "64Mi"}},
        ("postgres_clusters.main.resources.memory: must be 256Mi or more for a server to start; e.g. 1Gi",),
    ),
    Case(
        "A parameter that follows from another field",
        {"postgres_clusters.main.parameters": {"max_connections": "500"}},
        (
            "postgres_clusters.main.parameters.max_connections: follows from other fields (max_connections, resources, wal, replication) and can't be set here",
        ),
    ),
)
