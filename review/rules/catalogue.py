"""The table of rules, and what newly fails or passes.

Owns: ids (frozen: exemptions and SARIF name them), titles, grades, and which scanner knows the same rule under which name.
Not judged here, because no object of a stack shows it: signatures of images. R22 knows registries only; which are new, F7 tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from review.rules import access, docker, network, pods, running
from review.rules.breach import Breach, Check
from review.world import World


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the catalogue."""

    id: str
    title: str
    blocks: bool
    """Whether newly failing it stops a change; otherwise somebody must agree."""
    known_as: str
    """Ids of the same rule elsewhere (KL kube-linter, CK Checkov, KU Kubescape, CIS, PSS)."""
    remedy: str
    """What makes it pass."""
    checks: tuple[Check, ...]


_RULES = (
    Rule(
        "R01",
        "not root, user id of its own",
        True,
        "PSS r, KL run-as-non-root, CK 6 23 40, KU C-0013, CIS 5.2.7",
        "set runAsNonRoot and a runAsUser above 0; give the image files that such a user can read",
        (pods.root,),
    ),
    Rule(
        "R02",
        "not privileged",
        True,
        "PSS b, KL privileged-container, CK 2 16, KU C-0057, CIS 5.2.2",
        "take privileged off; name the one capability or device that is needed",
        (pods.privileged, docker.privileged),
    ),
    Rule(
        "R03",
        "no privilege escalation",
        True,
        "PSS r, KL privilege-escalation-container, CK 5 20, KU C-0016, CIS 5.2.6",
        "set allowPrivilegeEscalation: false",
        (pods.escalation,),
    ),
    Rule(
        "R04",
        "no Linux capabilities",
        True,
        "PSS r, KL drop-net-raw-capability, CK 7 25 28 36 37 39, KU C-0046, CIS 5.2.8",
        "drop ALL; add NET_BIND_SERVICE at most, or listen above 1024",
        (pods.capabilities, docker.capabilities),
    ),
    Rule(
        "R05",
        "seccomp profile",
        True,
        "PSS r, CK 31 32, KU C-0055, CIS 5.7.2",
        "set seccompProfile: RuntimeDefault",
        (pods.seccomp,),
    ),
    Rule(
        "R06",
        "read-only root file system",
        False,
        "KL no-read-only-root-fs, CK 22, KU C-0017, CIS 5.7.3",
        "set readOnlyRootFilesystem: true, with an emptyDir for every folder that is written",
        (pods.root_file_system, docker.root_file_system),
    ),
    Rule(
        "R07",
        "no processes of the node",
        True,
        "PSS b, KL host-pid host-ipc, CK 1 3 17 18, KU C-0038, CIS 5.2.3",
        "take hostPID and hostIPC off; debug with an ephemeral container",
        (pods.host_processes, docker.host_processes),
    ),
    Rule(
        "R08",
        "no network of the node",
        True,
        "PSS b, KL host-network, CK 4 19, KU C-0041, CIS 5.2.5",
        "take hostNetwork off; reach it by a Service",
        (pods.host_network, docker.host_network),
    ),
    Rule(
        "R09",
        "no port of the node",
        True,
        "PSS b, CK 26, KU C-0044, CIS 5.2.13",
        "take hostPort off; reach it by a Service or the edge",
        (pods.host_ports, docker.host_ports),
    ),
    Rule(
        "R10",
        "no folder of the node",
        True,
        "PSS b, KL sensitive-host-mounts docker-sock, CK 27, KU C-0045 C-0048 C-0074, CIS 5.2.12",
        "give it a volume claim or an emptyDir",
        (pods.host_paths, docker.host_paths),
    ),
    Rule(
        "R11",
        "safe kernel parameters",
        True,
        "PSS b, KL unsafe-proc-mount unsafe-sysctls",
        "leave procMount and sysctls alone, or take only those that Kubernetes calls safe",
        (pods.kernel,),
    ),
    Rule(
        "R12",
        "no host process, no probe of another host",
        True,
        "PSS b, CIS 5.2.11",
        "take hostProcess off, and the host of the probe",
        (pods.host_of_probes,),
    ),
    Rule(
        "R13",
        "volumes of harmless types",
        True,
        "PSS r",
        "take configMap, secret, emptyDir, projected or a volume claim",
        (pods.volumes,),
    ),
    Rule(
        "R14",
        "account of its own",
        False,
        "KL default-service-account, CK 41 42, CIS 5.1.5",
        "give it a service account of its own",
        (pods.own_account,),
    ),
    Rule(
        "R15",
        "no token of the API without use",
        False,
        "CK 38, KU C-0034 C-0261, CIS 5.1.6",
        "set automountServiceAccountToken: false",
        (pods.token,),
    ),
    Rule(
        "R16",
        "no wildcard in a role",
        True,
        "KL wildcard-in-rules, CK 49, KU C-0187, CIS 5.1.3",
        "name the groups, resources and verbs that are used",
        (access.wildcards,),
    ),
    Rule(
        "R17",
        "no role that leads to more rights",
        True,
        "KL cluster-admin-role-binding access-to-secrets, CK 155-158, KU C-0002 C-0035 C-0185, CIS 5.1.1",
        "name the objects by resourceNames, and leave out escalate, bind, impersonate and reading all secrets",
        (access.powers,),
    ),
    Rule(
        "R18",
        "secrets as files",
        False,
        "KL env-var-secret read-secret-from-env-var, CK 35, KU C-0207, CIS 5.4.1",
        "mount it as a file, and give the app the file's name",
        (access.secrets_as_variables, docker.secrets_as_variables),
    ),
    Rule(
        "R19",
        "no credential in plain sight",
        True,
        "KU C-0012, CIS 5.4.2",
        "make it a secret of the stack, and give out a new one: this one has been seen",
        (access.credentials_in_plain_sight, docker.credentials_in_plain_sight),
    ),
    Rule(
        "R20",
        "images by digest",
        False,
        "KL latest-tag, CK 14 43, KU C-0075",
        "name the image by digest",
        (access.digests,),
    ),
    Rule(
        "R21",
        "pull policy fits the image's name",
        False,
        "CK 15, KU C-0075",
        "IfNotPresent for a digest, Always for a tag that moves",
        (access.pull_policy,),
    ),
    Rule(
        "R22",
        "images name their registry",
        False,
        "KU C-0078, CIS 5.5.1",
        "write the registry in front of the image's name",
        (access.registries,),
    ),
    Rule(
        "R23",
        "requests, and a limit of memory",
        False,
        "KL unset-cpu-requirements unset-memory-requirements, CK 10-13, KU C-0270 C-0271",
        "state requests of both and a limit of memory",
        (running.resources, docker.memory),
    ),
    Rule(
        "R24",
        "request and limit of local disk",
        False,
        "kube-score container-ephemeral-storage-request-and-limit",
        "state request and limit of ephemeral-storage",
        (running.ephemeral_storage,),
    ),
    Rule(
        "R25",
        "probes that mean something",
        False,
        "KL no-readiness-probe, CK 8 9, KU C-0018 C-0056",
        "give it a readiness probe that asks for what its callers need, and a startup probe if it starts slowly",
        (running.probes,),
    ),
    Rule(
        "R26",
        "two replicas or more",
        False,
        "KL minimum-three-replicas, kube-score deployment-replicas",
        "run two replicas, or say why one will do in an exemption",
        (running.replicas,),
    ),
    Rule(
        "R27",
        "one hand on the number of replicas",
        False,
        "kube-score deployment-targeted-by-hpa-does-not-have-replicas-configured",
        "take the number of replicas off: the autoscaler holds it",
        (running.static_replicas,),
    ),
    Rule(
        "R28",
        "disruption budget that lets drains pass",
        False,
        "KL pdb-max-unavailable pdb-min-available pdb-unhealthy-pod-eviction-policy",
        "give it a budget with maxUnavailable of 1 that also lets unready pods go",
        (running.disruption,),
    ),
    Rule(
        "R29",
        "spread over nodes",
        False,
        "KL no-anti-affinity, Polaris topologySpreadConstraint",
        "spread it over kubernetes.io/hostname and zones",
        (running.spread,),
    ),
    Rule(
        "R30",
        "under a network policy",
        True,
        "KL non-isolated-pod, CK2 6, KU C-0030 C-0260, CIS 5.3.2",
        "give it a network policy for both directions",
        (network.isolated,),
    ),
    Rule(
        "R31",
        "namespace of its own with Pod Security",
        True,
        "KL use-namespace, CK 21, KU C-0061 C-0212, CIS 5.7.1",
        "put it into a namespace of its own that enforces restricted",
        (network.namespaces,),
    ),
    Rule(
        "R32",
        "targets exist, hosts have TLS",
        False,
        "KL dangling-service dangling-ingress, CK 152-154, KU C-0059",
        "name a target that is there; give the host a certificate",
        (network.targets,),
    ),
    Rule(
        "R33",
        "jobs end",
        False,
        "KL job-ttl-seconds-after-finished, kube-score cronjob-has-deadline",
        "set ttlSecondsAfterFinished, activeDeadlineSeconds and a backoffLimit",
        (running.jobs,),
    ),
    Rule(
        "R34",
        "owner's labels, current API versions, priority classes for all or none",
        False,
        "KL required-label-owner no-extensions-v1beta priority-class-name, KU C-0076",
        "give it the owner's labels, the current API version, and a priority class if the others have one",
        (running.care, running.priority),
    ),
)

RULES: Mapping[str, Rule] = {rule.id: rule for rule in _RULES}


def breaches(world: World) -> list[Breach]:
    """Everything that fails, sorted by rule and object."""
    return sorted(_all(world, _RULES), key=lambda b: (b.rule, b.key, b.where))


def _all(world: World, rules: Iterable[Rule]) -> Iterator[Breach]:
    for rule in rules:
        for check in rule.checks:
            for thing, where, sentence in check(world):
                yield Breach(rule.id, thing.key, where, sentence, thing.urn)
