"""F7 security down, and what roles and network policies gain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from review import policies
from review.flags.entrances import opened
from review.flags.finding import Case, Finding, Grade
from review.model import Op
from review.rules import RULES
from review.rules.access import grants, registry
from review.rules.network import EVERYWHERE
from review.values import mapping, objects, text
from review.world import CLUSTER_POD_LABEL, Thing, World, selects


@dataclass(frozen=True, slots=True)
class Gain:
    """Something that is allowed on one side of the change and not on the other."""

    thing: Thing
    what: str
    wide: bool
    """Open to everybody."""


def gained_grants(case: Case) -> list[Gain]:
    """Of roles that were there, and of new ones."""
    return _grants(case.before, case.after)


def lost_grants(case: Case) -> list[Gain]:
    """Of roles that stay, and of those that go."""
    return _grants(case.after, case.before)


def gained_peers(case: Case) -> list[Gain]:
    """Of policies that were there, and of new ones."""
    return _peers(case.before, case.after)


def lost_peers(case: Case) -> list[Gain]:
    """Of policies that stay, and of those that go."""
    return _peers(case.after, case.before)


def _grants(without: World, having: World) -> list[Gain]:
    found: list[Gain] = []
    for role in having.of("Role", "ClusterRole"):
        other = without.by_urn.get(role.urn)
        known = set(grants(other)) if other is not None else set[tuple[str, str, str]]()
        for group, resource, verb in sorted(set(grants(role)) - known):
            found.append(Gain(role, f"{verb} {resource}{f'.{group}' if group else ''}", "*" in (group, resource, verb)))
    return found


def _peers(without: World, having: World) -> list[Gain]:
    found: list[Gain] = []
    for policy in policies.of(having):
        other = without.by_urn.get(policy.urn)
        known = set(policies.peers(other)) if other is not None else set[tuple[str, str, str]]()
        for direction, peer, ports in sorted(set(policies.peers(policy)) - known):
            arrow = "from" if direction == "ingress" else "to"
            found.append(
                Gain(policy, f"{arrow} {peer} at {ports}", peer == "everybody" or peer.split(" ")[0] in EVERYWHERE)
            )
    return found


def security_down(case: Case) -> Iterator[Finding]:
    created = {change.urn for change in case.plan.changes.values() if change.op is Op.CREATE}
    for breach in case.newly_failing:
        rule = RULES[breach.rule]
        change = case.plan.changes[breach.urn]
        grade = Grade.BLOCK if rule.blocks else Grade.APPROVE
        where = f"{breach.where} " if breach.where and breach.where not in breach.sentence else ""
        sentence = f"{rule.id} ({rule.title}): {where}{breach.sentence}"
        yield case.finding("F7", grade, change, sentence, rule.known_as, rule.remedy)
    yield from _policies_gone(case)
    yield from opened(case)
    for gain in gained_peers(case):
        if gain.wide and gain.thing.urn not in created:
            yield case.finding(
                "F7",
                Grade.APPROVE,
                case.plan.changes[gain.thing.urn],
                f"opens traffic {gain.what}",
                "Kubernetes: network policies",
                "name the pods or the addresses that need it",
            )
    for gain in gained_grants(case):
        if not gain.wide and gain.thing.urn not in created:  # R16 speaks of the wide ones
            yield case.finding(
                "F7",
                Grade.APPROVE,
                case.plan.changes[gain.thing.urn],
                f"its holders may now {gain.what}",
                "Kubernetes: RBAC",
                "grant only what its program calls",
            )
    yield from _without_tls(case)
    yield from _new_registries(case)


def _policies_gone(case: Case) -> Iterator[Finding]:
    for change in case.plan.changes.values():
        policy = case.before.by_urn.get(change.urn)
        if change.op is not Op.DELETE or policy is None or policy.kind not in policies.KINDS:
            continue
        left = _under(case.after, policy)
        if not left:
            continue
        more = f" and {len(left) - 1} more" if len(left) > 1 else ""
        others = {thing.urn for other in policies.of(case.after) for thing in _under(case.after, other)}
        if left[0].urn in others:
            sentence = f"the network policy of {left[0].label}{more} is removed, others stay: what only this one allowed is refused from now on"
        else:
            sentence = f"the network policy of {left[0].label}{more} is removed: its limits on who reaches whom end"
        remedy = "keep it; to let somebody in, add that peer to it"
        yield case.finding("F7", Grade.BLOCK, change, sentence, "Kubernetes: network policies", remedy)


def _under(world: World, policy: Thing) -> list[Thing]:
    """Workloads and database clusters whose pods a policy selects."""
    selector = policies.selector(policy)
    found = [w.thing for w in world.workloads if w.thing.namespace == policy.namespace and selects(selector, w.labels)]
    clusters = [
        t
        for t in world.of("Cluster")
        if t.namespace == policy.namespace and selects(selector, {CLUSTER_POD_LABEL: t.name})
    ]
    return [*found, *clusters]


def _without_tls(case: Case) -> Iterator[Finding]:
    for gateway in case.after.of("Gateway"):
        old = case.before.by_urn.get(gateway.urn)
        before = {text(x.get("name")): x for x in objects(old.spec.get("listeners"))} if old is not None else {}
        for listener in objects(gateway.spec.get("listeners")):
            known = before.get(text(listener.get("name")))
            if known is not None and mapping(known.get("tls")) and not mapping(listener.get("tls")):
                yield case.finding(
                    "F7",
                    Grade.BLOCK,
                    case.plan.changes[gateway.urn],
                    f"listener {text(listener.get('name'))} loses TLS",
                    "Gateway API: TLS",
                    "keep its certificate",
                )


def _images(world: World) -> Iterator[tuple[Thing, str, str]]:
    """Workload, container and registry of every image that names one."""
    for work in world.workloads:
        for container in work.every_container:
            if host := registry(text(container.get("image"))):
                yield work.thing, text(container.get("name")), host


def _new_registries(case: Case) -> Iterator[Finding]:
    """What runs already is the list of those that are trusted; R22 has no other, as signatures stand in no object."""
    known = {host for _, _, host in _images(case.before)}
    for thing, container, host in _images(case.after):
        if known and host not in known:
            sentence = f"{container} runs an image from {host}, from where nothing of this stack came until now"
            source = "R22: who may push there may run programs here"
            remedy = "copy the image to a registry that is known here"
            yield case.finding("F7", Grade.APPROVE, case.plan.changes[thing.urn], sentence, source, remedy)
