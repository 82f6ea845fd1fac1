"""What is run inside the server's container, and inside a second one that has its volumes while it is stopped.

Shell, since the image has nothing else. `archive_mode` and where the log goes are the server's own settings.
https://www.postgresql.org/docs/18/continuous-archiving.html
"""

from __future__ import annotations

from components.postgres_cluster.base_backup import ARCHIVE, BACK_UP, CLEAN_UP, KEPT_BACKUPS

__all__ = ["ARCHIVE", "BACK_UP", "CLEAN_UP", "FLUSH", "KEPT_BACKUPS", "LIST", "RECOVERED", "RESTORE"]

LIST = f"""
cd {ARCHIVE}/base
ls -d "$SERVER"-* 2> /dev/null | grep -v partly | sort || true
"""

FLUSH = f"""
file=$(psql -h /run/postgresql -U postgres -Atqc "select pg_walfile_name(pg_switch_wal())")
for second in $(seq 30); do
    test -f {ARCHIVE}/wal/$file && exit 0
    sleep 1
done
exit 1
"""
"""Everything written so far into the archive. A server that is broken can't; then its own copy of the log is used."""

RESTORE = f"""
aside={ARCHIVE}/before-restore
mkdir -p "$aside" "$PGDATA"
if test -f "$PGDATA/recovery.signal"; then
    find "$PGDATA" -mindepth 1 -delete
else
    find "$aside" -mindepth 1 -delete
    find "$PGDATA" -mindepth 1 -maxdepth 1 -exec mv {{}} "$aside/" \\;
fi
cp -a {ARCHIVE}/base/$NAME/. "$PGDATA/"
chmod 0700 "$PGDATA"
for file in "$aside"/pg_wal/[0-9A-F]*[0-9A-F]; do
    if test -f "$file" && ! test -f "{ARCHIVE}/wal/${{file##*/}}"; then cp "$file" "$PGDATA/pg_wal/"; fi
done
settings="$PGDATA/postgresql.auto.conf"
sed -i '/^restore_command\\|^recovery_target/d' "$settings"
echo "restore_command = 'cp {ARCHIVE}/wal/%f %p'" >> "$settings"
echo "recovery_target_action = 'promote'" >> "$settings"
if test -n "$TO"; then echo "recovery_target_time = '$TO'" >> "$settings"; fi
touch "$PGDATA/recovery.signal"
"""
"""The data as it was lies in before-restore until the next restore; one that did not end leaves it alone. What the server
had not archived yet is taken along."""

RECOVERED = "psql -h /run/postgresql -U postgres -Atqc 'select pg_is_in_recovery()'"
"""f once it has taken what it should and writes again."""
