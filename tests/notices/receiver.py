"""A merchant's endpoint: a real HTTP server that answers as it is told and keeps what came."""

from __future__ import annotations

import base64
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from payments_app.merchants.address import Guard
from payments_app.merchants.endpoints import add_endpoint
from tests.merchants.default_merchant import shop_id


class Receiver:
    """`answer` is the status it gives, `headers` what it sends along; None holds its tongue."""

    def __init__(self) -> None:
        self.answer: int | None = 204
        self.headers: dict[str, str] = {}
        self.came: list[tuple[dict[str, str], str]] = []
        self.let_go = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?shop=1"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.let_go.set()
        self.server.shutdown()
        self.server.server_close()

    def listen(self, url: str | None = None) -> str:
        """Become an endpoint of the shop's; its id."""
        guard = Guard(allow_loopback=True)
        return add_endpoint(shop_id(), url or self.url, guard=guard, actor="staff@example.com")

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.came]

    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.came]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.came.append((headers, body))
                if receiver.answer is None:
                    receiver.let_go.wait(30)
                    return
                self.send_response(receiver.answer)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        return Handler


def is_signed(headers: dict[str, str], body: str, secret: str) -> bool:
    """What a merchant's own check says, written from the specification."""
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{body}"
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.digest(key, content.encode(), "sha256")).decode()
    return f"v1,{expected}" in headers["webhook-signature"].split()
