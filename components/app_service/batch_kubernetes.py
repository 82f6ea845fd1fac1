"""What an app runs beside its replicas on Kubernetes: a Job of migrations, CronJobs, and their side of the network rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pulumi
from pulumi_kubernetes.batch.v1 import CronJob, CronJobSpecArgs, Job, JobSpecArgs, JobTemplateSpecArgs
from pulumi_kubernetes.core.v1 import (
    ContainerArgs,
    EnvVarArgs,
    EnvVarSourceArgs,
    ResourceRequirementsArgs,
    SecretKeySelectorArgs,
    VolumeMountArgs,
)
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from components.app_service import facts, named_hosts, pod
from components.app_service.batch import JobSpec, MigrationsSpec, SmokeSpec
from components.app_service.body import Batch, Wiring
from components.app_service.delivery import postgres_variable
from components.app_service.spec import AppServiceSpec
from components.connections import PostgresConnection
from components.folders import SECRETS_FOLDER
from components.targets import KubernetesTarget
from components.targets.kubernetes import metadata, network_policy, restricted_container
from components.vocabulary import seconds

POLICIES = {"forbid": "Forbid", "allow": "Allow", "replace": "Replace"}

RUNS_AGAIN = {"pulumi.com/replaceUnready": "true"}
"""A failed Job stays failed for the engine unless this is said."""

SCHEDULING_SECONDS = 120
"""For a pod to find a node and its image, on top of what the run itself needs."""


def create(
    name: str,
    spec: AppServiceSpec,
    wiring: Wiring,
    around: pod.Around,
    target: KubernetesTarget,
    parent: pulumi.Resource,
) -> list[pulumi.Resource]:
    """Returns what must have ended well before a replica of the new version starts."""
    if not facts.has_batch(spec):
        return []
    labels = facts.batch_selector(name)
    out = wiring.batch.outbound
    policies: list[pulumi.Resource] = [
        network_policy(facts.batch(name), labels, labels, ((), out), target, parent),
        *named_hosts.create(facts.batch(name), labels, out, target, parent),
    ]
    for job, declared in sorted(spec.jobs.items()):
        _cron_job(name, job, declared, spec, wiring, around, target, parent)
    if spec.migrations is None:
        return []
    return [_migrations(name, spec.migrations, spec, wiring.batch, around, target, parent, policies)]


def smoke(
    name: str,
    asked: SmokeSpec,
    spec: AppServiceSpec,
    wiring: Wiring,
    around: pod.Around,
    target: KubernetesTarget,
    *,
    parent: pulumi.Resource,
    after: Sequence[pulumi.Resource],
) -> Job:
    """One for each image, like the migrations, but after the rollout: what it gates is that the update counts as done."""
    told = {"SMOKE_HOST": name, "SMOKE_PORT": str(spec.ports[asked.port])}
    template = pod.batch_template(name, spec, wiring.batch.running, around, asked.command)
    patience = f"{seconds(asked.timeout) + SCHEDULING_SECONDS}s"
    return Job(
        f"{name}-smoke",
        metadata=metadata(target, facts.batch_selector(name), annotations=RUNS_AGAIN),
        spec=JobSpecArgs(
            backoff_limit=0,
            active_deadline_seconds=seconds(asked.timeout),
            template=pod.with_variables(template, told),
        ),
        opts=pulumi.ResourceOptions(
            parent=parent,
            provider=target.provider,
            depends_on=list(after),
            custom_timeouts=pulumi.CustomTimeouts(create=patience, update=patience),
        ),
    )


def _migrations(
    name: str,
    migrations: MigrationsSpec,
    spec: AppServiceSpec,
    batch: Batch,
    around: pod.Around,
    target: KubernetesTarget,
    parent: pulumi.Resource,
    policies: Sequence[pulumi.Resource],
) -> Job:
    """Named by the engine: a Job can't change, so a new image is a new Job, and the old one goes after it.

    A failed Job stays failed for the engine; `replaceUnready` makes the next `up` run it again. No time to live: a Job
    that vanished by itself would be run again by the next `up`.
    """
    patience = f"{seconds(migrations.timeout) + SCHEDULING_SECONDS}s"
    gates = (*batch.gates, *batch.backups(name, spec.image, parent, wanted=migrations.risky))
    return Job(
        f"{name}-migrations",
        metadata=metadata(target, facts.batch_selector(name), annotations=RUNS_AGAIN),
        spec=JobSpecArgs(
            backoff_limit=0,  # a migration that failed half-way is a person's to look at
            active_deadline_seconds=seconds(migrations.timeout),
            template=pod.batch_template(name, spec, batch.delivery, around, migrations.command, list(_setups(batch))),
        ),
        opts=pulumi.ResourceOptions(
            parent=parent,
            provider=target.provider,
            depends_on=[*policies, *(resource for gate in gates for resource in gate.resources)],
            custom_timeouts=pulumi.CustomTimeouts(create=patience, update=patience),
        ),
    )


def _setups(batch: Batch) -> Iterator[ContainerArgs]:
    """What each database wants of its migrator first: rights for the apps on what the migrations will make."""
    for connection in batch.connections:
        if not isinstance(connection, PostgresConnection) or connection.setup is None:
            continue
        assert connection.binding is not None, "on Kubernetes every role has a binding Secret"
        plain = {
            "PGCONNECT_TIMEOUT": "10",
            "PGDATABASE": connection.database,
            "PGHOST": connection.host,
            "PGPORT": str(connection.port),
            "PGSSLMODE": connection.sslmode,
            "PGSSLROOTCERT": f"{SECRETS_FOLDER}/{postgres_variable(connection.prefix, 'SSLROOTCERT')}",
            "PGUSER": connection.username,
        }
        password = EnvVarSourceArgs(secret_key_ref=SecretKeySelectorArgs(name=connection.binding, key="password"))
        yield ContainerArgs(
            name=f"grants-{connection.prefix.lower().replace('_', '-')}",
            image=connection.setup.image,
            image_pull_policy="IfNotPresent",
            command=["psql", "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--quiet", "--command", connection.setup.sql],
            env=[
                *(EnvVarArgs(name=name, value=value) for name, value in plain.items()),
                EnvVarArgs(name="PGPASSWORD", value_from=password),
            ],
            resources=ResourceRequirementsArgs(
                requests={"cpu": "50m", "memory": "64Mi", "ephemeral-storage": "16Mi"},
                limits={"memory": "64Mi", "ephemeral-storage": "16Mi"},
            ),
            security_context=restricted_container(),
            volume_mounts=[VolumeMountArgs(name=pod.SECRETS, mount_path=SECRETS_FOLDER, read_only=True)],
        )


def _cron_job(
    name: str,
    job: str,
    declared: JobSpec,
    spec: AppServiceSpec,
    wiring: Wiring,
    around: pod.Around,
    target: KubernetesTarget,
    parent: pulumi.Resource,
) -> None:
    """A schedule, so named like an address; each run is a Job that the cluster names after it."""
    labels = facts.batch_selector(name)
    CronJob(
        f"{name}-job-{job}",
        metadata=metadata(target, labels, f"{name}-{job}"),
        spec=CronJobSpecArgs(
            schedule=declared.schedule,
            time_zone=declared.time_zone,
            concurrency_policy=POLICIES[declared.overlap],
            starting_deadline_seconds=seconds(declared.late),
            suspend=declared.suspended,
            successful_jobs_history_limit=1,
            failed_jobs_history_limit=3,
            job_template=JobTemplateSpecArgs(
                metadata=ObjectMetaArgs(labels=labels),
                spec=JobSpecArgs(
                    backoff_limit=declared.retries,
                    active_deadline_seconds=seconds(declared.timeout),
                    template=pod.batch_template(name, spec, wiring.batch.running, around, declared.command),
                ),
            ),
        ),
        opts=pulumi.ResourceOptions(
            parent=parent,
            provider=target.provider,
            depends_on=[resource for gate in wiring.gates for resource in gate.resources],
        ),
    )
