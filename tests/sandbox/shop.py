"""What a shop sends to the sandbox, and where it hears back."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from parts.process import wait_until

WITHIN = 15  # seconds
MINUTE = 60  # seconds: Stripe does some things in its own time


def card_payment(**fields: Any) -> dict[str, Any]:
    return {
        "amount": 1099,
        "currency": "usd",
        "allowed_payment_method_types": ["card"],
        **fields,
    }


def confirmed(method: str = "pm_card_visa", **fields: Any) -> dict[str, Any]:
    return card_payment(confirm=True, payment_method=method, **fields)


def first_of(service: Any, intent: Any) -> Any:
    """The newest dispute or warning of a payment. Stripe makes it shortly afterwards."""
    mine = {"payment_intent": intent.id}
    assert wait_until(lambda: bool(service.list(mine).data), MINUTE)
    return service.list(mine).data[0]


class Inbox:
    """An endpoint for events: what came, and what it answers."""

    def __init__(self) -> None:
        self.posts: list[tuple[bytes, str]] = []
        self.statuses: list[int] = []
        inbox = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                inbox.posts.append((body, self.headers["Stripe-Signature"]))
                self.send_response(inbox.statuses.pop(0) if inbox.statuses else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/events"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def types(self) -> list[str]:
        return [json.loads(body)["type"] for body, _ in list(self.posts)]

    def wait_for(self, *types: str) -> None:
        """Until each came at least once."""
        assert wait_until(lambda: set(types) <= set(self.types()), WITHIN), self.types()
