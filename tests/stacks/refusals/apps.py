"""What the kinds of apps, their migrations, jobs, volumes and credentials refuse."""

from __future__ import annotations

from typing import Any

from tests.stacks.refusals.case import API, APP, CLUSTER, DIGEST, Case

NODE: dict[str, Any] = {**APP, "kind": "stateful", "storage": {"path": "/data", "size": "1Gi"}}
LENDER: dict[str, Any] = {**NODE, "ports": {"http": 8000, "rpc": 8332}, "provides": {"rpc": {"generate": 32}}}
QUEUE: dict[str, Any] = {
    "min": 0,
    "max": 5,
    "queue": {"postgres": "main", "query": "SELECT count(*) FROM mails", "each": 50},
}
NODE_PATH = "app_services.node"

CASES: tuple[Case, ...] = (
    Case(
        "A typo in the kind of an app",
        {f"{API}.kind": "statefull"},
        (f"{API}: must have a `kind` of web (the default), worker or stateful; e.g. {{kind: worker, image: ...}}",),
    ),
    Case(
        "A stateful app with an autoscaler",
        {NODE_PATH: {**NODE, "autoscaling": {"min": 2, "max": 4}}},
        (f"{NODE_PATH}.autoscaling: is a key of kind web and worker, not of this one; known here: *",),
    ),
    Case(
        "A web app with a volume",
        {f"{API}.storage": {"path": "/data", "size": "1Gi"}},
        (f"{API}.storage: is a key of kind stateful, not of this one; known here: *",),
    ),
    Case(
        "A stateful app without a volume",
        {NODE_PATH: {**APP, "kind": "stateful"}},
        (f"{NODE_PATH}.storage: is missing; e.g. {{path: /var/lib/electrs}}",),
    ),
    Case(
        "A volume without a size",
        {NODE_PATH: {**NODE, "storage": {"path": "/data"}}},
        (f"{NODE_PATH}.storage.size: is missing: stacks on kubernetes need it; e.g. 100Gi",),
    ),
    Case(
        "A volume with a size on Docker",
        {NODE_PATH: {**NODE, "image": "shop/node:dev"}},
        (f"{NODE_PATH}.storage.size: is for kubernetes only: a Docker volume has no size; remove it",),
        "docker",
    ),
    Case(
        "A volume inside a scratch folder",
        {NODE_PATH: {**NODE, "storage": {"path": "/tmp/data", "size": "1Gi"}}},  # noqa: S108  # a path inside the container
        (f"{NODE_PATH}.storage.path: lies inside the scratch folder /tmp, or around it",),
    ),
    Case(
        "A volume that the quota does not hold",
        {NODE_PATH: {**NODE, "storage": {"path": "/data", "size": "2Ti"}}},
        ("environment.target.quota.storage: is below the stack's peak of *",),
    ),
    Case(
        "An app that answers requests, and no check whether it can",
        {f"{API}.probes": {}},
        (f"{API}.probes.readiness: is missing: nobody would know when it may get requests; e.g. {{http: /healthz}}",),
    ),
    Case(
        "A time to start, and no check when it has",
        {"app_services.mails": {"kind": "worker", "image": DIGEST, "probes": {"startup_budget": "5m"}}},
        (
            "app_services.mails.probes.startup_budget: is the time until a check succeeds, and there is no readiness or startup check; e.g. {readiness: {command: [/app/check]}, startup_budget: 5m}",
        ),
    ),
    Case(
        "Migrations of an app without a database",
        {"app_services.web": {**APP, "migrations": {"command": ["migrate"]}}},
        (
            "app_services.web.migrations: has no database to change: the app connects to none; e.g. connects_to: [{postgres: main}]",
        ),
    ),
    Case(
        "Migrations without a command",
        {f"{API}.migrations": {"command": []}},
        (f"{API}.migrations.command: must have 1 or more entries; e.g. [npm, run, migrate]",),
    ),
    Case(
        "A schedule with six fields",
        {f"{API}.jobs": {"cleanup": {"schedule": "0 15 3 * * *", "command": ["clean"]}}},
        (
            f'{API}.jobs.cleanup.schedule: must be five fields with one space between: minute, hour, day of month, month, day of week; e.g. "15 3 * * *"',
        ),
    ),
    Case(
        "A job on a day that never comes",
        {f"{API}.jobs": {"cleanup": {"schedule": "0 3 30 2 *", "command": ["clean"]}}},
        (f'{API}.jobs.cleanup.schedule: never fires twice in four years; e.g. "15 3 * * *"',),
    ),
    Case(
        "A schedule with an hour that does not exist",
        {f"{API}.jobs": {"cleanup": {"schedule": "15 25 * * *", "command": ["clean"]}}},
        (
            f'{API}.jobs.cleanup.schedule: has no valid hour: *, 0 to 23, ranges (1-5), steps (*/10) and lists (1,15); e.g. "15 3 * * *"',
        ),
    ),
    Case(
        "A job that may hardly be late",
        {f"{API}.jobs": {"cleanup": {"schedule": "15 3 * * *", "command": ["clean"], "late": "5s"}}},
        (f"{API}.jobs.cleanup.late: must be 10s or more: the controller looks every ten seconds; e.g. 10m",),
    ),
    Case(
        "A job on Docker",
        {f"{API}.jobs": {"cleanup": {"schedule": "15 3 * * *", "command": ["clean"]}}},
        (
            f"{API}.jobs: is for kubernetes only: Docker starts nothing on a schedule; run it by hand: `docker exec`; remove it",
        ),
        "docker",
    ),
    Case(
        "A job with too long a name",
        {f"{API}.jobs": {"c" * 49: {"schedule": "15 3 * * *", "command": ["clean"]}}},
        (f"{API}.jobs.{'c' * 49}: is too long: with the app's name before it, 52 characters are allowed",),
    ),
    Case(
        "A job named like a part of the app",
        {f"{API}.jobs": {"batch": {"schedule": "15 3 * * *", "command": ["clean"]}}},
        (f"{API}.jobs.batch: takes a name of the app's own parts; rename it",),
    ),
    Case(
        "More connections than the server takes, with migrations and jobs",
        {
            "postgres_clusters.main.max_connections": 40,
            f"{API}.migrations": {"command": ["migrate"]},
            f"{API}.jobs": {"cleanup": {"schedule": "15 3 * * *", "command": ["clean"], "overlap": "allow"}},
        },
        (
            "postgres_clusters.main.max_connections: is 40, but apps may open 70: api (2 replicas + 1 surge + 3 beside) x 10 = 60, kept free 10; raise it, or lower a pool or a maximum; e.g. 70",
        ),
    ),
    Case(
        "A smoke test of a port that is not there",
        {f"{API}.rollout": {"smoke": {"command": ["smoke"], "port": "admin"}}},
        (f"{API}.rollout.smoke.port: is no port of this app; it has: http",),
    ),
    Case(
        "A smoke test of a stateful app's port that is not there",
        {NODE_PATH: {**NODE, "rollout": {"smoke": {"command": ["smoke"], "port": "admin"}}}},
        (f"{NODE_PATH}.rollout.smoke.port: is no port of this app; it has: http",),
    ),
    Case(
        "A smoke test of an app that `up` does not wait for",
        {
            NODE_PATH: {
                **NODE,
                "probes": {"readiness": {"http": "/healthz"}, "startup_budget": "3h"},
                "rollout": {"smoke": {"command": ["smoke"]}},
            }
        },
        (f"{NODE_PATH}.rollout.smoke: would ask before the app is ready: *",),
    ),
    Case(
        "A stateful app that rolls with a surge",
        {NODE_PATH: {**NODE, "rollout": {"max_surge": 2}}},
        (f"{NODE_PATH}.rollout.max_surge: is not a known key; known here: smoke",),
    ),
    Case(
        "Untrusted code that asks for a way into the stack, and for the whole Internet",
        {
            "app_services.runner": {
                **APP,
                "isolation": {"profile": "untrusted"},
                "connects_to": [{"app": "api"}, {"external": "example.com", "port": 443}],
            }
        },
        (
            "app_services.runner.connects_to[0]: would let untrusted code into the stack: it may only name hosts outside",
            "app_services.runner.connects_to[1].cidrs: is every public address: say which networks untrusted code may reach, or go `by_name` where the cluster can; e.g. [203.0.113.0/24]",
        ),
    ),
    Case(
        "Untrusted code on Docker that asks for this machine",
        {
            "app_services.runner": {
                **APP,
                "image": "shop/runner:dev",
                "isolation": {"profile": "untrusted"},
                "connects_to": [{"external": "example.com", "port": 443}],
                "docker": {
                    "publish": {"http": 8090},
                    "mounts": [{"source": "./src", "path": "/src"}],
                    "writable_root": True,
                },
            }
        },
        (
            "app_services.runner.connects_to[0]: can't be narrowed to one host on Docker, so untrusted code may have no way out",
            "app_services.runner.docker.publish: would open this machine to untrusted code; remove it",
            "app_services.runner.docker.mounts: would open this machine to untrusted code; remove it",
            "app_services.runner.docker.writable_root: would open this machine to untrusted code; remove it",
        ),
        "docker",
    ),
    Case(
        "A runtime class on Docker",
        {
            "app_services.runner": {
                **APP,
                "image": "shop/runner:dev",
                "isolation": {"profile": "untrusted", "runtime_class": "gvisor"},
            }
        },
        (
            "app_services.runner.isolation.runtime_class: is for kubernetes only: a runtime of the daemon is set for the whole machine here; remove it",
        ),
        "docker",
    ),
    Case(
        "An untrusted app whose namespace would have too long a name",
        {"environment.name": "e" * 40, f"app_services.{'r' * 30}": {**APP, "isolation": {"profile": "untrusted"}}},
        (
            f"app_services.{'r' * 30}.isolation: needs a namespace of its own, whose name '{'e' * 40}-x-{'r' * 30}' has 73 characters, allowed are 63",
        ),
    ),
    Case(
        "No replicas, and nothing that would wake the app up",
        {f"{API}.autoscaling": {"min": 0, "max": 3}},
        (f"{API}.autoscaling.min: must be 1 or more: without a queue nothing would wake the app up; e.g. 1",),
    ),
    Case(
        "Scaling by a queue without KEDA",
        {f"{API}.autoscaling": QUEUE},
        (
            f"{CLUSTER}.operators.keda: is missing: an app scales by a queue, which needs KEDA; install it with the cluster layer and paste the block that it prints; e.g. {{version: '2.21', namespace: keda}}",
        ),
    ),
    Case(
        "Scaling by a queue with a KEDA that counts sidecars",
        {f"{API}.autoscaling": QUEUE, f"{CLUSTER}.operators.keda": {"version": "2.10", "namespace": "keda"}},
        (
            f'{CLUSTER}.operators.keda.version: must be 2.15 or later: a CPU trigger may name the app\'s own container from there on; e.g. "2.15"',
        ),
    ),
    Case(
        "A queue on a server that the app does not use",
        {
            f"{API}.autoscaling": {**QUEUE, "queue": {**QUEUE["queue"], "postgres": "other"}},
            f"{CLUSTER}.operators.keda": {"version": "2.21", "namespace": "keda"},
        },
        (f"{API}.autoscaling.queue.postgres: is no server that the app connects to; it connects to: main",),
    ),
    Case(
        "A queue that is nowhere",
        {f"{API}.autoscaling": {"min": 1, "max": 5, "queue": {"each": 5}}},
        (f"{API}.autoscaling.queue: must say where the work waits: *",),
    ),
    Case(
        "A list on an instance that the app does not use",
        {
            f"{API}.autoscaling": {**QUEUE, "queue": {"redis": "cache", "key": "job:mails", "each": 50}},
            f"{CLUSTER}.operators.keda": {"version": "2.21", "namespace": "keda"},
        },
        (f"{API}.autoscaling.queue.redis: is no server that the app connects to; it connects to: none",),
    ),
    Case(
        "A list that the app may only read, and not even that",
        {
            "redis_caches.cache": {"mode": "standalone", "purpose": "cache", "memory": "128Mi"},
            f"{API}.connects_to": [{"postgres": "main"}, {"redis": "cache", "keys": "page:*", "access": "read"}],
            f"{API}.autoscaling": {**QUEUE, "queue": {"redis": "cache", "key": "job:mails", "each": 50}},
            f"{CLUSTER}.operators.keda": {"version": "2.21", "namespace": "keda"},
            f"{CLUSTER}.operators.cert_manager": {"version": "1.21", "namespace": "cert-manager"},
        },
        (
            f"{API}.autoscaling.queue.redis: is counted by a script, which a user who only reads may not run; connect with access: read-write",
            f"{API}.autoscaling.queue.key: is none of the keys that the app may touch: page:*",
        ),
    ),
    Case(
        "A helper container whose image can be moved",
        {f"{API}.kubernetes": {"sidecars": {"shipper": {"image": "registry.example.com/shipper:1"}}}},
        (f"{API}.kubernetes.sidecars.shipper.image: names a tag alone, and a tag can be moved: name the digest",),
    ),
    Case(
        "Two containers of one pod with one name",
        {f"{API}.kubernetes": {"sidecars": {"app": {"image": DIGEST}}}},
        (f"{API}.kubernetes.sidecars.app: is the name of another container of the pod; rename it",),
    ),
    Case(
        "A credential that nobody provides",
        {NODE_PATH: NODE, f"{API}.connects_to": [{"app": "node", "port": "http", "credential": "rpc"}]},
        (f"{API}.connects_to[0].credential: is nothing that 'node' provides; it provides: none",),
    ),
    Case(
        "A way to deliver a credential, and no credential",
        {NODE_PATH: NODE, f"{API}.connects_to": [{"app": "node", "deliver": "env"}]},
        (f"{API}.connects_to[0].deliver: says how a credential arrives, and none is named; e.g. file",),
    ),
    Case(
        "A credential's file without the password",
        {NODE_PATH: {**LENDER, "provides": {"rpc": {"generate": 32, "file": "user={user}"}}}},
        (f"{NODE_PATH}.provides.rpc.file: does not say where the password goes; e.g. 'rpcpassword={{password}}'",),
    ),
    Case(
        "A credential named like a variable",
        {NODE_PATH: {**LENDER, "env": {"RPC": {"generate": 32}}}},
        (f"{NODE_PATH}.env.RPC: is the name of the file that `provides.rpc` puts under /run/secrets; rename one",),
    ),
    Case(
        "Variables that a connection and a secret's file would write over",
        {f"{API}.env": {"PGHOST": "elsewhere", "KEY": {"generate": 32}, "KEY_FILE": "/etc/key"}},
        (
            f"{API}.env.PGHOST: is what connects_to[0] brings; take it out, or say `as` there",
            f"{API}.env.KEY_FILE: tells where the file of env.KEY is; rename one of the two",
        ),
    ),
    Case(
        "Two apps that use each other's credential",
        {
            NODE_PATH: {**LENDER, "connects_to": [{"app": "web", "port": "http", "credential": "key"}]},
            "app_services.web": {
                **APP,
                "provides": {"key": {"generate": 32}},
                "connects_to": [{"app": "node", "credential": "rpc"}],
            },
        },
        (
            f"{NODE_PATH}.connects_to: makes a circle of apps that wait for each other: node -> web -> node; an app comes after one whose credential it uses, and on Docker after all that it connects to, so one of these connections must go",
        ),
    ),
)
