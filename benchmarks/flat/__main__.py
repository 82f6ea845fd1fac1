"""The generated stack as a person would write it down without Slipway: loops, typed arguments, nothing checked.

Registers what the components register for `benchmarks/stack.py`, options included; the benchmark refuses to measure if
the two differ. Imports nothing of the repository.
"""

from __future__ import annotations

import pulumi
from apps import api, front
from ground import apis, fronts, pairs
from server import database, environment

environment()
shared = database()
for number in pairs:
    api(number, apis[number], shared)
    front(number, fronts[number])

ports = {app: {"http": 8000, "metrics": 9464} for app in apis} | {app: {"http": 8080} for app in fronts}
pulumi.export("apps", {app: {"host": app, "ports": ports[app]} for app in sorted(ports)})
pulumi.export("databases", {"main": ["shared"]})
