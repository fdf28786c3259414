"""Receivers of alerts: a mail server and a web server that keep what they get."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Received:
    """Where to send, and what came: mails whole, webhooks as (headers, body). While `refuses`
    is set, everything is refused for now."""

    url: str = ""
    mails: list[str] = field(default_factory=list)
    webhooks: list[tuple[Mapping[str, str], bytes]] = field(default_factory=list)
    refuses: bool = False


@contextmanager
def mail_server() -> Iterator[Received]:
    """As much of RFC 5321 as a client needs to hand over one mail."""
    received = Received()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 ready")
            while line := self.rfile.readline():
                command = line[:4].upper()
                if command == b"DATA":
                    self._take()
                elif command == b"QUIT":
                    self._say("221 bye")
                    return
                else:
                    self._say("250 fine")

        def _take(self) -> None:
            if received.refuses:
                self._say("451 not now")
                return
            self._say("354 go on")
            lines = []
            while (line := self.rfile.readline()) != b".\r\n":
                lines.append(line.decode())
            received.mails.append("".join(lines))
            self._say("250 kept")

        def _say(self, words: str) -> None:
            self.wfile.write(f"{words}\r\n".encode())

    with _serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)) as port:
        received.url = f"smtp://127.0.0.1:{port}"
        yield received


@contextmanager
def web_server() -> Iterator[Received]:
    """Answers 204 to every POST, or 503."""
    received = Received()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if not received.refuses:
                received.webhooks.append((dict(self.headers), body))
            self.send_response(503 if received.refuses else 204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with _serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as port:
        received.url = f"http://127.0.0.1:{port}/alerts"
        yield received


@contextmanager
def _serving(server: socketserver.TCPServer) -> Iterator[int]:
    with server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()
