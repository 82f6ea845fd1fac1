"""The JSON Schema of a file of sections, for editors. Knows no section: `config.py` and `cluster/` say which there are."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import create_model

from components.docstrings import describe
from components.vocabulary import Spec
from reading import PROVIDERS


def of(project: str, model: type[Spec], elsewhere: Sequence[str] = ()) -> dict[str, Any]:
    """JSON Schema of a whole stack file: keys carry the project's name. Sections that stand `elsewhere` are left out."""
    sections: dict[str, Any] = {
        f"{project}:{name}": (field.annotation, field)
        for name, field in model.model_fields.items()
        if name not in elsewhere
    }
    config = create_model("Config", **sections).model_json_schema(by_alias=True)
    definitions = config.pop("$defs")
    describe(config["properties"], model, prefix=f"{project}:")
    config["properties"][f"{project}:secrets"] = {
        "type": "object",
        "additionalProperties": {
            "type": "object",
            "required": ["secure"],
            "properties": {"secure": {"type": "string"}},
        },
        "description": "Secrets by name; set with `pulumi config set --secret --path secrets.NAME`.",
    }
    config["patternProperties"] = {f"^({'|'.join(PROVIDERS)}):": {}}
    config["additionalProperties"] = False
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Stack file of {project}",
        "type": "object",
        "properties": {
            "config": config,
            "encryptionsalt": {"type": "string"},
            "secretsprovider": {"type": "string"},
            "encryptedkey": {"type": "string"},
        },
        "additionalProperties": False,
        "$defs": definitions,
    }


def main(schema: Callable[[str], dict[str, Any]]) -> None:
    """Prints the schema of the project in a folder."""
    if sys.argv[1:2] != ["schema"]:
        sys.exit(f"usage: python {Path(sys.argv[0]).name} schema [FOLDER OF Pulumi.yaml]")
    folder = Path(sys.argv[2] if len(sys.argv) > 2 else ".")
    try:
        name = yaml.safe_load((folder / "Pulumi.yaml").read_text(encoding="utf-8"))["name"]
    except OSError:
        sys.exit(f"schema: there is no {folder / 'Pulumi.yaml'}; give the folder of one")
    except (yaml.YAMLError, KeyError, TypeError):
        sys.exit(f"schema: {folder / 'Pulumi.yaml'} is no project: YAML with a `name` is needed")
    json.dump(schema(name), sys.stdout, indent=2)
    sys.stdout.write("\n")
