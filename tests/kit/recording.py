"""Runs a program without an engine and records everything that it registers, options included.

Pulumi's own mocks give neither options nor parents, and let a second resource overwrite the first one of its URN.
Every recording stands alone: settings, configuration and root stack live in a context of its own.
"""

from __future__ import annotations

import asyncio
import contextvars
import json
import os
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn, cast

from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime import config as runtime_config
from pulumi.runtime import mocks, rpc, settings
from pulumi.runtime import stack as runtime_stack
from pulumi.runtime.proto import alias_pb2, resource_pb2

from tests.kit import stand_ins
from tests.kit.recorded import Recording, Resource, Secret, Unknown

__all__ = ["Recording", "Resource", "Secret", "Unknown", "record"]

STACK = "pulumi:pulumi:Stack"


def record(
    program: Callable[[], object],
    *,
    project: str = "blocksight",
    stack: str = "prod",
    preview: bool = False,
    config: Mapping[str, str] | None = None,
    secret_keys: Sequence[str] = (),
    root: Path | None = None,
) -> Recording:
    """What a program registers. `config` is handed over as the engine does (whole keys, JSON text for mappings).

    Raises what the program raises, in an `apply` too, after everything under way has ended.
    """
    monitor = _Monitor(project, stack, preview=preview)
    values = dict(config or {})

    def run() -> None:
        _configure(monitor, project, stack, root or Path.cwd(), preview=preview)
        runtime_config.set_all_config(values, list(secret_keys))
        _run(program)

    with _environment(PULUMI_CONFIG=json.dumps(values), PULUMI_CONFIG_SECRET_KEYS=json.dumps(list(secret_keys))):
        contextvars.copy_context().run(run)
    return monitor.recording()


def _configure(monitor: _Monitor, project: str, stack: str, root: Path, *, preview: bool) -> None:
    """Points the SDK at the monitor. Its settings are context variables: this holds in the current context alone."""
    settings.configure(
        mocks.MockSettings(
            monitor=monitor,
            monitor_features=set[int](),
            engine=mocks.MockEngine(None),
            project=project,
            stack=stack,
            dry_run=preview,
            organization="organization",
            root_directory=str(root),
            callbacks=None,
            outputs=set[object](),
            lock=threading.Lock(),
            package_refs=dict[str, str](),
        )
    )
    settings.ROOT.set(None)


def _run(program: Callable[[], object]) -> None:
    """As the language host runs a program: below a root stack, to the last RPC and the last `apply`."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(runtime_stack.run_in_stack(lambda: _returns_nothing(program)))
    finally:
        _end(loop)


def _end(loop: asyncio.AbstractEventLoop) -> None:
    """Leaves nothing behind: what a failed program abandoned would complain in the middle of a later test."""
    loop.set_exception_handler(lambda _, __: None)  # by now the program's error is on its way to the caller
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_default_executor())
    asyncio.set_event_loop(None)
    loop.close()


def _returns_nothing(program: Callable[[], object]) -> None:
    program()


@contextmanager
def _environment(**variables: str) -> Generator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


class _Monitor(mocks.MockMonitor):
    """Stands where the engine's resource monitor does. Called from several threads at once."""

    def __init__(self, project: str, stack: str, *, preview: bool) -> None:
        super().__init__(cast("mocks.Mocks", None))  # every method that would ask mocks is replaced below
        self._start_of_urns = f"urn:pulumi:{stack}::{project}::"
        self._preview = preview
        self._lock = threading.Lock()
        self._recorded: dict[str, Resource] = {}
        self._outputs: dict[str, Mapping[str, Any]] = {}
        self._stack_urn = ""

    def recording(self) -> Recording:
        """What has been registered so far."""
        resources = [replace(r, outputs=self._outputs.get(r.urn)) for r in self._recorded.values()]
        return Recording(
            resources=tuple(sorted(resources, key=lambda r: (r.type, r.name, r.urn))),
            exports=self._outputs.get(self._stack_urn, {}),
        )

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """As the engine makes them: all types on the way down, without the stack's."""
        above = parent.split("::")[2] if parent else STACK
        qualified = type_ if above == STACK else f"{above}${type_}"
        return f"{self._start_of_urns}{qualified}::{name}"

    def RegisterResource(  # noqa: N802  # the gRPC method's name
        self, request: resource_pb2.RegisterResourceRequest
    ) -> resource_pb2.RegisterResourceResponse:
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type == STACK:
            self._stack_urn = urn
            return resource_pb2.RegisterResourceResponse(urn=urn)
        resource = self._resource(urn, request)
        with self._lock:
            if urn in self._recorded:
                msg = f"two resources have the URN {urn}; give one of them another name"
                raise AssertionError(msg)
            self._recorded[urn] = resource
        state = struct_pb2.Struct()
        state.CopyFrom(request.object)
        if not request.custom or self._preview:
            return resource_pb2.RegisterResourceResponse(urn=urn, id="", object=state)
        state.update(stand_ins.outputs(request.type, request.name, resource.inputs))
        for name in request.additionalSecretOutputs:
            _hide(state, name)
        return resource_pb2.RegisterResourceResponse(urn=urn, id=f"{request.name}-id", object=state)

    def RegisterResourceOutputs(  # noqa: N802  # the gRPC method's name
        self, request: resource_pb2.RegisterResourceOutputsRequest
    ) -> empty_pb2.Empty:
        with self._lock:
            if request.urn in self._outputs:
                msg = f"register_outputs is called twice for {request.urn}"
                raise AssertionError(msg)
            self._outputs[request.urn] = _mapping(request.outputs)
        return empty_pb2.Empty()

    def ReadResource(self, request: resource_pb2.ReadResourceRequest) -> NoReturn:  # noqa: N802  # the gRPC method's name
        msg = f"the program reads the existing resource {request.name} ({request.type}); a recording has none"
        raise AssertionError(msg)

    def Invoke(self, request: resource_pb2.ResourceInvokeRequest) -> NoReturn:  # noqa: N802  # the gRPC method's name
        msg = f"the program calls the provider function {request.tok}; a recording has no provider to ask"
        raise AssertionError(msg)

    def _resource(self, urn: str, request: resource_pb2.RegisterResourceRequest) -> Resource:
        timeouts = request.customTimeouts
        return Resource(
            urn=urn,
            type=request.type,
            name=request.name,
            parent=None if request.parent in {"", self._stack_urn} else request.parent,
            custom=request.custom,
            inputs=_mapping(request.object),
            protect=request.protect,
            retain_on_delete=request.retainOnDelete,
            dependencies=tuple(sorted(request.dependencies)),
            provider=request.provider.rpartition("::")[0] or None,
            aliases=tuple(map(_alias, request.aliases)),
            ignore_changes=tuple(request.ignoreChanges),
            replace_on_changes=tuple(request.replaceOnChanges),
            delete_before_replace=request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else None,
            replace_with=tuple(request.replace_with),
            deleted_with=request.deletedWith or None,
            custom_timeouts={n: v for n in ("create", "update", "delete") if (v := getattr(timeouts, n))},
            additional_secret_outputs=tuple(request.additionalSecretOutputs),
        )


def _alias(alias: alias_pb2.Alias) -> str:
    if alias.HasField("urn"):
        return alias.urn
    return ", ".join(f"{part.name}={value}" for part, value in alias.spec.ListFields() if value)


def _hide(state: struct_pb2.Struct, name: str) -> None:
    """Marks an output secret, as the engine does with `additional_secret_outputs`."""
    if name in state.fields and not isinstance(_value(state.fields[name]), Secret):
        value = struct_pb2.Value()
        value.CopyFrom(state.fields[name])
        marked = struct_pb2.Struct(fields={"value": value})
        marked.update({rpc._special_sig_key: rpc._special_secret_sig})
        state.fields[name].struct_value.CopyFrom(marked)


def _mapping(struct: struct_pb2.Struct) -> dict[str, Any]:
    return {key: _value(value) for key, value in struct.fields.items()}


def _value(value: struct_pb2.Value) -> Any:
    match value.WhichOneof("kind"):
        case "struct_value":
            return _struct(value.struct_value)
        case "list_value":
            return [_value(item) for item in value.list_value.values]
        case "number_value":
            return int(value.number_value) if value.number_value.is_integer() else value.number_value
        case "string_value" if value.string_value == rpc.UNKNOWN:
            return Unknown()
        case "string_value":
            return value.string_value
        case "bool_value":
            return value.bool_value
        case _:
            return None


def _struct(struct: struct_pb2.Struct) -> Any:
    """A mapping, or what the wire format packs into one."""
    match struct.fields[rpc._special_sig_key].string_value if rpc._special_sig_key in struct.fields else "":
        case rpc._special_secret_sig:
            return Secret(_value(struct.fields["value"]))
        case rpc._special_resource_sig:
            return struct.fields["urn"].string_value
        case _:
            return _mapping(struct)
