"""A bridge on this machine with one network namespace per pod, and names for them: what a cluster's network gives."""

from __future__ import annotations

import socket
import struct
import subprocess
import threading
from types import TracebackType
from typing import Self

BRIDGE = "slipway-redis"
PREFIX = "10.231.77"
"""A range that no cloud and no Docker default uses."""
GATEWAY = f"{PREFIX}.1"

_PERMIT = ["FORWARD", "-i", BRIDGE, "-o", BRIDGE, "-j", "ACCEPT"]


def run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)


class Network:
    """Leaving the block takes everything away again."""

    def __init__(self) -> None:
        self.addresses: dict[str, str] = {}
        """By host name, in lower case, without a dot at the end."""
        self._next = 10
        self._namespaces: list[str] = []
        self._names = _Names(self.addresses)

    def __enter__(self) -> Self:
        subprocess.run(["ip", "link", "del", BRIDGE], check=False, capture_output=True)
        # Without an address of its own the bridge takes another with each port, and everybody's ARP is wrong.
        run("ip", "link", "add", BRIDGE, "address", "02:00:5e:00:53:01", "type", "bridge")
        run("ip", "addr", "add", f"{GATEWAY}/24", "dev", BRIDGE)
        run("ip", "link", "set", BRIDGE, "up")
        # Where Docker runs, bridged packets pass its rules too.
        subprocess.run(["iptables", "-I", *_PERMIT], check=False, capture_output=True)
        self._names.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._names.stop()
        for namespace in self._namespaces:
            subprocess.run(["ip", "netns", "del", namespace], check=False, capture_output=True)
        subprocess.run(["iptables", "-D", *_PERMIT], check=False, capture_output=True)
        subprocess.run(["ip", "link", "del", BRIDGE], check=False, capture_output=True)

    def join(self, pod: str, host: str) -> str:
        """A namespace with an address that nobody had before, as each new pod gets; the host name leads to it."""
        number, self._next = self._next, self._next + 1
        namespace, address = f"{BRIDGE}-{number}", f"{PREFIX}.{number}"
        inside, outside = f"swi{number}", f"swo{number}"
        run("ip", "netns", "add", namespace)
        self._namespaces.append(namespace)
        run("ip", "link", "add", outside, "type", "veth", "peer", "name", inside, "netns", namespace)
        run("ip", "link", "set", outside, "master", BRIDGE, "up")
        within = ("ip", "netns", "exec", namespace, "ip")
        run(*within, "link", "set", "lo", "up")
        run(*within, "link", "set", inside, "name", "eth0")
        run(*within, "addr", "add", f"{address}/24", "dev", "eth0")
        run(*within, "link", "set", "eth0", "up")
        self.addresses[host] = address
        self.addresses[pod] = address
        return namespace


class _Names:
    """A DNS server that knows A records alone, and answers at once that it knows no others."""

    def __init__(self, addresses: dict[str, str]) -> None:
        self._addresses = addresses
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def start(self) -> None:
        self._socket.bind((GATEWAY, 53))
        self._thread.start()

    def stop(self) -> None:
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                query, sender = self._socket.recvfrom(512)
                self._socket.sendto(_answer(query, self._addresses), sender)
            except OSError:
                return


def _answer(query: bytes, addresses: dict[str, str]) -> bytes:
    """RFC 1035, as far as one question about one name."""
    labels: list[str] = []
    at = 12
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode("ascii", "replace"))
        at += 1 + query[at]
    question = query[12 : at + 5]
    kind = struct.unpack(">H", question[-4:-2])[0]
    address = addresses.get(".".join(labels).lower())
    records = b""
    if address is not None and kind == 1:
        records = struct.pack(">HHHIH", 0xC00C, 1, 1, 1, 4) + socket.inet_aton(address)
    flags = 0x8580 if address is not None else 0x8583
    return query[:2] + struct.pack(">HHHHH", flags, 1, 1 if records else 0, 0, 0) + question + records
