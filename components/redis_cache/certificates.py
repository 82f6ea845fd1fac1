"""A certificate authority of the instance's own, and the certificate that its servers and Sentinels share.

https://cert-manager.io/docs/configuration/selfsigned/#bootstrapping-ca-issuers
"""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource

from components import versions
from components.redis_cache.spec import RedisCacheSpec
from components.targets import KubernetesTarget
from components.targets.kubernetes import kept, metadata

API = versions.CERT_MANAGER_API

AUTHORITY_DURATION = "87600h0m0s"
"""Ten years: apps read it once, and nothing but a deliberate change should make them read another."""

DURATION = {"redis": "8760h0m0s", "valkey": "2160h0m0s"}
"""Valkey takes up a renewed certificate while it runs; Redis at its next start, so it gets a year."""

RENEW_BEFORE = "720h0m0s"
"""Written as the API server gives it back: another spelling would show as a change for ever."""

READY = {"pulumi.com/waitFor": "condition=Ready"}
KEY = {"algorithm": "ECDSA", "size": 256}


def create(
    name: str, spec: RedisCacheSpec, labels: Mapping[str, str], target: KubernetesTarget, parent: pulumi.Resource
) -> CustomResource:
    """The certificate; its Secret, `{name}-tls`, holds tls.crt, tls.key and ca.crt."""
    opts = pulumi.ResourceOptions(parent=parent, provider=target.provider)
    root = CustomResource(
        f"{name}-selfsigned-issuer",
        api_version=API,
        kind="Issuer",
        metadata=metadata(target, labels, f"{name}-selfsigned"),
        spec={"selfSigned": {}},
        opts=opts,
    )
    authority = CustomResource(
        f"{name}-ca-certificate",
        api_version=API,
        kind="Certificate",
        metadata=metadata(target, labels, f"{name}-ca", READY),
        spec={
            "isCA": True,
            "commonName": f"{name} {target.prefix}"[:64],
            "secretName": f"{name}-ca",
            "duration": AUTHORITY_DURATION,
            "renewBefore": RENEW_BEFORE,
            "privateKey": {**KEY, "rotationPolicy": "Never"},
            "issuerRef": {"name": f"{name}-selfsigned", "kind": "Issuer", "group": "cert-manager.io"},
        },
        opts=pulumi.ResourceOptions.merge(
            kept(parent, target, protect=spec.deletion_protection), pulumi.ResourceOptions(depends_on=[root])
        ),
    )
    issuer = CustomResource(
        f"{name}-ca-issuer",
        api_version=API,
        kind="Issuer",
        metadata=metadata(target, labels, f"{name}-ca"),
        spec={"ca": {"secretName": f"{name}-ca"}},
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[authority])),
    )
    return CustomResource(
        f"{name}-certificate",
        api_version=API,
        kind="Certificate",
        metadata=metadata(target, labels, f"{name}-tls", READY),
        spec={
            "secretName": f"{name}-tls",
            "duration": DURATION[spec.engine],
            "renewBefore": RENEW_BEFORE,
            "privateKey": {**KEY, "rotationPolicy": "Always"},
            "usages": ["server auth", "client auth"],
            "dnsNames": _names(name, target),
            "issuerRef": {"name": f"{name}-ca", "kind": "Issuer", "group": "cert-manager.io"},
        },
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[issuer])),
    )


def _names(name: str, target: KubernetesTarget) -> list[str]:
    """Every name that somebody dials: the Services, each pod, and the pod itself from within."""
    return [
        "localhost",
        name,
        f"{name}.{target.domain}",
        f"{name}-proxy",
        f"{name}-proxy.{target.domain}",
        f"*.{name}-servers.{target.domain}",
        f"*.{name}-sentinels.{target.domain}",
    ]
