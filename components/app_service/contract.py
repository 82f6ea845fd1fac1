"""The environment contract of an app: which variables it reads, of what form, the same for every stack of a platform.

Owns: the words of a contract, and holding one app of one stack to it. It stands in Pulumi.yaml (`config: contracts:`),
the values in the stack files. Leaves alone: the value of a secret, which never enters a spec.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import pulumi
from pydantic import Discriminator, Field, Tag

from components.app_service.connects_to import delivered_by
from components.app_service.env import GeneratedSecret, SecretRef
from components.app_service.metrics import PUSH_VARIABLE
from components.app_service.spec import AppServiceSpec
from components.vocabulary import Listed, Problem, Spec, VariableName, milliseconds

STAND_IN = re.compile(r"rehearsal-[0-9a-f]{16}")
"""What a rehearsal puts in a secret's place; its form says nothing about the secret's."""


class _Variable(Spec):
    required: bool = True
    """Whether every stack must set it; what has a default need not be set."""
    default: str | None = Field(default=None, examples=['"info"'])
    """What the app is told where a stack file says nothing."""
    secret: bool = False
    """Whether a stack file must give it as {secret: NAME} or {generate: LENGTH}, never as text."""
    about: str | None = Field(default=None, examples=["where mails are sent"])
    """What it is for; stands in the `.env` template."""

    def wrong(self, value: str) -> str | None:
        """What is wrong with a text as this variable's value; None for nothing."""
        raise NotImplementedError

    @property
    def form(self) -> str:
        """The rule in a few words."""
        raise NotImplementedError

    def problems(self) -> Iterable[Problem]:
        if self.default is not None and self.secret:
            yield Problem(path=("default",), rule="would be a secret in plaintext; remove it")
        elif self.default is not None and (wrong := self.wrong(self.default)) is not None:
            yield Problem(path=("default",), rule=wrong)


class TextVariable(_Variable):
    """Any text, within bounds."""

    type: Literal["string"] = "string"
    """What sort of value it is."""
    pattern: str | None = Field(default=None, examples=["'[a-z-]+'"])
    """Regular expression that the whole text must match."""
    min_length: int = Field(default=1, ge=0, le=4096, examples=[32])
    """Fewest characters; of a generated secret too."""

    @property
    def form(self) -> str:
        return f"text of {self.min_length} or more characters" + (f" like {self.pattern}" if self.pattern else "")

    def wrong(self, value: str) -> str | None:
        fits = self.pattern is None or re.fullmatch(self.pattern, value) is not None
        return None if fits and len(value) >= self.min_length else f"must be {self.form}"

    def problems(self) -> Iterable[Problem]:
        try:
            re.compile(self.pattern or "")
        except re.error:
            yield Problem(path=("pattern",), rule="is no regular expression", example="'[a-z-]+'")
            return
        yield from super().problems()


class NumberVariable(_Variable):
    """A number, whole or not, within bounds."""

    type: Literal["int", "number"]
    """What sort of value it is."""
    min: float | int | None = Field(default=None, examples=[1])
    """Least value."""
    max: float | int | None = Field(default=None, examples=[65535])
    """Greatest value."""

    @property
    def form(self) -> str:
        ends = [f"{word} {end}" for word, end in (("from", self.min), ("to", self.max)) if end is not None]
        return " ".join(["a whole number" if self.type == "int" else "a number", *ends])

    def wrong(self, value: str) -> str | None:
        pattern = r"-?\d+" if self.type == "int" else r"-?\d+(\.\d+)?"
        if re.fullmatch(pattern, value) is None:
            return f"must be {self.form}"
        low = self.min is None or float(value) >= self.min
        high = self.max is None or float(value) <= self.max
        return None if low and high else f"must be {self.form}"

    def problems(self) -> Iterable[Problem]:
        if self.min is not None and self.max is not None and self.min > self.max:
            yield Problem(path=("max",), rule=f"must be min ({self.min}) or more: no value would keep the contract")
            return
        yield from super().problems()


class WordVariable(_Variable):
    """One of a few words."""

    type: Literal["enum"]
    """What sort of value it is."""
    values: Annotated[tuple[str, ...], Listed] = Field(min_length=1, examples=["[debug, info]"])
    """The words."""

    @property
    def form(self) -> str:
        return f"one of {', '.join(self.values)}"

    def wrong(self, value: str) -> str | None:
        return None if value in self.values else f"must be {self.form}"


class UrlVariable(_Variable):
    """An absolute URL."""

    type: Literal["url"]
    """What sort of value it is."""
    schemes: Annotated[tuple[str, ...], Listed] = Field(default=("https", "http"), min_length=1, examples=["[https]"])
    """What it may begin with."""

    @property
    def form(self) -> str:
        return f"a URL with a host ({', '.join(self.schemes)})"

    def wrong(self, value: str) -> str | None:
        try:
            parts = urlsplit(value)
        except ValueError:
            return f"must be {self.form}"
        return None if parts.scheme in self.schemes and parts.hostname else f"must be {self.form}"


class PlainVariable(_Variable):
    """A truth value, or a span of time."""

    type: Literal["bool", "duration"]
    """What sort of value it is."""

    @property
    def form(self) -> str:
        return "true or false" if self.type == "bool" else "a whole number with a unit: ms, s, m, h, d"

    def wrong(self, value: str) -> str | None:
        if self.type == "bool":
            return None if value in ("true", "false") else f"must be {self.form}"
        try:
            milliseconds(value)
        except ValueError:
            return f"must be {self.form}"
        return None


_FORMS = {
    "string": "string",
    **dict.fromkeys(("int", "number"), "number"),
    "enum": "enum",
    "url": "url",
    **dict.fromkeys(("bool", "duration"), "plain"),
}


def _form(value: Any) -> str | None:
    match value:
        case _Variable():
            return _FORMS[str(getattr(value, "type", ""))]
        case {"type": str(word)}:
            return _FORMS.get(word)
        case {"type": _}:
            return None
        case dict():
            return "string"
        case _:
            return None


Variable = (
    Annotated[TextVariable, Tag("string")]
    | Annotated[NumberVariable, Tag("number")]
    | Annotated[WordVariable, Tag("enum")]
    | Annotated[UrlVariable, Tag("url")]
    | Annotated[PlainVariable, Tag("plain")]
)
AnyVariable = Annotated[
    Variable,
    Discriminator(
        _form,
        custom_error_type="form",
        custom_error_message="must be a mapping with a `type` of bool, duration, enum, int, number, string (the default) or url",
    ),
    Field(examples=["{type: int, default: '8000'}"]),
]
Contract = Mapping[VariableName, AnyVariable]
"""Variables of one app, by name."""


def defaults(contract: Contract, spec: AppServiceSpec) -> dict[str, str]:
    """What the contract says where the stack file says nothing."""
    taken = {*spec.env, *delivered(spec)}
    return {n: v.default for n, v in sorted(contract.items()) if v.default is not None and n not in taken}


def delivered(spec: AppServiceSpec) -> frozenset[str]:
    """Variables that the stack brings, by the name of what they are about: a secret that comes as a file counts too."""
    pushed = (PUSH_VARIABLE,) if spec.pushes else ()
    return frozenset((*pushed, *(name for connection in spec.connects_to for name in delivered_by(connection))))


def violations(contract: Contract, spec: AppServiceSpec) -> Iterator[Problem]:
    """Everything in which an app of a stack does not keep its contract; paths start at the app."""
    there = delivered(spec)
    for name, variable in sorted(contract.items()):
        needed = variable.required and variable.default is None
        if needed and name not in spec.env and name not in there:
            about = f" ({variable.about})" if variable.about else ""
            kind = "a secret, " if variable.secret else ""
            yield Problem(
                path=("env",),
                rule=f"lacks {name}{about}, which the contract wants: {kind}{variable.form}",
                example=f"{name}: {'{generate: 32}' if variable.secret else '...'}",
            )
    for name, entry in sorted(spec.env.items()):
        if name not in contract:
            close = difflib.get_close_matches(name, contract, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            yield Problem(
                path=("env", name), rule=f"is not in the app's contract{hint}; add it in Pulumi.yaml, or remove it"
            )
            continue
        yield from _entry(name, entry, contract[name])


def kept_to(contract: Contract, app: str, variable: str, secret: str, value: str) -> str:
    """A named secret's value, once it is known. Raises pulumi.RunError if its form is not the contract's; never with the value."""
    wrong = contract[variable].wrong(value) if variable in contract else None
    if wrong is None or STAND_IN.fullmatch(value) is not None:
        return value
    msg = (
        f"app_services.{app}.env.{variable}: secrets.{secret} {wrong}, says the contract; set it anew: "
        f"pulumi config set --secret --path {pulumi.get_project()}:secrets.{secret}"
    )
    raise pulumi.RunError(msg)


def _entry(name: str, entry: str | SecretRef | GeneratedSecret, variable: Variable) -> Iterator[Problem]:
    match entry:
        case str() if variable.secret:
            yield Problem(
                path=("env", name),
                rule="is a secret by the contract and stands here as text",
                example="{secret: coin_api_key}",
            )
        case str():
            if (wrong := variable.wrong(entry)) is not None:
                yield Problem(path=("env", name), rule=f"{wrong}, says the contract")
        case GeneratedSecret(generate=length):
            if not isinstance(variable, TextVariable) or variable.pattern is not None:
                yield Problem(
                    path=("env", name),
                    rule=f"is generated, and that is letters and digits; the contract wants {variable.form}",
                )
            elif length < variable.min_length:
                yield Problem(
                    path=("env", name, "generate"),
                    rule=f"must be {variable.min_length} or more, says the contract",
                    example=str(variable.min_length),
                )
        case SecretRef():
            pass
