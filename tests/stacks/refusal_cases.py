"""Every way a stack file is refused: what stands in it, and the line a person reads. docs/refusals.md is made from this.

`change` maps dotted paths of a small valid stack to what is put there; `Text` stands in the file without quotes, as a
person would type it; `GONE` takes the key out.
"""

from __future__ import annotations

import copy
import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

PROJECT = "shop"
DIGEST = "registry.example.com/api@sha256:" + "1" * 64


class Text(str):
    """A plain YAML scalar, unquoted."""

    __slots__ = ()


GONE = object()


@dataclass(frozen=True)
class Case:
    title: str
    """What a person did, as a heading."""
    change: Mapping[str, Any]
    lines: tuple[str, ...]
    """What is printed, without file name and line number."""
    target: str = "kubernetes"


APP: dict[str, Any] = {
    "image": DIGEST,
    "ports": {"http": 8000},
    "probes": {"readiness": {"http": "/healthz"}},
}

KUBERNETES: dict[str, Any] = {
    "environment": {
        "target": {
            "kind": "kubernetes",
            "kubeconfig": "~/.kube/config",
            "context": "shop-prod",
            "cluster": {
                "version": "1.36",
                "id": "00000000-0000-0000-0000-000000000001",
                "api_server": ["10.0.0.1/32:6443"],
                "zones": ["a", "b", "c"],
                "storage_classes": {"default": "fast-retain"},
                "operators": {"cloudnative_pg": {"version": "1.30", "namespace": "cnpg-system"}},
            },
            "quota": {"cpu": "20", "memory": "40Gi", "pods": 40, "storage": "1Ti", "volume_claims": 20},
        }
    },
    "postgres_clusters": {"main": {"major": 18, "storage": {"size": "10Gi"}, "databases": {"api": {}}}},
    "app_services": {"api": {**APP, "connects_to": [{"postgres": "main"}]}},
}

DOCKER: dict[str, Any] = {
    "environment": {"target": {"kind": "docker"}},
    "postgres_clusters": {"main": {"major": 18, "databases": {"api": {}}}},
    "app_services": {"api": {**APP, "image": "shop/api:dev", "connects_to": [{"postgres": "main"}]}},
}


def stack_text(case: Case) -> str:
    """The whole stack file of a case, as a person would have it on disk."""
    sections = copy.deepcopy(KUBERNETES if case.target == "kubernetes" else DOCKER)
    foreign: dict[str, Any] = {}
    for path, value in case.change.items():
        if ":" in path:
            foreign[path] = value
        else:
            _put(sections, path.split("."), value if value is GONE else copy.deepcopy(value))
    config = {f"{PROJECT}:{section}": body for section, body in sections.items()} | foreign
    text = yaml.dump({"config": config}, Dumper=_Dumper, sort_keys=False, width=200)
    return re.sub(r"'?@@(.*?)@@'?", r"\1", text)


class _Dumper(yaml.SafeDumper):
    """Writes everything out, and marks what must stand without quotes."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  # the base class's signature
        return True


_Dumper.add_representer(Text, lambda dumper, value: dumper.represent_str(f"@@{value}@@"))


def _put(body: Any, path: list[str], value: Any) -> None:
    *parents, last = path
    for part in parents:
        body = body[int(part)] if isinstance(body, list) else body.setdefault(part, {})
    if value is GONE:
        del body[last]
    elif isinstance(body, list):
        body[int(last) :] = [value]
    else:
        body[last] = value


def as_the_engine_reads(text: str) -> dict[str, Any]:
    """A stack file's values as the engine hands them over: dates become timestamps, `secure` becomes plaintext."""

    def plain(value: Any) -> Any:
        match value:
            case {"secure": str(secret)}:
                return secret
            case dict():
                return {key: plain(item) for key, item in value.items()}
            case list():
                return [plain(item) for item in value]
            case datetime.datetime() | datetime.date():
                return f"{value.isoformat()}T00:00:00Z"
            case _:
                return value

    return {key: plain(value) for key, value in yaml.safe_load(text)["config"].items()}


API = "app_services.api"
CLUSTER = "environment.target.cluster"
MAIN = "postgres_clusters.main"

BACKED_UP: dict[str, Any] = {
    "object_stores.backups": {"bucket": "s3://shop-backups/prod"},
    f"{CLUSTER}.operators.barman_cloud": {"version": "0.14", "namespace": "cnpg-system"},
    f"{MAIN}.backup": {"store": "backups"},
}
"""A small stack with backups: nothing is wrong with it."""

PEERS = {"us": {"store": "backups", "server": "other-g1"}}

CASES: tuple[Case, ...] = (
    # Keys, types and words
    Case(
        "An unknown key",
        {f"{API}.replica": 3},
        (f"{API}.replica: is not a known key; did you mean replicas? known here: " + "*",),
    ),
    Case(
        "An unknown section",
        {"app_service": {}},
        (
            "app_service: is not a known section; known: app_services, environment, object_stores, postgres_clusters, secrets",
        ),
    ),
    Case(
        "A key of another project",
        {"shopp:app_services": {}},
        ("shopp:app_services: belongs to nobody: keys of this stack start with `shop:`; e.g. shop:app_services",),
    ),
    Case(
        "Text where a number belongs",
        {f"{API}.replicas": "three"},
        (f"{API}.replicas: must be a whole number; e.g. 3",),
    ),
    Case(
        "A number where text belongs",
        {f"{API}.env": {"PORT": 8000}},
        (
            f'{API}.env.PORT: must be a text (quote numbers, booleans and dates), {{secret: NAME}} or {{generate: LENGTH}}; e.g. "8000"',
        ),
    ),
    Case(
        "A list where a mapping belongs",
        {f"{API}.ports": [8000]},
        (f"{API}.ports: must be a mapping; e.g. {{http: 8000, metrics: 9464}}",),
    ),
    Case(
        "A mapping where a list belongs",
        {f"{API}.connects_to": {"postgres": "main"}},
        (f"{API}.connects_to: must be a list; e.g. [{{postgres: main}}]",),
    ),
    Case(
        "A text where true or false belongs",
        {f"{API}.deletion_protection": "maybe"},
        (f"{API}.deletion_protection: must be true or false",),
    ),
    Case(
        "A missing key",
        {f"{API}.image": GONE},
        (f"{API}.image: is missing; e.g. ghcr.io/blocksight/api@sha256:<64 hex digits>",),
    ),
    Case(
        "A typo in the word that tells targets apart",
        {"environment.target.kind": "kubernets"},
        ("environment.target: must be a mapping whose `kind` is one of: docker, kubernetes",),
    ),
    Case(
        "A typo in the word that tells connections apart",
        {f"{API}.connects_to": [{"postgress": "main"}]},
        (
            f"{API}.connects_to[0]: must name what it connects to: {{postgres: NAME}}, {{app: NAME}} or {{external: HOST}}; e.g. {{postgres: main, pool: 10}}",
        ),
    ),
    Case(
        "A typo inside one connection: one line, not one per kind",
        {f"{API}.connects_to": [{"postgres": "main", "poool": 3}]},
        (f"{API}.connects_to[0].poool: is not a known key; did you mean pool? known here: *",),
    ),
    Case(
        "A probe without a check",
        {f"{API}.probes.readiness": {"path": "/healthz"}},
        (
            f"{API}.probes.readiness: must have exactly one check: {{http: PATH}}, {{tcp: PORT}} or {{command: [PROGRAM, ...]}}; e.g. {{http: /healthz}}",
        ),
    ),
    Case(
        "No environment",
        {"environment": GONE},
        ("environment: is missing: the stack does not say where it runs; e.g. {target: {kind: docker}}",),
    ),
    Case(
        "A section that is a list",
        {"app_services": [APP]},
        ("app_services: must be a mapping of names; e.g. {api: {...}}",),
    ),
    # Scalars that YAML bends
    Case(
        "A date without quotes",
        {f"{API}.env": {"LAUNCH": Text("2026-11-25")}},
        (
            f"{API}.env.LAUNCH: is a date to YAML, and would arrive as a timestamp; quote it, or write the number plainly",
        ),
    ),
    Case(
        "An octal number without quotes",
        {f"{API}.env": {"MODE": Text("0777")}},
        (
            f"{API}.env.MODE: is an octal number to YAML, and would arrive as another number; quote it, or write the number plainly",
        ),
    ),
    Case(
        "A number in another base",
        {f"{API}.ports.http": Text("0x1F40")},
        (
            f"{API}.ports.http: is a number in another base to YAML, and would arrive in decimal; quote it, or write the number plainly",
        ),
    ),
    Case(
        "A version without quotes",
        {f"{CLUSTER}.operators.cloudnative_pg.version": Text("1.30")},
        (
            f"{CLUSTER}.operators.cloudnative_pg.version: is a decimal number to YAML, and would lose its last zero; quote it, or write the number plainly",
        ),
    ),
    Case(
        "A number in powers of ten",
        {f"{API}.env": {"BIG": Text("1e6")}},
        (
            f"{API}.env.BIG: is a number in powers of ten to YAML, and would arrive written out; quote it, or write the number plainly",
        ),
    ),
    Case(
        "A number with underscores",
        {f"{API}.env": {"BIG": Text("1_000")}},
        (f"{API}.env.BIG: is a number to YAML, and would lose its underscores; quote it, or write the number plainly",),
    ),
    # Words of the vocabulary
    Case(
        "A name with capitals",
        {"app_services.Api": APP},
        ("app_services.Api: must be lower-case letters, digits and inner hyphens, starting with a letter; e.g. api",),
    ),
    Case(
        "An image that is none",
        {f"{API}.image": "Not An Image"},
        (f"{API}.image: must be an image reference; e.g. ghcr.io/blocksight/api@sha256:<64 hex digits>",),
    ),
    Case(
        "A port that does not exist",
        {f"{API}.ports.http": 70000},
        (f"{API}.ports.http: must be 65535 or less; e.g. 8000",),
    ),
    Case(
        "A memory without unit that Kubernetes knows",
        {f"{API}.resources": {"memory": "512MB"}},
        (f"{API}.resources.memory: must be a whole number with a unit: Ki, Mi, Gi, Ti; e.g. 512Mi",),
    ),
    Case(
        "A processor share in percent",
        {f"{API}.resources": {"cpu": "50%"}},
        (f"{API}.resources.cpu: must be cores or thousandths of a core; e.g. 250m",),
    ),
    Case(
        "A duration without a unit",
        {f"{API}.shutdown": {"drain": "20"}},
        (f"{API}.shutdown.drain: must be a whole number with a unit: ms, s, m, h, d; e.g. 30s",),
    ),
    Case(
        "A network with host bits",
        {f"{API}.connects_to": [{"external": "db.example.com", "port": 5432, "cidrs": ["10.0.0.1/8"]}]},
        (f"{API}.connects_to[0].cidrs[0]: must be a network in CIDR notation, host bits zero; e.g. 10.0.0.0/8",),
    ),
    Case(
        "An API server without its port",
        {f"{CLUSTER}.api_server": ["10.0.0.1/32"]},
        (f"{CLUSTER}.api_server[0]: must be a network in CIDR notation, a colon and a port; e.g. 10.0.0.1/32:6443",),
    ),
    Case(
        "A variable with a hyphen",
        {f"{API}.env": {"LOG-LEVEL": "info"}},
        (f"{API}.env.LOG-LEVEL: must be letters, digits and underscores, not starting with a digit; e.g. LOG_LEVEL",),
    ),
    Case(
        "A generated secret that can be guessed",
        {f"{API}.env": {"KEY": {"generate": 4}}},
        (f"{API}.env.KEY.generate: must be 16 or more; e.g. 32",),
    ),
    Case(
        "A major version that nobody supports",
        {"postgres_clusters.main.major": 12},
        ("postgres_clusters.main.major: must be one of: 14, 15, 16, 17 or 18; e.g. 18",),
    ),
    Case(
        "A server without databases",
        {"postgres_clusters.main.databases": {}},
        ("postgres_clusters.main.databases: must have 1 or more entries; e.g. {api: {}}",),
    ),
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
        (f"{API}.probes.startup_budget: must be 15m or less: `up` waits for a web app; e.g. 5m",),
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
        (f"{API}.ports.metrics: has the same number as port 'http'",),
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
    # Between components
    Case(
        "A connection to a server that is not there",
        {f"{API}.connects_to": [{"postgres": "mian"}]},
        (f"{API}.connects_to[0].postgres: names nothing in this stack; there are: main",),
    ),
    Case(
        "A connection to an app that is not there",
        {f"{API}.connects_to": [{"app": "electrs"}]},
        (f"{API}.connects_to[0].app: names nothing in this stack; there are: api",),
    ),
    Case(
        "A connection to a port that is not there",
        {"app_services.web": {**APP, "connects_to": [{"app": "api", "port": "grpc"}]}},
        ("app_services.web.connects_to[0].port: is no port of 'api'; it has: http",),
    ),
    Case(
        "A database that is not declared",
        {f"{API}.connects_to": [{"postgres": "main", "database": "orders"}]},
        (f"{API}.connects_to[0].database: is no declared database of 'main'; it has: api",),
    ),
    Case(
        "A database that every server has",
        {"postgres_clusters.main.databases.postgres": {}},
        ("postgres_clusters.main.databases.postgres: is a name that every server has already",),
    ),
    Case(
        "An app that is called like the superuser",
        {"app_services.postgres": {**APP, "connects_to": [{"postgres": "main", "database": "api"}]}},
        (
            "app_services.postgres.connects_to[0].postgres: would make a login role of the app's name, which every server has already; rename the app",
        ),
    ),
    Case(
        "One server connected twice",
        {f"{API}.connects_to": [{"postgres": "main"}, {"postgres": "main", "as": "OTHER"}]},
        (f"{API}.connects_to[1].postgres: is connected twice; an app has one role on a server, for one database",),
    ),
    Case(
        "Two connections with the same variables",
        {
            "postgres_clusters.second": {"major": 18, "storage": {"size": "10Gi"}, "databases": {"api": {}}},
            f"{API}.connects_to": [{"postgres": "main"}, {"postgres": "second"}],
        },
        (
            f"{API}.connects_to[1].as: gives the same variables as connects_to[0] (PG); name one of them with `as`; e.g. {{postgres: main, as: ANALYTICS}}",
        ),
    ),
    Case(
        "Apps that wait for each other in a circle",
        {
            "app_services.api.connects_to": [{"app": "web"}],
            "app_services.web": {**APP, "image": "shop/web:dev", "connects_to": [{"app": "api"}]},
        },
        (
            "app_services.api.connects_to: makes a circle of apps that wait for each other: api -> web -> api; on Docker an app starts after what it connects to, so one of these connections must go",
        ),
        "docker",
    ),
    Case(
        "One name for two things",
        {"postgres_clusters.api": {"major": 18, "storage": {"size": "10Gi"}, "databases": {"x": {}}}},
        (
            "app_services.api: takes a name that 'api' takes too: names with a suffix (`-rw`, `-secrets`, ...) must differ as well; rename one",
        ),
    ),
    Case(
        "A name that is another's name plus its suffix",
        {"app_services.main-rw": APP},
        (
            "app_services.main-rw: takes a name that 'main' takes too: names with a suffix (`-rw`, `-secrets`, ...) must differ as well; rename one",
        ),
    ),
    Case(
        "A consumer that is called like a server's suffix",
        {"app_services.ca": {**APP, "connects_to": [{"postgres": "main", "database": "api"}]}},
        (
            "postgres_clusters.main: takes a name twice: an app or a database is called like one of the server's own suffixes (-rw, -ro, -r, -ca, -server, -replication, -superuser, -app, -pooler)",
        ),
    ),
    Case(
        "A name too long for its suffixes",
        {f"app_services.{'a' * 50}": APP},
        (f"app_services.{'a' * 50}: has 50 characters, allowed are 46: suffixes are put behind it",),
    ),
    Case(
        "A server's name too long for the operator",
        {f"postgres_clusters.{'p' * 51}": {"major": 18, "storage": {"size": "1Gi"}, "databases": {"x": {}}}},
        (f"postgres_clusters.{'p' * 51}: has 51 characters, allowed are 50: suffixes are put behind it",),
    ),
    Case(
        "A prefix too long for a namespace",
        {"environment.name": "e" * 60},
        (
            f"environment.name: the prefix '{'e' * 60}' has 60 characters, allowed are 52: names of namespaces are made from it; e.g. shop-prod",
        ),
    ),
    Case(
        "More connections than the server takes",
        {"postgres_clusters.main.max_connections": 50, f"{API}.replicas": 5},
        (
            "postgres_clusters.main.max_connections: is 50, but apps may open 70: api (5 replicas + 1 surge) x 10 = 60, kept free 10; raise it, or lower a pool or a maximum; e.g. 70",
        ),
    ),
    # Secrets
    Case(
        "A secret that is not set",
        {f"{API}.env": {"TOKEN": {"secret": "token"}}},
        (
            f"{API}.env.TOKEN.secret: names a secret that is not set; set it: pulumi config set --secret --path secrets.token",
        ),
    ),
    Case(
        "`secure:` outside `secrets`",
        {f"{API}.env": {"TOKEN": {"secure": "v1:abc"}}},
        (
            f"{API}.env.TOKEN: `secure:` stands outside `secrets`, where it would arrive in plaintext; move it there and name it here; e.g. {{secret: coin_api_key}}",
        ),
    ),
    Case(
        "`secrets` that is no mapping",
        {"secrets": "token"},
        ("secrets: must be a mapping of names to secure values; e.g. {coin_api_key: {secure: v1:...}}",),
    ),
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
        "A published port that is not there",
        {f"{API}.docker": {"publish": {"admin": 3000}}},
        (f"{API}.docker.publish.admin: is no port of this app; it has: http",),
        "docker",
    ),
    Case(
        "Two parts on one port of the machine",
        {f"{API}.docker": {"publish": {"http": 5432}}, "postgres_clusters.main.docker": {"publish": 5432}},
        (
            "postgres_clusters.main.docker.publish: publishes a port of this machine that app_services.api publishes too",
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
    # PostgresCluster: replication, versions, backups
    Case(
        "Nothing may be lost, with one instance",
        {f"{MAIN}.instances": 1, f"{MAIN}.replication": {"rpo": "zero"}},
        (
            f"{MAIN}.replication.rpo: can't be zero with one instance: nothing has a second copy; raise instances or say seconds; e.g. seconds",
        ),
    ),
    Case(
        "Nothing may be lost, with one standby and no permission to stop",
        {f"{MAIN}.instances": 2, f"{MAIN}.replication": {"rpo": "zero"}},
        (
            f"{MAIN}.replication.writes_may_stop: is needed for zero with one standby: whenever it restarts, writes stop; raise instances to 3, say seconds, or permit it; e.g. true",
        ),
    ),
    Case(
        "A promise about replication that nobody knows",
        {f"{MAIN}.replication": {"rpo": "minutes"}},
        (f"{MAIN}.replication.rpo: must be one of: 'zero' or 'seconds'",),
    ),
    Case(
        "Replication on one machine",
        {f"{MAIN}.replication": {"rpo": "seconds"}},
        (f"{MAIN}.replication: is for kubernetes only: one machine runs one server; remove it",),
        "docker",
    ),
    Case(
        "Permission for another major than the declared one",
        {f"{MAIN}.upgrade": {"allow_major": 17}},
        (
            f"{MAIN}.upgrade.allow_major: permits another major than the one that is declared (18); change both in one edit, or remove it; e.g. 18",
        ),
    ),
    Case(
        "A Bitnami image",
        {f"{MAIN}.image": "docker.io/bitnami/postgresql:18@sha256:" + "1" * 64},
        (
            f"{MAIN}.image: is a Bitnami image: they are frozen since August 2025, and are laid out differently; e.g. ghcr.io/cloudnative-pg/postgresql:18.6-standard-trixie@sha256:<64 hex digits>",
        ),
    ),
    Case(
        "A server's image without the major in its tag",
        {f"{MAIN}.image": "registry.example.com/postgresql@sha256:" + "1" * 64},
        (
            f"{MAIN}.image: must have a tag that starts with the major (18): the operator reads the version from it; e.g. ghcr.io/cloudnative-pg/postgresql:18.6-standard-trixie@sha256:<64 hex digits>",
        ),
    ),
    Case(
        "A server's image by a tag that can be moved",
        {f"{MAIN}.image": "registry.example.com/postgresql:18.6"},
        (
            f"{MAIN}.image: names a tag alone, and a tag can be moved: stacks on Kubernetes name the digest; e.g. ghcr.io/blocksight/api@sha256:<64 hex digits>",
        ),
    ),
    Case(
        "A log that is archived too seldom",
        {f"{MAIN}.wal": {"archive_interval": "2h"}},
        (
            f"{MAIN}.wal.archive_interval: must be from 30s to 1h: each interval with a change fills a file of 16 MiB in the archive; e.g. 5m",
        ),
    ),
    Case(
        "A schedule without seconds",
        {**BACKED_UP, f"{MAIN}.backup.schedule": "0 2 * * *"},
        (f'{MAIN}.backup.schedule: has 5 fields, and needs six: seconds come first; e.g. "0 0 2 * * *"',),
    ),
    Case(
        "A retention in words",
        {**BACKED_UP, f"{MAIN}.backup.retention": "1 month"},
        (
            f"{MAIN}.backup.retention: must be a whole number of days, weeks or months without a space: d, w or m; e.g. 30d",
        ),
    ),
    Case(
        "A backup into a store that is not there",
        {**BACKED_UP, f"{MAIN}.backup.store": "offsite"},
        (f"{MAIN}.backup.store: names no object store of this stack; there are: backups",),
    ),
    Case(
        "A backup without the operator's plugin",
        {path: value for path, value in BACKED_UP.items() if "barman_cloud" not in path},
        (
            f"{CLUSTER}.operators.barman_cloud: is missing: backup and recover_from need the Barman Cloud plugin; install it with the cluster layer and paste the block that it prints; e.g. {{version: '0.14', namespace: cnpg-system}}",
        ),
    ),
    Case(
        "A backup on one machine",
        {f"{MAIN}.backup": {"store": "backups"}},
        (
            f"{MAIN}.backup: is for kubernetes only: on one machine `docker.archive` and `make backup` do this; remove it",
            f"{MAIN}.backup.store: names no object store of this stack; there are: none",
        ),
        "docker",
    ),
    Case(
        "An object store whose secrets are not set",
        {
            **BACKED_UP,
            "object_stores.backups.credentials": {"access_key": {"secret": "id"}, "secret_key": {"secret": "key"}},
        },
        (
            "object_stores.backups.credentials.access_key.secret: names a secret that is not set; set it: pulumi config set --secret --path secrets.id",
            "object_stores.backups.credentials.secret_key.secret: names a secret that is not set; set it: pulumi config set --secret --path secrets.key",
        ),
    ),
    Case(
        "An object store over plain HTTP, anywhere",
        {"object_stores.backups": {"bucket": "s3://shop-backups", "endpoint": "http://s3.example.com"}},
        (
            "object_stores.backups.endpoint: is not encrypted, and may lie anywhere; use https, or name the private networks in cidrs; e.g. https://s3.eu-central-1.amazonaws.com",
        ),
    ),
    Case(
        "A restore into its own archive",
        {**BACKED_UP, f"{MAIN}.recover_from": {"store": "backups", "server": "main-g1"}},
        (
            f"{MAIN}.recover_from.server: is where this server archives itself (backups, main-g1): it would overwrite what it is made from; raise generation; e.g. generation: 2",
        ),
    ),
    Case(
        "A restore to a moment without its zone",
        {
            **BACKED_UP,
            f"{MAIN}.generation": 2,
            f"{MAIN}.recover_from": {"store": "backups", "server": "main-g1", "target_time": "2026-11-25T01:29:59"},
        },
        (
            f'{MAIN}.recover_from.target_time: must be a moment in ISO 8601 with its zone, quoted; e.g. "2026-11-25T01:29:59Z"',
        ),
    ),
    Case(
        "A restore that stops at once, of no backup in particular",
        {
            **BACKED_UP,
            f"{MAIN}.generation": 2,
            f"{MAIN}.recover_from": {"store": "backups", "server": "main-g1", "immediate": True},
        },
        (
            f"{MAIN}.recover_from.immediate: needs backup_id: without it nobody can tell which base backup is meant; e.g. {{backup_id: 20261125T020000, immediate: true}}",
        ),
    ),
    Case(
        "A generation of nothing",
        {f"{MAIN}.generation": 2},
        (f"{MAIN}.generation: needs backup: it is about what this server archives; e.g. {{store: backups}}",),
    ),
    Case(
        "A primary that is no site",
        {**BACKED_UP, f"{MAIN}.topology": {"self": "eu", "primary": "asia", "peers": PEERS}},
        (f"{MAIN}.topology.primary: is no site of this topology; there are: eu, us",),
    ),
    Case(
        "A promotion token for a site that follows",
        {
            **BACKED_UP,
            "secrets.token": {"secure": "v1:abc"},
            f"{MAIN}.topology": {"self": "eu", "primary": "us", "peers": PEERS, "promotion_token": {"secret": "token"}},
        },
        (f"{MAIN}.topology.promotion_token: is for the site that becomes primary, in the change that makes it so",),
    ),
    Case(
        "A site that starts from two places",
        {
            **BACKED_UP,
            f"{MAIN}.recover_from": {"store": "backups", "server": "main-g9"},
            f"{MAIN}.topology": {"self": "eu", "primary": "eu", "peers": PEERS},
        },
        (
            f"{MAIN}.recover_from: and topology exclude each other: a site that follows starts from the site that writes; remove one of the two",
        ),
    ),
    Case(
        "A promise that nothing keeps",
        {"environment.objectives": {"rto": "1h", "rpo": "15m"}},
        (
            f"{MAIN}.backup: is missing: environment.objectives promises what a lost site costs, and nothing is kept outside of it; e.g. {{store: backups}}",
        ),
    ),
    Case(
        "A server too large for the promised restore",
        {
            **BACKED_UP,
            "environment.objectives": {"rto": "30m", "rpo": "15m"},
            "environment.target.quota.storage": "4Ti",
            f"{MAIN}.storage.size": "1Ti",
        },
        (
            f"{MAIN}.storage.size: takes 11488 s to restore when full (15 min to decide, then 1Ti and the log at 100Mi per second), and environment.objectives.rto allows 1800 s; measure a higher backup.restore.bandwidth, take base backups more often, or keep a following site (topology)",
        ),
    ),
    Case(
        "An archive too slow for what may be lost",
        {**BACKED_UP, "environment.objectives": {"rto": "2h", "rpo": "1m"}},
        (
            f"{MAIN}.wal.archive_interval: loses up to 300 s with the site, and environment.objectives.rpo allows 60 s; e.g. 1m",
        ),
    ),
    Case(
        "A promise on one machine",
        {"environment.objectives": {"rto": "1h", "rpo": "15m"}},
        (
            "environment.objectives: is for kubernetes only: one machine has nothing outside of it to restore from; remove it",
        ),
        "docker",
    ),
    # PostgresCluster: ways in
    Case(
        "A pooler that is not there",
        {f"{API}.connects_to": [{"postgres": "main", "through": "pooler"}]},
        (
            f"{API}.connects_to[0].through: needs a pooler, and 'main' has none: declare it on the server, or connect to the primary; e.g. primary",
        ),
    ),
    Case(
        "Replicas of one instance",
        {f"{MAIN}.instances": 1, f"{API}.connects_to": [{"postgres": "main", "through": "replicas"}]},
        (
            f"{API}.connects_to[0].through: needs standbys, and 'main' has one instance: raise its instances, or connect to the primary; e.g. primary",
        ),
    ),
    Case(
        "One app in two databases",
        {
            f"{MAIN}.databases.other": {},
            f"{API}.connects_to": [
                {"postgres": "main"},
                {"postgres": "main", "database": "other", "through": "replicas", "as": "READ"},
            ],
        },
        (f"{API}.connects_to[1].postgres: is connected twice; an app has one role on a server, for one database",),
    ),
    Case(
        "More pooled connections than the server takes",
        {
            f"{MAIN}.pooler": {"pool_size": 40},
            f"{API}.connects_to": [{"postgres": "main", "through": "pooler"}],
        },
        (
            f"{MAIN}.max_connections: is 100, but apps may open 130: pooler (2 poolers + 1 surge) x pool_size 40 x 1 apps = 120, kept free 10; raise it, or lower a pool or a maximum; e.g. 130",
        ),
    ),
    Case(
        "More clients than a pooler takes",
        {
            f"{MAIN}.pooler": {"max_clients": 50},
            f"{API}.replicas": 5,
            f"{API}.connects_to": [{"postgres": "main", "through": "pooler"}],
        },
        (
            f"{MAIN}.pooler.max_clients: is 50, but when one pooler is left it gets 60 clients: api (5 replicas + 1 surge) x 10 = 60; raise it, or lower a pool or a maximum; e.g. 60",
        ),
    ),
    Case(
        "More readers than a standby takes",
        {f"{API}.replicas": 10, f"{API}.connects_to": [{"postgres": "main", "through": "replicas"}]},
        (
            f"{MAIN}.max_connections: is 100, but on one standby readers may open 120: api (10 replicas + 1 surge) x 10 = 110, kept free 10; raise it, or lower a pool or a maximum; e.g. 120",
        ),
    ),
    # All at once
    Case(
        "Several mistakes at once",
        {
            "environment.name": "Shop",
            f"{API}.replicas": "three",
            "app_services.web": {**APP, "connects_to": [{"postgres": "mian"}]},
            "postgres_clusters.main.stoarge": "10Gi",
        },
        (
            "environment.name: must be lower-case letters, digits and inner hyphens, starting with a letter; e.g. api",
            "postgres_clusters.main.stoarge: is not a known key; did you mean storage? known here: *",
            f"{API}.replicas: must be a whole number; e.g. 3",
            "app_services.web.connects_to[0].postgres: names nothing in this stack; there are: none",
        ),
    ),
)
