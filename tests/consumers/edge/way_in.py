"""The stacks whose way in is asked on Kubernetes: the shipped ones with the routes of the table, and a few more."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any

import config
import topology
from stack_file import PROJECT_FILE, StackFile
from tests.consumers.edge import table
from tests.kit.recording import Recording
from tests.stacks import shipped

ISSUER = "id.test"
HOST = "app.test"
CLIENT_SECRET = "placeholder-of-oidc-client-secret"  # a placeholder
SECRETS = {**shipped.SECRETS, "oidc_client_secret": CLIENT_SECRET, "partner_api_key": table.KEY}
CANARY = "canary"
OPEN = 2
"""Requests that a route's circuit lets be open at once."""
AUDIENCE = "desk-api"

ONLY_DOCKER = {"crowded"}
"""Routes of the table that ask for what Kubernetes refuses."""
MORE: Mapping[str, Mapping[str, Any]] = {
    "shared": {"host": HOST, "paths": ["/share"], "shares": {"shared": 90, CANARY: 10}},
    "full": {"host": HOST, "paths": ["/full"], "circuit": {"requests": OPEN}},
    "quick": {
        "host": HOST,
        "paths": ["/quick"],
        "websocket": ["/quick/ws"],
        "timeouts": {"answer": "1s", "websocket_idle": "1s"},
    },
    "tokens": {
        "host": HOST,
        "paths": ["/tokens"],
        "jwt": {"issuer": f"https://{ISSUER}", "jwks": f"https://{ISSUER}/keys", "audiences": [AUDIENCE]},
    },
    "desk": {
        "host": HOST,
        "paths": ["/desk"],
        "websocket": ["/desk/live"],
        "oidc": {"issuer": f"https://{ISSUER}", "client_id": "desk", "client_secret": {"secret": "oidc_client_secret"}},
    },
}
"""Routes that the table has not: what takes more than one request to see, or works on Kubernetes alone."""


def values(stack: str, cdn: str) -> dict[str, Any]:
    """`cdn` is the address of a proxy in front that is trusted."""
    given: dict[str, Any] = copy.deepcopy(shipped.values(stack))
    given["blocksight:secrets"] = SECRETS
    apps = given["blocksight:app_services"]
    small = {"image": apps["api"]["image"], "ports": {"http": 8000}, "probes": apps["api"]["probes"], "replicas": 2}
    routes = {name: route for name, route in (*table.ROUTES.items(), *MORE.items()) if name not in ONLY_DOCKER}
    apps |= {f"asked-{name}": {**small, "route": _renamed(route)} for name, route in routes.items()}
    apps[f"asked-{CANARY}"] = small
    edge = given["blocksight:edge"]
    edge["certificates"]["main"]["hosts"] += [HOST, "inside.test"]
    edge["trusted_proxies"] = [f"{cdn}/32"]
    given["blocksight:environment"]["target"]["quota"] |= {"cpu": "99", "memory": "256Gi", "pods": 256}
    return given


def _renamed(route: Mapping[str, Any]) -> dict[str, Any]:
    """Names of the table are those of shipped apps; here both are there."""
    shares = {f"asked-{app}": percent for app, percent in route.get("shares", {}).items()}
    return {**route, **({"shares": shares} if shares else {})}


def recorded(stack: str, cdn: str) -> tuple[Recording, topology.Topology]:
    """What the stack registers, and its topology."""
    given = values(stack, cdn)
    project = (shipped.ROOT / PROJECT_FILE).read_text(encoding="utf-8")
    file = StackFile(f"Pulumi.{stack}.yaml", json.dumps({"config": {}}), shipped.PROJECT, project)
    return shipped.run(stack, given), topology.plan(config.parse(shipped.PROJECT, stack, file, given))
