"""A merchant's endpoint on this machine: slow, in trouble, hanging up, and with a good memory."""

from __future__ import annotations

import base64
import hashlib
import hmac
import random
import threading
import time
from collections import Counter
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from parts.ports import LOOPBACK

FINE = 204
HANG_UP = 0
# What the first calls of an event meet: the status, and its share in a hundred.
_MOODS = ((FINE, 84), (500, 6), (HANG_UP, 4), (429, 3), (400, 3))
_REFUSED = 400  # for good: such an event is dead at once
_TROUBLES = 2  # calls of an event that may meet trouble; the third is taken
_SLOW = 0.04  # the share of calls that take SLOW_SECONDS
_SLOW_SECONDS = 1.5


class Merchant:
    """Answers by a seed and the event's id. `taken` holds the bodies that it answered 2xx."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._lock = threading.Lock()
        self._calls: Counter[str] = Counter()
        self._away_until = 0.0
        self.secret = ""
        self.moods: tuple[tuple[int, int], ...] = _MOODS
        self.taken: dict[str, list[str]] = {}
        self.answers: Counter[int] = Counter()
        self.forged: list[str] = []
        self._server = ThreadingHTTPServer((LOOPBACK, 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://{LOOPBACK}:{self._server.server_port}/events"
        threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def go_away(self, seconds: float) -> None:
        """Answer 503 to whoever comes in so many seconds."""
        self._away_until = time.monotonic() + seconds

    def answer(self, headers: Mapping[str, str], body: str) -> int:
        """The status for one call; 0 where the connection is to be closed without one."""
        event = headers["webhook-id"]
        status = self._mood(event)
        with self._lock:
            self.answers[status] += 1
            if not self._is_signed(headers, body):
                self.forged.append(event)
            if status == FINE:
                self.taken.setdefault(event, []).append(body)
        return status

    def _mood(self, event: str) -> int:
        with self._lock:
            self._calls[event] += 1
            call = self._calls[event]
            taken = event in self.taken
        if time.monotonic() < self._away_until:
            return 503
        chance = random.Random(f"{self._seed}-{event}-{call}")
        if chance.random() < _SLOW:
            time.sleep(_SLOW_SECONDS)
        if taken or call > _TROUBLES:
            return FINE
        return chance.choices([mood for mood, _ in self.moods], [share for _, share in self.moods])[
            0
        ]

    def _is_signed(self, headers: Mapping[str, str], body: str) -> bool:
        """Standard Webhooks 1.0.0, written down from its specification."""
        content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{body}".encode()
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        right = base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
        return f"v1,{right}" in headers["webhook-signature"].split()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        merchant = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                status = merchant.answer(dict(self.headers.items()), body)
                if status == HANG_UP:
                    self.close_connection = True
                    return
                self.send_response(status)
                if status == 429:
                    self.send_header("Retry-After", "1")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """The campaign's report is the log."""

        return Handler
