"""One cluster, top to bottom. Every difference between clusters stands in its stack file."""

from __future__ import annotations

import pulumi

from cluster import config, plan
from cluster.definitions import ClusterDefinitions
from cluster.ground import ClusterGround
from cluster.guards import ClusterGuards
from cluster.operators import ClusterOperators

planned = plan.plan(config.read())

ground = ClusterGround("ground", planned.cluster, planned.storage_classes)
guards = ClusterGuards("guards", provider=ground.provider)
definitions = ClusterDefinitions("definitions", planned.definitions, provider=ground.provider)
ClusterOperators("operators", planned.installed, provider=ground.provider, definitions=definitions)

pulumi.export("cluster", planned.block)
