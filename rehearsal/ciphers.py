"""Placeholders for secrets, and their encryption by the engine under the rehearsal's own passphrase.

A placeholder derives from the ciphertext it stands for, so that a rotated secret shows as a change; one for a secret that the
file lacks derives from its name. The engine's answer is kept in the user's cache: it costs two runs of the CLI and depends on
nothing secret.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import yaml

from rehearsal.environment import PASSPHRASE
from rehearsal.problems import RehearsalError
from toolchain import store


def placeholder(origin: str) -> str:
    """`rehearsal-` and 16 hex digits."""
    return f"rehearsal-{hashlib.sha256(origin.encode()).hexdigest()[:16]}"


@dataclass(frozen=True, slots=True)
class Ciphers:
    """Ciphertexts that one passphrase and one salt open."""

    salt: str
    texts: dict[str, str]

    def encrypt(self, value: str) -> str:
        return self.texts[value]


def ciphers(placeholders: set[str], engine: Path) -> Ciphers:
    """The ciphertexts of all placeholders under one salt."""
    values = sorted(placeholders)
    name = hashlib.sha256(json.dumps(values).encode()).hexdigest()[:16]

    def make(folder: Path) -> None:
        (folder / "ciphers.json").write_text(json.dumps(_encrypted(values, engine)), encoding="utf-8")

    folder = store.place(f"rehearsal-ciphers-{name}", make)
    found = json.loads((folder / "ciphers.json").read_text(encoding="utf-8"))
    return Ciphers(found["salt"], found["texts"])


def _encrypted(values: list[str], engine: Path) -> dict[str, object]:
    with tempfile.TemporaryDirectory(prefix="slipway-ciphers-") as name:
        folder = Path(name)
        (folder / "Pulumi.yaml").write_text("name: ciphers\nruntime: python\n", encoding="utf-8")
        (folder / "home").mkdir()
        (folder / "home" / "logs").touch()
        environment = {
            "PATH": os.pathsep.join([str(engine), os.environ.get("PATH", os.defpath)]),
            "HOME": name,
            "PULUMI_HOME": str(folder / "home"),
            "PULUMI_BACKEND_URL": f"file://{name}",
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }
        _run([engine / "pulumi", "stack", "init", "all", "--non-interactive"], folder, environment)
        if values:
            secrets = [part for n, value in enumerate(values) for part in ("--secret", f"k{n}={value}")]
            _run([engine / "pulumi", "config", "set-all", "--stack", "all", *secrets], folder, environment)
        stack = yaml.safe_load((folder / "Pulumi.all.yaml").read_text(encoding="utf-8"))
    texts = {value: stack["config"][f"ciphers:k{n}"]["secure"] for n, value in enumerate(values)}
    return {"salt": stack["encryptionsalt"], "texts": texts}


def _run(command: list[str | Path], folder: Path, environment: dict[str, str]) -> None:
    answer = subprocess.run(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if answer.returncode != 0:
        msg = f"{command[0]} {command[1]} failed:\n{answer.stderr.strip()}"
        raise RehearsalError(msg)
