"""The shipped dev stack on a real daemon, by the real program: what runs, who reaches whom, what is kept from whom."""

from __future__ import annotations

import json
import re
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.consumers.dev_stack import PREFIX, DevStack, clear
from tests.consumers.docker_daemon import MACHINE, OUTSIDE, Daemon, in_network_of
from tests.consumers.processes import Processes, bare_environment
from tests.consumers.rendered import Rendered
from tests.consumers.servers import Servers, postgres_tool

APP_USER = "10001:10001"
PORT_OUTSIDE = 8099
AGENTS = {"monitoring-cadvisor": 0, "monitoring-collector": 1 << 2}
"""Root, since the daemon's files are root's: what each may do beyond. CAP_DAC_READ_SEARCH reads containers' logs."""
BUSYBOX = "/run/slipway/busybox"
"""The stack's own tools, inside an app's container."""


@pytest.fixture(scope="module")
def stack(daemon: Daemon, scratch: Path) -> Generator[DevStack]:
    stack = DevStack(daemon, scratch / "dev")
    try:
        done = stack.up()
        assert done.returncode == 0, done.stderr
        yield stack
    finally:
        clear(daemon)


@pytest.fixture(scope="module")
def outside(daemon: Daemon, scratch: Path) -> Generator[str]:
    """A server beyond every container network."""
    with Processes(scratch / "outside") as processes:
        server = ["python3", "-m", "http.server", "--bind", OUTSIDE, str(PORT_OUTSIDE)]
        (scratch / "nothing").mkdir()
        command = [*in_network_of(daemon.outside_pid), *server]
        processes.start("outside", command, cwd=scratch / "nothing", env=bare_environment(scratch))
        url = f"http://{OUTSIDE}:{PORT_OUTSIDE}/"
        processes.wait_until("the server outside answers", lambda: daemon.on_host("curl", "-s", url).returncode == 0)
        yield url


def _get(stack: DevStack, url: str) -> str | None:
    """An answer as seen from the machine; None if there is none."""
    done = stack.daemon.on_host("curl", "-s", "--max-time", "5", url)
    return done.stdout if done.returncode == 0 else None


def test_all_that_is_rendered_exists(stack: DevStack, rendered: Rendered) -> None:
    wanted = sorted((_kind(each), _name(each["inputs"])) for each in rendered.resources("dev"))
    made = sorted((each.kind, _name(each.inputs)) for each in stack.created() if each.kind != "Provider")
    assert made == wanted
    docker = stack.daemon.docker
    for kind, there in (
        ("Container", docker.containers()),
        ("Network", docker.networks()),
        ("Volume", docker.volumes()),
    ):
        assert sorted(_name({"name": name}) for name in there) == [name for each, name in wanted if each == kind]


def test_a_server_and_its_set_up_hold_no_volume_that_has_no_name(stack: DevStack) -> None:
    for name in ("main", "main-setup"):
        held = [mount["Name"] for mount in stack.inspect(name)["Mounts"] if mount["Type"] == "volume"]
        assert [volume for volume in held if not volume.startswith(f"{PREFIX}-")] == []


def _name(inputs: dict[str, Any]) -> str:
    """A volume of a site ends with the start of its image's id, which a rehearsal makes up."""
    return re.sub(r"-site-[0-9a-f]{12}$", "-site-IMAGE", inputs["name"])


def _kind(resource: dict[str, Any]) -> str:
    return resource["type"].rpartition(":")[2]


def test_servers_are_healthy_and_one_shots_are_done(stack: DevStack) -> None:
    assert {"main", "api", "web"} <= set(stack.serving())
    assert {"tools-filler", "main-setup", "api-migrations"} <= set(stack.one_shots())
    for name in stack.serving():
        assert stack.inspect(name)["State"]["Health"]["Status"] == "healthy", name
    for name in stack.one_shots():
        state = stack.inspect(name)["State"]
        assert (state["Status"], state["ExitCode"]) == ("exited", 0), name


def test_each_starts_after_what_it_needs(stack: DevStack) -> None:
    made = {
        each.inputs["name"].removeprefix(f"{PREFIX}-"): each for each in stack.created() if each.kind == "Container"
    }
    before = {
        "main": {"main-files"},
        "main-setup": {"main"},
        "api-migrations": {"main-setup", "api-migrations-files"},
        "electrs": {"bitcoind", "electrs-files", "electrs-data-owner"},
        "api": {"api-migrations", "api-files", "electrs", "bitcoind"},
        "web": {"api", "web-files", "web-site-filler"},
        "edge": {"api", "web", "edge-certificates", "edge-files"},
    }
    late = [(n, other) for n, others in before.items() for other in others if made[other].ready > made[n].begun]
    assert late == []


def test_the_apps_reach_what_they_declare(stack: DevStack) -> None:
    answer = _get(stack, "http://127.0.0.1:8000/")
    assert answer is not None
    assert json.loads(answer)["database"] == {"host": "main", "reachable": True, "password_readable": True}
    assert "<html" in (_get(stack, "http://127.0.0.1:3000/") or "")


def test_a_person_who_trusts_the_stacks_authority_reaches_site_and_app_through_the_edge(
    stack: DevStack, tmp_path: Path
) -> None:
    code, authority = stack.run("edge", BUSYBOX, "cat", "/run/tls/authority.crt")
    assert code == 0
    file = tmp_path / "authority.crt"
    file.write_text(authority, encoding="utf-8")

    def get(host: str, path: str) -> str:
        to = f"{host}:8443:127.0.0.1"
        command = [
            "curl",
            "-s",
            "--max-time",
            "5",
            "--cacert",
            str(file),
            "--resolve",
            to,
            f"https://{host}:8443{path}",
        ]
        done = stack.daemon.on_host(*command)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "BlockSight (demo)" in get("blocksight.localhost", "/")
    assert json.loads(get("blocksight.localhost", "/config.json")) == {
        "API_URL": "https://api.blocksight.localhost:8443"
    }
    assert json.loads(get("api.blocksight.localhost", "/"))["database"]["reachable"] is True
    assert _get(stack, "http://127.0.0.1:8080/") is not None  # the redirect's own page


def test_ports_are_published_on_loopback_alone(stack: DevStack) -> None:
    assert _get(stack, "http://127.0.0.1:8000/healthz") is not None
    for machine in (stack.daemon.on_host, stack.daemon.from_outside):
        assert machine("curl", "-s", "--max-time", "3", f"http://{MACHINE}:8000/healthz").returncode != 0
    bound = [p["HostIp"] for n in stack.serving() for ports in _bindings(stack, n).values() for p in ports]
    assert len(bound) >= 3
    assert set(bound) == {"127.0.0.1"}
    gateway = stack.inspect("web")["NetworkSettings"]["Networks"][f"{PREFIX}-web-egress"]["Gateway"]
    for port in (5432, 8000):
        assert _connects(stack, "web", gateway, port) is False


def _bindings(stack: DevStack, name: str) -> dict[str, list[dict[str, str]]]:
    return stack.inspect(name)["HostConfig"]["PortBindings"]


def test_networks_keep_apart_who_is_not_connected(stack: DevStack) -> None:
    addresses = [network["IPAddress"] for network in stack.inspect("main")["NetworkSettings"]["Networks"].values()]
    reached = [_connects(stack, "api", address, 5432) for address in addresses]
    assert reached.count(True) == 1  # on the network of the server; not on the one that publishes its port
    assert [_connects(stack, "web", address, 5432) for address in addresses] == [False] * len(addresses)
    assert _connects(stack, "web", "main", 5432) is False
    assert _connects(stack, "web", "api", 8000) is True


def _connects(stack: DevStack, name: str, host: str, port: int) -> bool:
    code, _ = stack.run(name, BUSYBOX, "nc", "-z", "-w", "2", host, str(port))
    return code == 0


def test_a_producers_network_has_no_way_out(stack: DevStack, outside: str) -> None:
    assert _fetches(stack, f"{PREFIX}-api-egress", outside) is True
    assert _fetches(stack, f"{PREFIX}-api", outside) is False
    assert _fetches(stack, f"{PREFIX}-api", "http://api:8000/healthz") is True


def _fetches(stack: DevStack, network: str, url: str) -> bool:
    """Whether a container that is on one network alone gets an answer."""
    docker = stack.daemon.docker
    wanted = {
        "Image": "busybox:1.37.0-musl",
        "Cmd": ["wget", "-q", "-T", "3", "-O", "/dev/null", url],
        "HostConfig": {"NetworkMode": network},
    }
    identifier: str = docker.call("POST", "/containers/create", wanted)["Id"]
    try:
        docker.call("POST", f"/containers/{identifier}/start")
        return docker.call("POST", f"/containers/{identifier}/wait")["StatusCode"] == 0
    finally:
        docker.call("DELETE", f"/containers/{identifier}", force="true")


def test_roles_log_in_with_their_files_and_not_without(stack: DevStack, servers: Servers, scratch: Path) -> None:
    code, password = stack.run("api", "cat", "/run/secrets/PGPASSWORD", user=APP_USER)
    assert code == 0
    assert password == stack.passwords()["main-api-password"]
    assert psql(stack, servers, scratch, "api", password, "SELECT current_user") == (0, "api")
    assert psql(stack, servers, scratch, "api", "wrong", "SELECT 1")[0] == 2
    assert psql(stack, servers, scratch, "api-owner", password, "SELECT 1")[0] == 2  # owns; never logs in
    assert psql(stack, servers, scratch, "api", password, "CREATE ROLE intruder")[0] == 1


def psql(stack: DevStack, servers: Servers, scratch: Path, user: str, password: str, query: str) -> tuple[int, str]:
    """Exit code and answer of a query, asked from the machine through the published port."""
    work = scratch / "psql"
    work.mkdir(exist_ok=True)
    where = f"host=127.0.0.1 port=5432 dbname=api user={user} password={password}"
    done = stack.daemon.on_host(*servers.command(work, postgres_tool("psql"), where, "-Atc", query))
    return done.returncode, done.stdout.strip()


def test_the_root_is_read_only(stack: DevStack) -> None:
    for name in stack.serving():
        code, output = stack.run(name, "sh", "-c", "echo spoilt > /etc/spoilt", user="0:0")
        assert (code, "Read-only file system" in output) == (2, True), output
    assert stack.run("api", "sh", "-c", "echo kept > /tmp/kept", user=APP_USER)[0] == 0


def test_limits_are_in_force(stack: DevStack) -> None:
    for created in stack.created():
        name = created.inputs["name"]
        if created.kind == "Container" and name.removeprefix(f"{PREFIX}-") in stack.serving():
            wanted = created.inputs["memory"] << 20
            memory = (("memory", "memory.limit_in_bytes"), ("", "memory.max"))
            assert int(stack.daemon.cgroup_file(name, memory)) == wanted
            swap = (("memory", "memory.memsw.limit_in_bytes"), ("", "memory.swap.max"))
            assert int(stack.daemon.cgroup_file(name, swap)) in {wanted, 0}  # with memory, or by itself
            cpu = stack.daemon.cgroup_file(name, (("cpu", "cpu.cfs_quota_us"), ("", "cpu.max"))).split()[0]
            assert int(cpu) == float(created.inputs["cpus"]) * 100_000


def test_processes_have_no_privileges(stack: DevStack) -> None:
    for name in stack.serving():
        # The agent that counts the machine's processes sees the machine's first one as its own.
        process = "self" if name == "monitoring-node" else "1"
        _, status = stack.run(name, "cat", f"/proc/{process}/status")
        facts = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        right = AGENTS.get(name, 0)
        assert (int(facts["CapEff"], 16), int(facts["CapBnd"], 16), facts["NoNewPrivs"]) == (right, right, "1"), name
        assert (facts["Uid"].split()[0] == "0") == (name in AGENTS)


def test_secret_files_are_the_apps_users_alone(stack: DevStack) -> None:
    for user, code in ((APP_USER, 0), ("12345:12345", 1), ("0:0", 1)):  # root without capabilities is one of many
        assert stack.run("api", "cat", "/run/secrets/SESSION_KEY", user=user)[0] == code, user
    assert stack.run("main", "cat", "/run/secrets/superuser", user="999:999")[0] == 0
    assert stack.run("main", "cat", "/run/secrets/superuser", user=APP_USER)[0] == 1
    assert stack.run("api", "sh", "-c", "echo x > /run/secrets/SESSION_KEY", user=APP_USER)[0] == 2


def test_no_secret_shows_in_what_the_daemon_tells(stack: DevStack) -> None:
    passwords = stack.passwords()
    assert len(passwords) >= 4
    names = [*stack.serving(), *stack.one_shots()]
    told = json.dumps([stack.inspect(name) for name in names])
    told += "".join(stack.daemon.docker.logs(f"{PREFIX}-{name}") for name in names)
    assert [name for name, password in passwords.items() if password in told] == []
