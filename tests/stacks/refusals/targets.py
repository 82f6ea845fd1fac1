"""What does not hold between a stack and its target."""

from __future__ import annotations

from tests.stacks.refusals.case import API, CLUSTER, GONE, Case

CASES: tuple[Case, ...] = (
    # Between a stack and its target
    Case(
        "A tag on Kubernetes",
        {f"{API}.image": "ghcr.io/shop/api:latest"},
        (
            f"{API}.image: names a tag alone, and a tag can be moved: stacks on Kubernetes name the digest; e.g. ghcr.io/blocksight/api@sha256:<64 hex digits>",
        ),
    ),
    Case(
        "An autoscaler on Docker",
        {f"{API}.autoscaling": {"min": 1, "max": 3}},
        (f"{API}.autoscaling: is for kubernetes only: one machine runs one container of each app; remove it",),
        "docker",
    ),
    Case(
        "A block for the other target",
        {f"{API}.kubernetes": {"priority_class": "serving"}},
        (f"{API}.kubernetes: is for kubernetes only: the block is named after its target; remove it",),
        "docker",
    ),
    Case(
        "Docker options on Kubernetes",
        {f"{API}.docker": {"publish": {"http": 3000}}},
        (f"{API}.docker: is for docker only: the block is named after its target; remove it",),
    ),
    Case(
        "A size for a Docker volume",
        {"postgres_clusters.main.storage": {"size": "10Gi"}},
        ("postgres_clusters.main.storage: is for kubernetes only: a Docker volume has no size; remove it",),
        "docker",
    ),
    Case(
        "No size for a volume on Kubernetes",
        {"postgres_clusters.main.storage": GONE},
        ("postgres_clusters.main.storage: is missing: stacks on kubernetes need it; e.g. {size: 100Gi}",),
    ),
    Case(
        "Narrowed hosts on Docker",
        {f"{API}.connects_to": [{"external": "db.example.com", "port": 443, "cidrs": ["203.0.113.0/24"]}]},
        (
            f"{API}.connects_to[0].cidrs: is for kubernetes only: Docker can't narrow where a container's packets go; remove it",
        ),
        "docker",
    ),
    Case(
        "A host by its name on Docker",
        {f"{API}.connects_to": [{"external": "db.example.com", "port": 443, "by_name": True}]},
        (
            f"{API}.connects_to[0].by_name: is for kubernetes only: Docker can't narrow where a container's packets go; remove it",
        ),
        "docker",
    ),
    Case(
        "A host by its name on a network that knows addresses only",
        {f"{API}.connects_to": [{"external": "db.example.com", "port": 443, "by_name": True}]},
        (
            f"{API}.connects_to[0].by_name: needs a network that goes by names (environment.target.cluster.cni: cilium), and this one is not said to: give the host's networks in `cidrs`, or those of an egress proxy of yours; e.g. cidrs: [203.0.113.0/24]",
        ),
    ),
    Case(
        "A host by its name, and by its addresses",
        {
            f"{CLUSTER}.cni": "cilium",
            f"{API}.connects_to": [
                {"external": "db.example.com", "port": 443, "by_name": True, "cidrs": ["203.0.113.0/24"]}
            ],
        },
        (f"{API}.connects_to[0].cidrs: goes by addresses, and `by_name` by the name; remove one of them",),
    ),
    Case(
        "A host by a name that is none",
        {
            f"{CLUSTER}.cni": "cilium",
            f"{API}.connects_to": [
                {"external": "203.0.113.7", "port": 443, "by_name": True},
                {"external": "db", "port": 5432, "by_name": True},
            ],
        },
        (
            f"{API}.connects_to[0].external: must be a full host name to go by; e.g. api.example.com",
            f"{API}.connects_to[1].external: must be a full host name to go by; e.g. api.example.com",
        ),
    ),
    Case(
        "A host inside the cluster by its name",
        {
            f"{CLUSTER}.cni": "cilium",
            f"{API}.connects_to": [{"external": "db.other.svc.cluster.local", "port": 5432, "by_name": True}],
        },
        (
            f"{API}.connects_to[0].external: is a name inside the cluster, and a rule by name means hosts outside: name the app, or give `cidrs`",
        ),
    ),
    Case(
        "A published port that is not there",
        {f"{API}.docker": {"publish": {"admin": 3000}}},
        (f"{API}.docker.publish.admin: is no port of this app; it has: http",),
        "docker",
    ),
    Case(
        "Two parts on one port of the machine",
        {f"{API}.docker": {"publish": {"http": 5432}}, "postgres_clusters.main.docker": {"publish": 5432}},
        (
            "postgres_clusters.main.docker.publish: publishes a port of this machine that app_services.api publishes too; choose another one",
        ),
        "docker",
    ),
    Case(
        "An operator that the cluster does not have",
        {f"{CLUSTER}.operators": {}},
        (
            f"{CLUSTER}.operators.cloudnative_pg: is missing: postgres_clusters need the CloudNativePG operator; install it with the cluster layer and paste the block that it prints; e.g. {{version: '1.30', namespace: cnpg-system}}",
        ),
    ),
    Case(
        "An operator that is too old",
        {f"{CLUSTER}.operators.cloudnative_pg.version": "1.29"},
        (
            f'{CLUSTER}.operators.cloudnative_pg.version: must be 1.30 or later: roles are objects of their own (DatabaseRole) from there on; e.g. "1.30"',
        ),
    ),
    Case(
        "A quota below the peak",
        {"environment.target.quota.pods": 4},
        (
            "environment.target.quota.pods: is below the stack's peak of 7 (every replica, the surge of a rollout, joining instances); the whole peak: cpu 2300m, memory 4864Mi, pods 7, storage 30Gi, volume claims 3; e.g. 7",
        ),
    ),
    Case(
        "An address pool that is too small",
        {"environment.target.address_pool": "10.0.0.0/24"},
        ("environment.target.address_pool: must be IPv4 and hold at least 16 networks of /27; e.g. 10.210.0.0/16",),
        "docker",
    ),
    Case(
        "A subnet outside the pool",
        {"environment.target.subnets": {"main": "192.168.0.0/27"}},
        ("environment.target.subnets.main: must lie inside address_pool",),
        "docker",
    ),
    Case(
        "A subnet for a network that is not there",
        {"environment.target.subnets": {"cache": "10.210.0.0/27"}},
        ("environment.target.subnets.cache: is no network of this stack; it has: main",),
        "docker",
    ),
    Case(
        "A subnet too small for its containers",
        {"environment.target.subnets": {"main": "10.210.0.0/30"}},
        (
            "environment.target.subnets.main: has room for 1 containers, and 2 are on this network; fix a wider one by hand",
        ),
        "docker",
    ),
    Case(
        "Two networks on one subnet",
        {
            "environment.target.subnets": {"main": "10.210.0.0/27", "api-egress": "10.210.0.0/27"},
            f"{API}.docker": {"publish": {"http": 3000}},
        },
        (
            "environment.target.subnets.main: falls on the subnet of network 'api-egress'; fix one of the two by hand; e.g. {main: 10.210.0.32/27}",
        ),
        "docker",
    ),
)
