"""What buyers were promised and shown, held against everything that they are shown later."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
import zlib
from collections import Counter
from typing import Any

from chaos.invariants import Violation

FINAL_STATES = ("complete", "failed")


class Witness:
    """Collects from many threads at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # By key: the transaction that answered it, and the names of the browsers that sent it.
        self.acknowledged: dict[str, str] = {}
        self.callers: dict[str, set[str | None]] = {}
        self.shown: dict[str, str] = {}  # by transaction: the final state somebody saw
        self.promised_refunds: set[str] = set()  # keys of forms that staff saw taken
        self.answers: Counter[str] = Counter()
        self.polls = 0
        self.last_post = 0.0
        self.violations: list[Violation] = []

    def acknowledge(self, key: str, transaction: str, cookie: str | None) -> None:
        """A POST was answered 202: from now on its key means this transaction. `cookie` is the
        session that the browser has by then; its first try may have been without one."""
        with self._lock:
            self.callers.setdefault(key, {None}).add(_name_in(cookie))
            self.last_post = time.monotonic()
            before = self.acknowledged.setdefault(key, transaction)
            if before != transaction:
                words = f"key {key} was answered with {before}, then with {transaction}"
                self.violations.append(Violation("one_transaction_for_one_key", words))

    def promise_refund(self, key: str) -> None:
        """A refund's form was answered 303: from now on there is one refund of its key."""
        with self._lock:
            self.last_post = time.monotonic()
            self.promised_refunds.add(key)

    def see(self, status: dict[str, Any]) -> None:
        """A poll was answered."""
        transaction, state = status["id"], status["state"]
        with self._lock:
            self.polls += 1
            before = self.shown.get(transaction, state)
            if before != state:
                words = f"{transaction} was shown as {before}, then as {state}"
                self.violations.append(Violation("no_final_state_is_contradicted", words))
            if state in FINAL_STATES:
                self.shown[transaction] = state

    def count(self, answer: str) -> None:
        """An answer of some kind, for the report."""
        with self._lock:
            self.answers[answer] += 1

    def object(self, invariant: str, words: str) -> None:
        """Something that must not happen was seen."""
        with self._lock:
            self.violations.append(Violation(invariant, words))

    def compare_refunds(self, refunds: list[dict[str, Any]]) -> list[Violation]:
        """What staff were promised against the books at the end."""
        keys = Counter(refund["idempotency_key"] or "" for refund in refunds)
        return [
            Violation("a_promised_refund_is_there_once", f"{keys[key]} refunds of key {key}")
            for key in self.promised_refunds
            if keys[key] != 1
        ]

    def compare(self, transactions: list[dict[str, Any]]) -> list[Violation]:
        """What was promised and shown against the books at the end."""
        by_key: dict[str, list[str]] = {}
        for transaction in transactions:
            by_key.setdefault(transaction["idempotency_key"], []).append(transaction["id"])
        states = {t["id"]: t["state"] for t in transactions}
        found = list(self.violations)
        for key, answered in self.acknowledged.items():
            rows = [_row_key(key, caller) for caller in self.callers[key]]
            stored = [id_ for row in rows for id_ in by_key.get(row, [])]
            if stored != [answered]:
                words = f"{key} was answered with {answered}, stored: {stored}"
                found.append(Violation("an_acknowledged_post_has_one_transaction", words))
        for seen, state in self.shown.items():
            if states.get(seen) != state:
                words = f"{seen} was shown as {state}, and is {states.get(seen)}"
                found.append(Violation("no_final_state_is_contradicted", words))
        return found


def _row_key(key: str, caller: str | None) -> str:
    """What the row keeps of a key and its caller."""
    return f"checkout-{hashlib.sha256(json.dumps([caller, key]).encode()).hexdigest()}"


def _name_in(cookie: str | None) -> str | None:
    """The browser's name in a session cookie, which is signed, and no secret to its browser."""
    if cookie is None:
        return None
    content = cookie.rsplit(".", 2)[0]
    packed = base64.urlsafe_b64decode(content.lstrip(".") + "==")
    name: str | None = json.loads(zlib.decompress(packed) if content[0] == "." else packed)["buyer"]
    return name
