"""`python -m review`."""

from __future__ import annotations

import gc
import sys

from review.cli import main

gc.disable()  # a short life without cycles: at 5,000 steps a quarter of the time would go into looking for them
sys.exit(main(sys.argv[1:]))
