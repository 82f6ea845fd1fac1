"""`python -m review`."""

from __future__ import annotations

import sys

from review.cli import main

sys.exit(main(sys.argv[1:]))
