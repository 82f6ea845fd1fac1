"""Reusable components."""

__all__ = ["app_service", "environment", "postgres_cluster"]
