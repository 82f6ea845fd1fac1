from cluster.guards.component import ClusterGuards

__all__ = ["ClusterGuards"]
