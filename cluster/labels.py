"""Labels of everything that this layer makes."""

from __future__ import annotations

OURS = {"app.kubernetes.io/part-of": "slipway-cluster", "app.kubernetes.io/managed-by": "slipway"}
