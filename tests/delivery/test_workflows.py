"""The workflows: least rights, pinned actions, no stranger's code beside a right to write, no stranger's words in a shell."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTIONS = sorted((ROOT / ".github" / "actions").glob("*/action.yml"))
SECRETS = re.compile(r"\$\{\{\s*secrets\.")


def _read(file: Path) -> dict[Any, Any]:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def _jobs(file: Path) -> dict[str, dict[str, Any]]:
    return _read(file)["jobs"]


def _steps(file: Path) -> Iterator[dict[str, Any]]:
    document = _read(file)
    if "runs" in document:
        yield from document["runs"]["steps"]
    for job in document.get("jobs", {}).values():
        yield from job["steps"]


def test_the_four_are_there() -> None:
    assert {file.stem for file in WORKFLOWS} == {"ci", "comment", "drift", "release", "review"}
    assert [file.parent.name for file in ACTIONS] == ["setup"]


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda f: f.stem)
def test_rights_are_given_by_job_and_none_is_wide(file: Path) -> None:
    assert _read(file)["permissions"] == {}
    for name, job in _jobs(file).items():
        writes = {right for right, level in job["permissions"].items() if level != "read"}
        assert writes == {("comment", "comment"): {"pull-requests"}, ("drift", "tell"): {"issues"}}.get(
            (file.stem, name), set()
        ), name
        assert job["timeout-minutes"] <= 90
        assert job["runs-on"] in ("ubuntu-24.04", "${{ vars.DEV_RUNNER || 'ubuntu-24.04' }}")


@pytest.mark.parametrize("file", [*WORKFLOWS, *ACTIONS], ids=lambda f: f.parent.name + f.stem)
def test_actions_are_pinned_and_few(file: Path) -> None:
    for step in _steps(file):
        used = step.get("uses")
        if used is not None and used != "./.github/actions/setup":
            assert re.fullmatch(r"actions/(cache|checkout|setup-python|(up|down)load-artifact)@[0-9a-f]{40}", used), (
                used
            )
        if used is not None and used.startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False
            assert "ref" not in step["with"]
            assert "repository" not in step["with"]


def test_programs_out_of_a_cache_meet_no_credentials() -> None:
    """Who can write to the branch can write to its cache."""
    kept = {file.stem for file in WORKFLOWS for step in _steps(file) if "actions/cache@" in step.get("uses", "")}
    assert kept == {"ci"}
    assert "secrets." not in (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")


@pytest.mark.parametrize("file", [*WORKFLOWS, *ACTIONS], ids=lambda f: f.parent.name + f.stem)
def test_no_word_from_outside_is_in_a_shell(file: Path) -> None:
    """It goes by the environment; a branch's name may be a command."""
    for step in _steps(file):
        assert "${{" not in step.get("run", ""), step
        assert "\n" not in step.get("run", "").strip(), "longer ones are scripts or commands of their own, with tests"
        assert "github-script" not in step.get("uses", "")


def test_nothing_runs_a_strangers_code_with_rights() -> None:
    triggers = {file.stem: set(_read(file)[True]) for file in WORKFLOWS}  # YAML reads `on` as true
    assert {name: found for name, found in triggers.items() if "pull_request" in found} == {
        "ci": {"push", "pull_request"},
        "review": {"pull_request"},
    }
    assert not any("pull_request_target" in found or "issue_comment" in found for found in triggers.values())
    assert [name for name, found in triggers.items() if "workflow_run" in found] == ["comment"]


def test_the_job_that_writes_runs_nothing_of_the_pull_request() -> None:
    """No checkout of its commit, no environment made from its files, no secrets: artefacts are read as text."""
    file = ROOT / ".github" / "workflows" / "comment.yml"
    assert not SECRETS.search(file.read_text(encoding="utf-8"))
    kinds = [step.get("uses", "run").partition("@")[0] for step in _steps(file)]
    assert kinds == ["actions/checkout", "actions/download-artifact", "run"]
    [run] = [step["run"] for step in _steps(file) if "run" in step]
    assert run.startswith("python3 -m delivery comment ")
    assert all(re.search(rf'--{name}="\$[A-Z_]+"', run) for name in ("repository", "sha", "owner", "branch", "url"))


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda f: f.stem)
def test_secrets_are_in_environments_and_in_the_steps_that_need_them(file: Path) -> None:
    for name, job in _jobs(file).items():
        holding = [step for step in job["steps"] if SECRETS.search(yaml.safe_dump(step))]
        assert not SECRETS.search(yaml.safe_dump({k: v for k, v in job.items() if k != "steps"})), name
        assert not holding or job["environment"], name
        assert all("run" in step and "uses" not in step for step in holding), name
        assert "secrets: inherit" not in file.read_text(encoding="utf-8")


def test_a_fork_meets_no_credentials() -> None:
    jobs = _jobs(ROOT / ".github" / "workflows" / "review.yml")
    assert "environment" not in jobs["rehearsed"]
    assert "head.repo.full_name == github.repository" in jobs["real"]["if"]
    assert jobs["real"]["environment"] == "${{ matrix.stack }}-preview"


def test_every_stack_is_reviewed() -> None:
    jobs = _jobs(ROOT / ".github" / "workflows" / "review.yml")
    listed = {(row["project"], row["stack"]) for row in jobs["rehearsed"]["strategy"]["matrix"]["include"]}
    files = [(p, f.name.split(".")) for p in (".", "cluster") for f in (ROOT / p).glob("Pulumi.*.yaml")]
    assert listed == {
        (project, words[1]) for project, words in files if len(words) == 3
    }  # not a person's `.local.yaml`


def test_one_stack_is_changed_by_one_job_at_a_time_and_none_is_killed() -> None:
    jobs = _jobs(ROOT / ".github" / "workflows" / "release.yml")
    for stack in ("dev", "staging", "prod"):
        assert jobs[stack]["concurrency"] == {"group": f"stack-{stack}", "cancel-in-progress": False}
        assert jobs[stack]["environment"] == stack
        [release] = [step["run"] for step in jobs[stack]["steps"] if "delivery release" in step.get("run", "")]
        assert f"--stack {stack} " in release
        assert ("--gate" in release) == (stack == "prod")
    groups = [job["concurrency"]["group"] for file in WORKFLOWS if file.stem != "ci" for job in _jobs(file).values()]
    assert len(groups) == len(set(groups))


def test_prod_comes_last_and_after_staging() -> None:
    jobs = _jobs(ROOT / ".github" / "workflows" / "release.yml")
    assert [jobs[name].get("needs") for name in ("dev", "staging", "prod-plan", "prod")] == [
        None,
        "dev",
        "staging",
        "prod-plan",
    ]
    assert "needs.staging.result == 'success'" in jobs["prod-plan"]["if"]
    assert "needs.prod-plan.result == 'success'" in jobs["prod"]["if"]


def test_scripts_are_named_and_named_scripts_are_there() -> None:
    named = {
        word
        for file in [*WORKFLOWS, *ACTIONS]
        for word in re.findall(r"\.github/scripts/[\w.-]+", file.read_text(encoding="utf-8"))
    }
    assert named == {str(file.relative_to(ROOT)) for file in (ROOT / ".github" / "scripts").iterdir()}


def _script(name: str, folder: Path, **environment: str) -> None:
    given = {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "HOME": str(folder), **environment}
    subprocess.run(["sh", ROOT / ".github" / "scripts" / name], cwd=folder, env=given, check=True)


def test_the_kubeconfig_is_for_its_owner_alone(tmp_path: Path) -> None:
    _script("kubeconfig.sh", tmp_path)
    assert list(tmp_path.iterdir()) == []
    _script("kubeconfig.sh", tmp_path, KUBECONFIG_TEXT="apiVersion: v1\n$(id) `id`")
    file = tmp_path / ".kube" / "config"
    assert file.read_text(encoding="utf-8") == "apiVersion: v1\n$(id) `id`\n"
    assert file.stat().st_mode & 0o777 == 0o600


def test_setup_puts_environment_and_engine_on_the_path(tmp_path: Path) -> None:
    (tmp_path / "python3").write_text(
        '#!/bin/sh\ncase "$2" in toolchain.engine) echo /opt/engine ;; esac\n', encoding="utf-8"
    )
    (tmp_path / "python3").chmod(0o755)
    _script("setup.sh", tmp_path, GITHUB_PATH=str(tmp_path / "path"))
    assert (tmp_path / "path").read_text(encoding="utf-8").splitlines() == ["/opt/engine", f"{tmp_path}/.venv/bin"]
