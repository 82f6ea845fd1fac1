"""`python -m rehearsal` as a person or a CI job meets it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.rehearsal.conftest import Folder

REPOSITORY = Path(__file__).parents[2]
SMALL = """
k8s.core.v1.Namespace("web", metadata={"name": "web"}, opts=on)
k8s.core.v1.ConfigMap("settings", metadata={"namespace": "web"}, data={"n": "1"}, opts=on)
k8s.core.v1.Secret("key", metadata={"name": "key"}, string_data={"n": random.RandomPassword("p", length=8).result}, opts=on)
docker.Network("front", name="front")
"""


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "rehearsal", *map(str, arguments)]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def test_preview_says_what_it_is(folder: Folder, tmp_path: Path) -> None:
    folder.program(SMALL)
    log = tmp_path / "events.json"
    answer = run("preview", "--project", folder.path, "--event-log", log)
    assert answer.returncode == 0, answer.stderr
    lines = answer.stdout.strip().splitlines()
    for line in (lines[0], lines[-1]):
        assert line.startswith("REHEARSAL: compared with no cluster")
        for unchecked in ("CRDs", "admission", "quota", "images", "drift"):
            assert unchecked in line
    head, *events = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert head["rehearsed"] is True
    assert any("summaryEvent" in event for event in events)
    assert "warning" not in answer.stdout + answer.stderr


def test_up_twice_on_one_state_says_unchanged(folder: Folder, tmp_path: Path) -> None:
    folder.program(SMALL)
    first, second = (run("up", "--project", folder.path, "--state", tmp_path / "state") for _ in range(2))
    assert "+ 8 created" in first.stdout
    assert "8 unchanged" in second.stdout


@pytest.mark.parametrize(
    ("break_it", "expected"),
    [
        (lambda f: (f.path / "Pulumi.yaml").unlink(), "Pulumi.yaml: no such file"),
        (lambda f: (f.path / "Pulumi.yaml").write_text("name: ["), "Pulumi.yaml:1: is not valid YAML"),
        (lambda f: (f.path / "Pulumi.yaml").write_text("runtime: python"), "Pulumi.yaml: needs a name"),
        (lambda f: (f.path / "Pulumi.yaml").write_text("name: x\nmain: gone"), "main: gone leads to"),
        (
            lambda f: (f.path / "Pulumi.dev.yaml").unlink(),
            "Pulumi.dev.yaml: no such file; the stacks of flat are: none",
        ),
        (lambda f: f.stack("config: {a"), "Pulumi.dev.yaml:1:"),
        (lambda f: f.stack("config:\n\ta: 1"), "Pulumi.dev.yaml:2:1: is not valid YAML"),
    ],
)
def test_what_a_person_can_put_right_is_one_line(folder: Folder, break_it: object, expected: str) -> None:
    assert callable(break_it)
    break_it(folder)
    answer = run("preview", "--project", folder.path)
    assert answer.returncode == 2
    assert answer.stdout == ""
    assert expected in answer.stderr.splitlines()[0]
    assert "Traceback" not in answer.stderr


def test_render_writes_what_kubectl_can_apply_in_order(folder: Folder, tmp_path: Path) -> None:
    folder.program(SMALL)
    out = tmp_path / "out"
    answer = run("render", "--project", folder.path, "--out", out)
    assert answer.returncode == 0, answer.stderr
    names = sorted(f.name for f in out.iterdir() if not f.name.startswith("."))
    assert names[0] == "00-namespace-web.yaml" or names[1] == "00-namespace-web.yaml"
    assert "00-network-front.json" in names
    secret = yaml.safe_load((out / "04-secret-key.yaml").read_text(encoding="utf-8"))
    assert secret["kind"] == "Secret"
    assert len(secret["stringData"]["n"]) == 8
    (settings,) = (yaml.safe_load(f.read_text(encoding="utf-8")) for f in out.glob("04-configmap-web-settings-*.yaml"))
    assert settings["apiVersion"] == "v1"
    assert settings["metadata"]["name"].startswith("settings-")
    assert "annotations" not in settings["metadata"]
    folder.program('k8s.core.v1.Namespace("web", metadata={"name": "web"}, opts=on)')
    assert run("render", "--project", folder.path, "--out", out).returncode == 0
    assert sorted(f.name for f in out.iterdir() if not f.name.startswith(".")) == ["00-namespace-web.yaml"]
    refused = run("render", "--project", folder.path, "--out", folder.path)
    assert refused.returncode == 2
    assert "was not written by a render" in refused.stderr


def test_diff_compares_with_another_commit_and_leaves_the_checkout_alone(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    folder = Folder(repository / "stacks")
    folder.program(SMALL)
    (repository / ".gitignore").write_text("__pycache__/\n", encoding="utf-8")
    git(repository, "init", "--quiet", "--initial-branch=main")
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "--message=one")
    folder.program(SMALL.replace('{"n": "1"}', '{"n": "2"}'))
    before = subprocess.run(
        ["git", "status", "--short"], cwd=repository, capture_output=True, text=True, check=True
    ).stdout
    answer = run("diff", "--project", folder.path, "--base", "main")
    assert answer.returncode == 0, answer.stderr
    assert "kubernetes:core/v1:ConfigMap: (replace)" in answer.stdout
    assert '~ n: "1" => "2"' in answer.stdout
    assert "7 unchanged" in answer.stdout
    after = subprocess.run(
        ["git", "status", "--short"], cwd=repository, capture_output=True, text=True, check=True
    ).stdout
    assert after == before == " M stacks/__main__.py\n"
    assert not (repository / ".git" / "worktrees").exists()
    git(repository, "update-ref", "refs/remotes/origin/trunk", "main")
    assert run("diff", "--project", folder.path, "--base", "trunk").returncode == 0, "as a fresh clone has it"
    wrong = run("diff", "--project", folder.path, "--base", "nowhere")
    assert wrong.returncode == 2
    assert "nowhere: no such commit" in wrong.stderr
