"""A bridge on this machine with one network namespace per pod, and names for them: what a cluster's network gives."""

from __future__ import annotations

import socket
import struct
import subprocess
import threading
from types import TracebackType
from typing import Self


def run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)


def attempt(*command: str) -> bool:
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


class Network:
    """10.231.N.0/24 with the first free N. Leaving the block takes everything away again."""

    def __init__(self) -> None:
        self.addresses: dict[str, str] = {}
        """By host name, in lower case, without a dot at the end."""
        self._next = 10
        self._namespaces: list[str] = []
        self._names = _Names(self.addresses)
        self._number = 0

    @property
    def bridge(self) -> str:
        return f"slipway-r{self._number}"

    @property
    def gateway(self) -> str:
        """Answers names, too."""
        return f"10.231.{self._number}.1"

    @property
    def _permit(self) -> tuple[str, ...]:
        return ("FORWARD", "-i", self.bridge, "-o", self.bridge, "-j", "ACCEPT")

    def __enter__(self) -> Self:
        # Without an address of its own a bridge takes another with each port, and everybody's ARP is wrong.
        while not attempt("ip", "link", "add", self.bridge, "address", "02:00:5e:00:53:01", "type", "bridge"):
            self._number += 1
            assert self._number < 256, "no bridge can be made"
        run("ip", "addr", "add", f"{self.gateway}/24", "dev", self.bridge)
        run("ip", "link", "set", self.bridge, "up")
        # Where Docker runs, bridged packets pass its rules too.
        attempt("iptables", "-I", *self._permit)
        self._names.start(self.gateway)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._names.stop()
        for namespace in self._namespaces:
            attempt("ip", "netns", "del", namespace)
        attempt("iptables", "-D", *self._permit)
        attempt("ip", "link", "del", self.bridge)

    def here(self, *hosts: str) -> str:
        """Another address of this machine in the network, where a test can listen; host names lead to it."""
        address = self._new_address()
        run("ip", "addr", "add", f"{address}/24", "dev", self.bridge)
        self.addresses |= dict.fromkeys(hosts, address)
        return address

    def _new_address(self) -> str:
        number, self._next = self._next, self._next + 1
        return f"10.231.{self._number}.{number}"

    def join(self, pod: str, host: str) -> str:
        """A namespace with an address that nobody had before, as each new pod gets; the host name leads to it."""
        address = self._new_address()
        number = address.rpartition(".")[2]
        namespace = f"{self.bridge}-{number}"
        outside = f"sw{self._number}o{number}"
        run("ip", "netns", "add", namespace)
        self._namespaces.append(namespace)
        run("ip", "link", "add", outside, "type", "veth", "peer", "name", "eth0", "netns", namespace)
        run("ip", "link", "set", outside, "master", self.bridge, "up")
        within = ("ip", "netns", "exec", namespace, "ip")
        run(*within, "link", "set", "lo", "up")
        run(*within, "addr", "add", f"{address}/24", "dev", "eth0")
        run(*within, "link", "set", "eth0", "up")
        self.addresses[host] = address
        self.addresses[pod] = address
        return namespace


class _Names:
    """A DNS server that knows A records alone, and answers at once that it knows no others."""

    def __init__(self, addresses: dict[str, str]) -> None:
        self._addresses = addresses
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, address: str) -> None:
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.settimeout(0.2)
        server.bind((address, 53))
        self._thread = threading.Thread(target=self._serve, args=(server,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def _serve(self, server: socket.socket) -> None:
        with server:
            while not self._ended.is_set():
                try:
                    query, sender = server.recvfrom(512)
                    server.sendto(_answer(query, self._addresses), sender)
                except OSError:  # nobody asked, or who asked is gone
                    continue


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
