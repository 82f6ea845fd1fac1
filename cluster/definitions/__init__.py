from cluster.definitions.component import ClusterDefinitions

__all__ = ["ClusterDefinitions"]
