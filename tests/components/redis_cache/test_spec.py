"""What follows from a RedisCache's spec. What is refused stands in tests/stacks/refusals/redis.py."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from components.redis_cache import facts
from components.redis_cache.spec import ClusterSpec, RedisCacheSpec, ReplicatedSpec, StandaloneSpec
from components.vocabulary import size_bytes

MIB = 2**20


def spec(**given_: object) -> StandaloneSpec | ReplicatedSpec | ClusterSpec:
    return TypeAdapter[StandaloneSpec | ReplicatedSpec | ClusterSpec](RedisCacheSpec).validate_python(
        {"memory": "1Gi", **given_}
    )


@given(st.integers(64, 65536), st.sampled_from(["cache", "store"]))
def test_maxmemory_leaves_room_for_buffers(mebibytes: int, purpose: str) -> None:
    found = spec(mode="standalone", purpose=purpose, memory=f"{mebibytes}Mi")
    share = {"cache": 0.75, "store": 0.6}[purpose]
    assert found.maxmemory_bytes == pytest.approx(mebibytes * MIB * share, abs=1)


def test_maxmemory_can_be_said() -> None:
    assert spec(mode="standalone", purpose="cache", maxmemory="900Mi").maxmemory_bytes == 900 * MIB


@pytest.mark.parametrize(("sentinels", "majority"), [(3, 2), (5, 3)])
def test_a_majority_of_the_sentinels(sentinels: int, majority: int) -> None:
    found = spec(mode="replicated", purpose="cache", sentinels=sentinels)
    assert isinstance(found, ReplicatedSpec)
    assert found.majority == majority
    assert found.servers == 3


def test_the_peak_counts_servers_exporters_sentinels_the_check_and_the_surge_of_the_proxies() -> None:
    found = spec(mode="replicated", purpose="store", storage="4Gi", cpu="100m")
    direct, proxied = facts.peak(found, proxied=False), facts.peak(found, proxied=True)
    assert direct.pods == 3 + 3 + 1
    assert proxied.pods == direct.pods + facts.PROXIES + 1
    assert direct.volume_claims == 6
    assert direct.storage == 3 * size_bytes("4Gi") + 3 * size_bytes("1Gi")
    assert direct.memory == (3 + 1) * size_bytes("1Gi") + 3 * size_bytes("32Mi") + 3 * size_bytes("48Mi")
    assert direct.cpu == (3 + 1) * 100 + 3 * 10 + 3 * 20


def test_a_cache_claims_no_volume_for_its_servers() -> None:
    assert facts.peak(spec(mode="standalone", purpose="cache"), proxied=False).volume_claims == 0


def test_the_peak_of_shards_counts_their_servers_the_keeper_and_a_check_for_each() -> None:
    found = spec(mode="cluster", purpose="store", storage="4Gi", shards=4, replicas=2)
    assert found.servers == 12
    peak = facts.peak(found, proxied=False)
    assert peak.pods == 12 + 4 + 1
    assert (peak.volume_claims, peak.storage) == (12, 12 * size_bytes("4Gi"))
    assert peak.memory == (12 + 4) * size_bytes("1Gi") + 12 * size_bytes("32Mi") + size_bytes("64Mi")


def test_a_server_of_a_sharded_cache_has_a_small_volume_for_who_it_is() -> None:
    found = spec(mode="cluster", purpose="cache")
    peak = facts.peak(found, proxied=False)
    assert (peak.pods, peak.volume_claims, peak.storage) == (7, 6, 6 * size_bytes("1Gi"))
    assert facts.volume(spec(mode="replicated", purpose="cache")) is None


def test_hosts_of_shards_start_with_the_one_that_leads_at_home() -> None:
    found = spec(mode="cluster", purpose="cache")
    assert isinstance(found, ClusterSpec)
    hosts = facts.shard_hosts("cache", found, "ns.svc.cluster.local")
    assert hosts[2] == [f"cache-shard-2-{n}.cache-servers.ns.svc.cluster.local" for n in (0, 1)]
    assert len(hosts) == 3


def test_names_of_shards_and_checks_are_taken_and_fit() -> None:
    longest = "r" * facts.LONGEST_NAME
    names = facts.claims(longest, [])
    assert {f"{longest}-shard-15", f"{longest}-check-15", f"{longest}-keeper"} <= set(names)
    assert max(len(f"{longest}-restore-check"), len(f"{longest}-check-15")) <= 52
    assert len(f"{longest}-shard-15-") + 10 <= 63
