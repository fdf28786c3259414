"""The books: what our database and Stripe say at one moment, read from outside as plain rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, text

Row = dict[str, Any]
Lister = Callable[[str], list[Row]]  # all objects of a kind at Stripe, such as "refunds"

# {recent} is a condition on t.created_at, or TRUE.
_QUERIES = {
    "transactions": """
        SELECT t.id, t.state, t.phase, t.amount, t.amount_received, t.currency, t.stripe_payment_id,
               t.idempotency_key, t.ended_at, r.payable_type, r.payable_id
        FROM pay_transactions t
        LEFT JOIN pay_payment_records r ON r.transaction_id = t.id AND r.role = 'pays_for'
        WHERE {recent}
    """,
    "outbox": """
        SELECT id, queue, command, subject, dead_at IS NOT NULL AS dead, claims, last_error
        FROM pay_outbox WHERE done_at IS NULL AND discarded_at IS NULL
    """,
    "history": """
        SELECT h.transaction_id, h.what, h.subject, h.data FROM pay_history h
        JOIN pay_transactions t ON t.id = h.transaction_id
        WHERE (h.kind = 'state' OR h.what LIKE 'retry.%' OR h.what = 'refund.requested')
          AND {recent}
        ORDER BY h.id
    """,
    "ledger_entries": """
        SELECT j.key, e.journal_id, e.transaction_id, e.entry_type, e.account, e.side, e.amount,
               e.currency
        FROM pay_ledger_entries e JOIN pay_ledger_journals j ON j.id = e.journal_id
        JOIN pay_transactions t ON t.id = e.transaction_id
        WHERE {recent}
    """,
    "refunds": """
        SELECT f.id, f.transaction_id, f.amount, f.currency, f.state, f.idempotency_key
        FROM pay_refunds f JOIN pay_transactions t ON t.id = f.transaction_id
        WHERE {recent}
    """,
    "orders": "SELECT t.id, t.status, t.total, t.currency FROM pay_orders t WHERE {recent}",
    "mails": """
        SELECT m.key, m.kind, m.transaction_id, m.state, m.created_at
        FROM pay_mails m JOIN pay_transactions t ON t.id = m.transaction_id
        WHERE {recent}
    """,
    "settlement_lines": """
        SELECT l.key, l.batch_id, l.kind, l.transaction_id, l.amount, l.currency
        FROM pay_settlement_lines l JOIN pay_transactions t ON t.id = l.transaction_id
        WHERE {recent}
    """,
    "settlement_batches": "SELECT id, closed_at, total, line_count FROM pay_settlement_batches",
    "webhook_events": """
        SELECT e.id, e.type, e.transaction_id
        FROM pay_webhook_events e JOIN pay_transactions t ON t.id = e.transaction_id
        WHERE {recent}
    """,
    "webhook_deliveries": "SELECT id, event_id, state FROM pay_webhook_deliveries",
    "alerts": "SELECT key FROM pay_alerts",
    "stripe_events": "SELECT id FROM pay_stripe_events WHERE state = 'received'",
}

_ASKED = ("retry.", "refund.requested")


@dataclass
class Books:
    """Stripe's `intents` and `refunds_there` are read after our rows: what is final here must be
    final there. `sent_mails` (by key: when each copy arrived, seconds since 1970) and `taken` (by
    event: the bodies that the merchant took) are None where nobody listens."""

    transactions: list[Row] = field(default_factory=list)
    messages: list[Row] = field(default_factory=list)
    moves: list[Row] = field(default_factory=list)
    retries: list[Row] = field(default_factory=list)
    refunds_asked_for: list[Row] = field(default_factory=list)
    entries: list[Row] = field(default_factory=list)
    refunds: list[Row] = field(default_factory=list)
    orders: list[Row] = field(default_factory=list)
    mails: list[Row] = field(default_factory=list)
    lines: list[Row] = field(default_factory=list)
    batches: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    deliveries: list[Row] = field(default_factory=list)
    alerts: set[str] = field(default_factory=set)
    waiting_events: int = 0
    intents: list[Row] = field(default_factory=list)
    refunds_there: list[Row] = field(default_factory=list)
    sent_mails: dict[str, list[float]] | None = None
    taken: dict[str, list[str]] | None = None

    def succeeded(self) -> dict[str, list[Row]]:
        """Stripe's succeeded intents by the transaction that they name."""
        found: dict[str, list[Row]] = {}
        for intent in self.intents:
            if intent["status"] == "succeeded":
                named = intent["metadata"].get("transaction_id", "nobody")
                found.setdefault(named, []).append(intent)
        return found

    def paid(self) -> dict[str, int]:
        """What each of our transactions says that it received, 0 of what is not complete."""
        return {
            t["id"]: (t["amount"] if t["amount_received"] is None else t["amount_received"])
            if t["state"] == "complete"
            else 0
            for t in self.transactions
        }

    def corrected(self) -> list[str]:
        """The transactions whose final state was corrected to match Stripe."""
        return [
            move["transaction_id"]
            for move in self.moves
            if move["what"] == "corrected_to_match_stripe"
        ]


def read(engine: Engine, listed: Lister, since: float = 0.0) -> Books:
    """Our rows in one snapshot, then Stripe's; of payments begun `since` then (seconds since
    1970; PostgreSQL only) where that is given."""
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        books = _ours(connection, since)
    books.intents = listed("payment_intents")
    books.refunds_there = listed("refunds")
    return books


def lister(ask: Callable[[str], dict[str, Any]], since: float = 0.0) -> Lister:
    """Reads page by page; `ask(path)` gives Stripe's answer to a GET."""

    def listed(kind: str) -> list[Row]:
        found: list[Row] = []
        query = f"/v1/{kind}?limit=100&created[gte]={int(since)}"
        after = ""
        while True:
            page = ask(query + after)
            found += page["data"]
            if not page["has_more"]:
                return found
            after = f"&starting_after={found[-1]['id']}"

    return listed


def _ours(connection: Connection, since: float) -> Books:
    recent = "t.created_at >= to_timestamp(:since)" if since else "TRUE"

    def rows(of: str) -> list[Row]:
        query = text(_QUERIES[of].replace("{recent}", recent))
        given = {"since": since} if since and ":since" in query.text else {}
        return [dict(row) for row in connection.execute(query, given).mappings()]

    told = rows("history")
    for entry in told:
        if isinstance(entry["data"], str):
            entry["data"] = json.loads(entry["data"])
    return Books(
        transactions=rows("transactions"),
        messages=rows("outbox"),
        moves=[entry for entry in told if not entry["what"].startswith(_ASKED)],
        retries=[entry for entry in told if entry["what"].startswith("retry.")],
        refunds_asked_for=[entry for entry in told if entry["what"] == "refund.requested"],
        entries=rows("ledger_entries"),
        refunds=rows("refunds"),
        orders=rows("orders"),
        mails=rows("mails"),
        lines=rows("settlement_lines"),
        batches=rows("settlement_batches"),
        events=rows("webhook_events"),
        deliveries=rows("webhook_deliveries"),
        alerts={row["key"] for row in rows("alerts")},
        waiting_events=len(rows("stripe_events")),
    )
