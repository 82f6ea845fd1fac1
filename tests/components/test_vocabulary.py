"""Every word of the vocabulary accepts what it is for and refuses what it is not; arithmetic holds for any value."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from components import vocabulary
from components.footprint import Footprint, cores, size
from components.vocabulary import cpu_millis, is_pinned, milliseconds, seconds, size_bytes

DIGEST = "@sha256:" + "0" * 64

WORDS: list[tuple[str, tuple[Any, ...], tuple[Any, ...]]] = [
    ("DnsLabel", ("a", "api-2", "a" * 63), ("", "Api", "2api", "api-", "a_b", "a" * 64, 3)),
    ("PortName", ("http", "grpc-web"), ("http_api", "a" * 16, "8http")),
    ("Port", (1, 8000, 65535), (0, 65536, "80", 80.0, True)),
    ("DatabaseName", ("api", "a" * 40), ("api_v2", "a" * 41)),
    ("KeyPattern", ("*", "session:*", "a.b-c_d:1"), ("", "**", "a*b", "[a]*", "a b", "~a*", ":a")),
    ("VariableName", ("LOG_LEVEL", "_x", "a1"), ("LOG-LEVEL", "1A", "")),
    ("VariablePrefix", ("PG", "SESSIONS_2"), ("pg", "PG_", "P")),
    ("SecretName", ("coin_api_key",), ("coin-api-key", "Coin", "1coin")),
    ("FileName", ("app.toml", "a_b-c.1"), ("a/b", ".hidden", "")),
    ("AbsolutePath", ("/run", "/a/b.c"), ("tmp", "/", "/a/", "/a b", "/../x y")),
    ("UrlPath", ("/", "/healthz", "/a-b_c~d"), ("healthz", "/a b", "/a?b=c")),
    ("UrlPrefix", ("/", "/api", "/a/b.c"), ("api", "/api/", "//", "/a b", "/a;b")),
    ("CertificateHost", ("api.example.com", "*.example.com"), ("*", "a.*.com", "*.*.com", "api")),
    (
        "ImageRef",
        ("api", "api:dev", "ghcr.io/a/b:1.2", "localhost:5000/a" + DIGEST, "a/b:1" + DIGEST),
        ("Api:dev", "api:", "api@sha256:123", "a b", "https://ghcr.io/a"),
    ),
    ("Cpu", ("250m", "1", "0.5", "1.25"), ("0", "0m", "50%", "1.2345", 1, "-1")),
    ("Size", ("512Mi", "1Gi", "1000", "2Ti"), ("512MB", "0.5Gi", "0", "1 Gi", 512)),
    ("Duration", ("0s", "200ms", "30d"), ("0", "20", "1.5s", "1h30m", 20)),
    ("CredentialName", ("rpc", "rpc2"), ("RPC", "r-pc", "2rpc", "a" * 21)),
    (
        "Cron",
        ("* * * * *", "15 3 * * *", "*/10 0-6 1,15 JAN-MAR mon", "0 0 * * 0", "5 4 * * sun"),
        (
            "* * * *",
            "0 15 3 * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * * 13 *",
            "* * * * 7",
            "5-1 * * * *",
            "*/0 * * * *",
            "*/90 * * * *",
            "*  * * * *",
            "@daily",
            "every day",
            "* * FEB * *",
        ),
    ),
    ("TimeZone", ("Etc/UTC", "Europe/Berlin", "America/Argentina/Salta", "UTC"), ("utc", "Europe/", "Local time")),
    ("Cidr", ("10.0.0.0/8", "2001:db8::/32"), ("10.0.0.1/8", "10.0.0.0/33", "example.com")),
    ("CidrPort", ("10.0.0.1/32:6443",), ("10.0.0.1/32", "10.0.0.1/32:0", "10.0.0.1/32:x", "10.0.0.1/8:443")),
    ("Hostname", ("api.example.com",), ("api", "API.example.com", "-a.example.com", "a.1")),
    ("Retention", ("30d", "4w", "12m"), ("30", "1 month", "0d", "30D", 30)),
    (
        "PointInTime",
        ("2026-11-25T01:29:59Z", "2026-11-25 01:29:59+01:00"),
        ("2026-11-25T01:29:59", "yesterday", "2026-11-25", 5),
    ),
    ("KubernetesVersion", ("1.36",), ("1.3", "v1.36", "2.10", 1.36)),
]


@pytest.mark.parametrize(("word", "value"), [(w, v) for w, good, _ in WORDS for v in good])
def test_a_word_accepts(word: str, value: Any) -> None:
    assert TypeAdapter(getattr(vocabulary, word)).validate_python(value, strict=True) == value


@pytest.mark.parametrize(("word", "value"), [(w, v) for w, _, bad in WORDS for v in bad])
def test_a_word_refuses(word: str, value: Any) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(getattr(vocabulary, word)).validate_python(value, strict=True)


def test_the_table_holds_every_word() -> None:
    words = {name for name, value in vars(vocabulary).items() if hasattr(value, "__metadata__") and name[0].isupper()}
    assert words == {word for word, _, _ in WORDS}


@given(st.integers(min_value=1, max_value=10**6))
def test_processor_time_survives_being_written(millis: int) -> None:
    assert cpu_millis(cores(millis)) == millis


@given(st.integers(min_value=1, max_value=2**50))
def test_sizes_survive_being_written(count: int) -> None:
    assert size_bytes(size(count)) == count


@given(st.integers(min_value=1, max_value=10**9))
def test_a_part_of_a_second_counts_as_a_whole_one(span: int) -> None:
    assert (seconds(f"{span}ms") - 1) * 1000 < milliseconds(f"{span}ms") <= seconds(f"{span}ms") * 1000


def test_an_image_is_pinned_by_its_digest_only() -> None:
    assert is_pinned("ghcr.io/a/b:1.0" + DIGEST)
    assert not is_pinned("ghcr.io/a/b:1.0")


def test_footprints_add_up() -> None:
    one = Footprint(cpu=1500, memory=2**30, pods=2, storage=2**40, volume_claims=1)
    assert str(one + one) == "cpu 3, memory 2Gi, pods 4, storage 2Ti, volume claims 2"
