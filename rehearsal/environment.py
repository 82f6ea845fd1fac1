"""The environment of the engine and of the program: an allow-list, so that nothing of the caller's reaches them by accident.

No kubeconfig, no token, no backend, no `PULUMI_*` of the shell; HOME is a folder of the rehearsal.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

PASSED = ("LANG", "LC_ALL", "LC_CTYPE", "TZ", "SYSTEMROOT")
PASSPHRASE = "rehearsal"
"""Encrypts placeholders only: no value in a rehearsal's state is worth hiding."""

_INJECT = Path(__file__).parent / "inject"


@dataclass(frozen=True, slots=True)
class Places:
    """Folders and files of one session."""

    engine: Path
    venv: Path
    """Virtual environment of the program."""
    home: Path
    backend: Path
    project: Path
    """Where the scratch Pulumi.yaml lies."""
    temporary: Path
    silent: Path
    """JSON for `inject/sitecustomize.py`: outputs that have no source."""


def prepare_home(home: Path) -> None:
    """A file named `logs` keeps the CLI from writing its debug log: 22 MB and a fifth of the CPU at 2,000 resources."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    (home / "pulumi").mkdir(exist_ok=True)
    (home / "pulumi" / "logs").touch()


def build(places: Places, providers: str, *, durable: bool) -> dict[str, str]:
    """The whole environment; `durable` states are saved after every step, throw-away ones at the end.

    The engine replaces a file of its backend at once, but not the `.attrs` that it lays beside it: killed while it writes one, it
    leaves half of it, and never opens that stack again. `metadata=skip` leaves them out.
    """
    path = [str(places.venv / "bin"), str(places.engine), os.environ.get("PATH", os.defpath)]
    environment = {name: os.environ[name] for name in PASSED if name in os.environ}
    environment |= {
        "PATH": os.pathsep.join(path),
        "HOME": str(places.home),
        "TMPDIR": str(places.temporary),
        "VIRTUAL_ENV": str(places.venv),
        "PYTHONPATH": str(_INJECT),
        "PULUMI_HOME": str(places.home / "pulumi"),
        "PULUMI_BACKEND_URL": f"file://{places.backend}?metadata=skip",
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "PULUMI_DEBUG_PROVIDERS": providers,
        "PULUMI_DEBUG_COMMANDS": "true",  # gives the CLI its `--event-log`, as the automation API does
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_ERROR_OUTPUT_STRING": "true",
        "PULUMI_SUPPRESS_NEO_LINK": "true",
        "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": "true",
        "GOGC": "400",
        "SLIPWAY_REHEARSAL_SILENT": str(places.silent),
        "SLIPWAY_REHEARSAL_PROJECT": str(places.project),
    }
    if not durable:
        environment["PULUMI_SKIP_CHECKPOINTS"] = "true"
    return environment
