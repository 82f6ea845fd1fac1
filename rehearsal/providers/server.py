"""`pulumirpc.ResourceProvider` on loopback, one port per package.

Owns: the protocol. What a package does is asked of its stand-in, what exists of `Objects`. The engine opens one connection per
provider resource, and the connection is the only thing that says which configuration a call means.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any

import grpc
from google.protobuf import empty_pb2, struct_pb2
from google.protobuf.message import Message
from pulumi.runtime.proto import plugin_pb2
from pulumi.runtime.proto import provider_pb2 as wire

from rehearsal.objects import Objects, Record
from rehearsal.providers.differ import Change
from rehearsal.providers.docker import DockerStandIn
from rehearsal.providers.kubernetes import KubernetesStandIn
from rehearsal.providers.model import Changes, Failures, MissingError, RefusalError, StandIn, Subject
from rehearsal.providers.randoms import RandomStandIn
from rehearsal.providers.sdk import Package
from rehearsal.providers.structs import Properties, fill, to_python, to_struct

_MESSAGE_LIMIT = 400 * 1024 * 1024
"""That of the engine; gRPC's default of 4 MiB is less than one large ConfigMap and its state."""

_THREADS = 64
"""More than the engine's parallel steps on a large machine: those that wait must not keep out the one that they wait for."""

_PATIENCE = 2.0
"""Seconds that a create waits for its namespace. The real provider tries six times (pulumi/pulumi-kubernetes 9497796
provider/pkg/await/await.go, Creation), so a program that forgets the dependency comes up all the same."""

_REFUSED = {
    "kubernetes": 'resource "{urn}" was not successfully created by the Kubernetes API server: {reason}',
    "docker": "unable to create {kind}: {reason}",
}


def stand_in(package: Package, namespaces: frozenset[str]) -> StandIn:
    match package.name:
        case "kubernetes":
            return KubernetesStandIn(package, namespaces)
        case "docker":
            return DockerStandIn(package)
        case "random":
            return RandomStandIn(package)
        case _:
            return StandIn(package)


class _Provider:
    """The calls about one package. Each gets its message and the configuration of the connection."""

    def __init__(self, behaviour: StandIn, objects: Objects, run: str) -> None:
        self._behaviour = behaviour
        self._objects = objects
        self._run = run
        self._configs: dict[str, Properties] = {}
        self.guessed = False
        """Whether a resource was registered that no stand-in of its own knows."""

    def handler(self) -> grpc.GenericRpcHandler:
        handled = {
            "Attach": self._unary(plugin_pb2.PluginAttach, lambda _request, _config: empty_pb2.Empty()),
            "Cancel": self._unary(empty_pb2.Empty, lambda _request, _config: empty_pb2.Empty()),
            "Check": self._unary(wire.CheckRequest, self._check),
            "CheckConfig": self._unary(wire.CheckRequest, self._check_config),
            "Configure": grpc.unary_unary_rpc_method_handler(
                self._configure, wire.ConfigureRequest.FromString, wire.ConfigureResponse.SerializeToString
            ),
            "Construct": self._unary(wire.ConstructRequest, self._construct),
            "Create": self._unary(wire.CreateRequest, self._create),
            "Delete": self._unary(wire.DeleteRequest, self._delete),
            "Diff": self._unary(wire.DiffRequest, self._diff),
            "DiffConfig": self._unary(wire.DiffRequest, self._diff_config),
            "GetPluginInfo": self._unary(empty_pb2.Empty, self._plugin_info),
            "GetSchema": self._unary(
                wire.GetSchemaRequest, lambda _request, _config: wire.GetSchemaResponse(schema="{}")
            ),
            "Handshake": self._unary(
                wire.ProviderHandshakeRequest, lambda _request, _config: wire.ProviderHandshakeResponse()
            ),
            "Invoke": self._unary(wire.InvokeRequest, self._invoke),
            "Read": self._unary(wire.ReadRequest, self._read),
            "Update": self._unary(wire.UpdateRequest, self._update),
        }
        return grpc.method_handlers_generic_handler("pulumirpc.ResourceProvider", handled)

    def _unary(
        self, request: type[Message], answer: Callable[[Any, Properties], Message]
    ) -> grpc.RpcMethodHandler[Any, Any]:
        def handle(message: Any, context: grpc.ServicerContext) -> Message:
            try:
                return answer(message, self._configs.get(context.peer(), {}))
            except RefusalError as refusal:
                context.abort(grpc.StatusCode.UNKNOWN, str(refusal))

        return grpc.unary_unary_rpc_method_handler(
            handle, request.FromString, lambda message: message.SerializeToString()
        )

    def _plugin_info(self, _request: empty_pb2.Empty, _config: Properties) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=self._behaviour.package.version)

    def _check_config(self, request: wire.CheckRequest, _config: Properties) -> wire.CheckResponse:
        failures = self._behaviour.config_failures(request.urn, to_python(request.news))
        return wire.CheckResponse(inputs=request.news, failures=_failures(failures))

    def _diff_config(self, request: wire.DiffRequest, _config: Properties) -> wire.DiffResponse:
        olds, news = to_python(request.old_inputs), to_python(request.news)
        changed = [key for key in sorted({*olds, *news}) if olds.get(key) != news.get(key)]
        return wire.DiffResponse(
            changes=wire.DiffResponse.DIFF_SOME if changed else wire.DiffResponse.DIFF_NONE,
            diffs=changed,
            replaces=self._behaviour.config_replaces(olds, news),
        )

    def _configure(self, request: wire.ConfigureRequest, context: grpc.ServicerContext) -> wire.ConfigureResponse:
        self._configs[context.peer()] = to_python(request.args)
        return wire.ConfigureResponse(supportsPreview=True)

    def _check(self, request: wire.CheckRequest, config: Properties) -> wire.CheckResponse:
        subject = _subject(request.urn, request.news, config)
        olds = to_python(request.olds) if request.olds.fields else None
        self.guessed |= type(self._behaviour) is StandIn
        inputs, failures = self._behaviour.check(subject, olds, self._objects.taken)
        return wire.CheckResponse(inputs=_merged(request.news, subject, inputs), failures=_failures(failures))

    def _diff(self, request: wire.DiffRequest, config: Properties) -> wire.DiffResponse:
        if request.old_inputs == request.news:
            return wire.DiffResponse(changes=wire.DiffResponse.DIFF_NONE)
        changes = self._behaviour.diff(_subject(request.urn, request.news, config), to_python(request.old_inputs))
        return _diff_response(changes)

    def _create(self, request: wire.CreateRequest, config: Properties) -> wire.CreateResponse:
        subject = _subject(request.urn, request.properties, config)
        if request.preview:
            planned = self._behaviour.planned(subject, None)
            return wire.CreateResponse(properties=_merged(request.properties, subject, planned))
        try:
            self._admit(subject)
            identifier, outputs = self._behaviour.created(subject, None)
            self._objects.add(self._record(subject, identifier, outputs))
        except RefusalError as refusal:
            raise RefusalError(self._refused(subject, str(refusal))) from None
        return wire.CreateResponse(id=identifier, properties=_merged(request.properties, subject, outputs))

    def _admit(self, subject: Subject) -> None:
        limit = time.monotonic() + _PATIENCE
        while True:
            try:
                return self._behaviour.admit(subject, self._objects.taken)
            except MissingError:
                if time.monotonic() > limit:
                    raise
                time.sleep(0.02)

    def _update(self, request: wire.UpdateRequest, config: Properties) -> wire.UpdateResponse:
        subject = _subject(request.urn, request.news, config)
        before = to_python(request.olds)
        if request.preview:
            planned = self._behaviour.planned(subject, before)
            return wire.UpdateResponse(properties=_merged(request.news, subject, planned))
        _, outputs = self._behaviour.created(subject, before)
        self._objects.replace(self._record(subject, request.id, outputs))
        return wire.UpdateResponse(properties=_merged(request.news, subject, outputs))

    def _delete(self, request: wire.DeleteRequest, config: Properties) -> empty_pb2.Empty:
        inputs = request.old_inputs if request.old_inputs.fields else request.properties
        self._objects.remove(self._record(_subject(request.urn, inputs, config), request.id, {}))
        return empty_pb2.Empty()

    def _read(self, request: wire.ReadRequest, _config: Properties) -> wire.ReadResponse:
        found = self._objects.find(_token(request.urn), request.id)
        if found is None:
            return wire.ReadResponse()
        properties = to_struct(found.outputs)
        return wire.ReadResponse(
            id=found.id, properties=properties, inputs=request.inputs if request.inputs.fields else properties
        )

    def _invoke(self, request: wire.InvokeRequest, _config: Properties) -> Message:
        msg = (
            f"the rehearsal has no source for the function {request.tok}: only the real provider can answer it. "
            "State the value in the stack file instead of looking it up"
        )
        raise RefusalError(msg)

    def _construct(self, request: wire.ConstructRequest, _config: Properties) -> Message:
        msg = (
            f"the rehearsal can't build the component {request.type}: only the real provider knows its children. "
            "Register its resources in the program"
        )
        raise RefusalError(msg)

    def _record(self, subject: Subject, identifier: str, outputs: Properties) -> Record:
        key = self._behaviour.key(subject)
        return Record(subject.token, identifier, subject.urn, self._run, key, outputs)

    def _refused(self, subject: Subject, reason: str) -> str:
        kind = subject.token.rpartition(":")[2].lower()
        return _REFUSED.get(self._behaviour.package.name, "{reason}").format(urn=subject.urn, kind=kind, reason=reason)


def _token(urn: str) -> str:
    """The last type of `urn:pulumi:<stack>::<project>::<parent>$<type>::<name>`."""
    return urn.split("::", 3)[2].rpartition("$")[2]


def _subject(urn: str, inputs: struct_pb2.Struct, config: Properties) -> Subject:
    return Subject(urn, _token(urn), to_python(inputs), config)


def _merged(given: struct_pb2.Struct, subject: Subject, changed: Mapping[str, Any]) -> struct_pb2.Struct:
    """The inputs as they came, and over them what the stand-in changed: copying a message costs less than building it anew."""
    result = struct_pb2.Struct()
    result.CopyFrom(given)
    fill(result, {k: v for k, v in changed.items() if v is not subject.inputs.get(k)})
    return result


def _failures(failures: Failures) -> list[wire.CheckFailure]:
    return [wire.CheckFailure(property=name, reason=reason) for name, reason in failures]


def _diff_response(changes: Changes) -> wire.DiffResponse:
    response = wire.DiffResponse(
        changes=wire.DiffResponse.DIFF_SOME if changes.paths else wire.DiffResponse.DIFF_NONE,
        replaces=sorted(changes.replaces),
        deleteBeforeReplace=changes.delete_first,
        hasDetailedDiff=True,
        diffs=sorted({path.replace("[", ".").partition(".")[0] for path in changes.paths}),
    )
    for path, kind in changes.paths.items():
        replacing = 1 if path in changes.replaces else 0
        response.detailedDiff[path].kind = wire.PropertyDiff.Kind.ValueType(kind + replacing)
        response.detailedDiff[path].inputDiff = kind == Change.DELETE
    return response


class Servers:
    """Context manager: all packages served while it is open."""

    def __init__(self, packages: Mapping[str, Package], objects: Objects, namespaces: frozenset[str], run: str) -> None:
        self._run = run
        self._packages = packages
        self._objects = objects
        self._namespaces = namespaces
        self._servers: list[grpc.Server] = []
        self._providers: dict[str, _Provider] = {}
        self.addresses = ""
        """Value of PULUMI_DEBUG_PROVIDERS."""

    def __enter__(self) -> Servers:
        ports: list[str] = []
        options = [
            ("grpc.max_receive_message_length", _MESSAGE_LIMIT),
            ("grpc.max_send_message_length", _MESSAGE_LIMIT),
        ]
        for name, package in sorted(self._packages.items()):
            server = grpc.server(ThreadPoolExecutor(_THREADS, f"stand-in-{name}"), options=options)
            provider = _Provider(stand_in(package, self._namespaces), self._objects, self._run)
            self._providers[name] = provider
            server.add_generic_rpc_handlers((provider.handler(),))
            ports.append(f"{name}:{server.add_insecure_port('127.0.0.1:0')}")
            server.start()
            self._servers.append(server)
        self.addresses = ",".join(ports)
        return self

    def guessed(self) -> list[str]:
        """Packages in use whose replacements and outputs nobody has described."""
        return [name for name, provider in self._providers.items() if provider.guessed]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for stopping in [server.stop(grace=None) for server in self._servers]:
            stopping.wait()
