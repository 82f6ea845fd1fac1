#!/usr/bin/python3
"""Stands in for Bitcoin Core, as `bitcoind` and as `bitcoin-cli`: the same flags, files, ports and credential.

Answers JSON-RPC to who knows the password of its configuration file, and keeps a file in its data folder.
"""

from __future__ import annotations

import base64
import http.client
import json
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

FLAGS = {name: value for name, _, value in (argument.lstrip("-").partition("=") for argument in sys.argv[1:])}
CONFIGURATION = dict(
    line.split("=", 1) for line in Path(FLAGS["conf"]).read_text(encoding="utf-8").splitlines() if line
)
CREDENTIAL = base64.b64encode(f"{CONFIGURATION['rpcuser']}:{CONFIGURATION['rpcpassword']}".encode()).decode()
ANSWERS = {"getblockcount": 0, "getblockchaininfo": {"chain": FLAGS["chain"], "blocks": 0, "time": 1_296_688_602}}


class Rpc(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        if self.headers.get("Authorization") != f"Basic {CREDENTIAL}":
            self.send_response(401)
            self.end_headers()
            return
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        body = json.dumps({"result": ANSWERS[asked["method"]], "error": None, "id": asked["id"]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def accept(port: int) -> None:
    """A port on which nobody says anything."""
    with socket.create_server((FLAGS["rpcbind"], port)) as server:
        while True:
            server.accept()[0].close()


def serve() -> None:
    (Path(FLAGS["datadir"]) / "chain").write_text(FLAGS["chain"], encoding="utf-8")
    for port in (int(FLAGS["port"]), int(FLAGS["zmqpubhashblock"].rpartition(":")[2])):
        threading.Thread(target=accept, args=(port,), daemon=True).start()
    ThreadingHTTPServer((FLAGS["rpcbind"], int(FLAGS["rpcport"])), Rpc).serve_forever()


def ask(method: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", int(FLAGS["rpcport"]), timeout=5)
    body = json.dumps({"method": method, "id": 1})
    connection.request("POST", "/", body, {"Authorization": f"Basic {CREDENTIAL}"})
    answer = connection.getresponse()
    if answer.status != 200:
        sys.exit(f"error: {answer.status}")
    sys.stdout.write(f"{json.loads(answer.read())['result']}\n")


if __name__ == "__main__":
    if Path(sys.argv[0]).name == "bitcoin-cli":
        ask(sys.argv[-1])
    else:
        serve()
