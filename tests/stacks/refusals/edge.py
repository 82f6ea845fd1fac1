"""What is wrong with the way in, and with sites."""

from __future__ import annotations

from typing import Any

from tests.stacks.refusals.case import API, APP, CLUSTER, DIGEST, GONE, Case

GATEWAY: dict[str, Any] = {
    f"{CLUSTER}.gateway": {
        "class": "envoy",
        "proxy_namespace": "envoy-gateway-system",
        "proxy_labels": {"app.kubernetes.io/name": "envoy"},
    },
    f"{CLUSTER}.operators": {
        "cert_manager": {"version": "1.21", "namespace": "cert-manager"},
        "cloudnative_pg": {"version": "1.30", "namespace": "cnpg-system"},
        "envoy_gateway": {"version": "1.9", "namespace": "envoy-gateway-system"},
    },
}
EDGE: dict[str, Any] = {"certificates": {"main": {"hosts": ["shop.example.com", "api.example.com"]}}}
WEB: dict[str, Any] = {"image": DIGEST}
JWT = {"issuer": "https://id.example.com", "jwks": "https://id.example.com/keys", "audiences": ["api"]}
OIDC = {"issuer": "https://id.example.com", "client_id": "shop", "client_secret": {"secret": "oidc_secret"}}


def on_kubernetes(route: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A good edge, and a route of the api that is not."""
    return {**GATEWAY, "edge": EDGE, f"{API}.route": {"host": "api.example.com", **route}, **more}


CASES: tuple[Case, ...] = (
    Case(
        "A route without a way in",
        {f"{API}.route": {"host": "api.example.com"}},
        (
            f"{API}.route: needs a way in: the stack has no `edge`; e.g. {{certificates: {{main: {{hosts: [api.example.com]}}}}}}",
        ),
    ),
    Case(
        "Two routes on one host and path",
        on_kubernetes({}, **{"app_services.web": {**APP, "route": {"host": "api.example.com"}}}),
        ("app_services.web.route: leads api.example.com/ here, and app_services.api takes it too",),
    ),
    Case(
        "A host that no certificate covers",
        on_kubernetes({"host": "other.example.com"}),
        (f"{API}.route.host: is covered by no certificate of the edge; add it to one of: edge.certificates.main",),
    ),
    Case(
        "A route to a port by its number",
        on_kubernetes({"port": 8000}),
        (f"{API}.route.port: must be the name of a port, not its number; e.g. http",),
    ),
    Case(
        "A route to a port that is not there",
        on_kubernetes({"port": "grpc"}),
        (f"{API}.route.port: is no port of this app; it has: http",),
    ),
    Case(
        "A WebSocket outside of the route's paths",
        on_kubernetes({"paths": ["/v1"], "websocket": ["/ws"]}),
        (f"{API}.route.websocket[0]: lies below none of this route's paths: /v1",),
    ),
    Case(
        "Sticky sessions where there is one replica",
        on_kubernetes({"affinity": {}}, **{f"{API}.replicas": 1}),
        (f"{API}.route.affinity: has nothing to choose from: the app never has a second replica; remove it",),
    ),
    Case(
        "One cookie for two sticky apps of a host",
        on_kubernetes(
            {"affinity": {}},
            **{"app_services.web": {**APP, "route": {"host": "api.example.com", "paths": ["/web"], "affinity": {}}}},
        ),
        (
            "app_services.web.route.affinity.cookie: is the cookie of 'api' on the same host; name another; e.g. web_affinity",
        ),
    ),
    Case(
        "A policy of ours beside headers of the app's own",
        on_kubernetes({"headers": {"profile": "app-owned", "csp": {"connect": ["self"]}}}),
        (f"{API}.route.headers.csp: belongs to profiles strict and embed: with `app-owned` the app sends its own",),
    ),
    Case(
        "A page to embed that nobody may embed",
        on_kubernetes({"headers": {"profile": "embed"}}),
        (
            f"{API}.route.headers.csp.frame_ancestors: must name the pages that may frame this one; that is what `embed` is for; e.g. [https://admin.example.com]",
        ),
    ),
    Case(
        "A policy that says `none` and more",
        on_kubernetes({"headers": {"profile": "strict", "csp": {"script": ["none", "self"]}}}),
        (f"{API}.route.headers.csp.script: says `none` beside other sources; give one of the two; e.g. [none]",),
    ),
    Case(
        "A policy with a source that there is no word for",
        on_kubernetes({"headers": {"profile": "strict", "csp": {"script": ["unsafe-inline"]}}}),
        (f"{API}.route.headers.csp.script[0]: must be self, none, data, blob, *",),
    ),
    Case(
        "Preloading without subdomains, for half a year",
        on_kubernetes({}, edge={**EDGE, "hsts": {"preload": True, "max_age": "180d"}}),
        (
            "edge.hsts.preload: needs include_subdomains: true; e.g. {include_subdomains: true, preload: true}",
            "edge.hsts.max_age: must be a year or more with preload; e.g. 730d",
        ),
    ),
    Case(
        "Every origin, with credentials",
        on_kubernetes({"cors": {"origins": ["*"], "credentials": True}}),
        (
            f"{API}.route.cors.credentials: must not come with origin `*`: every page of the world could act as the signed-in user; name the origins; e.g. {{origins: [https://blocksight.live], credentials: true}}",
        ),
    ),
    Case(
        "Every origin, and one more",
        on_kubernetes({"cors": {"origins": ["*", "https://shop.example.com"]}}),
        (f'{API}.route.cors.origins: says `*` beside single origins; give one of the two; e.g. ["*"]',),
    ),
    Case(
        "A timeout below a second",
        on_kubernetes({"timeouts": {"answer": "200ms"}}),
        (f"{API}.route.timeouts.answer: must be one second or more; e.g. 30s",),
    ),
    Case(
        "A wildcard from Let's Encrypt",
        on_kubernetes({}, edge={"certificates": {"main": {"hosts": ["*.example.com"]}}}),
        (
            "edge.certificates.main.hosts[0]: can't come from Let's Encrypt by way of HTTP; name the hosts one by one, or give a certificate; e.g. [blocksight.live, api.blocksight.live]",
        ),
    ),
    Case(
        "A given certificate that Let's Encrypt shall issue, of secrets that are not set",
        on_kubernetes(
            {},
            edge={
                "certificates": {
                    "main": {
                        "hosts": ["api.example.com"],
                        "given": {"certificate": {"secret": "chain"}, "key": {"secret": "key"}},
                    },
                    "other": {
                        "hosts": ["shop.example.com"],
                        "acme": "production",
                        "given": {"certificate": {"secret": "chain"}, "key": {"secret": "key"}},
                    },
                }
            },
        ),
        ("edge.certificates.other.acme: can't issue a certificate that is given; remove one of the two",),
    ),
    Case(
        "A given certificate of secrets that are not set",
        on_kubernetes(
            {},
            edge={
                "certificates": {
                    "main": {
                        "hosts": ["api.example.com"],
                        "given": {"certificate": {"secret": "chain"}, "key": {"secret": "key"}},
                    }
                }
            },
        ),
        (
            "edge.certificates.main.given.certificate.secret: names a secret that is not set; set it: pulumi config set --secret --path secrets.chain",
            "edge.certificates.main.given.key.secret: names a secret that is not set; set it: pulumi config set --secret --path secrets.key",
        ),
    ),
    Case(
        "An edge on a cluster without a gateway",
        {key: value for key, value in on_kubernetes({}).items() if not key.endswith(".gateway")},
        (
            f"{CLUSTER}.gateway: is missing: the edge needs a Gateway API implementation; install one with the cluster layer and paste the block that it prints; e.g. *",
        ),
    ),
    Case(
        "An edge on a cluster without cert-manager",
        on_kubernetes({}, **{f"{CLUSTER}.operators.cert_manager": GONE}),
        (
            f"{CLUSTER}.operators.cert_manager: is missing: it gets and renews the edge's certificates; install it with the cluster layer and paste the block that it prints, or give the certificates; e.g. *",
        ),
    ),
    Case(
        "A cert-manager with a known hole",
        on_kubernetes({}, **{f"{CLUSTER}.operators.cert_manager.version": "1.20"}),
        (
            f'{CLUSTER}.operators.cert_manager.version: must be 1.21 or later: before, users of a namespace could get around an issuer\'s rules (GHSA-8rvj-mm4h-c258); e.g. "1.21"',
        ),
    ),
    Case(
        "What a gateway can't do, all of it at once",
        on_kubernetes(
            {
                "affinity": {},
                "allow_from": ["203.0.113.0/24"],
                "body": "10Mi",
                "limits": {"requests": 10},
                "timeouts": {"websocket_idle": "2h"},
            },
            **{f"{CLUSTER}.operators.envoy_gateway": GONE},
        ),
        tuple(
            f"{API}.route.{feature}: can't be honoured by a gateway of which only Gateway API's standard channel is known; remove it, or install Envoy Gateway and name it in environment.target.cluster.operators; e.g. *"
            for feature in ("affinity", "allow_from", "body", "limits", "timeouts.websocket_idle")
        ),
    ),
    Case(
        "Open requests counted by a gateway that can't",
        on_kubernetes({"limits": {"requests": 10, "connections": 5}}),
        (
            f"{API}.route.limits.connections: is for docker only: Envoy Gateway can't count the open requests of one client; remove it",
        ),
    ),
    Case(
        "More that only Envoy Gateway can do",
        on_kubernetes(
            {"api_key": {"clients": {"partner": {"secret": "partner_key"}}}, "circuit": {}},
            edge={**EDGE, "waf": {}, "trusted_proxies": ["173.245.48.0/20"]},
            secrets={"partner_key": {"secure": "v1:..."}},
            **{f"{CLUSTER}.operators.envoy_gateway": GONE},
        ),
        tuple(
            f"{path}: can't be honoured by a gateway of which only Gateway API's standard channel is known; remove it, or install Envoy Gateway and name it in environment.target.cluster.operators; e.g. *"
            for path in ("edge.trusted_proxies", "edge.waf", f"{API}.route.api_key", f"{API}.route.circuit")
        ),
    ),
    Case(
        "A firewall's rule that its set has not",
        on_kubernetes({}, edge={**EDGE, "waf": {"exclude": [942]}}),
        ("edge.waf.exclude[0]: is no rule of the set: they have six digits and start with 9; e.g. 942100",),
    ),
    Case(
        "What nginx can't do",
        {
            "edge": {
                "certificates": {"main": {"hosts": ["api.example.com"], "acme": "production"}},
                "proxies": 3,
                "waf": {"mode": "block"},
            },
            "app_services.web": {
                **APP,
                "image": "shop/web:dev",
                "route": {"host": "api.example.com", "paths": ["/web"], "oidc": OIDC},
            },
            "secrets": {"oidc_secret": {"secure": "v1:..."}},
            f"{API}.route": {
                "host": "api.example.com",
                "jwt": JWT,
            },
        },
        (
            "edge.certificates.main.acme: is for kubernetes only: Let's Encrypt can't reach a published port of 127.0.0.1; remove it",
            "edge.proxies: is for kubernetes only: one machine runs one nginx; remove it",
            "edge.waf: is for kubernetes only: nginx as it is shipped has no web application firewall, only `limits` and `allow_from`; remove it",
            "app_services.web.route.oidc: is for kubernetes only: nginx can't sign people in; let the app do it; remove it",
            f"{API}.route.jwt: is for kubernetes only: nginx can't check tokens; let the app do it; remove it",
        ),
        "docker",
    ),
    Case(
        "A port of this machine that the edge publishes too; choose another one",
        {"edge": EDGE, f"{API}.docker": {"publish": {"http": 8443}}},
        (
            "edge.docker.publish.https: publishes a port of this machine that app_services.api publishes too; choose another one",
        ),
        "docker",
    ),
    Case(
        "An app that is called like the edge",
        on_kubernetes({}, **{"app_services.edge-tls": APP}),
        (
            "app_services.edge-tls: takes a name that 'edge' takes too: names with a suffix (`-rw`, `-secrets`, ...) must differ as well; rename one",
        ),
    ),
    Case(
        "A site whose paths lead nowhere",
        {"cdn_frontends.web": {**WEB, "proxies": {"/api": {"app": "apii"}, "/v1": {"app": "api", "port": "grpc"}}}},
        (
            "cdn_frontends.web.proxies./api.app: names nothing in this stack; there are: api",
            "cdn_frontends.web.proxies./v1.port: is no port of 'api'; it has: http",
        ),
    ),
    Case(
        "A site that takes its own paths away",
        {
            "cdn_frontends.web": {
                **WEB,
                "headers": {"profile": "app-owned"},
                "proxies": {"/assets": {"app": "api"}, "/healthz": {"app": "api", "fresh": "10s"}},
            }
        },
        (
            "cdn_frontends.web.headers.profile: is for apps that set their own headers; files set none; e.g. strict",
            "cdn_frontends.web.proxies./assets: would take /assets, which the site answers itself",
            "cdn_frontends.web.proxies./healthz: would take /healthz, which the site answers itself",
        ),
    ),
    Case(
        "A site's route that asks for what files can't do",
        {
            "cdn_frontends.web": {
                **WEB,
                "assets": "/",
                "route": {
                    "host": "shop.example.com",
                    "port": "metrics",
                    "websocket": ["/ws"],
                    "headers": {"profile": "strict"},
                },
            }
        },
        (
            "cdn_frontends.web.assets: must be a path below `/`: documents must not be kept for a year; e.g. /assets",
            "cdn_frontends.web.route.port: must be http: a site has no other port; e.g. http",
            "cdn_frontends.web.route.websocket: leads nowhere: files answer no WebSocket; give the app a route of its own",
            "cdn_frontends.web.route.headers: are set by the site itself; give them as its `headers`",
        ),
    ),
    Case(
        "An answer that is fresh for less than a second",
        {"cdn_frontends.web": {**WEB, "proxies": {"/api": {"app": "api", "fresh": "500ms"}}}},
        ("cdn_frontends.web.proxies./api.fresh: must be one second or more; e.g. 10s",),
    ),
    Case(
        "A site whose replicas are said twice, and that scales by a queue",
        {
            "cdn_frontends.web": {
                **WEB,
                "replicas": 3,
                "autoscaling": {
                    "min": 2,
                    "max": 6,
                    "queue": {"postgres": "main", "query": "SELECT count(*) FROM mails", "each": 10},
                },
            }
        },
        (
            "cdn_frontends.web.replicas: belongs to the autoscaler once autoscaling is given; remove one of the two",
            "cdn_frontends.web.autoscaling.queue: has nothing to do with files; a site scales by its processor time",
        ),
    ),
    Case(
        "A site that scales on one machine",
        {"cdn_frontends.web": {"image": "shop/web:dev", "autoscaling": {"min": 2, "max": 6}}},
        (
            "cdn_frontends.web.autoscaling: is for kubernetes only: one machine runs one container of each site; remove it",
        ),
        "docker",
    ),
    Case(
        "A site on a cluster that can't mount images",
        {"cdn_frontends.web": {**WEB, "previous_image": "shop/web:old"}, f"{CLUSTER}.version": "1.35"},
        (
            "cdn_frontends.web.image: is mounted as a volume, which Kubernetes 1.36 and later can; raise the cluster, or serve the files from an app_service",
            "cdn_frontends.web.previous_image: names a tag alone, and a tag can be moved: stacks on Kubernetes name the digest; e.g. *",
        ),
    ),
    Case(
        "A port of this machine that the edge publishes twice",
        {"edge": {**EDGE, "docker": {"publish": {"http": 8443, "https": 8443}}}},
        ("edge.docker.publish.https: must differ from http; e.g. 8443",),
        "docker",
    ),
)
