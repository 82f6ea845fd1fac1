"""The flat program that the scenarios change: one of each kind that a flag looks at. It is run by the recorder, never by a test."""

from __future__ import annotations

HEAD = """
import pulumi
import pulumi_docker as docker
import pulumi_kubernetes as k8s
import pulumi_random as random
from pulumi import ResourceOptions

cluster = k8s.Provider("cluster", kubeconfig="~/.kube/config", context="here")
CustomResource = k8s.apiextensions.CustomResource
OWNER = {"app.kubernetes.io/name": "web", "app.kubernetes.io/part-of": "shop", "app.kubernetes.io/managed-by": "hand"}


def on(**options):
    return ResourceOptions(provider=cluster, **options)


def custom(name, api, kind, spec, **options):
    return CustomResource(name, api_version=api, kind=kind, metadata={"name": name, "namespace": "shop"}, spec=spec, opts=on(**options))


class Part(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("shop:index:Part", name, {}, None)
"""

BODY = """
namespace = k8s.core.v1.Namespace("namespace", metadata={"name": "shop", "labels": {"pod-security.kubernetes.io/enforce": "restricted"}}, opts=on(protect=True, retain_on_delete=True))
claim = k8s.core.v1.PersistentVolumeClaim("claim", metadata={"name": "claim", "namespace": "shop"}, spec={"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "20Gi"}}}, opts=on(protect=True))
fast = k8s.storage.v1.StorageClass("fast", metadata={"name": "fast"}, provisioner="example.com/disk", reclaim_policy="Retain", opts=on())
kinds = k8s.apiextensions.v1.CustomResourceDefinition("kinds", metadata={"name": "things.example.com"}, spec={"group": "example.com", "names": {"kind": "Thing", "plural": "things"}, "scope": "Namespaced", "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object"}}}]}, opts=on())
password = random.RandomPassword("db-password", length=24, special=False)
key = random.RandomPassword("session-key", length=24, special=False)
database = custom("database", "postgresql.cnpg.io/v1", "Cluster", {"instances": 3, "imageName": "ghcr.io/cloudnative-pg/postgresql:18.1", "storage": {"size": "50Gi"}, "walStorage": {"size": "10Gi"}, "resources": {"requests": {"cpu": "1", "memory": "4Gi"}}, "postgresql": {"parameters": {"max_connections": "200"}}, "plugins": [{"name": "barman-cloud.cloudnative-pg.io", "isWALArchiver": True, "parameters": {"barmanObjectName": "store"}}]}, protect=True)
store = custom("store", "barmancloud.cnpg.io/v1", "ObjectStore", {"retentionPolicy": "30d", "configuration": {"destinationPath": "s3://backups/shop"}})
nightly = custom("nightly", "postgresql.cnpg.io/v1", "ScheduledBackup", {"schedule": "0 0 2 * * *", "cluster": {"name": "database"}})
pooler = custom("pooler", "postgresql.cnpg.io/v1", "Pooler", {"instances": 2, "pgbouncer": {"parameters": {"default_pool_size": "40"}}})
binding = k8s.core.v1.Secret("binding", metadata={"name": "database-binding", "namespace": "shop"}, string_data={"username": "shop", "password": password.result}, opts=on())
settings = k8s.core.v1.ConfigMap("settings", metadata={"namespace": "shop"}, data={"level": "info"}, opts=on())
account = k8s.core.v1.ServiceAccount("account", metadata={"name": "web", "namespace": "shop"}, automount_service_account_token=False, opts=on())
role = k8s.rbac.v1.Role("role", metadata={"name": "web", "namespace": "shop"}, rules=[{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]}], opts=on())
holder = k8s.rbac.v1.RoleBinding("holder", metadata={"name": "web", "namespace": "shop"}, role_ref={"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "web"}, subjects=[{"kind": "ServiceAccount", "name": "web", "namespace": "shop"}], opts=on())
container = {
    "name": "web",
    "image": "ghcr.io/example/web@sha256:" + "1" * 64,
    "imagePullPolicy": "IfNotPresent",
    "ports": [{"name": "http", "containerPort": 8080}],
    "env": [{"name": "LEVEL", "value": "info"}, {"name": "ZONE", "value": "a"}],
    "readinessProbe": {"httpGet": {"path": "/healthz", "port": "http"}},
    "resources": {"requests": {"cpu": "500m", "memory": "512Mi", "ephemeral-storage": "64Mi"}, "limits": {"memory": "512Mi", "ephemeral-storage": "64Mi"}},
    "securityContext": {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}},
}
pod = {
    "serviceAccountName": "web",
    "automountServiceAccountToken": False,
    "priorityClassName": "serving",
    "securityContext": {"runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}},
    "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway", "labelSelector": {"matchLabels": {"app": "web"}}}],
    "containers": [container],
}
web = k8s.apps.v1.Deployment("web", metadata={"name": "web", "namespace": "shop", "labels": OWNER}, spec={"replicas": 4, "selector": {"matchLabels": {"app": "web"}}, "strategy": {"type": "RollingUpdate"}, "template": {"metadata": {"labels": {"app": "web"}}, "spec": pod}}, opts=on(depends_on=[binding, account]))
door = k8s.core.v1.Service("door", metadata={"name": "web", "namespace": "shop"}, spec={"type": "ClusterIP", "selector": {"app": "web"}, "ports": [{"name": "http", "port": 80}]}, opts=on())
budget = k8s.policy.v1.PodDisruptionBudget("budget", metadata={"name": "web", "namespace": "shop"}, spec={"maxUnavailable": 1, "unhealthyPodEvictionPolicy": "AlwaysAllow", "selector": {"matchLabels": {"app": "web"}}}, opts=on())
wall = k8s.networking.v1.NetworkPolicy("wall", metadata={"name": "web", "namespace": "shop"}, spec={"podSelector": {"matchLabels": {"app": "web"}}, "policyTypes": ["Ingress", "Egress"], "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "edge"}}}], "ports": [{"port": 8080}]}], "egress": [{"to": [{"ipBlock": {"cidr": "10.1.0.0/16"}}], "ports": [{"port": 5432}]}]}, opts=on())
drill = k8s.batch.v1.CronJob("restore-drill", metadata={"name": "restore-drill", "namespace": "shop", "labels": OWNER}, spec={"schedule": "0 4 * * 0", "jobTemplate": {"spec": {"activeDeadlineSeconds": 3600, "template": {"metadata": {"labels": {"app": "web"}}, "spec": {**pod, "restartPolicy": "Never"}}}}}, opts=on())
queue = k8s.apps.v1.StatefulSet("queue", metadata={"name": "queue", "namespace": "shop", "labels": OWNER}, spec={"serviceName": "queue", "replicas": 2, "selector": {"matchLabels": {"app": "web", "part": "queue"}}, "template": {"metadata": {"labels": {"app": "web", "part": "queue"}}, "spec": pod}, "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "5Gi"}}}}]}, opts=on())
worker = k8s.apps.v1.Deployment("worker", metadata={"name": "worker", "namespace": "shop", "labels": OWNER}, spec={"selector": {"matchLabels": {"app": "web", "part": "worker"}}, "template": {"metadata": {"labels": {"app": "web", "part": "worker"}}, "spec": pod}}, opts=on())
scaler = k8s.autoscaling.v2.HorizontalPodAutoscaler("scaler", metadata={"name": "worker", "namespace": "shop"}, spec={"minReplicas": 2, "maxReplicas": 6, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "worker"}, "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}}]}, opts=on())
gate = custom("gate", "gateway.networking.k8s.io/v1", "Gateway", {"gatewayClassName": "edge", "listeners": [{"name": "https", "protocol": "HTTPS", "port": 443, "tls": {"mode": "Terminate", "certificateRefs": [{"name": "web-certificate"}]}}]})
way = custom("way", "gateway.networking.k8s.io/v1", "HTTPRoute", {"parentRefs": [{"name": "gate"}], "hostnames": ["shop.example.com"], "rules": [{"backendRefs": [{"name": "web", "port": 80}]}]})
part = Part("cache")
cache_settings = k8s.core.v1.ConfigMap("cache-settings", metadata={"name": "cache-settings", "namespace": "shop", "labels": {"part": "cache", "tier": "data", "owner": "shop"}}, data={"valkey.conf": "maxmemory 512mb\\nmaxmemory-policy allkeys-lru\\n"}, opts=on(parent=part))
"""

PROGRAM = HEAD + BODY

STACK = "config:\n  shop:size: 3\n"
