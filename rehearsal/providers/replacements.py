"""Which changes the real providers can't make in place, one row per kind, each with its source.

Data, read by the stand-ins. A path is a property path from the resource's inputs; `*` is any index. Kubernetes replaces on
`metadata.name` and `metadata.namespace` for every kind. A source names repository, commit and file.
"""

from __future__ import annotations

from typing import NamedTuple

_K8S = "pulumi/pulumi-kubernetes 9497796 provider/pkg/provider/diff.go"
_DOCKER = "pulumi/pulumi-docker 237b789 provider/cmd/pulumi-resource-docker/schema.json, willReplaceOnChanges"
_RANDOM = "hashicorp/terraform-provider-random internal/provider, RequiresReplace on every argument; docs: `keepers`"


class Row(NamedTuple):
    """One kind."""

    paths: tuple[str, ...]
    source: str


_SELECTED = Row(("spec.selector",), _K8S)
_ROLE = Row(("roleRef",), _K8S)

_CONTAINER_OF_POD = [
    "args",
    "command",
    "env",
    "image",
    "imagePullPolicy",
    "lifecycle",
    "livenessProbe",
    "ports",
    "readinessProbe",
    "resources",
    "securityContext",
    "stdin",
    "stdinOnce",
    "terminationMessagePath",
    "terminationMessagePolicy",
    "tty",
    "volumeDevices",
    "volumeMounts",
    "workingDir",
]

_POD = [
    "affinity",
    "automountServiceAccountToken",
    "dnsConfig",
    "dnsPolicy",
    "enableServiceLinks",
    "hostAliases",
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "hostname",
    "imagePullSecrets",
    "nodeName",
    "nodeSelector",
    "overhead",
    "preemptionPolicy",
    "priority",
    "priorityClassName",
    "readinessGates",
    "restartPolicy",
    "runtimeClassName",
    "schedulerName",
    "securityContext",
    "serviceAccount",
    "serviceAccountName",
    "shareProcessNamespace",
    "subdomain",
    "terminationGracePeriodSeconds",
    "volumes",
]

_VOLUME_SOURCES = [
    "awsElasticBlockStore",
    "azureDisk",
    "azureFile",
    "cephfs",
    "cinder",
    "csi",
    "fc",
    "flexVolume",
    "flocker",
    "gcePersistentDisk",
    "glusterfs",
    "hostPath",
    "iscsi",
    "local",
    "nfs",
    "photonPersistentDisk",
    "portworxVolume",
    "quobyte",
    "rbd",
    "scaleIO",
    "storageos",
    "vsphereVolume",
]

KUBERNETES: dict[str, Row] = {
    "apps/v1:DaemonSet": _SELECTED,
    "apps/v1:Deployment": _SELECTED,
    "apps/v1:StatefulSet": Row(
        (
            "spec.podManagementPolicy",
            "spec.revisionHistoryLimit",
            "spec.selector",
            "spec.serviceName",
            "spec.volumeClaimTemplates",
        ),
        _K8S,
    ),
    "batch/v1:Job": Row(("spec.completions", "spec.parallelism", "spec.selector", "spec.template"), _K8S),
    "core/v1:PersistentVolume": Row(tuple(f"spec.{s}" for s in _VOLUME_SOURCES), _K8S),
    "core/v1:PersistentVolumeClaim": Row(
        ("spec.accessModes", "spec.selector", "spec.storageClassName", "spec.volumeName"), _K8S
    ),
    "core/v1:Pod": Row(
        (
            *(f"spec.{p}" for p in _POD),
            *(f"spec.{c}.*.{p}" for c in ("containers", "initContainers") for p in _CONTAINER_OF_POD),
        ),
        _K8S,
    ),
    "core/v1:ResourceQuota": Row(("spec.scopes",), _K8S),
    "core/v1:Secret": Row(("type",), _K8S),
    "core/v1:Service": Row(("spec.clusterIP",), _K8S),
    "policy/v1beta1:PodDisruptionBudget": Row(("spec",), _K8S),
    "rbac.authorization.k8s.io/v1:ClusterRoleBinding": _ROLE,
    "rbac.authorization.k8s.io/v1:RoleBinding": _ROLE,
    "storage.k8s.io/v1:StorageClass": Row(("parameters", "provisioner"), _K8S),
}

IMMUTABLE: dict[str, Row] = {
    "core/v1:ConfigMap": Row(("binaryData", "data"), _K8S),
    "core/v1:Secret": Row(("type", "stringData", "data"), _K8S),
}
"""Added unless the provider says `enableConfigMapMutable` or `enableSecretMutable`, and always for `immutable: true`."""

_BUILD = [
    "additionalContexts",
    "buildArgs",
    "buildId",
    "buildLogFile",
    "builder",
    "cacheFroms",
    "cacheTos",
    "cgroupParent",
    "context",
    "cpuPeriod",
    "cpuQuota",
    "cpuSetCpus",
    "cpuSetMems",
    "cpuShares",
    "dockerfile",
    "extraHosts",
    "forceRemove",
    "isolation",
    "labels",
    "memory",
    "memorySwap",
    "networkMode",
    "noCache",
    "platform",
    "provenance",
    "pullParent",
    "remoteContext",
    "sbom",
    "securityOpts",
    "sessionId",
    "shmSize",
    "squash",
    "suppressOutput",
    "target",
    "useLegacyBuilder",
    "version",
]

DOCKER: dict[str, Row] = {
    "Container": Row(
        (
            "capabilities",
            "cgroupParent",
            "cgroupnsMode",
            "command",
            "cpus",
            "deviceRequests",
            "devices",
            "dns",
            "dnsOpts",
            "dnsSearches",
            "domainname",
            "entrypoints",
            "envs",
            "gpus",
            "groupAdds",
            "hostname",
            "hosts",
            "image",
            "ipcMode",
            "labels",
            "logDriver",
            "logOpts",
            "mounts",
            "name",
            "networkMode",
            "networksAdvanced",
            "pidMode",
            "platform",
            "ports",
            "privileged",
            "publishAllPorts",
            "readOnly",
            "runtime",
            "securityOpts",
            "shmSize",
            "stdinOpen",
            "stopSignal",
            "stopTimeout",
            "storageOpts",
            "sysctls",
            "tty",
            "ulimits",
            "uploads",
            "user",
            "usernsMode",
            "volumes",
            "workingDir",
        ),
        _DOCKER,
    ),
    "Network": Row(
        (
            "attachable",
            "driver",
            "ingress",
            "internal",
            "ipamConfigs",
            "ipamDriver",
            "ipamOptions",
            "ipv6",
            "labels",
            "name",
            "options",
        ),
        _DOCKER,
    ),
    "Volume": Row(("driver", "driverOpts", "labels", "name", "cluster"), _DOCKER),
    "RemoteImage": Row(("name", "platform", "pullTriggers", "triggers", *(f"build.{b}" for b in _BUILD)), _DOCKER),
    "RegistryImage": Row(("name", "triggers", *(f"build.{b}" for b in _BUILD)), _DOCKER),
    "Tag": Row(("sourceImage", "tagTriggers", "targetImage"), _DOCKER),
    "Secret": Row(("data", "labels", "name"), _DOCKER),
    "ServiceConfig": Row(("data", "dataRaw", "labels", "name"), _DOCKER),
    "Service": Row(("auth", "mode", "name"), _DOCKER),
    "Plugin": Row(("alias", "name"), _DOCKER),
    "BuildxBuilder": Row(
        (
            "append",
            "bootstrap",
            "buildkitConfig",
            "buildkitFlags",
            "dockerContainer",
            "driver",
            "driverOptions",
            "endpoint",
            "kubernetes",
            "name",
            "node",
            "platforms",
            "remote",
            "use",
        ),
        _DOCKER,
    ),
    "Image": Row((), _DOCKER),
}

DOCKER_DELETE_FIRST: dict[str, str] = {
    "Container": "pulumi/pulumi-docker 237b789 provider/resources.go, DeleteBeforeReplace",
}
"""Other kinds are deleted first when the program itself names them (pulumi/pulumi-terraform-bridge, `nameRequiresDeleteBeforeReplace`)."""

DOCKER_UNORDERED: dict[str, str] = {
    **dict.fromkeys(
        [
            "adds",
            "aliases",
            "devices",
            "dns",
            "dnsOpts",
            "dnsSearches",
            "drops",
            "envs",
            "groupAdds",
            "hosts",
            "labels",
            "mounts",
            "networksAdvanced",
            "securityOpts",
            "ulimits",
            "uploads",
            "volumes",
        ],
        "kreuzwerker/terraform-provider-docker docs/resources/container.md, `Set of` and `Block Set`",
    ),
    "ports": "pulumi-docker 5.1 against dockerd 20.10: another order of ports gives no diff",
}

RANDOM: dict[str, Row] = {
    name: Row(("*",), _RANDOM)
    for name in [
        "RandomBytes",
        "RandomId",
        "RandomInteger",
        "RandomPassword",
        "RandomPet",
        "RandomShuffle",
        "RandomString",
        "RandomUuid",
        "RandomUuid4",
        "RandomUuid7",
    ]
}
