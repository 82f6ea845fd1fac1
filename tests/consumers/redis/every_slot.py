"""An app that writes and reads a key in each of the slots: `python every_slot.py SETTINGS.json`. Prints how many it read back."""

from __future__ import annotations

import itertools
import json
import sys
from pathlib import Path

from redis.crc import key_slot

from tests.consumers.redis.writer import client

SLOTS = 16_384


def main(path: Path) -> None:
    settings = json.loads(path.read_text(encoding="utf-8"))
    server = client(settings)
    keys: dict[int, str] = {}
    for number in itertools.count():
        key = f"{settings['prefix']}{number}"
        keys.setdefault(key_slot(key.encode()), key)
        if len(keys) == SLOTS:
            break
    for key in keys.values():
        server.set(key, key)
    print(sum(server.get(key) == key.encode() for key in keys.values()))  # noqa: T201  # its answer


if __name__ == "__main__":
    main(Path(sys.argv[1]))
