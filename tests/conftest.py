"""What holds for every test: an Output never becomes text by accident."""

from __future__ import annotations

import os

os.environ["PULUMI_ERROR_OUTPUT_STRING"] = "true"  # else f"{output}" is an error sentence that reads like a value
