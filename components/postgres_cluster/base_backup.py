"""Base backups of a server on Docker, in its archive's volume: shell, since the image has nothing else. Pure text.

`make backup` runs it inside the server's container; before a risky migration a container of its own does.
https://www.postgresql.org/docs/18/continuous-archiving.html
"""

from __future__ import annotations

ARCHIVE = "/archive"

KEPT_BACKUPS = 3
"""Base backups that stay when a new one is made, with the log behind them; older ones go."""

BACK_UP = f"""
pg_basebackup -h "${{PGHOST:-/run/postgresql}}" -U postgres -D {ARCHIVE}/base/$NAME.partly -X none -c fast --no-password
pg_verifybackup -n -e {ARCHIVE}/base/$NAME.partly > /dev/null
mv {ARCHIVE}/base/$NAME.partly {ARCHIVE}/base/$NAME
"""
"""Without the log: it is in the archive, and the server waits until all that the backup needs is there."""

CLEAN_UP = f"""
cd {ARCHIVE}/base
rm -rf ./*.partly
ls -d "$SERVER"-* | sort -r | tail -n +{KEPT_BACKUPS + 1} | while read -r old; do rm -rf "./$old"; done
oldest=$(ls -d "$SERVER"-* | sort | head -n 1)
first=$(sed -n 's/^START WAL LOCATION: .* (file \\(.*\\))$/\\1/p' "$oldest/backup_label")
pg_archivecleanup {ARCHIVE}/wal "$first"
du -sk "$NAME" | cut -f 1
"""

BESIDE = f"""
export PGHOST=127.0.0.1 PGPASSWORD="$(cat /backup/superuser)" NAME="$SERVER-$(date -u +%Y%m%dT%H%M%SZ)"
{BACK_UP}
{CLEAN_UP}
"""
"""In a container that shares the server's network: over another one the server lets nobody copy it."""
