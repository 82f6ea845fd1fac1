"""Where the engine starts. Owns: that the repository's modules are found; the program is `program.py`."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
runpy.run_module("cluster.program", run_name="__main__")
