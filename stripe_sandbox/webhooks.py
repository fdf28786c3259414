"""Posting events, signed, until the endpoint takes them."""

import hashlib
import hmac
import json
import queue
import sqlite3
import threading
import time
import urllib.request

from stripe_sandbox.call import visible
from stripe_sandbox.store import Store

_ATTEMPTS = 12
_LONGEST_PAUSE = 20.0  # seconds
_TIMEOUT = 10.0  # seconds
_THREADS = 16


def signature(payload: bytes, secret: str, timestamp: int) -> str:
    """The Stripe-Signature header, https://docs.stripe.com/webhooks#verify-manually."""
    signed = str(timestamp).encode() + b"." + payload
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


class WebhookDispatcher:
    """Takes due deliveries from the store; the store survives a restart, and so do they."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._due: queue.SimpleQueue[sqlite3.Row] = queue.SimpleQueue()
        self._wake_up = threading.Condition()
        self._rung = False
        self._under_way: set[int] = set()

    def start(self) -> None:
        # Daemons: an endpoint that hangs must not keep the process from ending.
        threading.Thread(target=self._run, name="webhooks", daemon=True).start()
        for number in range(_THREADS):
            threading.Thread(target=self._work, name=f"webhook-{number}", daemon=True).start()

    def wake(self) -> None:
        """Something new is due."""
        with self._wake_up:
            self._rung = True
            self._wake_up.notify()

    def _run(self) -> None:
        while True:
            now = time.time()
            rows = self._store.query(
                "SELECT * FROM deliveries WHERE delivered = 0 AND attempts < ?"
                " ORDER BY due LIMIT 500",
                _ATTEMPTS,
            )
            waiting = [row for row in rows if row["id"] not in self._under_way]
            due = [row for row in waiting if row["due"] <= now]
            for row in due:
                self._under_way.add(row["id"])
                self._due.put(row)
            later = [row["due"] - now for row in waiting if row["due"] > now]
            with self._wake_up:
                if not self._rung:
                    self._wake_up.wait(min(later, default=60.0))
                self._rung = False

    def _work(self) -> None:
        while True:
            self._deliver(self._due.get())

    def _deliver(self, row: sqlite3.Row) -> None:
        try:
            taken = self._post(row)
            pause = min(0.25 * 2 ** row["attempts"], _LONGEST_PAUSE)
            self._store.query(
                "UPDATE deliveries SET attempts = attempts + 1, delivered = ?, due = ?"
                " WHERE id = ?",
                int(taken),
                time.time() + pause,
                row["id"],
            )
            if taken:
                self._count_down(row)
        finally:
            self._under_way.discard(row["id"])
            self.wake()

    def _post(self, row: sqlite3.Row) -> bool:
        event = self._store.get(row["account"], row["event"])
        payload = json.dumps(visible(event), indent=2).encode()
        request = urllib.request.Request(
            row["url"],
            payload,
            {
                "Content-Type": "application/json; charset=utf-8",
                "Stripe-Signature": signature(payload, row["secret"], int(time.time())),
                "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:
                return 200 <= int(answer.status) < 300
        except (OSError, ValueError):
            return False

    def _count_down(self, row: sqlite3.Row) -> None:
        with self._store.transaction():
            event = self._store.get(row["account"], row["event"], "event")
            if event:
                left = max(0, event["pending_webhooks"] - 1)
                self._store.put(row["account"], {**event, "pending_webhooks": left})
