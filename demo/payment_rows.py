"""payment_rows: made-up payments as rows, with the refunds, disputes and second attempts that a
shop sees. Rates are of the order that card shops report; nothing is decided by them.
"""

from __future__ import annotations

import datetime as dt
import json
import random
from dataclasses import dataclass, field
from typing import Any

from payments_app.core.db.ids import ALPHABET
from payments_app.payments.models import Role

_CURRENCIES, _SHARES = ("usd", "eur", "gbp", "jpy"), (70, 20, 5, 5)
_CARDS = (("visa", "4242"), ("visa", "1881"), ("mastercard", "4444"), ("amex", "0005"))
# code, decline code, message, how often among the failures
_ERRORS = (
    ("card_declined", "generic_decline", "Your card was declined.", 40),
    ("card_declined", "insufficient_funds", "Your card has insufficient funds.", 30),
    ("expired_card", None, "Your card has expired.", 10),
    ("incorrect_cvc", None, "Your card's security code is incorrect.", 10),
    ("authentication_required", "authentication_required", "Authentication is required.", 7),
    ("card_declined", "lost_card", "Your card was declined.", 3),
)
_FAILED, _CANCELED = 0.11, 0.02
_FAILED_AGAIN = 0.3  # of second attempts
_TRIED_AGAIN = 0.5  # of failed first attempts
_REFUNDED, _REFUNDED_IN_PART, _REFUND_FAILED = 0.03, 0.25, 0.02
_DISPUTED = 0.003
# state, where the money is, how often: the bank decides most for its customer
_DISPUTES = (
    ("lost", "withdrawn", 60),
    ("won", "reinstated", 30),
    ("under_review", "withdrawn", 10),
)
_DISPUTE_REASONS = ("fraudulent", "product_not_received", "unrecognized", "duplicate")
_WHY_REFUNDED = ("Sent back", "Arrived broken", "Ordered by mistake", "Paid twice")
_names = random.Random()  # noqa: S311 - ids differ each time: a second run adds to the first
_LETTER_OF = ALPHABET.encode() * (256 // len(ALPHABET))  # each byte's

COLUMNS = {
    "customers": ("id", "email", "version", "created_at"),
    "orders": (
        *("id", "number", "customer_id", "status", "total", "currency", "paid_at", "created_at"),
    ),
    "transactions": (
        *("id", "state", "phase", "version", "attempt", "amount", "currency", "email"),
        *("description", "off_session", "livemode", "stripe_payment_id", "stripe_status"),
        *("stripe_data", "error", "error_code", "error_message", "card_brand", "card_last4"),
        *("created_at", "updated_at", "phase_at", "ended_at", "amount_received"),
    ),
    "payment_records": (
        *("transaction_id", "payable_type", "payable_id", "role", "active", "created_at"),
    ),
    "refunds": (
        *("id", "transaction_id", "state", "amount", "currency", "reason", "requested_by"),
        *("stripe_refund_id", "created_at", "updated_at", "state_at"),
        "payment_created_at",
    ),
    "disputes": (
        *("id", "transaction_id", "stripe_dispute_id", "state", "funds", "reason", "amount"),
        *("currency", "due_by", "stripe_data", "opened_at", "updated_at"),
        "payment_created_at",
    ),
    "history": ("at", "kind", "what", "actor", "transaction_id", "data"),
}


@dataclass
class Rows:
    """Rows of one batch by table, parents before children."""

    tables: dict[str, list[tuple[Any, ...]]] = field(
        default_factory=lambda: {name: [] for name in COLUMNS}
    )

    def add(self, table: str, *values: Any) -> None:
        """One row, its values in the order of COLUMNS."""
        self.tables[table].append(values)


@dataclass(frozen=True)
class Order:
    """What is paid for, perhaps at the second attempt. `total` in minor units."""

    id: str
    number: str
    customer: tuple[str, str]
    total: int
    currency: str
    at: dt.datetime


Payment = tuple[str, dt.datetime]  # its id, and when it began


class Shop:
    """Makes payments until `newest`; `chance` decides what becomes of them."""

    def __init__(self, chance: random.Random, newest: dt.datetime) -> None:
        self.chance, self.newest = chance, newest
        self._failed: Order | None = None

    def add_payment(self, rows: Rows, at: dt.datetime, customer: tuple[str, str]) -> None:
        """A payment by this customer, or the second attempt at what failed before."""
        again, self._failed = self._failed, None
        if again is not None:
            at = min(at, again.at + dt.timedelta(seconds=150))
        order = again or self._order(customer, at)
        phase = self._phase(1 if again is None else 2)
        ended = at + dt.timedelta(milliseconds=self.chance.randrange(600, 4000))
        id_ = self._add_transaction(rows, order, phase, 2 if again else 1, at, ended)
        if phase == "complete":
            self._add_returns(rows, order, (id_, at), ended)
        if phase == "failed" and again is None and self.chance.random() < _TRIED_AGAIN:
            self._failed = order
            return
        paid_at = ended if phase == "complete" else None
        status = "paid" if paid_at else "payment_failed"
        head = (order.id, order.number, order.customer[0])
        rows.add("orders", *head, status, order.total, order.currency, paid_at, order.at)

    def finish(self, rows: Rows) -> None:
        """The order whose second attempt will not come."""
        if self._failed is not None:
            order, self._failed = self._failed, None
            head = (order.id, order.number, order.customer[0], "payment_failed")
            rows.add("orders", *head, order.total, order.currency, None, order.at)

    def _order(self, customer: tuple[str, str], at: dt.datetime) -> Order:
        total = self.chance.randrange(5, 400) * 100 + self.chance.choice((0, 50, 99))
        currency = self.chance.choices(_CURRENCIES, _SHARES)[0]
        return Order(new_name("ord"), _letters(10).upper(), customer, total, currency, at)

    def _phase(self, attempt: int) -> str:
        luck = self.chance.random()
        failed = _FAILED if attempt == 1 else _FAILED_AGAIN
        if luck < failed:
            return "failed"
        return "canceled" if luck < failed + _CANCELED else "complete"

    def _add_transaction(
        self,
        rows: Rows,
        order: Order,
        phase: str,
        attempt: int,
        at: dt.datetime,
        ended: dt.datetime,
    ) -> str:
        id_, intent = new_name("txn"), f"pi_3{_letters()}"
        state = "complete" if phase == "complete" else "failed"
        error = self._error(phase)
        brand, last4 = self.chance.choice(_CARDS)
        if self.chance.random() < 0.5:
            last4 = f"{self.chance.randrange(10_000):04}"
        money = {"amount": order.total, "currency": order.currency}
        received = order.total if phase == "complete" else None
        data: dict[str, Any] = {"id": intent, "object": "payment_intent", **money}
        data["amount_received"] = received or 0
        if phase != "canceled":
            data["latest_charge"] = {"id": f"ch_3{_letters()}", "paid": phase == "complete"}
        rows.add(
            "transactions",
            *(id_, state, phase, 4, attempt, order.total, order.currency, order.customer[1]),
            *(f"Order #{order.number}", False, False, intent),
            "succeeded" if phase == "complete" else "canceled",
            *(json.dumps(data), json.dumps(error) if error else None),
            *((error["code"], error["message"]) if error else (None, None)),
            *(brand, last4, at, ended, ended, ended, received),
        )
        active = state != "failed"
        rows.add("payment_records", id_, "customer", order.customer[0], Role.CUSTOMER, active, at)
        rows.add("payment_records", id_, "order", order.id, Role.PAYS_FOR, active, at)
        event = {"complete": "completed"}.get(phase, phase)
        begun = f'{{"attempt": {attempt}}}'
        rows.add("history", at, "state", "payment.created", "buyer", id_, begun)
        ending = f'{{"to": "{phase}"}}'
        rows.add("history", ended, "state", f"payment.{event}", "stripe", id_, ending)
        return id_

    def _error(self, phase: str) -> dict[str, Any] | None:
        if phase == "complete":
            return None
        if phase == "canceled":
            message = "This payment was cancelled because it took too long. You were not charged."
            return {"type": "expired", "code": "payment_expired", "message": message}
        code, decline, message, _ = self.chance.choices(_ERRORS, [row[3] for row in _ERRORS])[0]
        url = f"https://docs.stripe.com/error-codes/{code.replace('_', '-')}"
        error = {"type": "card_error", "code": code, "message": message, "doc_url": url}
        return error | ({"decline_code": decline} if decline else {})

    def _add_returns(self, rows: Rows, order: Order, of: Payment, paid: dt.datetime) -> None:
        luck = self.chance.random()
        if luck < _REFUNDED:
            self._add_refund(rows, order, of, self._later(paid, 30))
        elif luck < _REFUNDED + _DISPUTED:
            self._add_dispute(rows, order, of, self._later(paid, 60))

    def _later(self, at: dt.datetime, days: int) -> dt.datetime:
        return min(self.newest, at + dt.timedelta(days=days * self.chance.random()))

    def _add_refund(self, rows: Rows, order: Order, of: Payment, at: dt.datetime) -> None:
        id_, began = of
        part = self.chance.random() < _REFUNDED_IN_PART
        amount = order.total // 2 if part else order.total
        state = "failed" if self.chance.random() < _REFUND_FAILED else "succeeded"
        about = (order.currency, self.chance.choice(_WHY_REFUNDED), "system")
        refund = (new_name("rfd"), id_, state, amount, *about, f"re_3{_letters()}")
        rows.add("refunds", *refund, at, at, at, began)
        rows.add(
            "history", at, "state", f"refund.{state}", "stripe", id_, f'{{"amount": {amount}}}'
        )

    def _add_dispute(self, rows: Rows, order: Order, of: Payment, at: dt.datetime) -> None:
        id_, began = of
        state, funds, _ = self.chance.choices(_DISPUTES, [row[2] for row in _DISPUTES])[0]
        reason, due_by = self.chance.choice(_DISPUTE_REASONS), at + dt.timedelta(days=9)
        about = (new_name("dsp"), id_, f"dp_1{_letters()}", state, funds, reason)
        rows.add("disputes", *about, order.total, order.currency, due_by, "{}", at, at, began)
        rows.add(
            "history", at, "state", "dispute.opened", "stripe", id_, f'{{"reason": "{reason}"}}'
        )


def new_name(prefix: str) -> str:
    """An id as the product's own, made faster: nothing here is secret."""
    return f"{prefix}_{_letters(26)}"


def new_email(number: int) -> str:
    """An address of the demo's `number`th customer."""
    return f"{_letters(6)}.{number}@customers.example"


def _letters(count: int = 23) -> str:
    return _names.randbytes(count).translate(_LETTER_OF).decode()
