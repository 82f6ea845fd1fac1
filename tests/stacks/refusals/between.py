"""What does not hold between components."""

from __future__ import annotations

from tests.stacks.refusals.case import API, APP, Case

UPLOADS = {
    "bucket": "s3://shop-uploads/pictures",
    "region": "eu-central-1",
    "credentials": {"access_key": {"secret": "uploads_access_key"}, "secret_key": {"secret": "uploads_secret_key"}},
}

CASES: tuple[Case, ...] = (
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
        "A connection to a bucket that is not there",
        {"object_stores.uploads": UPLOADS, f"{API}.connects_to": [{"object_store": "upload"}]},
        (f"{API}.connects_to[0].object_store: names nothing in this stack; there are: uploads",),
    ),
    Case(
        "An app that would reach a bucket as nobody",
        {
            "object_stores.uploads": {"bucket": "s3://shop-uploads", "region": "eu-central-1"},
            f"{API}.connects_to": [{"object_store": "uploads"}],
        },
        (
            f"{API}.connects_to[0].object_store: has no credentials, and an app is nobody to the cloud: give the store credentials of its own for this; e.g. credentials: {{access_key: {{secret: uploads_access_key}}, secret_key: {{secret: uploads_secret_key}}}}",
        ),
        "docker",
    ),
    Case(
        "An app at a bucket that speaks no S3",
        {
            "object_stores.uploads": {"provider": "google", "bucket": "gs://shop-uploads"},
            f"{API}.connects_to": [{"object_store": "uploads"}],
        },
        (
            f"{API}.connects_to[0].object_store: speaks no S3, which is all that an app's variables can tell; name a store whose provider is s3",
        ),
        "docker",
    ),
    Case(
        "A bucket in no region, with keys that are not set",
        {
            "object_stores.uploads": {key: value for key, value in UPLOADS.items() if key != "region"},
            f"{API}.connects_to": [{"object_store": "uploads"}],
        },
        (
            f"{API}.connects_to[0].object_store: has no region, and an app signs its requests for one: say it on the store; e.g. region: eu-central-1",
            "object_stores.uploads.credentials.access_key.secret: names a secret that is not set; set it: pulumi config set --secret --path secrets.uploads_access_key",
            "object_stores.uploads.credentials.secret_key.secret: names a secret that is not set; set it: pulumi config set --secret --path secrets.uploads_secret_key",
        ),
    ),
    Case(
        "A bucket and an app under the same words",
        {
            "secrets": {"uploads_access_key": {"secure": "v1:abc"}, "uploads_secret_key": {"secure": "v1:abc"}},
            "object_stores.uploads": UPLOADS,
            "app_services.web": {
                **APP,
                "connects_to": [{"object_store": "uploads", "as": "API"}, {"app": "api"}],
            },
        },
        (
            "app_services.web.connects_to[1].as: gives the same variables as connects_to[0] (API); name one of them with `as`; e.g. {postgres: main, as: ANALYTICS}",
        ),
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
            "app_services.api.connects_to: makes a circle of apps that wait for each other: api -> web -> api; an app comes after one whose credential it uses, and on Docker after all that it connects to, so one of these connections must go",
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
        (f"app_services.{'a' * 50}: has 50 characters, allowed are 43: suffixes are put behind it",),
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
        "A secret that anybody can read",
        {"secrets": {"token": "hunter two"}, f"{API}.env": {"TOKEN": {"secret": "token"}}},
        (
            "secrets.token: is not encrypted: whoever has this file can read it. Take it out, make a new one, and set that: pulumi config set --secret --path secrets.token; e.g. {secure: v1:...}",
        ),
    ),
    Case(
        "A whole section that is empty: nobody knows what it held",
        {"postgres_clusters": None},
        (
            "postgres_clusters: is empty; write what it holds, or take the line out; e.g. {main: {major: 18, databases: {api: {}}}}",
        ),
    ),
    Case(
        "The way in without a word",
        {"edge": None},
        (
            "edge: is empty; write what it holds, or take the line out; e.g. {certificates: {main: {hosts: [blocksight.live]}}}",
        ),
    ),
    Case(
        "`secrets` that is no mapping",
        {"secrets": "token"},
        ("secrets: must be a mapping of names to secure values; e.g. {coin_api_key: {secure: v1:...}}",),
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
            "app_services.web.connects_to[0].postgres: names nothing in this stack; there are: main",
        ),
    ),
)
