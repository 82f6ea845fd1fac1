"""What the rendered nginx answers: every request is asked for real, and docs/requests.md is made from the same rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ANY = "*"
"""The header must be there."""
GONE = None
"""The header must not be there."""
YEAR = "public, max-age=31536000, immutable"
PAGE = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
PAGES_ORIGIN = "https://page.test"
ID = "0123456789abcdef0123456789abcdef"
KEY = "key-of-the-partner-in-tests"


CLIENT = "CLIENT"
"""Stands for the address that a request comes from."""


@dataclass(frozen=True, kw_only=True)
class Otherwise:
    """What Envoy answers in place of what nginx does."""

    why: str
    status: int | None = None
    """Absent: the same."""
    answer: Mapping[str, str | None] = field(default_factory=dict[str, str | None])
    """Headers that differ."""


@dataclass(frozen=True)
class Row:
    title: str
    """What a person wants to know."""
    target: str
    """Path and query, sent as they are."""
    status: int
    answer: Mapping[str, str | None] = field(default_factory=dict[str, str | None])
    """Headers of the answer: a text, a start with `...` behind, ANY or GONE."""
    contains: str | None = None
    """A part of the body."""
    method: str = "GET"
    sent: Mapping[str, str] = field(default_factory=dict[str, str])
    """Headers of the request."""
    body: int | None = None
    """Size of the request's body."""
    repeat: int = 1
    """Asked so often at once; the last answer counts."""
    envoy: Otherwise | None = None
    """What differs on Kubernetes; absent: nothing does."""


SITE: Mapping[str, Any] = {
    "image": "demo/site:1",
    "previous_image": "demo/site:0",
    "config": {"API_URL": "https://api.test"},
    "headers": {"profile": "strict", "csp": {"connect": ["self", "https://api.test"]}},
    "proxies": {"/api": {"app": "api", "fresh": "1m"}, "/live": {"app": "api"}},
}
"""The site that is asked: what a stack file says."""

FILES = {
    "index.html": "<!doctype html><title>current</title>",
    "about.html": "<!doctype html><title>about</title>",
    "guide/index.html": "<!doctype html><title>guide</title>",
    "sw.js": "self.addEventListener('fetch', () => {});",
    "robots.txt": "User-agent: *",
    "assets/app-1.js": "console.log('current');" + " " * 3000,
    "assets/app-1.js.map": "{}",
    "assets/text-1.css": "body{}" + " " * 3000,
    ".env": "TOKEN=none",
    ".well-known/security.txt": "Contact: mailto:nobody@example.com",
}
PREVIOUS = {"index.html": "<title>previous</title>", "assets/app-0.js": "console.log('previous');"}
PRECOMPRESSED = "assets/app-1.js"
"""Has a .gz beside it; the style sheet has none."""

SITE_ROWS = (
    Row(
        "The first page",
        "/",
        200,
        {"Cache-Control": "no-cache", "ETag": ANY, "Content-Type": "text/html; charset=utf-8"},
        "current",
        sent=PAGE,
    ),
    Row(
        "A page of the application, opened by its address",
        "/block/42",
        200,
        {"Cache-Control": "no-cache", "Vary": "Accept..."},
        "current",
        sent=PAGE,
    ),
    Row(
        "The same path asked for by a script",
        "/block/42",
        404,
        {"Cache-Control": "no-store"},
        sent={"Accept": "application/json"},
    ),
    Row(
        "A missing picture, though a page would be accepted", "/logo.png", 404, {"Cache-Control": "no-store"}, sent=PAGE
    ),
    Row("A document without its extension's folder", "/guide", 200, {"Cache-Control": "no-cache"}, "guide", sent=PAGE),
    Row(
        "A service worker",
        "/sw.js",
        200,
        {"Cache-Control": "no-cache", "Content-Type": "application/javascript; charset=utf-8"},
    ),
    Row(
        "A hashed asset",
        "/assets/app-1.js",
        200,
        {"Cache-Control": YEAR, "ETag": ANY, "Vary": "Accept-Encoding"},
        "current",
    ),
    Row("An asset of the release before", "/assets/app-0.js", 200, {"Cache-Control": YEAR}, "previous"),
    Row(
        "An asset that no release has",
        "/assets/app-9.js",
        404,
        {"Cache-Control": "no-store", "Content-Type": "text/html; charset=utf-8"},
    ),
    Row(
        "A missing asset, though a page would be accepted",
        "/assets/app-9.js",
        404,
        {"Cache-Control": "no-store"},
        sent=PAGE,
    ),
    Row("A source map", "/assets/app-1.js.map", 404, {"Cache-Control": "no-store"}),
    Row(
        "The configuration",
        "/config.json",
        200,
        {"Cache-Control": "no-cache", "Content-Type": "application/json"},
        "https://api.test",
    ),
    Row("Health", "/healthz", 200, {}, "ok"),
    Row("A file with a dot before its name", "/.env", 404, {"Cache-Control": "no-store"}),
    Row("A folder with a dot before its name", "/.git/config", 404, {"Cache-Control": "no-store"}, sent=PAGE),
    Row("What must be found under a dot", "/.well-known/security.txt", 200, {}, "Contact"),
    Row("A way out of the folder", "/../../etc/passwd", 400),
    Row("A way out, written in percent", "/%2e%2e/%2e%2e/etc/passwd", 400),
    Row("A way out, from the assets", "/assets/../../etc/passwd", 400),
    Row("POST to a file", "/assets/app-1.js", 405, {"Cache-Control": "no-store"}, method="POST", body=1),
    Row("DELETE of a page", "/", 405, {"Cache-Control": "no-store"}, method="DELETE"),
    Row("HEAD", "/assets/app-1.js", 200, {"Cache-Control": YEAR}, method="HEAD"),
    Row(
        "A part of a file",
        "/assets/app-1.js",
        206,
        {"Content-Range": "bytes 0-6/...", "Cache-Control": YEAR},
        "console",
        sent={"Range": "bytes=0-6"},
    ),
    Row(
        "A part beyond the end",
        "/assets/app-1.js",
        416,
        {"Cache-Control": f"{YEAR}, no-store"},
        sent={"Range": "bytes=90000-"},
    ),
    Row(
        "A file compressed beforehand",
        "/assets/app-1.js",
        200,
        {"Content-Encoding": "gzip", "Vary": "Accept-Encoding", "ETag": '"...'},
        sent={"Accept-Encoding": "br, gzip"},
    ),
    Row(
        "A file compressed on the way",
        "/assets/text-1.css",
        200,
        {"Content-Encoding": "gzip", "Vary": "Accept-Encoding", "ETag": "W/..."},
        sent={"Accept-Encoding": "gzip"},
    ),
    Row(
        "Somebody who takes nothing compressed",
        "/assets/app-1.js",
        200,
        {"Content-Encoding": GONE},
        sent={"Accept-Encoding": "identity"},
    ),
    Row(
        "Security headers of a page",
        "/",
        200,
        {
            "Content-Security-Policy": "default-src 'self'; script-src 'self'...",
            "X-Frame-Options": "DENY",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Strict-Transport-Security": GONE,
        },
        sent=PAGE,
    ),
    Row(
        "Security headers of an error",
        "/assets/app-9.js",
        404,
        {"Content-Security-Policy": ANY, "X-Content-Type-Options": "nosniff"},
    ),
    Row(
        "An answer of the app, for the first time",
        "/api/first",
        200,
        {"X-Cache": "MISS", "X-Powered-By": GONE},
        '"count": 1',
    ),
    Row("The same answer again", "/api/first", 200, {"X-Cache": "HIT"}, '"count": 1'),
    Row("An answer that the app calls private", "/api/private", 200, {"X-Cache": "MISS"}, '"count": 2', repeat=2),
    Row(
        "A request with a cookie",
        "/api/cookie",
        200,
        {"X-Cache": "BYPASS"},
        '"count": 2',
        sent={"Cookie": "a=b"},
        repeat=2,
    ),
    Row(
        "A request with a token",
        "/api/token",
        200,
        {"X-Cache": "BYPASS"},
        '"count": 2',
        sent={"Authorization": "Bearer x"},
        repeat=2,
    ),
    Row("POST passes the cache by", "/api/first", 200, {"X-Cache": GONE}, '"method": "POST"', method="POST", body=3),
    Row("A path that is never cached", "/live/now", 200, {"X-Cache": GONE}, '"count": 2', repeat=2),
    Row(
        "The app's own policy is replaced by the site's",
        "/live/headers",
        200,
        {"Content-Security-Policy": "default-src 'self'..."},
    ),
    Row(
        "The id of a request goes on to the app",
        "/live/id",
        200,
        {},
        f'"x-request-id": "{ID}"',
        sent={"X-Request-Id": ID},
    ),
)

ROUTES: Mapping[str, Mapping[str, Any]] = {
    "api": {
        "host": "app.test",
        "websocket": ["/ws"],
        "body": "4Ki",
        "headers": {"profile": "api"},
        "cors": {"origins": [PAGES_ORIGIN], "credentials": True},
    },
    "sticky": {"host": "app.test", "paths": ["/sticky"], "affinity": {"cookie": "affinity"}},
    "limited": {"host": "app.test", "paths": ["/limited"], "limits": {"requests": 3, "per": "minute"}},
    "counted": {"host": "app.test", "paths": ["/counted"], "limits": {"requests": 3, "per": "minute"}},
    "crowded": {"host": "app.test", "paths": ["/crowded"], "limits": {"requests": 1000, "connections": 1}},
    "closed": {"host": "app.test", "paths": ["/closed"], "allow_from": ["203.0.113.0/24"]},
    "keyed": {
        "host": "app.test",
        "paths": ["/keyed"],
        "api_key": {"clients": {"partner": {"secret": "partner_api_key"}}},
    },
    "guarded": {"host": "app.test", "paths": ["/guarded"], "circuit": {"failures": 2, "pause": "1s"}},
    "inside": {"host": "inside.test", "paths": ["/only"]},
}
"""The routes that are asked: what a stack file says, by backend."""

EDGE_ROWS = (
    Row(
        "An answer of the app",
        "/",
        200,
        {"Strict-Transport-Security": "max-age=63072000", "X-Request-Id": ANY, "X-Powered-By": GONE, "Server": "nginx"},
        '"x-forwarded-proto": "https"',
        envoy=Otherwise(why="Envoy is told to name itself nowhere", answer={"Server": GONE}),
    ),
    Row(
        "The app is not told a client that the client made up",
        "/",
        200,
        {},
        f'"x-forwarded-for": "{CLIENT}"',
        sent={"X-Forwarded-For": "1.2.3.4"},
    ),
    Row(
        "A header that makes programs use a proxy",
        "/proxy-header",
        200,
        {},
        '"x-forwarded-host": "app.test"',
        sent={"Proxy": "http://evil.test"},
    ),
    Row(
        "Headers of profile `api` replace the app's own",
        "/",
        200,
        {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "X-Frame-Options": "DENY"},
    ),
    Row(
        "Headers of an app that owns them",
        "/sticky",
        200,
        {
            "Content-Security-Policy": "app's own",
            "Strict-Transport-Security": "max-age=63072000",
            "X-Frame-Options": GONE,
        },
    ),
    Row("The first answer of a sticky route", "/sticky", 200, {"Set-Cookie": "affinity=..."}),
    Row("A later one", "/sticky", 200, {"Set-Cookie": GONE}, sent={"Cookie": f"affinity={ID}"}),
    Row(
        "A cookie that somebody made up",
        "/sticky",
        200,
        {"Set-Cookie": "affinity=..."},
        sent={"Cookie": "affinity=../../etc"},
        envoy=Otherwise(
            why="Envoy hashes whatever is in it: the client stays with one replica", answer={"Set-Cookie": GONE}
        ),
    ),
    Row("A path that only looks like a route's", "/stickyish", 200, {"Set-Cookie": GONE}),
    Row("A body within the limit", "/", 200, {}, '"body": 4096', method="POST", body=4096),
    Row("A body above the limit", "/", 413, {"Strict-Transport-Security": ANY}, method="POST", body=4097),
    Row("Requests within the limit", "/limited", 200, repeat=3),
    Row("Requests above the limit", "/limited", 429, {"Strict-Transport-Security": ANY, "X-Request-Id": ANY}),
    Row("A client from a network that may not come", "/closed", 403),
    Row("A request without a key where one is needed", "/keyed", 401, {"Strict-Transport-Security": ANY}),
    Row("A key that nobody has", "/keyed", 401, sent={"X-API-Key": "0" * 32}),
    Row(
        "A known key, from a client that calls itself another",
        "/keyed",
        200,
        {},
        '"x-client-id": "partner"',
        sent={"X-API-Key": KEY, "X-Client-Id": "somebody"},
    ),
    Row(
        "A long answer, compressed on the way",
        "/long",
        200,
        {"Content-Encoding": "gzip", "Vary": "..."},
        sent={"Accept-Encoding": "gzip"},
    ),
    Row(
        "A preflight of a page that may call",
        "/",
        204,
        {
            "Access-Control-Allow-Origin": PAGES_ORIGIN,
            "Access-Control-Allow-Credentials": "true",
            "Access-Control-Allow-Methods": "GET, HEAD, POST",
            "Access-Control-Max-Age": "3600",
        },
        method="OPTIONS",
        sent={"Origin": PAGES_ORIGIN, "Access-Control-Request-Method": "POST"},
        envoy=Otherwise(why="browsers take any 2xx", status=200),
    ),
    Row(
        "A preflight of a page that may not",
        "/",
        204,
        {"Access-Control-Allow-Origin": GONE, "Vary": "Origin..."},
        method="OPTIONS",
        sent={"Origin": "https://evil.test", "Access-Control-Request-Method": "POST"},
        envoy=Otherwise(why="as above; answers to OPTIONS are kept by no cache", status=200, answer={"Vary": ANY}),
    ),
    Row(
        "A call of a page that may",
        "/",
        200,
        {"Access-Control-Allow-Origin": PAGES_ORIGIN, "Vary": "Origin..."},
        sent={"Origin": PAGES_ORIGIN},
    ),
    Row("OPTIONS that is no preflight goes to the app", "/", 200, {}, '"method": "OPTIONS"', method="OPTIONS"),
    Row("An app that fails", "/fail", 500, {"Content-Security-Policy": ANY}),
    Row("An app that says it is busy", "/busy", 503, {"Content-Security-Policy": ANY}),
    Row(
        "An app that hangs up",
        "/cut",
        502,
        method="POST",
        body=1,
        envoy=Otherwise(why="Envoy's word for it", status=503),
    ),
)
