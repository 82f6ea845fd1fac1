"""The script that brings databases and roles of a Docker server to what the stack file declares; safe to run again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from components.connections import Consumer
from components.postgres_cluster.facts import EXPORTER_ROLE, owner
from components.postgres_cluster.spec import DatabaseSpec


def setup_sql(
    databases: Mapping[str, DatabaseSpec], consumers: Sequence[Consumer], passwords: Mapping[str, str]
) -> str:
    """psql script. Nothing is ever dropped: what left the stack file loses its login only when a person says so.

    Names are DNS labels and passwords letters and digits, so quoting can't be broken out of.
    """
    lines = ["\\set QUIET on"]
    for database in sorted(databases):
        lines += _role(owner(database), "NOLOGIN")
        lines += [
            # Plain words only, as the docstring says.
            f"SELECT 'CREATE DATABASE \"{database}\" OWNER \"{owner(database)}\" ENCODING ''UTF8''' "
            f"WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{database}') \\gexec",
            f'ALTER DATABASE "{database}" OWNER TO "{owner(database)}";',
        ]
    for consumer in consumers:
        lines += _role(consumer.app, f"LOGIN PASSWORD '{passwords[consumer.app]}'")
        lines += [f'GRANT "{owner(consumer.database)}" TO "{consumer.app}";']
    if EXPORTER_ROLE in passwords:
        lines += _role(EXPORTER_ROLE, f"LOGIN PASSWORD '{passwords[EXPORTER_ROLE]}'")
        lines += [f'GRANT pg_monitor TO "{EXPORTER_ROLE}";']
    for database, declared in sorted(databases.items()):
        if declared.extensions:
            lines += [f'\\connect "{database}"']
            lines += [f'CREATE EXTENSION IF NOT EXISTS "{extension}";' for extension in sorted(declared.extensions)]
    return "\n".join(lines) + "\n"


def _role(name: str, attributes: str) -> list[str]:
    return [
        f"SELECT 'CREATE ROLE \"{name}\"' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}') \\gexec",
        f'ALTER ROLE "{name}" {attributes};',
    ]
