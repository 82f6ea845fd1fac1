"""Stand-in for pulumi-kubernetes: one cluster per provider identity, which admits every object and makes it ready at once.

Owns: automatic names, strict mode, name conflicts, missing namespaces, forced replacements, server-side fields. Leaves alone what
`computed` says of the outputs, and everything that only a real API server knows: schemas, admission, quota, CRDs.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import yaml
from typing_extensions import override

from rehearsal.providers import helm_releases, replacements
from rehearsal.providers import kubernetes_objects as objects
from rehearsal.providers.differ import Path, compare, touches, written
from rehearsal.providers.model import Changes, Failures, Key, MissingError, StandIn, Subject, Taken
from rehearsal.providers.sdk import Package
from rehearsal.providers.structs import UNKNOWN, Properties, has_unknown, mapping

_AUTONAMED = "pulumi.com/autonamed"
_READ_ONLY = frozenset(
    [
        "creationTimestamp",
        "deletionGracePeriodSeconds",
        "deletionTimestamp",
        "generation",
        "managedFields",
        "resourceVersion",
        "uid",
    ]
)
_IDENTITY = (("metadata", "name"), ("metadata", "namespace"))


class KubernetesStandIn(StandIn):
    """Every kind, custom resources and patches included."""

    def __init__(self, package: Package, namespaces: frozenset[str]) -> None:
        super().__init__(package)
        self._namespaces = objects.ALWAYS | namespaces
        self._releases = helm_releases.ReleaseStandIn(package, _place)

    @override
    def config_failures(self, urn: str, config: Properties) -> Failures:
        """pulumi/pulumi-kubernetes 9497796 provider/pkg/provider/provider.go, CheckConfig."""
        failures: Failures = []
        if _flag(config, "strictMode"):
            if "::pulumi:providers:kubernetes::default" in urn:
                failures.append(("", "strict mode prohibits default provider"))
            failures += [
                (option, f'strict mode requires Provider "{option}" argument')
                for option in ("kubeconfig", "context")
                if not config.get(option)
            ]
        if config.get("renderYamlToDirectory"):
            failures.append(("renderYamlToDirectory", "a rehearsal doesn't render; run `python -m rehearsal render`"))
        return failures

    @override
    def config_replaces(self, olds: Properties, news: Properties) -> list[str]:
        """The same file, DiffConfig: the active cluster's settings decide, unless a cluster identifier does."""
        before, after = olds.get("clusterIdentifier"), news.get("clusterIdentifier")
        if before is not None and after is not None:
            return ["clusterIdentifier"] if before != after else []
        unknown = [key for key in ("kubeconfig", "context", "cluster") if news.get(key) == UNKNOWN]
        if unknown:
            return unknown[:1]
        old, new = _active_cluster(olds), _active_cluster(news)
        if old is None or new is None or old == new:
            return []
        return [key for key in ("kubeconfig", "context", "cluster") if olds.get(key) != news.get(key)]

    @override
    def check(self, subject: Subject, olds: Properties | None, taken: Taken) -> tuple[Properties, Failures]:
        if subject.token == helm_releases.TOKEN:
            return self._releases.check(subject, olds, taken)
        inputs = dict(subject.inputs)
        if not isinstance(inputs.get("metadata", {}), dict):
            return inputs, []  # not known yet
        metadata = mapping(inputs.get("metadata"))
        patch = subject.token.endswith("Patch")
        if patch and not metadata.get("name"):
            return inputs, [("metadata.name", "patch resources require the `.metadata.name` field to be set")]
        if metadata.get("generateName"):
            return inputs, [("metadata.generateName", "the field is not supported in Server-Side Apply mode")]
        if (
            subject.config.get("namespace")
            and not metadata.get("namespace")
            and objects.namespaced(subject.token, inputs)
        ):
            metadata = {**metadata, "namespace": subject.config["namespace"]}
        if not metadata.get("name"):
            metadata = self._named(subject, metadata, olds, taken)
        return {**inputs, "metadata": metadata}, []

    def _named(self, subject: Subject, metadata: Properties, olds: Properties | None, taken: Taken) -> Properties:
        before = mapping(olds["metadata"]) if olds is not None and "metadata" in olds else {}
        annotations = mapping(metadata.get("annotations"))
        if mapping(before.get("annotations")).get(_AUTONAMED) == "true":
            name = before["name"]
        else:
            attempt = 0
            while taken(self._key(subject, metadata, name := f"{subject.name}-{subject.digest(str(attempt))[:8]}")):
                attempt += 1
        return {**metadata, "name": name, "annotations": {**annotations, _AUTONAMED: "true"}}

    @override
    def diff(self, subject: Subject, olds: Properties) -> Changes:
        if subject.token == helm_releases.TOKEN:
            return self._releases.diff(subject, olds)
        before, after = _comparable(olds), _comparable(subject.inputs)
        if _merged(before) == _merged(after):
            return Changes()
        changed = list(compare(before, after))
        rules = self._rules(subject)
        replaces = frozenset(written(p) for p, _ in changed if any(touches(p, rule) for rule in rules))
        old, new = mapping(before.get("metadata")), mapping(after.get("metadata"))
        same_name = all(old.get(part) == new.get(part) for part in ("name", "namespace"))
        autonamed = mapping(new.get("annotations")).get(_AUTONAMED) == "true"
        first = bool(replaces) and same_name and not autonamed
        return Changes({written(p): c for p, c in changed}, replaces, first)

    def _rules(self, subject: Subject) -> list[Path]:
        rules: list[Path] = [*_IDENTITY]
        kind = subject.token.removeprefix("kubernetes:")
        if kind.endswith("Patch"):
            return rules
        rows = [replacements.KUBERNETES.get(kind)]
        if kind in replacements.IMMUTABLE:
            option = f"enable{kind.rpartition(':')[2]}Mutable"
            if subject.inputs.get("immutable") is True or not _flag(subject.config, option):
                rows.append(replacements.IMMUTABLE[kind])
        return rules + [tuple(path.split(".")) for row in rows if row is not None for path in row.paths]

    @override
    def key(self, subject: Subject) -> Key | None:
        if subject.token == helm_releases.TOKEN:
            return self._releases.key(subject)
        metadata = mapping(subject.inputs.get("metadata"))
        name = metadata.get("name")
        if subject.token.endswith("Patch") or not isinstance(name, str):
            return None
        return self._key(subject, metadata, name)

    def _key(self, subject: Subject, metadata: Properties, name: str) -> Key:
        namespace = ""
        if objects.namespaced(subject.token, subject.inputs):
            namespace = metadata.get("namespace") or "default"
        group = subject.token.removeprefix("kubernetes:").partition("/")[0]
        return Key(_place(subject.config), f"{group}/{subject.token.rpartition(':')[2]}", namespace, name)

    @override
    def admit(self, subject: Subject, taken: Taken) -> None:
        key = self.key(subject)
        if key is None or not key.namespace or key.namespace in self._namespaces:
            return
        if not taken(Key(key.place, "core/Namespace", "", key.namespace)):
            msg = f'namespaces "{key.namespace}" not found'
            raise MissingError(msg)

    @override
    def planned(self, subject: Subject, before: Properties | None) -> Properties:
        if subject.token == helm_releases.TOKEN:
            return self._releases.planned(subject, before)
        kept = mapping(before.get("metadata")).get("uid", UNKNOWN) if before is not None else UNKNOWN
        server = {"uid": kept, "resourceVersion": UNKNOWN, "generation": UNKNOWN, "creationTimestamp": UNKNOWN}
        outputs = objects.with_server_fields(subject, server, before, address=UNKNOWN)
        if objects.has_status(subject.token):
            outputs["status"] = UNKNOWN
        return outputs

    @override
    def created(self, subject: Subject, before: Properties | None) -> tuple[str, Properties]:
        if subject.token == helm_releases.TOKEN:
            return self._releases.created(subject, before)
        old = mapping(before.get("metadata")) if before is not None else {}
        digest = subject.digest(str(old.get("generation", 0)))
        server = {
            "uid": old.get("uid", _uid(digest)),
            "resourceVersion": str(int(digest[:8], 16)),
            "generation": old.get("generation", 0) + 1,
            "creationTimestamp": objects.CREATED,
        }
        outputs = objects.with_server_fields(
            subject, server, before, address=f"10.96.{int(digest[:2], 16)}.{1 + int(digest[2:4], 16) % 254}"
        )
        status = objects.status(subject.token, outputs)
        if status is not None:
            outputs["status"] = status
        metadata = outputs["metadata"]
        namespace = metadata.get("namespace")
        return f"{namespace}/{metadata['name']}" if namespace else metadata["name"], outputs


def _flag(config: Properties, name: str) -> bool:
    """Provider configuration arrives as text or as a boolean."""
    return config.get(name) in (True, "true")


def _place(config: Properties) -> str:
    if config.get("clusterIdentifier"):
        return f"kubernetes {config['clusterIdentifier']}"
    cluster = _active_cluster(config)
    text = json.dumps(
        cluster if cluster is not None else [config.get(k) for k in ("kubeconfig", "context", "cluster")],
        sort_keys=True,
    )
    return f"kubernetes {hashlib.sha256(text.encode()).hexdigest()[:16]}"


def _active_cluster(config: Properties) -> Any:
    """The settings that the kubeconfig's text gives for the cluster; a path is not read, for the file is another machine's business."""
    text = config.get("kubeconfig")
    if not isinstance(text, str) or ("\n" not in text and not text.lstrip().startswith("{")):
        return None
    try:
        kubeconfig = yaml.safe_load(text)
        context = config.get("context") or kubeconfig.get("current-context")
        name = config.get("cluster") or {c["name"]: c["context"] for c in kubeconfig["contexts"]}[context]["cluster"]
        return {c["name"]: c["cluster"] for c in kubeconfig["clusters"]}[name]
    except (yaml.YAMLError, AttributeError, KeyError, TypeError):
        return None


def _comparable(inputs: Properties) -> Properties:
    """Without what the provider leaves out of a comparison, and with the namespace that an absent one means."""
    if not isinstance(inputs.get("metadata"), dict):
        return inputs
    kept = {k: v for k, v in mapping(inputs["metadata"]).items() if k not in _READ_ONLY}
    if kept.get("namespace") == "default":
        del kept["namespace"]
    return {**inputs, "metadata": kept}


def _merged(inputs: Properties) -> Properties:
    """A Secret's `stringData` is another way of writing `data`."""
    if inputs.get("kind") != "Secret" or "stringData" not in inputs or has_unknown(inputs):
        return inputs
    encoded = {k: base64.b64encode(str(v).encode()).decode() for k, v in mapping(inputs["stringData"]).items()}
    rest = {k: v for k, v in inputs.items() if k != "stringData"}
    return {**rest, "data": {**mapping(inputs.get("data")), **encoded}}


def _uid(digest: str) -> str:
    return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"
