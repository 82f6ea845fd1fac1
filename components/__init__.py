"""Reusable components."""

from components.app_service import AppService
from components.environment import Environment
from components.postgres_cluster import PostgresCluster
from components.redis_cache import RedisCache

__all__ = ["AppService", "Environment", "PostgresCluster", "RedisCache"]
