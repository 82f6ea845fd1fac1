from cluster.ground.component import ClusterGround

__all__ = ["ClusterGround"]
