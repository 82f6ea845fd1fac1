"""Security headers against OWASP's own list: what differs is listed here, with the reason, and nothing else differs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from components.edge_gateway.spec import HstsSpec
from components.headers import CspSpec, HeadersSpec, header_values

OWASP = json.loads(Path(__file__).with_name("owasp_secure_headers.json").read_text(encoding="utf-8"))["headers"]

DEVIATIONS = {
    "Cache-Control": "caching is by path: a site that may never be cached is slow for no gain in safety",
    "Clear-Site-Data": "for signing out; on every answer it would sign everybody out",
    "Content-Security-Policy": "ours says more (every kind by itself); block-all-mixed-content is gone from the standard",
    "Cross-Origin-Embedder-Policy": "breaks every picture and script of another origin that does not expect it",
    "Referrer-Policy": "the origin alone is told to others: payment and sign-in pages need it, paths stay private",
    "Strict-Transport-Security": "two years instead of one; subdomains are for the owner of the domain to say",
}
"""What profile `strict` and the edge's default do otherwise, and why."""


def directives(policy: str) -> dict[str, str]:
    return {part.strip().partition(" ")[0]: part.strip().partition(" ")[2] for part in policy.split(";")}


def test_only_what_is_listed_differs_from_owasps_list() -> None:
    ours = {**header_values(HeadersSpec(profile="strict")), "Strict-Transport-Security": HstsSpec().text()}
    different = {name for name, value in OWASP.items() if ours.get(name, "").lower() != value.lower()}
    assert different == DEVIATIONS.keys()
    assert ours.keys() - OWASP.keys() == set()


def test_the_policy_is_no_weaker_than_owasps() -> None:
    ours = directives(CspSpec().text())
    theirs = directives(OWASP["Content-Security-Policy"])
    for directive in ("default-src", "form-action", "object-src", "frame-ancestors", "upgrade-insecure-requests"):
        assert ours[directive] == theirs[directive]
    assert "unsafe" not in CspSpec().text()


@pytest.mark.parametrize(
    ("source", "written"),
    [
        ("self", "'self'"),
        ("data", "data:"),
        ("wss://a.example.com", "wss://a.example.com"),
        ("sha256-abc=", "'sha256-abc='"),
    ],
)
def test_sources_are_written_as_the_standard_wants_them(source: str, written: str) -> None:
    assert directives(CspSpec(script=(source,)).text())["script-src"] == written


def test_an_app_that_owns_its_headers_gets_none() -> None:
    assert header_values(HeadersSpec(profile="app-owned")) == {}


def test_a_page_to_embed_is_framed_by_those_named_alone() -> None:
    spec = HeadersSpec(profile="embed", csp=CspSpec(frame_ancestors=("https://admin.example.com",)))
    found = header_values(spec)
    assert directives(found["Content-Security-Policy"])["frame-ancestors"] == "https://admin.example.com"
    assert "X-Frame-Options" not in found, "it knows no list, and old browsers would obey it first"


def test_trying_a_policy_only_reports() -> None:
    found = header_values(HeadersSpec(profile="strict", csp=CspSpec(report_only=True)))
    assert "Content-Security-Policy-Report-Only" in found
    assert "Content-Security-Policy" not in found


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        (HstsSpec(), "max-age=63072000"),
        (HstsSpec(max_age="0s"), "max-age=0"),
        (HstsSpec(include_subdomains=True, preload=True), "max-age=63072000; includeSubDomains; preload"),
    ],
)
def test_hsts_is_written_as_the_standard_wants_it(spec: HstsSpec, text: str) -> None:
    assert spec.text() == text
