"""Where a container finds what the stack gives it: one place for each thing, on both targets and in every component.

Apps are told these paths by variables, so they are an interface: a change is a rollout of everything.
"""

from __future__ import annotations

SECRETS_FOLDER = "/run/secrets"
"""Files that only the container's own user reads."""

CONFIG_FOLDER = "/run/config"
"""Files that hold no secret."""

TLS_FOLDER = "/run/tls"
"""Certificates and keys that the stack makes."""
