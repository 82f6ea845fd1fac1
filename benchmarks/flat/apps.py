"""Both kinds of app."""

from __future__ import annotations

import pulumi
import pulumi_random as random
from ground import PRIVATE, about, apis, cluster, fronts, generated, opts, pods, selector, tcp
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.apps import v1 as apps
from pulumi_kubernetes.autoscaling import v2 as autoscaling
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.meta import v1 as meta
from pulumi_kubernetes.networking import v1 as networking
from pulumi_kubernetes.policy import v1 as policies
from server import login


def probe(path: str, every: int, failures: int) -> core.ProbeArgs:
    return core.ProbeArgs(
        period_seconds=every,
        timeout_seconds=2,
        failure_threshold=failures,
        http_get=core.HTTPGetActionArgs(path=path, port="http"),
    )


def around(app: str, ports: dict[str, int], policy: networking.NetworkPolicySpecArgs) -> pulumi.Output[str]:
    """Account, policy, Service and disruption budget; the account's name."""
    labels = selector(app)
    account = core.ServiceAccount(
        f"{app}-account", metadata=about(labels, app), automount_service_account_token=False, opts=opts
    )
    networking.NetworkPolicy(f"{app}-policy", metadata=about(labels, app), spec=policy, opts=opts)
    core.Service(
        f"{app}-service",
        metadata=about(labels, app),
        spec=core.ServiceSpecArgs(
            selector=labels,
            ports=[
                core.ServicePortArgs(name=port, port=number, target_port=port, protocol="TCP")
                for port, number in ports.items()
            ],
        ),
        opts=pulumi.ResourceOptions(provider=cluster, depends_on=[account]),
    )
    policies.PodDisruptionBudget(
        f"{app}-disruption",
        metadata=about(labels, app),
        spec=policies.PodDisruptionBudgetSpecArgs(
            selector=meta.LabelSelectorArgs(match_labels=labels),
            max_unavailable=1,
            unhealthy_pod_eviction_policy="AlwaysAllow",
        ),
        opts=opts,
    )
    return account.metadata.name


def container(
    image: str,
    ports: dict[str, int],
    variables: dict[str, str],
    resources: core.ResourceRequirementsArgs,
    mounts: list[core.VolumeMountArgs],
    liveness: core.ProbeArgs | None,
) -> core.ContainerArgs:
    return core.ContainerArgs(
        name="app",
        image=image,
        image_pull_policy="IfNotPresent",
        ports=[
            core.ContainerPortArgs(name=port, container_port=number, protocol="TCP") for port, number in ports.items()
        ],
        env=[core.EnvVarArgs(name=name, value=value) for name, value in variables.items()],
        resources=resources,
        security_context=core.SecurityContextArgs(
            allow_privilege_escalation=False,
            capabilities=core.CapabilitiesArgs(drop=["ALL"]),
            read_only_root_filesystem=True,
        ),
        startup_probe=probe("/healthz", 5, 24),
        readiness_probe=probe("/healthz", 5, 3),
        liveness_probe=liveness,
        lifecycle=core.LifecycleArgs(pre_stop=core.LifecycleHandlerArgs(sleep=core.SleepActionArgs(seconds=10))),
        volume_mounts=[core.VolumeMountArgs(name="scratch-0", mount_path="/tmp"), *mounts],  # noqa: S108  # a path inside the container
    )


def sizes(cpu: str, memory: str) -> core.ResourceRequirementsArgs:
    common = {"memory": memory, "ephemeral-storage": "256Mi"}
    return core.ResourceRequirementsArgs(requests={**common, "cpu": cpu}, limits=common)


def spread(app: str, topology: str) -> core.TopologySpreadConstraintArgs:
    return core.TopologySpreadConstraintArgs(
        topology_key=topology,
        max_skew=1,
        when_unsatisfiable="ScheduleAnyway",
        label_selector=meta.LabelSelectorArgs(match_labels=selector(app)),
        match_label_keys=["pod-template-hash"],
        node_taints_policy="Honor",
    )


def deployment(
    app: str,
    account: pulumi.Output[str],
    running: core.ContainerArgs,
    volumes: list[core.VolumeArgs],
    *,
    replicas: int | None,
    patience: str,
    after: list[pulumi.Resource],
) -> None:
    labels = selector(app)
    pod = core.PodSpecArgs(
        service_account_name=account,
        automount_service_account_token=False,
        enable_service_links=False,
        termination_grace_period_seconds=35,
        security_context=core.PodSecurityContextArgs(
            run_as_non_root=True,
            run_as_user=10001,
            run_as_group=10001,
            fs_group=10001,
            fs_group_change_policy="OnRootMismatch",
            seccomp_profile=core.SeccompProfileArgs(type="RuntimeDefault"),
        ),
        topology_spread_constraints=[
            spread(app, "kubernetes.io/hostname"),
            spread(app, "topology.kubernetes.io/zone"),
        ],
        containers=[running],
        volumes=[
            core.VolumeArgs(name="scratch-0", empty_dir=core.EmptyDirVolumeSourceArgs(size_limit="64Mi")),
            *volumes,
        ],
    )
    apps.Deployment(
        f"{app}-deployment",
        metadata=about(labels, app),
        spec=apps.DeploymentSpecArgs(
            replicas=replicas,
            selector=meta.LabelSelectorArgs(match_labels=labels),
            strategy=apps.DeploymentStrategyArgs(
                type="RollingUpdate", rolling_update=apps.RollingUpdateDeploymentArgs(max_surge=1, max_unavailable=0)
            ),
            min_ready_seconds=5,
            progress_deadline_seconds=185,
            revision_history_limit=5,
            template=core.PodTemplateSpecArgs(metadata=meta.ObjectMetaArgs(labels=labels), spec=pod),
        ),
        opts=pulumi.ResourceOptions(
            provider=cluster,
            depends_on=after,
            custom_timeouts=pulumi.CustomTimeouts(create=patience, update=patience),
        ),
    )


def api(number: int, app: str, shared: CustomResource) -> None:
    labels = selector(app)
    role = login(app, shared)
    key = random.RandomPassword(f"{app}-SESSION_KEY", length=32, special=False, opts=generated).result
    policy = networking.NetworkPolicySpecArgs(
        pod_selector=meta.LabelSelectorArgs(match_labels=labels),
        policy_types=["Ingress", "Egress"],
        ingress=[networking.NetworkPolicyIngressRuleArgs(from_=pods(selector(fronts[number])), ports=tcp(8000))],
        egress=[
            networking.NetworkPolicyEgressRuleArgs(to=pods({"cnpg.io/cluster": "main"}), ports=tcp(5432)),
            networking.NetworkPolicyEgressRuleArgs(
                to=[
                    networking.NetworkPolicyPeerArgs(ip_block=networking.IPBlockArgs(cidr="0.0.0.0/0", except_=PRIVATE))
                ],
                ports=tcp(443),
            ),
        ],
    )
    account = around(app, {"http": 8000, "metrics": 9464}, policy)
    secret = core.Secret(
        f"{app}-secrets", metadata=about(labels), string_data={"SESSION_KEY": key}, immutable=True, opts=opts
    ).metadata.name
    data = {"app.toml": f"number = {number}\n"}
    config = core.ConfigMap(f"{app}-config", metadata=about(labels), data=data, immutable=True, opts=opts).metadata.name
    variables = {
        "LOG_LEVEL": "info",
        "PGDATABASE": "shared",
        "PGHOST": "main-rw",
        "PGPASSWORD_FILE": "/run/secrets/PGPASSWORD",
        "PGPORT": "5432",
        "PGSSLMODE": "verify-full",
        "PGSSLROOTCERT": "/run/secrets/PGSSLROOTCERT",
        "PGURI_FILE": "/run/secrets/PGURI",
        "PGUSER": app,
        "SESSION_KEY_FILE": "/run/secrets/SESSION_KEY",
    }
    running = container(
        f"ghcr.io/example/api@sha256:{number:064x}",
        {"http": 8000, "metrics": 9464},
        variables,
        sizes("500m", "768Mi"),
        [
            core.VolumeMountArgs(name="config", mount_path="/run/config", read_only=True),
            core.VolumeMountArgs(name="secrets", mount_path="/run/secrets", read_only=True),
        ],
        probe("/livez", 10, 6),
    )
    volumes = [
        core.VolumeArgs(name="config", config_map=core.ConfigMapVolumeSourceArgs(name=config, default_mode=0o444)),
        core.VolumeArgs(name="secrets", projected=secret_files(app, secret)),
    ]
    deployment(app, account, running, volumes, replicas=None, patience="660s", after=[role])
    autoscaler(app)


def secret_files(app: str, secret: pulumi.Output[str]) -> core.ProjectedVolumeSourceArgs:
    files = [
        (f"main-{app}", "password", "PGPASSWORD"),
        ("main-ca", "ca.crt", "PGSSLROOTCERT"),
        (f"main-{app}", "uri", "PGURI"),
        (secret, "SESSION_KEY", "SESSION_KEY"),
    ]
    return core.ProjectedVolumeSourceArgs(
        default_mode=0o440,
        sources=[
            core.VolumeProjectionArgs(
                secret=core.SecretProjectionArgs(name=name, items=[core.KeyToPathArgs(key=key, path=path)])
            )
            for name, key, path in files
        ],
    )


def autoscaler(app: str) -> None:
    autoscaling.HorizontalPodAutoscaler(
        f"{app}-autoscaler",
        metadata=about(selector(app), app),
        spec=autoscaling.HorizontalPodAutoscalerSpecArgs(
            scale_target_ref=autoscaling.CrossVersionObjectReferenceArgs(
                api_version="apps/v1", kind="Deployment", name=app
            ),
            min_replicas=2,
            max_replicas=3,
            metrics=[
                autoscaling.MetricSpecArgs(
                    type="ContainerResource",
                    container_resource=autoscaling.ContainerResourceMetricSourceArgs(
                        container="app",
                        name="cpu",
                        target=autoscaling.MetricTargetArgs(type="Utilization", average_utilization=65),
                    ),
                )
            ],
            behavior=autoscaling.HorizontalPodAutoscalerBehaviorArgs(
                scale_up=autoscaling.HPAScalingRulesArgs(
                    stabilization_window_seconds=0,
                    select_policy="Max",
                    policies=[
                        autoscaling.HPAScalingPolicyArgs(type="Percent", value=100, period_seconds=30),
                        autoscaling.HPAScalingPolicyArgs(type="Pods", value=4, period_seconds=30),
                    ],
                ),
                scale_down=autoscaling.HPAScalingRulesArgs(
                    stabilization_window_seconds=300,
                    select_policy="Max",
                    policies=[autoscaling.HPAScalingPolicyArgs(type="Percent", value=25, period_seconds=60)],
                ),
            ),
        ),
        opts=opts,
    )


def front(number: int, app: str) -> None:
    policy = networking.NetworkPolicySpecArgs(
        pod_selector=meta.LabelSelectorArgs(match_labels=selector(app)),
        policy_types=["Ingress", "Egress"],
        egress=[networking.NetworkPolicyEgressRuleArgs(to=pods(selector(apis[number])), ports=tcp(8000))],
    )
    account = around(app, {"http": 8080}, policy)
    word = apis[number].upper().replace("-", "_")
    running = container(
        f"ghcr.io/example/front@sha256:{number:064x}",
        {"http": 8080},
        {f"{word}_HOST": apis[number], f"{word}_PORT": "8000"},
        sizes("100m", "256Mi"),
        [],
        None,
    )
    deployment(app, account, running, [], replicas=2, patience="440s", after=[])
