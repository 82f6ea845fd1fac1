"""What the cluster layer's admission policy goes by: both sides of it, the label and the approval.

Owns: the words. Components put the label on what holds data; `cluster/guards` denies deleting it.
"""

from __future__ import annotations

PROTECTED = {"slipway.dev/protected": "true"}
"""On namespaces, volume claims, definitions and database servers: the API server refuses to delete what has it."""

APPROVAL = "slipway.dev/approve-deletion"
"""Annotation that lets an object with the label go; its value is the object's own name, so that it can't be pasted about."""
