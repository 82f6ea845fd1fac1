"""Rules about what a pod may do on its node: R01 to R15. They follow the Pod Security Standards and the common scanners."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from review.rules.breach import Found
from review.values import at, items, mapping, number, objects, text
from review.world import Workload, World

USER_FLOOR = 10_000
"""Below it live the users of the node itself."""

_VOLUMES = frozenset(
    {
        "name",
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "image",
        "persistentVolumeClaim",
        "projected",
        "secret",
    }
)
"""Volume types of the standard `restricted` (pod-security-admission, check_restrictedVolumes.go)."""

_SYSCTLS = frozenset(
    {
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.tcp_syncookies",
    }
    | {"net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_keepalive_time"}
    | {"net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes"}
)


def _containers(world: World) -> Iterator[tuple[Workload, dict[str, Any], str]]:
    for work in world.workloads:
        for container in work.every_container:
            yield work, container, text(container.get("name"))


def _effective(work: Workload, container: dict[str, Any], field: str) -> Any:
    """A container's security context wins over its pod's."""
    own = mapping(container.get("securityContext")).get(field)
    return own if own is not None else mapping(work.pod.get("securityContext")).get(field)


def root(world: World) -> Found:
    for work, container, name in _containers(world):
        user = number(_effective(work, container, "runAsUser"))
        if _effective(work, container, "runAsNonRoot") is not True:
            yield work.thing, name, "may run as root"
        elif user is None or user < USER_FLOOR:
            yield work.thing, name, f"has no user id of {USER_FLOOR} or above"


def privileged(world: World) -> Found:
    for work, container, name in _containers(world):
        if mapping(container.get("securityContext")).get("privileged") is True:
            yield work.thing, name, "is privileged: it is root on its node"


def escalation(world: World) -> Found:
    for work, container, name in _containers(world):
        if mapping(container.get("securityContext")).get("allowPrivilegeEscalation") is not False:
            yield work.thing, name, "may gain privileges"


def capabilities(world: World) -> Found:
    for work, container, name in _containers(world):
        found = mapping(at(container, "securityContext", "capabilities"))
        if "ALL" not in items(found.get("drop")):
            yield work.thing, name, "keeps Linux capabilities"
        for added in items(found.get("add")):
            if added != "NET_BIND_SERVICE":
                yield work.thing, f"{name} {added}", "gains a Linux capability"


def seccomp(world: World) -> Found:
    for work, container, name in _containers(world):
        kind = at(container, "securityContext", "seccompProfile", "type") or at(
            work.pod, "securityContext", "seccompProfile", "type"
        )
        if kind not in ("RuntimeDefault", "Localhost"):
            yield work.thing, name, "has no seccomp profile"


def root_file_system(world: World) -> Found:
    for work, container, name in _containers(world):
        if at(container, "securityContext", "readOnlyRootFilesystem") is not True:
            yield work.thing, name, "can write to its root file system"


def host_processes(world: World) -> Found:
    for work in world.workloads:
        for field in ("hostPID", "hostIPC"):
            if work.pod.get(field) is True:
                yield work.thing, field, "shares processes or memory with its node"


def host_network(world: World) -> Found:
    for work in world.workloads:
        if work.pod.get("hostNetwork") is True:
            yield work.thing, "", "is on its node's network: no network policy holds"


def host_ports(world: World) -> Found:
    for work, container, name in _containers(world):
        for port in objects(container.get("ports")):
            if port.get("hostPort"):
                yield work.thing, f"{name} {port.get('name') or port.get('containerPort')}", "takes a port of its node"


def host_paths(world: World) -> Found:
    for work in world.workloads:
        for volume in objects(work.pod.get("volumes")):
            if "hostPath" in volume:
                yield work.thing, text(volume.get("name")), "mounts a folder of its node"


def kernel(world: World) -> Found:
    for work in world.workloads:
        for sysctl in objects(at(work.pod, "securityContext", "sysctls")):
            if sysctl.get("name") not in _SYSCTLS:
                yield work.thing, text(sysctl.get("name")), "sets an unsafe kernel parameter"
        for container in work.every_container:
            if at(container, "securityContext", "procMount") not in (None, "Default"):
                yield work.thing, text(container.get("name")), "has an unmasked /proc"


def host_of_probes(world: World) -> Found:
    for work, container, name in _containers(world):
        if at(container, "securityContext", "windowsOptions", "hostProcess") is True:
            yield work.thing, name, "is a process of the host"
        handlers = [container.get(f"{kind}Probe") for kind in ("readiness", "liveness", "startup")]
        handlers += [at(container, "lifecycle", hook) for hook in ("preStop", "postStart")]
        for handler in handlers:
            if at(handler, "httpGet", "host") or at(handler, "tcpSocket", "host"):
                yield work.thing, name, "probes another host through the kubelet"


def volumes(world: World) -> Found:
    for work in world.workloads:
        for volume in objects(work.pod.get("volumes")):
            if not set(volume) <= _VOLUMES and "hostPath" not in volume:
                yield work.thing, text(volume.get("name")), "has a volume of a type that `restricted` refuses"


def own_account(world: World) -> Found:
    for work in world.workloads:
        if text(work.pod.get("serviceAccountName")) in ("", "default"):
            yield work.thing, "", "runs as the namespace's default account"


def token(world: World) -> Found:
    bound = {
        (text(subject.get("namespace")) or binding.namespace, text(subject.get("name")))
        for binding in world.of("RoleBinding", "ClusterRoleBinding")
        for subject in objects(binding.body.get("subjects"))
    }
    for work in world.workloads:
        account = work.pod.get("serviceAccountName")
        silent = at(
            world.by_key.get(("ServiceAccount", work.thing.namespace, text(account))), "automountServiceAccountToken"
        )
        mounted = work.pod.get("automountServiceAccountToken", silent)
        if mounted is not False and (work.thing.namespace, account) not in bound:
            yield work.thing, "", "is given a token of the API that no role is bound to"
