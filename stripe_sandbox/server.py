"""HTTP/1.1 on loopback: a thread for each connection, so that a hundred slow calls may wait."""

import socket
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from stripe_sandbox.messages import Fate, Request, Response

LOOPBACK = "127.0.0.1"
_LARGEST_BODY = 6 << 20  # a file of evidence has 5 MB at most
_IDLE = 120  # seconds that a silent connection is kept


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 512

    def __init__(self, port: int) -> None:
        """Raises OSError for a port that is taken."""
        self.application: Callable[[Request], Response]
        super().__init__((LOOPBACK, port), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that leaves in the middle is its own business; anything else is a fault here."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = _IDLE
    server: Server

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > _LARGEST_BODY:
            self.close_connection = True
            self._send(Response(413, b""))
            return
        path, _, query = self.path.partition("?")
        body = self.rfile.read(length)
        request = Request(self.command, path, query, self.headers, body)  # type: ignore[arg-type]
        self._send(self.server.application(request))

    do_GET = do_POST = do_DELETE = do_OPTIONS = _serve

    def _send(self, response: Response) -> None:
        if response.fate is Fate.DROPPED:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        lines = [f"HTTP/1.1 {response.status} {self.responses.get(response.status, ('',))[0]}"]
        headers = {**response.headers, "Content-Length": str(len(response.body))}
        lines += [f"{name}: {value}" for name, value in headers.items()]
        body = response.body
        if response.fate is Fate.TRUNCATED:
            self.close_connection = True
            body = body[: len(body) // 2]
        self.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1") + body)

    def log_message(self, format: str, *args: Any) -> None:
        """No access log: `GET /_sandbox/requests` tells more."""
