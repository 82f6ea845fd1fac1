"""Security headers of answers: profiles, and a content security policy from typed sources.

Owns: which headers a profile sends, and the text of a policy. Leaves `Strict-Transport-Security` to the edge, which is
the one layer that knows about TLS. Oracle: OWASP's machine-readable set, compared by a test; each deviation is told there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from pydantic import Field

from components.vocabulary import Listed, Problem, Spec

Profile = Literal["strict", "embed", "api", "app-owned"]

CspSource = Annotated[
    str,
    Field(
        pattern=r"^(self|none|data|blob|(https|wss)://(\*\.)?[-.a-z0-9]+(:[0-9]+)?|sha(256|384|512)-[A-Za-z0-9+/]+=*)$",
        examples=["https://api.example.com"],
    ),
]
"""`self`, `none`, `data`, `blob`, an https or wss origin, or a hash. There is no word for unsafe-inline."""

Sources = Annotated[tuple[CspSource, ...], Listed]

_SCHEMES = {"data": "data:", "blob": "blob:"}


class CspSpec(Spec):
    """Content security policy: where a page may take things from. Each list replaces the profile's own for that kind."""

    default: Sources = Field(default=("self",), examples=["[self]"])
    """What no other list speaks of."""
    script: Sources = Field(default=("self",), examples=["[self]"])
    """Scripts."""
    style: Sources = Field(default=("self",), examples=["[self]"])
    """Style sheets."""
    img: Sources = Field(default=("self", "data"), examples=["[self, data]"])
    """Images."""
    font: Sources = Field(default=("self",), examples=["[self]"])
    """Fonts."""
    connect: Sources = Field(default=("self",), examples=["[self, wss://api.example.com]"])
    """What scripts may call: fetch, WebSocket, EventSource."""
    frame: Sources = Field(default=("none",), examples=["[none]"])
    """Pages shown inside this one."""
    frame_ancestors: Sources = Field(default=("none",), examples=["[https://admin.example.com]"])
    """Pages that may show this one inside them."""
    form_action: Sources = Field(default=("self",), examples=["[self]"])
    """Where forms may be sent."""
    report_only: bool = False
    """Only report violations to the browser's console: for trying a policy."""

    def problems(self) -> Iterable[Problem]:
        for name in _DIRECTIVES:
            sources: tuple[str, ...] = getattr(self, name)
            if "none" in sources and len(sources) > 1:
                yield Problem(
                    path=(name,), rule="says `none` beside other sources; give one of the two", example="[none]"
                )

    def text(self) -> str:
        """The header's value."""
        parts = [f"{_DIRECTIVES[name]} {' '.join(_written(s) for s in getattr(self, name))}" for name in _DIRECTIVES]
        return "; ".join([*parts, "object-src 'none'", "base-uri 'self'", "upgrade-insecure-requests"])


_DIRECTIVES = {
    "default": "default-src",
    "script": "script-src",
    "style": "style-src",
    "img": "img-src",
    "font": "font-src",
    "connect": "connect-src",
    "frame": "frame-src",
    "frame_ancestors": "frame-ancestors",
    "form_action": "form-action",
}
"""Directives of https://www.w3.org/TR/CSP3/ by our words."""


def _written(source: str) -> str:
    if "://" in source:
        return source
    return _SCHEMES.get(source, f"'{source}'")


class HeadersSpec(Spec):
    """Security headers of answers."""

    profile: Profile
    """`strict`: a site of our own. `embed`: one that others may frame. `api`: no documents. `app-owned`: the app sets its own, none is added or taken away."""
    csp: CspSpec | None = Field(default=None, examples=["{connect: [self, wss://api.example.com]}"])
    """Content security policy of `strict` and `embed`; absent: everything from the own origin."""

    def problems(self) -> Iterable[Problem]:
        if self.profile in {"app-owned", "api"} and self.csp is not None:
            yield Problem(
                path=("csp",),
                rule=f"belongs to profiles strict and embed: with `{self.profile}` "
                + ("the app sends its own" if self.profile == "app-owned" else "nothing may be loaded at all"),
            )
        if self.profile == "embed" and (self.csp is None or self.csp.frame_ancestors == ("none",)):
            yield Problem(
                path=("csp", "frame_ancestors"),
                rule="must name the pages that may frame this one; that is what `embed` is for",
                example="[https://admin.example.com]",
            )


def header_values(spec: HeadersSpec) -> Mapping[str, str]:
    """Headers by name, sorted; empty for `app-owned`."""
    if spec.profile == "app-owned":
        return {}
    found = {**_COMMON}
    if spec.profile == "api":
        found["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
        found["X-Frame-Options"] = "DENY"
        # Browsers of other origins may read it where CORS lets them; `same-origin` would forbid that too.
        found["Cross-Origin-Resource-Policy"] = "cross-origin"
        return dict(sorted(found.items()))
    csp = CspSpec() if spec.csp is None else spec.csp
    found["Content-Security-Policy-Report-Only" if csp.report_only else "Content-Security-Policy"] = csp.text()
    if spec.profile == "strict":
        found |= {
            "X-Frame-Options": "DENY",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
        }
    return dict(sorted(found.items()))


_COMMON = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Permitted-Cross-Domain-Policies": "none",
}
