"""Backs up and restores the PostgreSQL servers of a Docker stack: `make backup`, `make restore`.

Stands outside of the program: it knows containers by name and the folders in them, and no component. On Kubernetes the
operator does this work.
"""
