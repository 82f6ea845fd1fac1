"""Every image and API version that the program itself chooses, in one table.

A stack file can name another image; what it can't name is here alone. Images on Kubernetes are pinned by digest. On
Docker a tag is enough: a developer's machine resolves it once and keeps it.
"""

from __future__ import annotations

POSTGRES_KUBERNETES = {
    # https://github.com/cloudnative-pg/artifacts image-catalogs/catalog-standard-trixie.yaml of 2026-08-31
    14: "ghcr.io/cloudnative-pg/postgresql:14.24-202608310817-standard-trixie@sha256:19fdf3596c337c9ae3725dbcec345e85f64e3097b1e0e375575bc6d53c3e4497",
    15: "ghcr.io/cloudnative-pg/postgresql:15.19-202608310817-standard-trixie@sha256:10c19625c4f43cd4f1cb04caf072a942853e10e510d96e9be656b3a7f0ad968a",
    16: "ghcr.io/cloudnative-pg/postgresql:16.15-202608310817-standard-trixie@sha256:6fedafdbf8b5b241e94c0307783a4875525141b98c4cbb8ec8a0b4134e9545d6",
    17: "ghcr.io/cloudnative-pg/postgresql:17.11-202608310816-standard-trixie@sha256:0eea5ac8c5e3043db94f4d512ffcfb9c06d6270a97f6d56e9f08e1571ef0484e",
    18: "ghcr.io/cloudnative-pg/postgresql:18.6-202608310817-standard-trixie@sha256:c2a773217853c6e0ffe7da9c37ea456466efb20cf844f27511a73fa6a81e3152",
}
"""CloudNativePG operand images by major version."""

POSTGRES_DOCKER = {major: f"docker.io/library/postgres:{major}-trixie" for major in POSTGRES_KUBERNETES}
"""Official images by major version; the same Debian release, so the same collations as on Kubernetes."""

TOOLBOX = "docker.io/library/busybox:1.37.0-musl"
"""Statically linked shell tools for Docker's one-shot containers and health checks."""

CLOUDNATIVE_PG_API = "postgresql.cnpg.io/v1"
"""https://cloudnative-pg.io/documentation/1.30/cloudnative-pg.v1/"""

KEDA_API = "keda.sh/v1alpha1"
"""https://keda.sh/docs/2.20/reference/scaledobject-spec/"""

VERTICAL_POD_AUTOSCALER_API = "autoscaling.k8s.io/v1"
"""https://github.com/kubernetes/autoscaler/blob/vertical-pod-autoscaler-1.7.1/vertical-pod-autoscaler/docs/api.md"""
