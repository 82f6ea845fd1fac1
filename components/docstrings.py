"""The lines below a spec's fields, as descriptions in its JSON Schema.

Read from the source when a schema is asked for: pydantic's `use_attribute_docstrings` reads them whenever a program starts, which
was a tenth of the whole time of a small stack's tests.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from typing import Any

from pydantic import BaseModel, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema


def of(model: type[BaseModel]) -> dict[str, str]:
    """What stands below each field of a class and of those that it extends, by the field's name."""
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if issubclass(base, BaseModel) and base.__module__ != BaseModel.__module__:
            found.update(_own(base))
    return {name: text for name, text in found.items() if name in model.model_fields}


def describe(properties: dict[str, Any], model: type[BaseModel], prefix: str = "") -> None:
    """Gives the properties of a schema, under their alias if they have one, what stands below the fields they are made from."""
    for name, text in of(model).items():
        key = prefix + (model.model_fields[name].alias or name)
        if key in properties:
            properties[key].setdefault("description", text)


class Documented(BaseModel):
    """Base of models whose JSON Schema carries what stands below their fields; a description that a field states stays."""

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        schema = handler(core_schema)
        describe(handler.resolve_ref_schema(schema).get("properties", {}), cls)
        return schema


def _own(model: type[BaseModel]) -> dict[str, str]:
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(model))).body
    assert isinstance(tree, ast.ClassDef)
    following = zip(tree.body, tree.body[1:], strict=False)
    return {
        field.target.id: inspect.cleandoc(line.value.value)
        for field, line in following
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(line, ast.Expr)
        and isinstance(line.value, ast.Constant)
        and isinstance(line.value.value, str)
    }
