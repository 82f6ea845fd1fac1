"""Series that others make and the edge's signals are built on: their labels, and where that was read."""

from __future__ import annotations

_COLLECTOR = "github.com/cert-manager/cert-manager v1.21.1, internal/collectors/certificate_collector.go"
_OF_CERTIFICATES = {"name", "namespace", "issuer_name", "issuer_kind", "issuer_group"}
_PROBER = "github.com/prometheus/blackbox_exporter v0.28.0, README.md and prober/tcp.go"
_CLUSTERS = "https://www.envoyproxy.io/docs/envoy/latest/configuration/upstream/cluster_manager/cluster_stats"
_TAGS = "envoyproxy/envoy, source/common/config/well_known_names.cc (tags taken out of names)"
_FILTERS = "https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters"

SERIES: dict[str, tuple[set[str], str]] = {
    "certmanager_certificate_not_after_timestamp_seconds": (_OF_CERTIFICATES, _COLLECTOR),
    "certmanager_certificate_not_before_timestamp_seconds": (_OF_CERTIFICATES, _COLLECTOR),
    "envoy_cluster_upstream_rq_time_bucket": ({"envoy_cluster_name", "le"}, f"{_CLUSTERS}, in milliseconds; {_TAGS}"),
    "envoy_cluster_upstream_rq_xx": ({"envoy_cluster_name", "envoy_response_code_class"}, f"{_CLUSTERS}; {_TAGS}"),
    "envoy_http_downstream_cx_active": (
        {"envoy_http_conn_manager_prefix"},
        "https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/stats; prefixes `http-10080` and "
        "`https-10443`, as a running one says: envoyproxy/gateway v1.9.0, internal/xds/translator/listener.go, hcmStatPrefix",
    ),
    **{
        f"envoy_http_{name}": ({"envoy_http_conn_manager_prefix"}, f"{_FILTERS}/{page}: `http.<stat_prefix>.{stat}`")
        for name, stat, page in (
            ("api_key_auth_unauthorized", "api_key_auth.unauthorized", "api_key_auth_filter"),
            ("jwt_authn_denied", "jwt_authn.denied", "jwt_authn_filter"),
            ("rbac_denied", "rbac.denied", "rbac_filter"),
        )
    },
    "envoy_http_local_rate_limit_rate_limited": (
        {"envoy_local_http_ratelimit_prefix"},
        "https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/local_rate_limit_filter: "
        f"`<stat_prefix>.http_local_rate_limit.rate_limited`, whose prefix becomes a label; {_TAGS}",
    ),
    "probe_ssl_earliest_cert_expiry": (set(), _PROBER),
    "probe_success": (set(), _PROBER),
}
"""Labels beside those that the scraper sets (`instance_name`, `instance`, `exported_namespace`)."""
