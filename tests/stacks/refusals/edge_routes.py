"""What is wrong with signing in, with canaries and with circuits of a route."""

from __future__ import annotations

from tests.stacks.refusals.case import API, APP, CLUSTER, DIGEST, GONE, Case
from tests.stacks.refusals.edge import JWT, OIDC, WEB, on_kubernetes

CASES: tuple[Case, ...] = (
    Case(
        "Signing in at a gateway that can't",
        on_kubernetes(
            {"oidc": OIDC},
            secrets={"oidc_secret": {"secure": "v1:..."}},
            **{f"{CLUSTER}.operators.envoy_gateway": GONE},
        ),
        (
            f"{API}.route.oidc: can't be honoured by a gateway of which only Gateway API's standard channel is known; remove it, or install Envoy Gateway and name it in environment.target.cluster.operators; e.g. *",
        ),
    ),
    Case(
        "Two ways to sign in at once",
        on_kubernetes({"jwt": JWT, "api_key": {"clients": {"partner": {"secret": "partner_key"}}}}),
        (f"{API}.route.api_key: stands beside jwt: every request would need both; keep one of them",),
    ),
    Case(
        "Secrets of a route that are not set",
        on_kubernetes(
            {"oidc": OIDC},
            **{
                "app_services.web": {
                    **APP,
                    "route": {"host": "shop.example.com", "api_key": {"clients": {"b2b": {"secret": "b2b"}}}},
                }
            },
        ),
        (
            f"{API}.route.oidc.client_secret.secret: names a secret that is not set; set it: pulumi config set --secret --path secrets.oidc_secret",
            "app_services.web.route.api_key.clients.b2b.secret: names a secret that is not set; set it: pulumi config set --secret --path secrets.b2b",
        ),
    ),
    Case(
        "A header for keys that nobody can send",
        on_kubernetes({"api_key": {"header": "X_API_Key", "clients": {"partner": {"secret": "partner_key"}}}}),
        (f"{API}.route.api_key.header: must be the name of a header in lower case: *",),
    ),
    Case(
        "Shares that sum up to less",
        on_kubernetes({"shares": {"api": 80, "next": 10}}, **{"app_services.next": APP}),
        (f"{API}.route.shares: must sum up to 100; it is 90; e.g. {{api: 90, api-next: 10}}",),
    ),
    Case(
        "Shares of one app alone",
        on_kubernetes({"shares": {"api": 100}}),
        (
            f"{API}.route.shares: names one app alone; it gets all without this; e.g. {{api: 90, api-next: 10}}",
            f"{API}.route.shares.api: must be from 1 to 99; e.g. 10",
        ),
    ),
    Case(
        "Shares beside sticky sessions",
        on_kubernetes({"shares": {"api": 90, "next": 10}, "affinity": {}}, **{"app_services.next": APP}),
        (
            f"{API}.route.affinity: can't stand beside `shares`: Envoy spreads cookies evenly over all replicas, whatever the shares say",
        ),
    ),
    Case(
        "Shares past the app that gives them away, and to nobody",
        on_kubernetes(
            {"shares": {"next": 90, "nxt": 10}},
            **{"app_services.next": {"kind": "worker", "image": DIGEST}},
        ),
        (
            f"{API}.route.shares: must name api too, with what stays for it; e.g. {{api: 90, ...}}",
            f"{API}.route.shares.next: has no port 'http'; it has: none",
            f"{API}.route.shares.nxt: names no app of this stack; there are: api, next",
        ),
    ),
    Case(
        "Shares between two releases of a site",
        on_kubernetes(
            {},
            **{
                "cdn_frontends.web": {
                    **WEB,
                    "route": {"host": "shop.example.com", "shares": {"web": 90, "web-next": 10}},
                }
            },
        ),
        (
            "cdn_frontends.web.route.shares: is for apps: a page would get its files from two releases; a site's previous_image keeps old files reachable",
        ),
    ),
    Case(
        "A pause that is none",
        on_kubernetes({"circuit": {"pause": "100ms"}}),
        (f"{API}.route.circuit.pause: must be one second or more; e.g. 30s",),
    ),
)
