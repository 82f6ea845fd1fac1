"""BlockSight's production stack with everything that its way in can be asked for, for tests of what no shipped stack says."""

from __future__ import annotations

import copy
import functools
from typing import Any

import topology
from tests.kit.recording import Recording
from tests.stacks import shipped

NEXT, GUEST = "api-next", "guest"
SECRETS = {
    **shipped.SECRETS,
    "oidc_client_secret": "placeholder-of-oidc-client-secret",
    "partner_api_key": "placeholder-of-partner-api-key",
}
ISSUER = "https://id.example.com"
DOMAIN = {"dev": "blocksight.localhost", "prod": "blocksight.live"}


def values(stack: str = "prod", *, firewall: bool = False) -> dict[str, Any]:
    """A canary with a circuit breaker, an API key, a sign-in and an untrusted app; on Docker without what it can't do."""
    partners, staff = f"partners.{DOMAIN[stack]}", f"staff.{DOMAIN[stack]}"
    given = copy.deepcopy(shipped.values(stack))
    apps = given["blocksight:app_services"]
    plain = {key: apps["api"][key] for key in ("image", "ports", "probes", "resources") if key in apps["api"]}
    apps[NEXT] = {**plain, "ports": {"http": 8000}, "env": {"SESSION_KEY": {"generate": 32}}}
    apps["api"]["route"] |= {"shares": {"api": 90, NEXT: 10}, "circuit": {"requests": 200}}
    apps["partners"] = {
        **plain,
        "route": {"host": partners, "api_key": {"clients": {"partner": {"secret": "partner_api_key"}}}, "affinity": {}},
    }
    given["blocksight:edge"]["certificates"]["main"]["hosts"] += [partners, staff]
    given["blocksight:secrets"] = SECRETS
    if stack == "dev":
        del apps["partners"]["route"]["affinity"]
        return given
    endpoints = {"authorization": f"{ISSUER}/authorize", "token": f"{ISSUER}/token"}
    oidc = {
        "issuer": ISSUER,
        "client_id": "staff",
        "client_secret": {"secret": "oidc_client_secret"},
        "endpoints": endpoints,
    }
    apps["staff"] = {
        **plain,
        "route": {"host": staff, "paths": ["/desk"], "websocket": ["/desk/live"], "oidc": oidc},
    }
    apps[GUEST] = {**plain, "isolation": {"profile": "untrusted"}, "route": {"host": staff, "paths": ["/guest"]}}
    given["blocksight:environment"]["target"]["quota"] |= {"cpu": "64", "memory": "128Gi", "pods": 128}
    if firewall:
        given["blocksight:edge"]["waf"] = {"mode": "block", "paranoia": 2, "exclude": [942100]}
    return given


@functools.cache
def recorded(stack: str = "prod", *, firewall: bool = False) -> Recording:
    """What such a stack registers."""
    return shipped.run(stack, values(stack, firewall=firewall))


@functools.cache
def topology_of(stack: str = "prod") -> topology.Topology:
    """Its topology."""
    return shipped.plan(stack, values(stack))
