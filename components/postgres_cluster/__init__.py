from components.postgres_cluster.component import PostgresCluster
from components.postgres_cluster.spec import PostgresClusterSpec

__all__ = ["PostgresCluster", "PostgresClusterSpec"]
