"""Runs in the program's interpreter before the program does; the folder of this file is put on PYTHONPATH by the rehearsal.

Owns three things that the program must not have to know: the garbage collector (a short-lived process is 30 % faster without
it), the project's folder (language hosts before 3.100 do not pass it), and the refusal to read an output for which the
stand-in provider has no source. Imports nothing but the standard library: it also runs in the host's helper processes.
"""

from __future__ import annotations

import gc
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

gc.disable()

_SILENT = "_rehearsal_silent"


def _watch(pulumi: Any, silent: dict[str, list[str]]) -> None:
    """`silent` names the outputs without a source, per type token; `kubernetes:*` stands for every kind not named."""
    resource: Any = importlib.import_module("pulumi.resource")
    register, get = resource.register_resource, pulumi.get

    def register_resource(
        res: Any, ty: str, name: str, custom: bool, remote: bool, new: Any, props: Any, *rest: Any, **kw: Any
    ) -> None:
        outputs = silent.get(ty, silent.get(f"{ty.partition(':')[0]}:*", []))
        register(res, ty, name, custom, remote, new, props, *rest, **kw)
        if custom and outputs:
            res.__dict__[_SILENT] = (ty, name, {o for o in outputs if props.get(o) is None})

    def checked_get(self: Any, name: str) -> Any:
        token, resource_name, outputs = self.__dict__.get(_SILENT, ("", "", ()))
        if name in outputs:
            msg = (
                f"{token} `{resource_name}`: the rehearsal has no source for the output `{name}`, so it can't say what the real "
                "provider would return.\nDo without it, or add its value and the source of that to rehearsal/providers"
            )
            raise pulumi.RunError(msg)
        return get(self, name)

    resource.register_resource = register_resource
    pulumi.get = checked_get


class _AfterImport(importlib.abc.MetaPathFinder):
    """Calls `_watch` once `pulumi` has been imported, whoever imports it."""

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None, /
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != "pulumi":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is None or spec.loader is None:
            return spec
        loader: Any = spec.loader
        execute = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            _watch(module, json.loads(Path(os.environ["SLIPWAY_REHEARSAL_SILENT"]).read_text(encoding="utf-8")))

        loader.exec_module = exec_module
        return spec


def _name_project_folder(folder: str) -> None:
    """Under the host's own flag, so that `pulumi.get_root_directory()` answers as it does under a current host."""
    program = sys.argv and Path(sys.argv[0]).name == "pulumi-language-python-exec"
    if program and not any(a.startswith("--root_directory") for a in sys.argv):
        sys.argv[1:1] = ["--root_directory", folder]


if "SLIPWAY_REHEARSAL_SILENT" in os.environ:
    sys.meta_path.insert(0, _AfterImport())
    _name_project_folder(os.environ["SLIPWAY_REHEARSAL_PROJECT"])
