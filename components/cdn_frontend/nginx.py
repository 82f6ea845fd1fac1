"""The site's nginx configuration: a pure function of name and spec. Both targets run it; tests ask it real questions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from components.cdn_frontend import facts
from components.cdn_frontend.spec import CdnFrontendSpec, ProxySpec
from components.headers import header_values
from components.nginx.render import Place, access_log, add_headers, block, fill
from components.vocabulary import seconds, size_bytes


def configuration(
    name: str, spec: CdnFrontendSpec, ports: Mapping[str, int], place: Place, *, workers: str = "auto"
) -> str:
    """The whole nginx.conf. `ports` gives the number of the port that each proxied path leads to."""
    cached = any(proxy.fresh is not None for proxy in spec.proxies.values())
    return fill(
        "site.conf",
        {
            "name": name,
            "workers": workers,
            "scratch": place.scratch,
            "temporary": fill("temporary.conf", {"scratch": place.scratch}),
            "resolver": "" if not place.resolver else f"resolver {place.resolver} valid=5s ipv6=off;",
            "mime_types": place.mime_types,
            "access_log": access_log(place, "known_request_id"),
            "http": place.http,
            "inside": place.inside,
            "site": place.site,
            "config": place.config,
            "headers": add_headers(header_values(spec.headers)),
            "assets": spec.assets,
            "asset_fallback": "=404" if spec.previous_image is None else "@previous",
            "previous_location": "" if spec.previous_image is None else block(_previous(place)),
            "hidden": r"/\.(?!well-known/)" if spec.source_maps else r"/\.(?!well-known/)|\.map$",
            "page_fallback": "@navigation" if spec.single_page else "$uri.html =404",
            "navigation_location": block(_navigation()) if spec.single_page else "",
            "cache": block(_cache(spec, place)) if cached else "",
            "upstreams": block(
                line
                for path, proxy in sorted(spec.proxies.items())
                for line in _upstream(path, proxy, ports[path], place)
            ),
            "proxies": block(
                text for path, proxy in sorted(spec.proxies.items()) for text in _proxy(path, proxy, spec)
            ),
        },
    )


def _previous(place: Place) -> Iterator[str]:
    """Old pages ask for old names; documents are never taken from here."""
    yield "location @previous {"
    yield f"    root {place.previous};"
    yield "    add_header Cache-Control $cache_asset always;"
    yield "    try_files $uri =404;"
    yield "}"


def _navigation() -> Iterator[str]:
    """A missing picture must not become a page."""
    yield "location @navigation {"
    yield "    add_header Cache-Control $cache_document always;"
    yield "    add_header Vary Accept always;"
    yield "    if ($navigation = 0) {"
    yield "        return 404;"
    yield "    }"
    yield "    try_files /index.html =404;"
    yield "}"


def _cache(spec: CdnFrontendSpec, place: Place) -> Iterator[str]:
    """1 MB of keys holds about 8,000 answers."""
    size, keep = size_bytes(spec.cache.size), seconds(spec.cache.keep)
    yield (
        f"proxy_cache_path {place.scratch}/cache levels=1:2 keys_zone=answers:4m max_size={size} inactive={keep}s "
        "use_temp_path=off;"
    )


def _word(path: str) -> str:
    """A path as upstreams are named."""
    return "to" + "".join(c if c.isalnum() else "_" for c in path)


def _upstream(path: str, proxy: ProxySpec, port: int, place: Place) -> Iterator[str]:
    """With a resolver (Docker) the address may change; a Service's on Kubernetes doesn't."""
    yield f"upstream {_word(path)} {{"
    yield f"    zone {_word(path)} 64k;"
    yield f"    server {proxy.app}:{port}{' resolve' if place.resolver else ''} max_fails=0;"
    yield "    keepalive 16;"
    yield "}"


def _proxy(path: str, proxy: ProxySpec, spec: CdnFrontendSpec) -> Iterator[str]:
    caching = (
        ""
        if proxy.fresh is None
        else fill("site_caching.conf", {"release": facts.release(spec), "fresh": f"{seconds(proxy.fresh)}s"})
    )
    hidden = [f"proxy_hide_header {name};" for name in sorted(header_values(spec.headers))]
    for match in (f"= {path}", f"^~ {path}/"):
        values = {"match": match, "caching": caching, "upstream": _word(path), "hidden": block(hidden)}
        yield fill("site_proxy.conf", values)
