"""Variables that a stack file gives an app: a text, a secret that is set, or one that the stack makes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from components.vocabulary import SecretName, Spec


class SecretRef(Spec):
    """A value of the stack file's `secrets`."""

    secret: SecretName
    """Its name there."""
    deliver: Literal["file", "env"] = "file"
    """`file`: /run/secrets/NAME and NAME_FILE. `env`: the variable itself, readable by whoever may inspect the workload."""


class GeneratedSecret(Spec):
    """A value that the stack makes once and keeps."""

    generate: int = Field(ge=16, le=128, examples=[32])
    """Length, in letters and digits. Changing it makes a new value, and is refused by protection."""
    deliver: Literal["file", "env"] = "file"
    """As for a named secret."""


def _form_of_value(value: Any) -> str | None:
    match value:
        case str():
            return "text"
        case SecretRef() | {"secret": _}:
            return "secret"
        case GeneratedSecret() | {"generate": _}:
            return "generate"
        case _:
            return None


EnvValue = Annotated[
    Annotated[str, Tag("text")] | Annotated[SecretRef, Tag("secret")] | Annotated[GeneratedSecret, Tag("generate")],
    Discriminator(
        _form_of_value,
        custom_error_type="form",
        custom_error_message="must be a text (quote numbers, booleans and dates), {secret: NAME} or {generate: LENGTH}",
    ),
    Field(examples=['"8000"', "{secret: coin_api_key}", "{generate: 32}"]),
]
