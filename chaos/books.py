"""The books: what our database and Stripe say at one moment, read from outside as plain rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, inspect, text

Row = dict[str, Any]

_TRANSACTIONS = """
    SELECT t.id, t.state, t.phase, t.amount, t.currency, t.stripe_payment_id, t.idempotency_key,
           r.payable_type, r.payable_id
    FROM transactions t
    LEFT JOIN payment_records r ON r.transaction_id = t.id AND r.role = 'pays_for'
"""
_MESSAGES = """
    SELECT id, queue, command, subject, dead_at IS NOT NULL AS dead, claims, last_error
    FROM outbox WHERE done_at IS NULL
"""
_MOVES = """
    SELECT transaction_id, what, data FROM history
    WHERE kind = 'state' AND transaction_id IS NOT NULL ORDER BY id
"""
_ENTRIES = """
    SELECT journal_id, transaction_id, entry_type, account, side, amount, currency
    FROM ledger_entries
"""
_REFUNDS = "SELECT transaction_id, amount, state FROM refunds"
_ORDERS = "SELECT id, status, total, currency FROM orders"
# One row for each capture is expected in each of these, once its room exists.
PER_CAPTURE = {
    "mails": "SELECT transaction_id FROM mails WHERE kind = 'receipt'",
    "settlement_lines": "SELECT transaction_id FROM settlement_lines WHERE kind = 'capture'",
}


@dataclass
class Books:
    """`intents` are Stripe's, read after our rows: what is final here must be final there."""

    transactions: list[Row] = field(default_factory=list)
    messages: list[Row] = field(default_factory=list)
    moves: list[Row] = field(default_factory=list)
    entries: list[Row] = field(default_factory=list)
    refunds: list[Row] = field(default_factory=list)
    orders: list[Row] = field(default_factory=list)
    alerts: set[str] = field(default_factory=set)
    waiting_events: int = 0
    per_capture: dict[str, list[Row]] = field(default_factory=dict)
    announced: list[Row] = field(default_factory=list)  # to merchants, where there is one
    intents: list[Row] = field(default_factory=list)

    def succeeded(self) -> dict[str, list[Row]]:
        """Stripe's succeeded intents by the transaction that they name."""
        found: dict[str, list[Row]] = {}
        for intent in self.intents:
            if intent["status"] == "succeeded":
                named = intent["metadata"].get("transaction_id", "nobody")
                found.setdefault(named, []).append(intent)
        return found

    def corrections(self) -> int:
        """How many final states were corrected to match Stripe."""
        return sum(move["what"] == "corrected_to_match_stripe" for move in self.moves)


def read(engine: Engine, list_intents: Callable[[], list[Row]]) -> Books:
    """Our rows in one snapshot, then Stripe's."""
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        books = _ours(connection)
    books.intents = list_intents()
    return books


def list_intents(ask: Callable[[str], dict[str, Any]]) -> list[Row]:
    """Every payment intent, page by page; `ask(path)` gives Stripe's answer to a GET."""
    found: list[Row] = []
    after = ""
    while True:
        page = ask(f"/v1/payment_intents?limit=100{after}")
        found += page["data"]
        if not page["has_more"]:
            return found
        after = f"&starting_after={found[-1]['id']}"


def _ours(connection: Connection) -> Books:
    tables = set(inspect(connection).get_table_names())

    def rows(query: str, table: str) -> list[Row]:
        if table not in tables:
            return []
        return [dict(row) for row in connection.execute(text(query)).mappings()]

    moves = rows(_MOVES, "history")
    for move in moves:
        if isinstance(move["data"], str):
            move["data"] = json.loads(move["data"])
    events = "SELECT transaction_id FROM webhook_events WHERE type = 'payment_captured'"
    waiting = rows("SELECT id FROM stripe_events WHERE state = 'received'", "stripe_events")
    return Books(
        transactions=rows(_TRANSACTIONS, "transactions"),
        messages=rows(_MESSAGES, "outbox"),
        moves=moves,
        entries=rows(_ENTRIES, "ledger_entries"),
        refunds=rows(_REFUNDS, "refunds"),
        orders=rows(_ORDERS, "orders"),
        alerts={row["key"] for row in rows("SELECT key FROM alerts", "alerts")},
        waiting_events=len(waiting),
        announced=rows(events, "webhook_events"),
        per_capture={
            name: rows(query, name) for name, query in PER_CAPTURE.items() if name in tables
        },
    )
