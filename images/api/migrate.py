"""Stands in for BlockSight's migrations: finds the database and the password of its own role, and says so."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

host, port = os.environ["PGHOST"], int(os.environ["PGPORT"])
socket.create_connection((host, port), timeout=10).close()
if not Path(os.environ["PGPASSWORD_FILE"]).read_text(encoding="utf-8"):
    sys.exit("migrate: the password is empty")
sys.stdout.write(f"migrate: would change database {os.environ['PGDATABASE']} as {os.environ['PGUSER']}\n")
