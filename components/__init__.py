"""Reusable components."""

from components.app_service import AppService
from components.cdn_frontend import CDNFrontend
from components.edge_gateway import EdgeGateway
from components.environment import Environment
from components.monitoring_stack import MonitoringStack
from components.postgres_cluster import PostgresCluster
from components.redis_cache import RedisCache

__all__ = [
    "AppService",
    "CDNFrontend",
    "EdgeGateway",
    "Environment",
    "MonitoringStack",
    "PostgresCluster",
    "RedisCache",
]
