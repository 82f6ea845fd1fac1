"""Keys, types, scalars and single values."""

from __future__ import annotations

from tests.stacks.refusals.case import API, APP, CLUSTER, GONE, Case, Text

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
            "app_service: is not a known section; known: app_services, cdn_frontends, contracts, edge, environment, monitoring, object_stores, postgres_clusters, redis_caches, secrets",
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
        (f"{API}.deletion_protection: must be true or false; e.g. true",),
    ),
    Case(
        "A key without a value",
        {f"{API}.image": None, f"{API}.ports": None},
        (
            f"{API}.image: is empty; write what it holds, or take the line out; e.g. ghcr.io/blocksight/api@sha256:<64 hex digits>",
            f"{API}.ports: is empty; write what it holds, or take the line out; e.g. {{http: 8000, metrics: 9464}}",
        ),
    ),
    Case(
        "Text where a fraction belongs",
        {f"{API}.slo": {"availability": "99.9%"}},
        (f"{API}.slo.availability: must be a number; e.g. 99.9",),
    ),
    Case(
        "A zone that stands there twice",
        {f"{CLUSTER}.zones": ["a", "b", "a"]},
        (
            f"{CLUSTER}.zones[2]: stands there already: replicas would be spread over more zones than there are; take it out",
        ),
    ),
    Case(
        "A missing key",
        {f"{API}.image": GONE},
        (f"{API}.image: is missing; e.g. ghcr.io/blocksight/api@sha256:<64 hex digits>",),
    ),
    Case(
        "A typo in the word that tells targets apart",
        {"environment.target.kind": "kubernets"},
        ("environment.target: must be a mapping whose `kind` is one of: docker, kubernetes; e.g. {kind: docker}",),
    ),
    Case(
        "A typo in the word that tells connections apart",
        {f"{API}.connects_to": [{"postgress": "main"}]},
        (
            f"{API}.connects_to[0]: must name what it connects to: {{postgres: NAME}}, {{redis: NAME}}, {{app: NAME}}, {{object_store: NAME}} or {{external: HOST}}; e.g. {{postgres: main, pool: 10}}",
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
        ("app_services: must be a mapping of names; e.g. {api: {image: ..., ports: {http: 8000}}}",),
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
        "A network plugin that adds nothing here",
        {f"{CLUSTER}.cni": "calico"},
        (f"{CLUSTER}.cni: must be one of: 'cilium'; e.g. cilium",),
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
)
