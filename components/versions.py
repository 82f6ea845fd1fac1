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

PGBOUNCER_DOCKER = "ghcr.io/cloudnative-pg/pgbouncer:1.25.1"
"""The pooler that the operator runs on Kubernetes, there in the version that the operator brings."""

POSTGRES_EXPORTER = "quay.io/prometheuscommunity/postgres-exporter:v0.19.1"
"""The version whose series the signals of PostgresCluster are checked against."""

PGBOUNCER_EXPORTER = "quay.io/prometheuscommunity/pgbouncer-exporter:v0.12.1"

TOOLBOX = "docker.io/library/busybox:1.37.0-musl"
"""Statically linked shell tools for Docker's one-shot containers and health checks."""

MONITORING_DOCKER = {
    "alertmanager": "quay.io/prometheus/alertmanager:v0.34.0",
    "blackbox": "quay.io/prometheus/blackbox-exporter:v0.28.0",
    "cadvisor": "ghcr.io/google/cadvisor:v0.60.5",
    "collector": "docker.io/fluent/fluent-bit:5.1.1",
    "grafana": "docker.io/grafana/grafana:13.2.0",
    "loki": "docker.io/grafana/loki:3.7.6",
    "node": "quay.io/prometheus/node-exporter:v1.12.1",
    "prometheus": "quay.io/prometheus/prometheus:v3.14.0",
    "pushgateway": "quay.io/prometheus/pushgateway:v1.11.3",
}
"""Programs of the monitoring on Docker."""

MONITORING_KUBERNETES = {
    "alertmanager": "quay.io/prometheus/alertmanager:v0.34.0@sha256:690c7b525f4367aa91f73e2f91c632206d32e97c6384bdbf2fb7a861b420340d",
    "blackbox": "quay.io/prometheus/blackbox-exporter:v0.28.0@sha256:e753ff9f3fc458d02cca5eddab5a77e1c175eee484a8925ac7d524f04366c2fc",
    "grafana": "docker.io/grafana/grafana:13.2.0@sha256:3fd54ae1214669f8355f065ec9f6445d5279a3d77095ab048ca045685272429b",
    "loki": "docker.io/grafana/loki:3.7.6@sha256:efd47c67f9bac88ca29bcf8cb997d9ab29d1848bd0aff579282295542a745952",
    "prometheus": "quay.io/prometheus/prometheus:v3.14.0@sha256:5ce7540c3c00ef4ab0c9d2c995c6a5b9c421f44b4a115d97a2c7af3b1c21cbb0",
    "pushgateway": "docker.io/prom/pushgateway:v1.11.3@sha256:74fa117cef2d7e383112d25139ff1c2d2e309c35389a9e0554a47136a1482e48",
}
"""The same programs on Kubernetes."""

CLOUDNATIVE_PG_API = "postgresql.cnpg.io/v1"
"""https://cloudnative-pg.io/documentation/1.30/cloudnative-pg.v1/"""

KEDA_API = "keda.sh/v1alpha1"
"""https://keda.sh/docs/2.21/reference/scaledobject-spec/"""

CILIUM_API = "cilium.io/v2"
"""https://docs.cilium.io/en/v1.18/security/policy/language/"""

VERTICAL_POD_AUTOSCALER_API = "autoscaling.k8s.io/v1"
"""https://github.com/kubernetes/autoscaler/blob/vertical-pod-autoscaler-1.7.1/vertical-pod-autoscaler/docs/api.md"""

REDIS_MAJOR = {"redis": 8, "valkey": 9}
"""Major version of each engine's images below."""

REDIS_KUBERNETES = {
    "redis": "docker.io/library/redis:8.8.1-trixie@sha256:3eafabb4c93fcb8b36b666e07a43f096cb157bc6b07dce4b2492b895c63cf37f",
    "valkey": "docker.io/valkey/valkey:9.1.2@sha256:418652cfb58ef879d4978c33553735d7147016032d5aefaa14c828e611eb9dfd",
}
"""Official images by engine; both on Debian, whose shell tools the start scripts use."""

REDIS_DOCKER = {"redis": "docker.io/library/redis:8.8-trixie", "valkey": "docker.io/valkey/valkey:9.1"}

REDIS_EXPORTER = (
    "docker.io/oliver006/redis_exporter:v1.88.0@sha256:ead15fa913b45314068b9237bb5eff1e97bcb41d63fbe6267befe34667b5f856"
)

REDIS_EXPORTER_DOCKER = "docker.io/oliver006/redis_exporter:v1.88.0"

HAPROXY = (
    "docker.io/library/haproxy:3.2.23-alpine@sha256:5961c68bc8a81c5124d0a98ab20f81b74717d6afe596e805977d9cf84c126222"
)

CERT_MANAGER_API = "cert-manager.io/v1"
"""https://cert-manager.io/docs/reference/api-docs/"""
BARMAN_CLOUD_API = "barmancloud.cnpg.io/v1"
"""https://cloudnative-pg.io/plugin-barman-cloud/docs/plugin-barman-cloud.v1/"""

BARMAN_CLOUD_PLUGIN = "barman-cloud.cloudnative-pg.io"
"""The operator's name for it."""

NGINX_KUBERNETES = "ghcr.io/nginx/nginx-unprivileged:1.30.4-alpine-slim@sha256:b1d850535f815f18e9dd12ca7e9f4d36de36a49e246ccd8ef64289b0d06bde49"
"""nginx that never runs as root, without tools. https://github.com/nginx/docker-nginx-unprivileged"""

NGINX_DOCKER = "docker.io/nginxinc/nginx-unprivileged:1.30-trixie"
"""The same server on Debian. It also has the program `openssl`, which makes local certificates: the image installs
ca-certificates, which depends on it. https://github.com/nginx/docker-nginx-unprivileged/blob/main/stable/debian/Dockerfile"""

GATEWAY_API = "gateway.networking.k8s.io/v1"
"""https://gateway-api.sigs.k8s.io/reference/spec/"""

ENVOY_GATEWAY_API = "gateway.envoyproxy.io/v1alpha1"
"""https://gateway.envoyproxy.io/v1.9/api/extension_types/"""

PROMETHEUS_OPERATOR_API = "monitoring.coreos.com/v1"
"""https://prometheus-operator.dev/docs/api-reference/api/"""
MTAIL = "ghcr.io/google/mtail:3.0.8"
"""Counts what nginx logs. The image holds nothing but /usr/bin/mtail. By its tag: no catalogue that could be read tells the
digest. https://github.com/jaqx0r/mtail"""

CORAZA = "ghcr.io/corazawaf/coraza-proxy-wasm:0.6.0"
"""The web application firewall as a WebAssembly image; by its tag, as above. https://github.com/corazawaf/coraza-proxy-wasm"""
