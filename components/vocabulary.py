"""Words that specs are written in: annotated types, each backed by one pure check and one example.

Owns: the syntax and the arithmetic of single values. Leaves to specs what values mean together, and to `config.py` how
a refusal is printed.
"""

from __future__ import annotations

import datetime
import ipaddress
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from components.docstrings import Documented


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is wrong in a stack file, in words a person can act on. Never holds the offending value."""

    path: tuple[str | int, ...]
    """Where, from the stack file's root (or from the spec that reports it)."""
    rule: str
    """What is wrong and what is allowed."""
    example: str | None = None
    """A valid text for that place."""

    def below(self, *parents: str | int) -> Problem:
        """The same problem seen from further out."""
        return Problem(path=(*parents, *self.path), rule=self.rule, example=self.example)


@dataclass(frozen=True)
class OnlyOn:
    """Marks a field that one target alone can honour; the loader refuses it elsewhere and docs/targets.md lists it."""

    target: str
    reason: str
    """Why the other target cannot honour it."""
    harmless: tuple[object, ...] = ()
    """Values that mean the same on every target, and so may be written anywhere."""
    remedy: str = "remove it"
    """What to write instead."""


@dataclass(frozen=True)
class NeededOn:
    """Marks a field that one target cannot do without and the other one cannot honour."""

    target: str
    reason: str


class Spec(Documented):
    """Base of every model that a stack file fills: closed, frozen, its defaults checked like input."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        validate_default=True,
        hide_input_in_errors=True,
        defer_build=True,
    )

    def problems(self) -> Iterable[Problem]:
        """What is wrong between fields that are each valid; paths start at this spec."""
        return ()

    @model_validator(mode="after")
    def _fields_agree(self) -> Self:
        if found := tuple(self.problems()):
            text = "; ".join(f"{'.'.join(map(str, p.path))}: {p.rule}" for p in found)
            raise PydanticCustomError("problems", "{text}", {"text": text, "problems": found})  # noqa: EM101  # the type's name
        return self


def _matches(pattern: str, rule: str, longest: int = 253) -> AfterValidator:
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if len(value) > longest:
            msg = f"has {len(value)} characters, allowed are {longest}"
            raise ValueError(msg)
        if not compiled.fullmatch(value):
            raise ValueError(rule)
        return value

    return AfterValidator(check)


def _sequence(value: Any) -> Any:
    """YAML knows lists only; frozen models keep tuples."""
    return tuple(value) if isinstance(value, list) else value  # pyright: ignore[reportUnknownArgumentType,reportUnknownVariableType]  # raw YAML


Listed = BeforeValidator(_sequence)
"""Put on a tuple field so that a YAML list fills it."""

DnsLabel = Annotated[
    str,
    _matches(
        r"[a-z]([-a-z0-9]*[a-z0-9])?",
        "must be lower-case letters, digits and inner hyphens, starting with a letter",
        63,
    ),
    Field(examples=["api"]),
]
"""DNS-1035 label: what Kubernetes wants of a Service's name. https://kubernetes.io/docs/concepts/overview/working-with-objects/names/"""

PortName = Annotated[
    str,
    _matches(
        r"[a-z]([-a-z0-9]*[a-z0-9])?",
        "must be lower-case letters, digits and inner hyphens, starting with a letter",
        15,
    ),
    Field(examples=["http"]),
]
"""Name of a port, 15 characters at most (RFC 6335)."""

Port = Annotated[int, Field(ge=1, le=65535, examples=[8000])]
"""TCP port."""

DatabaseName = Annotated[
    str,
    _matches(
        r"[a-z]([-a-z0-9]*[a-z0-9])?",
        "must be lower-case letters, digits and inner hyphens, starting with a letter",
        40,
    ),
    Field(examples=["api"]),
]
"""Name of a database: also part of object names, so it takes the characters of a DNS label. Room is left for `-owner`."""

KeyPattern = Annotated[
    str,
    _matches(
        r"\*|[A-Za-z0-9][-_.:A-Za-z0-9]*\*?",
        "must be `*`, a key, or how keys begin followed by `*`: letters, digits and `_ . : -`",
        100,
    ),
    Field(examples=['"session:*"']),
]
"""Keys of a RedisCache: all, one, or those that begin alike."""

VariableName = Annotated[
    str,
    _matches(r"[A-Za-z_][A-Za-z0-9_]*", "must be letters, digits and underscores, not starting with a digit", 128),
    Field(examples=["LOG_LEVEL"]),
]
"""Name of an environment variable."""

VariablePrefix = Annotated[
    str,
    _matches(r"[A-Z][A-Z0-9_]*[A-Z0-9]", "must be capital letters, digits and inner underscores", 40),
    Field(examples=["ANALYTICS"]),
]
"""What the variables of a connection start with."""

SecretName = Annotated[
    str,
    _matches(r"[a-z][a-z0-9_]*", "must be lower-case letters, digits and underscores, starting with a letter", 63),
    Field(examples=["coin_api_key"]),
]
"""A key of the stack file's `secrets`."""

CredentialName = Annotated[
    str,
    _matches(r"[a-z][a-z0-9]*", "must be lower-case letters and digits, starting with a letter", 20),
    Field(examples=["rpc"]),
]
"""A credential that an app gives to those who use it."""

FileName = Annotated[
    str,
    _matches(
        r"[A-Za-z0-9][-._A-Za-z0-9]*", "must be a plain file name: letters, digits, dots, hyphens and underscores", 100
    ),
    Field(examples=["app.toml"]),
]
"""A file's name, without folders."""

AbsolutePath = Annotated[
    str,
    _matches(r"(/[-._A-Za-z0-9]+)+", "must be an absolute path of plain names", 255),
    Field(examples=["/var/cache/app"]),
]
"""A path inside a container."""

UrlPath = Annotated[
    str,
    _matches(r"/[-._~%!$&'()*+,;=:@/A-Za-z0-9]*", "must be a URL path that starts with a slash", 1024),
    Field(examples=["/healthz"]),
]
"""Path of an HTTP request."""

UrlPrefix = Annotated[
    str,
    _matches(r"/|(/[-._~A-Za-z0-9]+)+", "must be `/` or a path of plain names, without a slash at the end", 255),
    Field(examples=["/api"]),
]
"""Start of a request's path, by whole names: `/api` means `/api` and `/api/x`, not `/apix`."""

_DIGEST = r"@sha256:[0-9a-f]{64}"
ImageRef = Annotated[
    str,
    _matches(
        rf"[a-z0-9][-._a-z0-9]*(:[0-9]+)?(/[-._a-z0-9]+)*(:[A-Za-z0-9_][-._A-Za-z0-9]*)?({_DIGEST})?",
        "must be an image reference",
        500,
    ),
    Field(examples=["ghcr.io/blocksight/api@sha256:<64 hex digits>"]),
]
"""An image. On Kubernetes it must name a digest; on Docker a tag is allowed too (images are built locally there)."""


def is_pinned(image: str) -> bool:
    """Whether an image reference names a digest, so that nobody can change what it means."""
    return re.search(_DIGEST + "$", image) is not None


_CPU = re.compile(r"(\d+)m|(\d+(?:\.\d{1,3})?)")
_BYTES = re.compile(r"([1-9]\d*)(Ki|Mi|Gi|Ti|k|M|G|T)?")
_FACTOR = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}
_SPAN = re.compile(r"([1-9]\d*)(ms|s|m|h|d)|0s")
_MILLISECONDS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def cpu_millis(cpu: str) -> int:
    """`250m` -> 250, `1.5` -> 1500. Raises ValueError on anything else."""
    if match := _CPU.fullmatch(cpu):
        millis = int(match[1]) if match[1] else int(Decimal(match[2]) * 1000)
        if millis > 0:
            return millis
    msg = "must be cores or thousandths of a core"
    raise ValueError(msg)


def size_bytes(size: str) -> int:
    """`512Mi` -> 536870912. Raises ValueError on anything but a whole number with a Kubernetes suffix."""
    if match := _BYTES.fullmatch(size):
        return int(match[1]) * _FACTOR[match[2] or ""]
    msg = "must be a whole number with a unit: Ki, Mi, Gi, Ti"
    raise ValueError(msg)


def milliseconds(duration: str) -> int:
    """`200ms` -> 200, `5m` -> 300000. Raises ValueError on anything else."""
    if match := _SPAN.fullmatch(duration):
        return int(match[1]) * _MILLISECONDS[match[2]] if match[1] else 0
    msg = "must be a whole number with a unit: ms, s, m, h, d"
    raise ValueError(msg)


def seconds(duration: str) -> int:
    """`5m` -> 300. A part of a second counts as a whole one."""
    return -(-milliseconds(duration) // 1000)


def _syntax(parse: Callable[[str], object]) -> AfterValidator:
    def check(value: str) -> str:
        parse(value)
        return value

    return AfterValidator(check)


def _network(value: str) -> object:
    try:
        return ipaddress.ip_network(value)
    except ValueError:
        msg = "must be a network in CIDR notation, host bits zero"
        raise ValueError(msg) from None


def _network_port(value: str) -> object:
    network, _, port = value.rpartition(":")
    if not port.isdigit() or not 1 <= int(port) <= 65535:
        msg = "must be a network in CIDR notation, a colon and a port"
        raise ValueError(msg)
    return _network(network)


def _point_in_time(value: str) -> object:
    try:
        moment = datetime.datetime.fromisoformat(value)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        msg = "must be a moment in ISO 8601 with its zone, quoted"
        raise ValueError(msg)
    return moment


_CRON_WORDS = {
    3: ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"),
    4: ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"),
}
_CRON_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day of month", 1, 31), ("month", 1, 12), ("day of week", 0, 6))
_CRON_TERM = re.compile(r"(?:\*|(?P<low>\w+)(?:-(?P<high>\w+))?)(?:/(?P<step>[1-9]\d*))?")


def cron_fields(cron: str) -> tuple[str, ...]:
    """`15 3 * * *` -> its five fields. Raises ValueError on what Kubernetes would refuse, or would never run."""
    fields = tuple(cron.split(" "))
    if len(fields) != len(_CRON_FIELDS):
        msg = "must be five fields with one space between: minute, hour, day of month, month, day of week"
        raise ValueError(msg)
    for index, (field, (what, lowest, highest)) in enumerate(zip(fields, _CRON_FIELDS, strict=True)):
        words = _CRON_WORDS.get(index, ())
        if not all(_cron_term(term, words, lowest, highest) for term in field.split(",")):
            named = f" or {words[0]} to {words[-1]}" if words else ""
            msg = f"has no valid {what}: *, {lowest} to {highest}{named}, ranges (1-5), steps (*/10) and lists (1,15)"
            raise ValueError(msg)
    return fields


def _cron_term(term: str, words: tuple[str, ...], lowest: int, highest: int) -> bool:
    if (match := _CRON_TERM.fullmatch(term)) is None:
        return False
    ends = [_cron_number(end, words, lowest) for end in (match["low"], match["high"]) if end is not None]
    step = int(match["step"] or 1)
    return all(lowest <= end <= highest for end in ends) and ends == sorted(ends) and step <= highest


def _cron_number(text: str, words: tuple[str, ...], lowest: int) -> int:
    if text.upper() in words:
        return words.index(text.upper()) + lowest
    return int(text) if text.isdigit() else -1


Cpu = Annotated[str, _syntax(cpu_millis), Field(examples=["250m"])]
"""Processor time: cores or thousandths of a core."""
Size = Annotated[str, _syntax(size_bytes), Field(examples=["512Mi"])]
"""Bytes of memory or storage, with a Kubernetes unit."""
Duration = Annotated[str, _syntax(milliseconds), Field(examples=["30s"])]
"""A span of time with its unit."""
Cron = Annotated[str, _syntax(cron_fields), Field(examples=['"15 3 * * *"'])]
"""When to run: five fields, as in crontab(5). https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/"""
TimeZone = Annotated[
    str,
    _matches(r"[A-Z][A-Za-z_]+(/[A-Z][-+A-Za-z0-9_]+){0,2}", "must be a name of the time zone database", 64),
    Field(examples=["Etc/UTC"]),
]
"""Time zone by name. https://www.iana.org/time-zones"""
Cidr = Annotated[str, _syntax(_network), Field(examples=["10.0.0.0/8"])]
"""An IP network."""
CidrPort = Annotated[str, _syntax(_network_port), Field(examples=["10.0.0.1/32:6443"])]
"""An IP network and a port."""
Hostname = Annotated[
    str,
    _matches(r"([a-z0-9]([-a-z0-9]*[a-z0-9])?\.)+[a-z][-a-z0-9]*[a-z0-9]", "must be a full host name in lower case"),
    Field(examples=["api.example.com"]),
]
"""A fully qualified host name."""
CertificateHost = Annotated[
    str,
    _matches(
        r"(\*\.)?([a-z0-9]([-a-z0-9]*[a-z0-9])?\.)+[a-z][-a-z0-9]*[a-z0-9]",
        "must be a full host name in lower case, whose first label may be `*`",
    ),
    Field(examples=["*.example.com"]),
]
"""A name that a certificate is for."""
KubernetesVersion = Annotated[
    str, _matches(r"1\.\d{2}", "must be a minor version of Kubernetes, quoted"), Field(examples=['"1.36"'])
]
"""Minor version of Kubernetes."""

Retention = Annotated[
    str,
    _matches(r"[1-9][0-9]*[dwm]", "must be a whole number of days, weeks or months without a space: d, w or m"),
    Field(examples=["30d"]),
]
"""How long backups are kept."""
PointInTime = Annotated[str, _syntax(_point_in_time), Field(examples=['"2026-11-25T01:29:59Z"'])]
"""A moment with its zone, quoted: a restore that guesses the zone is wrong by hours."""


class NamedSecret(Spec):
    """A secret by its name: the value stays in the stack file's `secrets`, encrypted to the end."""

    secret: SecretName = Field(examples=["promotion_token"])
    """Key of `secrets`."""
