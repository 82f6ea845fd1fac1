"""Keeping an app apart that runs code nobody has read: what it is given, and what it may not ask for."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from components.vocabulary import DnsLabel, OnlyOn, Spec


class IsolationSpec(Spec):
    """Kubernetes: a namespace of its own with a quota of just what the app is given, hard limits of CPU and memory, no
    way out but DNS and declared networks. Docker: its own internal network, and none other.
    """

    profile: Literal["untrusted"]
    """How much the app is trusted."""
    runtime_class: Annotated[
        DnsLabel | None, OnlyOn("kubernetes", "a runtime of the daemon is set for the whole machine here")
    ] = Field(default=None, examples=["gvisor"])
    """RuntimeClass that puts a second wall around the container; absent: the node's own kernel is the only one."""
