"""F7 for the way in: a route that asks less of who comes than before, a firewall that no longer stops anybody."""

from __future__ import annotations

from collections.abc import Iterator

from review.flags.finding import Case, Finding, Grade
from review.values import canonical, objects, text
from review.world import Thing, World

ASKS = {
    "apiKeyAuth": "an API key",
    "authorization": "an address or a right that is allowed",
    "basicAuth": "a password",
    "extAuth": "leave of another server",
    "jwt": "a token",
    "oidc": "to sign in",
}
"""Sections of Envoy Gateway's SecurityPolicy that keep somebody out."""
SOURCE = "Envoy Gateway: SecurityPolicy"
BLOCKING = "SecRuleEngine On"


def opened(case: Case) -> Iterator[Finding]:
    for policy in case.before.of("SecurityPolicy"):
        change, later = case.plan.changes.get(policy.urn), case.after.by_urn.get(policy.urn)
        if change is None:
            continue
        left = set(later.spec) if later is not None else set[str]()
        gone = [words for section, words in ASKS.items() if section in policy.spec and section not in left]
        open_ = ", ".join(target.label for target in _targets(policy, case.after))
        if gone and open_:
            still = [words for section, words in ASKS.items() if section in left]
            rest = f"what it still wants: {', '.join(still)}" if still else "whoever reaches it passes"
            sentence = f"{open_} no longer wants {' and '.join(gone)}; {rest}"
            yield case.finding(
                "F7", Grade.APPROVE if still else Grade.BLOCK, change, sentence, SOURCE, "keep what it asks for"
            )
    for policy in case.before.of("EnvoyExtensionPolicy"):
        change, later = case.plan.changes.get(policy.urn), case.after.by_urn.get(policy.urn)
        if change is None or not _blocks(policy) or not _targets(policy, case.after):
            continue
        if later is None or not _blocks(later):
            sentence = "the firewall no longer stops what it takes for an attack"
            yield case.finding(
                "F7", Grade.APPROVE, change, sentence, "Envoy Gateway: EnvoyExtensionPolicy", "keep it blocking"
            )


def _targets(policy: Thing, world: World) -> list[Thing]:
    """What a policy is about, as far as it stays."""
    keys = [
        (text(reference.get("kind")), policy.namespace, text(reference.get("name")))
        for reference in objects(policy.spec.get("targetRefs"))
    ]
    return [world.by_key[key] for key in keys if key in world.by_key]


def _blocks(policy: Thing) -> bool:
    return BLOCKING in canonical(policy.spec.get("wasm"))
