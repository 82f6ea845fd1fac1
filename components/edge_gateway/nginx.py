"""The edge's nginx configuration: a pure function of spec and routes. Docker runs it; tests ask it real questions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from components.edge_gateway.facts import CLIENT_HEADER
from components.edge_gateway.spec import EdgeGatewaySpec
from components.headers import header_values
from components.nginx.render import Place, access_log, add_headers, block, fill
from components.routes import CorsSpec, LimitsSpec, Route
from components.sign_in import ApiKeySpec
from components.vocabulary import seconds, size_bytes


def configuration(spec: EdgeGatewaySpec, routes: Sequence[Route], place: Place, *, port_suffix: str = "") -> str:
    """The whole nginx.conf. `port_suffix` is what a redirect puts behind the host: `:8443`, or nothing."""
    hosts = sorted({route.spec.host for route in routes})
    return fill(
        "edge.conf",
        {
            "scratch": place.scratch,
            "temporary": fill("temporary.conf", {"scratch": place.scratch}),
            "resolver": place.resolver,
            "access_log": access_log(place, "request_id"),
            "http": place.http,
            "https": place.https,
            "inside": place.inside,
            "port_suffix": port_suffix,
            "trusted": block(_trusted(spec.trusted_proxies)),
            "maps": block(line for route in routes for line in _maps(route, place)),
            "zones": block(line for route in routes if route.spec.limits for line in _zones(route, route.spec.limits)),
            "upstreams": block(_upstream(route) for route in routes),
            "servers": block(_server(host, spec, [r for r in routes if r.spec.host == host], place) for host in hosts),
        },
    )


def _trusted(cidrs: Sequence[str]) -> Iterator[str]:
    for cidr in sorted(cidrs):
        yield f"set_real_ip_from {cidr};"
    if cidrs:
        yield "real_ip_header X-Forwarded-For;"
        yield "real_ip_recursive on;"


def _word(route: Route) -> str:
    """The backend's name as nginx variables and zones are written."""
    return route.backend.replace("-", "_")


def _maps(route: Route, place: Place) -> Iterator[str]:
    affinity, cors, keys = route.spec.affinity, route.spec.cors, route.spec.api_key
    if keys is not None:
        held = {"default": '""', "include": f"{place.given_tls}/{key_file(route)}"}
        yield from _map(f"$http_{keys.header.replace('-', '_')}", f"$client_{_word(route)}", held)
    if affinity is not None:
        word, cookie = _word(route), f"$cookie_{affinity.cookie}"
        yield from _map(cookie, f"$affinity_{word}", {"default": "$request_id", '"~^[0-9a-f]{32}$"': cookie})
        attributes = f"Path=/; Max-Age={seconds(affinity.ttl)}; Secure; HttpOnly; SameSite=Lax"
        fresh = f'"{affinity.cookie}=$request_id; {attributes}"'
        yield from _map(cookie, f"$affinity_cookie_{word}", {"default": fresh, '"~^[0-9a-f]{32}$"': '""'})
    if cors is not None:
        yield from _cors_maps(_word(route), cors)


def _cors_maps(word: str, cors: CorsSpec) -> Iterator[str]:
    if cors.origins == ("*",):
        yield from _map("$http_origin", f"$cors_{word}", {"default": '"*"', '""': '""'})
    else:
        named = {f'"{origin}"': f'"{origin}"' for origin in sorted(cors.origins)}
        yield from _map("$http_origin", f"$cors_{word}", {"default": '""', **named})
    asked = '"$request_method:$http_access_control_request_method"'
    yield from _map(asked, f"$cors_preflight_{word}", {"default": "0", '"~^OPTIONS:.+$"': "1"})


def key_file(route: Route) -> str:
    """Name of the file that holds a route's API keys."""
    return f"keys-{route.backend}"


def key_lines(keys: Mapping[str, str]) -> str:
    """The file's content: each key, and whose it is."""
    return "".join(f'"{key}" {client};\n' for client, key in sorted(keys.items()))


def _map(source: str, target: str, entries: Mapping[str, str]) -> Iterator[str]:
    yield f"map {source} {target} {{"
    yield from (f"    {key} {value};" for key, value in entries.items())
    yield "}"


def _zones(route: Route, limits: LimitsSpec) -> Iterator[str]:
    """10 MB hold about 160,000 addresses."""
    rate = f"{limits.requests}r/{limits.per[0]}"
    yield f"limit_req_zone $binary_remote_addr zone=requests_{_word(route)}:10m rate={rate};"
    if limits.connections is not None:
        yield f"limit_conn_zone $binary_remote_addr zone=connections_{_word(route)}:10m;"


def _upstream(route: Route) -> str:
    # Not `consistent`: that hashes the name, which is the same for all addresses behind it.
    balance = "least_conn;" if route.spec.affinity is None else f"hash $affinity_{_word(route)};"
    return fill(
        "edge_upstream.conf",
        {"name": _word(route), "balance": balance, "servers": block(_servers(route))},
    )


def _servers(route: Route) -> Iterator[str]:
    """All apps of a route are in one list, so that a request which one could not take is given to another."""
    circuit = route.spec.circuit
    rule = "max_fails=2 fail_timeout=5s"
    if circuit is not None:
        most = "" if circuit.requests is None else f" max_conns={circuit.requests}"
        rule = f"max_fails={circuit.failures} fail_timeout={seconds(circuit.pause)}s{most}"
    for share in route.backends:
        weight = f" weight={share.percent}" if route.shares else ""
        yield f"server {share.backend}:{share.port} resolve{weight} {rule};"


def _server(host: str, spec: EdgeGatewaySpec, routes: Sequence[Route], place: Place) -> str:
    certificate = spec.certificate_of(host)
    assert certificate is not None, "a proof has looked for it"
    folder = place.tls if spec.certificates[certificate].given is None else place.given_tls
    taken = {path for route in routes for path in route.spec.paths}
    return fill(
        "edge_server.conf",
        {
            "https": place.https,
            "host": host,
            "certificate": f"{folder}/{certificate}.crt",
            "key": f"{folder}/{certificate}.key",
            "hsts": add_headers({"Strict-Transport-Security": spec.hsts.text()}),
            "locations": block(text for route in routes for text in _locations(route)),
            "rest": "" if "/" in taken else "location / {\n    return 404;\n}",
        },
    )


def _locations(route: Route) -> Iterator[str]:
    for path in route.plain_paths:
        yield from _location(route, path, websocket=False)
    for path in route.websocket_paths:
        yield from _location(route, path, websocket=True)


def _location(route: Route, path: str, *, websocket: bool) -> Iterator[str]:
    """By whole names, as Gateway API's PathPrefix: `/api` is itself and what lies below it."""
    timeouts = route.spec.timeouts
    values = {
        "backend": route.backend,
        "upstream": _word(route),
        "body": size_bytes(route.spec.body),
        "access": block(_access(route.spec.allow_from)),
        "limits": block(_limits(route)),
        "key": "" if route.spec.api_key is None else block(_key(_word(route), route.spec.api_key)),
        "cors": "" if route.spec.cors is None else _cors(_word(route), route.spec.cors),
        "headers": block(_headers(route)),
        "affinity": "" if route.spec.affinity is None else f"add_header Set-Cookie $affinity_cookie_{_word(route)};",
        "connection": "$connection_upgrade" if websocket else '""',
        "upgrade": "proxy_set_header Upgrade $http_upgrade;" if websocket else "",
        "timeout": f"{seconds(timeouts.websocket_idle if websocket else timeouts.answer)}s",
        "buffering": "proxy_buffering off;" if websocket else "",
        # nginx counts as a failure what it gives to another, and nothing else.
        "failures": ""
        if route.spec.circuit is None
        else "proxy_next_upstream error timeout http_502 http_503 http_504;",
    }
    for match in ["/"] if path == "/" else [f"= {path}", f"^~ {path}/"]:
        yield fill("edge_location.conf", {**values, "match": match})


def _access(cidrs: Sequence[str]) -> Iterator[str]:
    yield from (f"allow {cidr};" for cidr in sorted(cidrs))
    if cidrs:
        yield "deny all;"


def _limits(route: Route) -> Iterator[str]:
    limits = route.spec.limits
    if limits is None:
        return
    # A whole span's worth may come at once, as in a bucket that holds so many tokens.
    burst = f" burst={limits.requests - 1} nodelay" if limits.requests > 1 else ""
    yield f"limit_req zone=requests_{_word(route)}{burst};"
    if limits.connections is not None:
        yield f"limit_conn connections_{_word(route)} {limits.connections};"


def _key(word: str, keys: ApiKeySpec) -> Iterator[str]:
    """Whose key it was goes to the app; the key does not."""
    yield f'if ($client_{word} = "") {{'
    yield "    return 401;"
    yield "}"
    yield f'proxy_set_header {keys.header} "";'
    yield f"proxy_set_header {CLIENT_HEADER} $client_{word};"


def _cors(word: str, cors: CorsSpec) -> str:
    return fill(
        "cors.conf",
        {
            "name": word,
            "credentials": "add_header Access-Control-Allow-Credentials true always;" if cors.credentials else "",
            "methods": ", ".join(cors.methods),
            "headers": ", ".join(cors.headers),
            "seconds": seconds(cors.max_age),
        },
    )


def _headers(route: Route) -> Iterator[str]:
    """The profile's headers replace the app's own of the same name."""
    own = header_values(route.spec.headers)
    yield from (f"proxy_hide_header {name};" for name in sorted(own))
    yield "proxy_hide_header Strict-Transport-Security;"
    if own:
        yield add_headers(own)
