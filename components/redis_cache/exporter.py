"""What serves a server's series on Docker, once the monitoring asks for them; on Kubernetes each pod has its own.

https://github.com/oliver006/redis_exporter#command-line-flags
"""

from __future__ import annotations

import json

import pulumi
import pulumi_docker as docker

from components import versions
from components.folders import SECRETS_FOLDER
from components.redis_cache import facts
from components.targets import DockerTarget
from components.targets.docker import TOOLS_FOLDER, files, hardened, image, tools

USER = 59000
"""The image's own user."""

MEMORY = "64Mi"
CPU = "100m"


def create(
    name: str, target: DockerTarget, password: pulumi.Output[str], server: docker.Container, parent: pulumi.Resource
) -> docker.Container:
    """redis_exporter under the alias `{name}-exporter`, as a user who reads series and no keys."""
    role = f"{name}{facts.EXPORTER_SUFFIX}"
    known = password.apply(lambda value: passwords_file(name, value))
    written = files(role, {SECRETS_FOLDER: {"passwords.json": known}}, USER, target, parent)
    return docker.Container(
        role,
        name=f"{target.prefix}-{role}",
        hostname=role,
        image=image(role, versions.REDIS_EXPORTER_DOCKER, target, parent).image_id,
        envs=[
            f"REDIS_ADDR=redis://{name}:{facts.PORT}",
            "REDIS_EXPORTER_CONFIG_COMMAND=-",
            f"REDIS_PASSWORD_FILE={SECRETS_FOLDER}/passwords.json",
            "REDIS_USER=exporter",
        ],
        **hardened(MEMORY, CPU),
        user=f"{USER}:{USER}",
        read_only=True,
        restart="unless-stopped",
        networks_advanced=[docker.ContainerNetworksAdvancedArgs(name=target.networks[name], aliases=[role])],
        mounts=[*written.mounts, tools(target)],
        healthcheck=docker.ContainerHealthcheckArgs(
            tests=["CMD", f"{TOOLS_FOLDER}/busybox", "nc", "-z", "-w", "2", "127.0.0.1", str(facts.EXPORTER_PORT)],
            interval="5s",
            timeout="3s",
            retries=5,
            start_period="10s",
        ),
        wait=True,
        wait_timeout=60,
        start=written.written,
        opts=pulumi.ResourceOptions(
            parent=parent,
            provider=target.provider,
            depends_on=[server, *written.written_by],
            replace_with=list(written.written_by),
        ),
    )


def passwords_file(name: str, password: str) -> str:
    """By the address that it is for, user included."""
    return json.dumps({f"redis://exporter@{name}:{facts.PORT}": password})
