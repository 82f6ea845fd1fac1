"""What keeps a contract and what does not, for each type, on both sides of each bound."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter

from components.app_service.contract import AnyVariable

READ: TypeAdapter[AnyVariable] = TypeAdapter(AnyVariable)


@pytest.mark.parametrize(
    ("declared", "kept", "broken"),
    [
        ({}, ("x", " "), ("",)),
        ({"min_length": 0}, ("",), ()),
        ({"min_length": 3}, ("abc",), ("ab",)),
        ({"type": "string", "pattern": "[a-z]+"}, ("abc",), ("aBc", "abc ", "")),
        ({"type": "int"}, ("0", "-7", "007"), ("7.0", "1e3", "", " 7", "+7")),
        ({"type": "int", "min": 1, "max": 9}, ("1", "9"), ("0", "10")),
        ({"type": "number", "min": 0.5, "max": 1}, ("0.5", "1", "0.75"), ("0.4", "1.1", ".5", "1,0", "nan")),
        ({"type": "bool"}, ("true", "false"), ("True", "yes", "1", "")),
        ({"type": "enum", "values": ["debug", "info"]}, ("debug",), ("Debug", "warn", "")),
        (
            {"type": "url"},
            ("http://a", "https://a.example.com:8443/x?y=1"),
            ("a.example.com", "ftp://a", "https://", "https://["),
        ),
        ({"type": "url", "schemes": ["redis"]}, ("redis://a:6379",), ("https://a",)),
        ({"type": "duration"}, ("10s", "1500ms", "2h", "1d"), ("10", "1.5s", "10 s", "")),
    ],
    ids=str,
)
def test_both_sides_of_each_rule(declared: dict[str, Any], kept: tuple[str, ...], broken: tuple[str, ...]) -> None:
    variable = READ.validate_python(declared)
    assert [value for value in kept if variable.wrong(value) is not None] == []
    assert [value for value in broken if variable.wrong(value) is None] == []
    assert {variable.wrong(value) for value in broken} <= {f"must be {variable.form}"}


@pytest.mark.parametrize(
    "declared",
    [
        {"type": "int", "min": 5, "max": 5, "default": "5"},
        {"type": "url", "default": "https://a"},
        {"secret": True, "min_length": 32},
        {"pattern": "[a-z]+", "default": "abc", "required": False},
    ],
    ids=str,
)
def test_a_contract_that_can_be_kept_is_accepted(declared: dict[str, Any]) -> None:
    assert list(READ.validate_python(declared).problems()) == []
