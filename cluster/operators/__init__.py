from cluster.operators.component import ClusterOperators

__all__ = ["ClusterOperators"]
