"""Reusable components."""

from components.app_service import AppService
from components.environment import Environment
from components.postgres_cluster import PostgresCluster

__all__ = ["AppService", "Environment", "PostgresCluster"]
