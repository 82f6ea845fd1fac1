"""Changes that F7 is there for: what a policy, a role or a pod may no longer be, and each rule R01 to R34 broken once."""

from __future__ import annotations

from tests.review.scenario import Scenario, of, without


def _pod(rule: str, what: str, old: str, new: str, says: str, *, blocks: bool = True, more: str = "") -> Scenario:
    """One field of the pod that every workload shares."""
    return of(what, rule, (old, new), flags=f"F7{'!' if blocks else ''} {more}".strip(), says=says)


_CONTEXT = '"securityContext": {"runAsNonRoot": True'
_ACCOUNT = '"serviceAccountName": "web",'

POSTURE = (
    # F7
    of("policy-removed", "F7", without("wall = "), flags="F7!"),
    of(
        "policy-opened",
        "F7",
        ('"cidr": "10.1.0.0/16"', '"cidr": "0.0.0.0/0"'),
        flags="F7",
        says="opens traffic to 0.0.0.0/0",
    ),
    of("policy-narrowed", "F7", ('"cidr": "10.1.0.0/16"', '"cidr": "10.1.2.0/24"'), flags=""),
    of(
        "privileged",
        "F7",
        ('"allowPrivilegeEscalation": False,', '"allowPrivilegeEscalation": False, "privileged": True,'),
        flags="F7!",
        says="is privileged",
    ),
    of("root", "F7", ('"runAsNonRoot": True, ', ""), flags="F7!", says="may run as root"),
    of(
        "secret-as-variable",
        "F7",
        (
            '{"name": "ZONE", "value": "a"}',
            '{"name": "ZONE", "value": "a"}, {"name": "DB", "valueFrom": {"secretKeyRef": {"name": "database-binding", "key": "password"}}}',
        ),
        flags="F7",
        says="gets a secret as a variable",
    ),
    of(
        "credential-as-variable",
        "F7",
        (
            '{"name": "ZONE", "value": "a"}',
            '{"name": "ZONE", "value": "a"}, {"name": "SERVICE_TOKEN", "value": "not-a-real-one"}',
        ),
        flags="F7!",
        says="looks like a credential",
    ),
    of(
        "role-widened",
        "F7",
        ('"verbs": ["get"]', '"verbs": ["get", "update"]'),
        flags="F7",
        says="its holders may now update configmaps",
    ),
    of("role-wildcard", "F7", ('"verbs": ["get"]', '"verbs": ["*"]'), flags="F7!", says="wildcard"),
    of(
        "tag-instead-of-digest",
        "F7",
        ('"ghcr.io/example/web@sha256:" + "1" * 64', '"ghcr.io/example/web:2.0"'),
        flags="F7",
        says="without a digest",
    ),
    # F7, rule by rule
    _pod(
        "R03",
        "escalation",
        '"allowPrivilegeEscalation": False',
        '"allowPrivilegeEscalation": True',
        "may gain privileges",
    ),
    _pod(
        "R04", "capability", '{"drop": ["ALL"]}', '{"drop": ["ALL"], "add": ["NET_ADMIN"]}', "gains a Linux capability"
    ),
    _pod("R05", "no-seccomp", ', "seccompProfile": {"type": "RuntimeDefault"}', "", "has no seccomp profile"),
    _pod(
        "R06",
        "writable-root",
        '"readOnlyRootFilesystem": True, ',
        "",
        "can write to its root file system",
        blocks=False,
    ),
    _pod("R07", "node-processes", _ACCOUNT, f'{_ACCOUNT} "hostPID": True,', "shares processes or memory"),
    _pod("R08", "node-network", _ACCOUNT, f'{_ACCOUNT} "hostNetwork": True,', "no network policy holds"),
    _pod(
        "R09", "node-port", '"containerPort": 8080', '"containerPort": 8080, "hostPort": 80', "takes a port of its node"
    ),
    _pod(
        "R10",
        "node-folder",
        _ACCOUNT,
        f'{_ACCOUNT} "volumes": [{{"name": "logs", "hostPath": {{"path": "/var/log"}}}}],',
        "mounts a folder of its node",
    ),
    _pod(
        "R11",
        "kernel-parameter",
        _CONTEXT,
        _CONTEXT.replace("{", '{"sysctls": [{"name": "kernel.msgmax", "value": "65536"}], '),
        "sets an unsafe kernel parameter",
    ),
    _pod(
        "R12",
        "probe-of-another",
        '"path": "/healthz",',
        '"path": "/healthz", "host": "10.0.0.1",',
        "through the kubelet",
    ),
    _pod(
        "R13",
        "volume-type",
        _ACCOUNT,
        f'{_ACCOUNT} "volumes": [{{"name": "share", "nfs": {{"server": "files", "path": "/"}}}}],',
        "of a type that `restricted` refuses",
    ),
    _pod("R14", "default-account", _ACCOUNT, "", "default account", blocks=False),
    of(
        "token-without-use",
        "R15",
        without("holder = "),
        ('"automountServiceAccountToken": False', '"automountServiceAccountToken": True'),
        flags="F7",
        says="a token of the API that no role is bound to",
    ),
    of(
        "role-reads-secrets",
        "R17",
        ('"resources": ["configmaps"]', '"resources": ["configmaps", "secrets"]'),
        flags="F7! F7",
        says="reads every secret of the namespace",
    ),
    _pod("R21", "pull-never", '"IfNotPresent"', '"Never"', "an old image under the same tag", blocks=False),
    _pod(
        "R22", "registry-unnamed", '"ghcr.io/example/web', '"example/web', "does not say which registry", blocks=False
    ),
    _pod(
        "F7",
        "registry-new",
        '"ghcr.io/example/web',
        '"quay.io/example/web',
        "from where nothing of this stack",
        blocks=False,
    ),
    _pod(
        "R23", "memory-unlimited", '"limits": {"memory": "512Mi", ', '"limits": {', "has no memory limit", blocks=False
    ),
    _pod(
        "R24",
        "disk-unlimited",
        '"512Mi", "ephemeral-storage": "64Mi"}}',
        '"512Mi"}}',
        "fill its node's disk",
        blocks=False,
    ),
    of(
        "counted-twice",
        "R27",
        (
            'spec={"selector": {"matchLabels": {"app": "web", "part": "worker"}}',
            'spec={"replicas": 2, "selector": {"matchLabels": {"app": "web", "part": "worker"}}',
        ),
        flags="F7",
        says="every pulumi up undoes the scaling",
    ),
    _pod(
        "R29",
        "on-one-node",
        '"topologySpreadConstraints": [',
        '"tolerations": [] and [',
        "all its pods on one node",
        blocks=False,
    ),
    of(
        "namespace-without-standard",
        "R31",
        ('"pod-security.kubernetes.io/enforce": "restricted"', '"team": "shop"'),
        flags="F7!",
        says="enforces no Pod Security Standard",
    ),
    of(
        "route-to-nowhere",
        "R32",
        ('"backendRefs": [{"name": "web"', '"backendRefs": [{"name": "old"'),
        flags="F7",
        says="does not have",
    ),
    of(
        "tls-removed",
        "F7",
        (
            '"protocol": "HTTPS", "port": 443, "tls": {"mode": "Terminate", "certificateRefs": [{"name": "web-certificate"}]}',
            '"protocol": "HTTP", "port": 80',
        ),
        flags="F7!",
        says="loses TLS",
    ),
    of("job-without-end", "R33", ('"activeDeadlineSeconds": 3600, ', ""), flags="F7", says="may run for ever"),
    of(
        "owner-unknown",
        "R34",
        ('OWNER = {"app.kubernetes.io/name": "web", ', "OWNER = {"),
        flags="F7",
        says="nobody can see whose it is",
    ),
    of(
        "evicted-first",
        "R34",
        (
            '"part": "worker"}}, "spec": pod}}',
            '"part": "worker"}}, "spec": {k: v for k, v in pod.items() if k != "priorityClassName"}}}',
        ),
        flags="F7",
        says="a full node evicts it before them",
    ),
    of("image-bumped", "F7", ('"1" * 64', '"2" * 64'), flags=""),
    of("variable-added-first", "-", ('"env": [', '"env": [{"name": "ALPHA", "value": "1"}, '), flags=""),
)
