"""Property values between the engine's protobuf form and plain Python.

Owns: the two conversions and the mark of a value that is not known yet. Secrets never arrive wrapped: the stand-ins tell the
engine that they don't accept them, so it unwraps values before a call and marks the answer by the same paths again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from google.protobuf import struct_pb2

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""The engine's own mark (sdk/go/common/resource/plugin, `UnknownStringValue`)."""

Properties = dict[str, Any]


def to_python(struct: struct_pb2.Struct) -> Properties:
    return {key: _from_value(value) for key, value in struct.fields.items()}


def _from_value(value: struct_pb2.Value) -> Any:
    match value.WhichOneof("kind"):
        case "string_value":
            return value.string_value
        case "struct_value":
            return {k: _from_value(v) for k, v in value.struct_value.fields.items()}
        case "list_value":
            return [_from_value(v) for v in value.list_value.values]
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "bool_value":
            return value.bool_value
        case _:
            return None


def to_struct(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    struct = struct_pb2.Struct()
    fill(struct, properties)
    return struct


def fill(struct: struct_pb2.Struct, properties: Mapping[str, Any]) -> None:
    """Sets the named fields of `struct` and leaves its others as they are."""
    fields = struct.fields
    for key, value in properties.items():
        _into(fields[key], value)


def _into(target: struct_pb2.Value, value: Any) -> None:
    match value:
        case None:
            target.null_value = struct_pb2.NULL_VALUE
        case bool():
            target.bool_value = value
        case int() | float():
            target.number_value = value
        case str():
            target.string_value = value
        case dict():
            target.struct_value.Clear()
            fill(target.struct_value, mapping(value))
        case _:
            target.list_value.Clear()
            for item in value:
                _into(target.list_value.values.add(), item)


def mapping(value: Any) -> Properties:
    """A mapping as it is, and nothing for whatever stands in its place."""
    return cast("Properties", value) if isinstance(value, dict) else {}


def sequence(value: Any) -> list[Any]:
    """A list as it is, and nothing for whatever stands in its place."""
    return cast("list[Any]", value) if isinstance(value, list) else []


def has_unknown(value: Any) -> bool:
    match value:
        case str():
            return value == UNKNOWN
        case dict():
            return any(has_unknown(v) for v in mapping(value).values())
        case list():
            return any(has_unknown(v) for v in sequence(value))
        case _:
            return False
