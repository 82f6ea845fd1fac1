"""Docker's subnets: inside the pool, stable, and never shared."""

from __future__ import annotations

import ipaddress

from hypothesis import given
from hypothesis import strategies as st

from components.environment.networks import NetworkPlan, plan_networks, subnet_of
from components.environment.spec import DockerTargetSpec

NAMES = st.from_regex(r"[a-z]([-a-z0-9]{0,20}[a-z0-9])?", fullmatch=True)
POOL = "10.210.0.0/16"


def wanted(*names: str) -> dict[str, NetworkPlan]:
    return {
        name: NetworkPlan(name=name, internal=True, protect=False, members=frozenset({name, "app"})) for name in names
    }


@given(NAMES)
def test_a_subnet_lies_in_the_pool_and_follows_from_the_name(name: str) -> None:
    subnet = ipaddress.IPv4Network(subnet_of(name, POOL))
    assert subnet.subnet_of(ipaddress.IPv4Network(POOL))
    assert str(subnet) == subnet_of(name, POOL)


@given(st.sets(NAMES, min_size=2, max_size=8))
def test_adding_a_network_moves_no_other(names: set[str]) -> None:
    target = DockerTargetSpec(kind="docker")
    first, *_ = sorted(names)
    before = {n.name: n.subnet for n in plan_networks(target, wanted(*(names - {first}))).networks}
    after = {n.name: n.subnet for n in plan_networks(target, wanted(*names)).networks}
    assert before.items() <= after.items()


@given(st.sets(NAMES, min_size=2, max_size=40))
def test_a_plan_without_problems_has_no_two_networks_on_one_subnet(names: set[str]) -> None:
    plan = plan_networks(DockerTargetSpec(kind="docker"), wanted(*names))
    subnets = [n.subnet for n in plan.networks]
    assert (len(set(subnets)) == len(subnets)) == (not plan.problems)


def test_a_network_with_more_members_than_addresses_is_told() -> None:
    crowd = NetworkPlan(name="main", internal=True, protect=False, members=frozenset(map(str, range(30))))
    (problem,) = plan_networks(DockerTargetSpec(kind="docker"), {"main": crowd}).problems
    assert problem.path == ("subnets", "main")
    assert "29" in problem.rule
