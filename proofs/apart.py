"""Untrusted apps: what they may not ask for, and a namespace whose name is not too long."""

from __future__ import annotations

from collections.abc import Iterator

from components.app_service import facts as app_facts
from components.vocabulary import Problem
from config import Draft, stack_prefix

LONGEST_LABEL = 63
"""Of a namespace's name."""


def overreach(draft: Draft) -> Iterator[Problem]:
    kind = draft.config.environment.target.kind
    for name, app in draft.config.app_services.items():
        yield from (p.below("app_services", name) for p in app_facts.overreach(app, kind))
        namespace = app_facts.namespace(name, app, stack_prefix(draft))
        if kind == "kubernetes" and len(namespace) > LONGEST_LABEL:
            yield Problem(
                path=("app_services", name, "isolation"),
                rule=f"needs a namespace of its own, whose name {namespace!r} has {len(namespace)} characters, allowed are {LONGEST_LABEL}",
            )
