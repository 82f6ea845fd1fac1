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
        # REVOKE says nothing if there is nothing to revoke: an app that gets migrations stops being the owner.
        verb, side = ("GRANT", "TO") if consumer.owns else ("REVOKE", "FROM")
        lines += [f'{verb} "{owner(consumer.database)}" {side} "{consumer.app}";']
    if EXPORTER_ROLE in passwords:
        lines += _role(EXPORTER_ROLE, f"LOGIN PASSWORD '{passwords[EXPORTER_ROLE]}'")
        lines += [f'GRANT pg_monitor TO "{EXPORTER_ROLE}";']
    for consumer in consumers:
        if consumer.grants:
            lines += [f'\\connect "{consumer.database}"']
            # What an app made before it had migrations is handed over, so that the migrations can change it.
            lines += [f'REASSIGN OWNED BY "{role}" TO "{owner(consumer.database)}";' for role in consumer.grants]
            lines += _rights(consumer)
            lines += [_acts_as_owner(consumer)]
    for database, declared in sorted(databases.items()):
        if declared.extensions:
            lines += [f'\\connect "{database}"']
            lines += [f'CREATE EXTENSION IF NOT EXISTS "{extension}";' for extension in sorted(declared.extensions)]
    return "\n".join(lines) + "\n"


def migrator_sql(consumer: Consumer) -> str:
    """What a migrator runs as itself before its migrations: in one transaction, safe to run again.

    It acts as the owner from its next session on, so whatever it makes belongs to the owner role and carries the rights
    of the apps. `SET ROLE NONE`, since RESET would lead back to the owner.
    """
    own = owner(consumer.database)
    return "\n".join([f'SET ROLE "{own}";', *_rights(consumer), "SET ROLE NONE;", _acts_as_owner(consumer)])


_RIGHTS = {
    "SCHEMA": ("USAGE", "pg_namespace", "nspowner", "quote_ident(nspname)"),
    "TABLE": ("SELECT, INSERT, UPDATE, DELETE", "pg_class", "relowner", "oid::regclass"),
    "SEQUENCE": ("USAGE, SELECT", "pg_class", "relowner", "oid::regclass"),
}
"""The least that an app needs to work with what it can't change. Functions and types are everybody's already."""

_ONLY = {"SCHEMA": "", "TABLE": " AND relkind IN ('r', 'p', 'v', 'm', 'f')", "SEQUENCE": " AND relkind = 'S'"}
"""Letters of pg_class.relkind. https://www.postgresql.org/docs/18/catalog-pg-class.html"""


def _rights(consumer: Consumer) -> list[str]:
    """What the owner makes later, and what it has already: an object of somebody else's would end the script."""
    own, lines = owner(consumer.database), list[str]()
    for role in consumer.grants:
        for kind, (rights, catalog, column, named) in _RIGHTS.items():
            mine = f"{column} = '\"{own}\"'::regrole{_ONLY[kind]}"
            grant = f"EXECUTE format('GRANT {rights} ON {kind} %s TO \"{role}\"', t);"
            lines += [
                f'ALTER DEFAULT PRIVILEGES FOR ROLE "{own}" GRANT {rights} ON {kind}S TO "{role}";',
                # A tag between the dollars: two in a row are one to Kubernetes.
                f"DO $do$ DECLARE t text; BEGIN FOR t IN SELECT {named} FROM {catalog} WHERE {mine} LOOP {grant} END LOOP; END $do$;",
            ]
    return lines


def _acts_as_owner(consumer: Consumer) -> str:
    return f'ALTER ROLE "{consumer.app}" IN DATABASE "{consumer.database}" SET role = \'{owner(consumer.database)}\';'


def _role(name: str, attributes: str) -> list[str]:
    return [
        f"SELECT 'CREATE ROLE \"{name}\"' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}') \\gexec",
        f'ALTER ROLE "{name}" {attributes};',
    ]
