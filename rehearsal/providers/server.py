"""`pulumirpc.ResourceProvider` on loopback, one port per package.

Owns: the protocol. What a package does is asked of its stand-in, what exists of `Objects`. The engine opens one connection per
provider resource, and the connection is the only thing that says which configuration a call means.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any

import grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from rehearsal.objects import Objects, Record
from rehearsal.providers.docker import DockerStandIn
from rehearsal.providers.kubernetes import KubernetesStandIn
from rehearsal.providers.model import Change, Changes, RefusalError, StandIn, Subject
from rehearsal.providers.randoms import RandomStandIn
from rehearsal.providers.sdk import Package
from rehearsal.providers.structs import Properties, fill, to_python, to_struct
from rehearsal.providers.unknown import EchoStandIn

_MESSAGE_LIMIT = 400 * 1024 * 1024
"""That of the engine; the default of 4 MiB is less than one large ConfigMap and its state."""

_THREADS = 16

_PREFIX = {
    "kubernetes": 'resource "{urn}" was not successfully created by the Kubernetes API server: {reason}',
    "docker": "unable to create {kind}: Conflict. The name {reason}",
}


def stand_in(package: Package, namespaces: frozenset[str]) -> StandIn:
    match package.name:
        case "kubernetes":
            return KubernetesStandIn(namespaces)
        case "docker":
            return DockerStandIn(package)
        case "random":
            return RandomStandIn(package)
        case _:
            return EchoStandIn(package)


class _Servicer(provider_pb2_grpc.ResourceProviderServicer):
    def __init__(self, package: Package, behaviour: StandIn, objects: Objects, run: Callable[[], str]) -> None:
        self._package = package
        self._behaviour = behaviour
        self._objects = objects
        self._run = run
        self._configs: dict[str, Properties] = {}

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.ProviderHandshakeResponse:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=False)

    def Attach(self, request: Any, context: grpc.ServicerContext) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=self._package.version)

    def GetSchema(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.GetSchemaResponse:
        return provider_pb2.GetSchemaResponse(schema="{}")

    def CheckConfig(self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext) -> provider_pb2.CheckResponse:
        failures = self._behaviour.config_failures(request.urn, to_python(request.news))
        return provider_pb2.CheckResponse(inputs=request.news, failures=_failures(failures))

    def DiffConfig(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:
        olds, news = to_python(request.old_inputs), to_python(request.news)
        changed = [key for key in sorted({*olds, *news}) if olds.get(key) != news.get(key)]
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE,
            diffs=changed,
            replaces=self._behaviour.config_replaces(olds, news),
        )

    def Configure(self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext) -> provider_pb2.ConfigureResponse:
        self._configs[context.peer()] = to_python(request.args)
        return provider_pb2.ConfigureResponse(acceptSecrets=False, supportsPreview=True, acceptResources=False, acceptOutputs=False)

    def Check(self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext) -> provider_pb2.CheckResponse:
        subject = self._subject(request.urn, request.news, context)
        olds = to_python(request.olds) if request.HasField("olds") and request.olds.fields else None
        inputs, failures = self._behaviour.check(subject, olds, self._objects.taken)
        response = provider_pb2.CheckResponse(inputs=request.news, failures=_failures(failures))
        fill(response.inputs, {k: v for k, v in inputs.items() if v is not subject.inputs.get(k)})
        return response

    def Diff(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:
        if request.old_inputs == request.news:
            return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)
        subject = self._subject(request.urn, request.news, context)
        changes = self._behaviour.diff(subject, to_python(request.old_inputs))
        return _diff_response(changes)

    def Create(self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext) -> provider_pb2.CreateResponse:
        subject = self._subject(request.urn, request.properties, context)
        if request.preview:
            return provider_pb2.CreateResponse(properties=_merged(request.properties, subject, self._behaviour.planned(subject, None)))
        try:
            self._behaviour.admit(subject, self._objects.taken)
            identifier, outputs = self._behaviour.created(subject, None)
            self._objects.add(self._record(subject, identifier, outputs))
        except RefusalError as refusal:
            context.abort(grpc.StatusCode.UNKNOWN, self._said_no(subject, str(refusal)))
        return provider_pb2.CreateResponse(id=identifier, properties=_merged(request.properties, subject, outputs))

    def Update(self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext) -> provider_pb2.UpdateResponse:
        subject = self._subject(request.urn, request.news, context)
        before = to_python(request.olds)
        if request.preview:
            return provider_pb2.UpdateResponse(properties=_merged(request.news, subject, self._behaviour.planned(subject, before)))
        _, outputs = self._behaviour.created(subject, before)
        self._objects.replace(self._record(subject, request.id, outputs))
        return provider_pb2.UpdateResponse(properties=_merged(request.news, subject, outputs))

    def Delete(self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:
        inputs = request.old_inputs if request.old_inputs.fields else request.properties
        subject = self._subject(request.urn, inputs, context)
        self._objects.remove(self._record(subject, request.id, {}))
        return empty_pb2.Empty()

    def Read(self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext) -> provider_pb2.ReadResponse:
        found = self._objects.find(_token(request.urn), request.id)
        if found is None:
            return provider_pb2.ReadResponse()
        inputs = request.inputs if request.inputs.fields else to_struct(found.outputs)
        return provider_pb2.ReadResponse(id=found.id, properties=to_struct(found.outputs), inputs=inputs)

    def Invoke(self, request: provider_pb2.InvokeRequest, context: grpc.ServicerContext) -> provider_pb2.InvokeResponse:
        context.abort(
            grpc.StatusCode.UNIMPLEMENTED,
            f"the rehearsal has no source for the function {request.tok}: only a real {self._package.name} provider can answer it. "
            "State the value in the stack file instead of looking it up",
        )

    def Construct(self, request: Any, context: grpc.ServicerContext) -> provider_pb2.ConstructResponse:
        context.abort(
            grpc.StatusCode.UNIMPLEMENTED,
            f"the rehearsal can't build the component {request.type}: its children are known to the real provider alone. "
            "Write its resources in the program",
        )

    def _subject(self, urn: str, inputs: struct_pb2.Struct, context: grpc.ServicerContext) -> Subject:
        return Subject(urn, _token(urn), to_python(inputs), self._configs.get(context.peer(), {}))

    def _record(self, subject: Subject, identifier: str, outputs: Properties) -> Record:
        return Record(subject.token, identifier, subject.urn, self._run(), self._behaviour.key(subject), outputs)

    def _said_no(self, subject: Subject, reason: str) -> str:
        kind = subject.token.rpartition(":")[2].lower()
        return _PREFIX.get(self._package.name, "{reason}").format(urn=subject.urn, kind=kind, reason=reason)


def _token(urn: str) -> str:
    """The last type of `urn:pulumi:<stack>::<project>::<parent>$<type>::<name>`."""
    return urn.split("::", 3)[2].rpartition("$")[2]


def _merged(given: struct_pb2.Struct, subject: Subject, outputs: Mapping[str, Any]) -> struct_pb2.Struct:
    """The inputs as they came, and over them what the stand-in changed: copying the message costs less than building it anew."""
    result = struct_pb2.Struct()
    result.CopyFrom(given)
    fill(result, {k: v for k, v in outputs.items() if v is not subject.inputs.get(k)})
    return result


def _failures(failures: list[tuple[str, str]]) -> list[provider_pb2.CheckFailure]:
    return [provider_pb2.CheckFailure(property=name, reason=reason) for name, reason in failures]


def _diff_response(changes: Changes) -> provider_pb2.DiffResponse:
    response = provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME if changes.paths else provider_pb2.DiffResponse.DIFF_NONE,
        replaces=sorted(changes.replaces),
        deleteBeforeReplace=changes.delete_first,
        hasDetailedDiff=True,
        diffs=sorted({path.replace("[", ".").partition(".")[0] for path in changes.paths}),
    )
    for path, kind in changes.paths.items():
        replacing = 1 if path in changes.replaces else 0
        response.detailedDiff[path].kind = provider_pb2.PropertyDiff.Kind.ValueType(kind + replacing)
        response.detailedDiff[path].inputDiff = kind == Change.DELETE
    return response


class Servers:
    """Context manager: all packages served while it is open."""

    def __init__(self, packages: Mapping[str, Package], objects: Objects, namespaces: frozenset[str]) -> None:
        self.run = ""
        """Id of the engine run that is going on; objects remember it."""
        self._packages = packages
        self._objects = objects
        self._namespaces = namespaces
        self._servers: list[grpc.Server] = []
        self.addresses = ""
        """Value of PULUMI_DEBUG_PROVIDERS."""

    def __enter__(self) -> Servers:
        ports: list[str] = []
        options = [("grpc.max_receive_message_length", _MESSAGE_LIMIT), ("grpc.max_send_message_length", _MESSAGE_LIMIT)]
        for name, package in sorted(self._packages.items()):
            server = grpc.server(ThreadPoolExecutor(_THREADS, f"stand-in-{name}"), options=options)
            servicer = _Servicer(package, stand_in(package, self._namespaces), self._objects, lambda: self.run)
            provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
            ports.append(f"{name}:{server.add_insecure_port('127.0.0.1:0')}")
            server.start()
            self._servers.append(server)
        self.addresses = ",".join(ports)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for stopping in [server.stop(grace=None) for server in self._servers]:
            stopping.wait()


