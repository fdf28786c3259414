"""Checkout: one payment for one wish, at the shop's own price."""

from __future__ import annotations

import contextlib
import hashlib
import secrets
from collections.abc import Callable

from flask import request
from sqlalchemy import text
from sqlalchemy.orm import Session

from payments_app.checkout import start
from payments_app.core.db.session import atomic
from payments_app.core.money import Money
from payments_app.core.web import idempotency
from payments_app.core.web.idempotency_stores import MemoryStore
from payments_app.payments.transactions import open
from payments_app.payments.transactions.open import ActivePaymentError
from tests.chaos.defences.defence import Defence, Patch, at_once_and_drained
from tests.chaos.lab import Lab
from tests.chaos.strikes import broken_after, overtake
from tests.idempotency.counting_view import CountingView, replayed


def two_tabs(lab: Lab) -> list[str]:
    def both(lab: Lab) -> None:
        order = lab.driver.create_order()
        with contextlib.suppress(ActivePaymentError):
            for _ in range(2):
                lab.driver.open(order=order)
        lab.work()

    return broken_after(lab, both, overtake(lab))


def price_of_the_browsers_own(lab: Lab) -> list[str]:
    order = lab.driver.create_order()
    lab.driver.app.test_client().post(
        "/transactions",
        json={
            "item": order,
            "email": "thief@example.com",
            "amount": 50,
            "currency": "usd",
            "payment_method": "pm_card_visa",
        },
        headers={"Idempotency-Key": secrets.token_hex(8)},
    )
    lab.work()
    return at_once_and_drained(lab)


def _many_active(patch: Patch) -> None:
    patch.setattr(open, "_refuse_second", lambda *_: None)
    _drop_live_index()


@atomic
def _drop_live_index(session: Session) -> None:
    session.execute(text("DROP INDEX pay_payment_records_one_active_key"))


def _browsers_price(patch: Patch) -> None:
    shop = start.open_transaction
    patch.setattr(start, "_check", lambda *_, **__: None)
    patch.setattr(start, "open_transaction", lambda *a, **k: shop(*a, **k, money=Money(50, "usd")))


def one_key_at_two_endpoints(lab: Lab) -> list[str]:
    counting_view = CountingView(lab.driver.app, MemoryStore()).open("/chairs").open("/tables")
    counting_view.post(path="/chairs")
    taken = replayed(counting_view.post(path="/tables")) == "true"
    return ["one endpoint answered with another's answer"] if taken else []


def one_key_of_two_callers(lab: Lab) -> list[str]:
    counting_view = CountingView(lab.driver.app, MemoryStore()).open()
    answers = []
    for counting_view.caller in ("ada", "bob"):
        answers.append(counting_view.post())
    return ["one caller got another's answer"] if replayed(answers[1]) == "true" else []


def _name_without(part: str) -> Callable[[Patch], None]:
    """The name that a key is kept by, with one part of its scope left out."""

    def remove(patch: Patch) -> None:
        def name(key: str, caller: str | None) -> str:
            scope = {"endpoint": request.endpoint, "caller": caller, "key": key} | {part: None}
            return hashlib.sha256(repr(scope).encode()).hexdigest()

        patch.setattr(idempotency, "_name", name)

    return remove


DEFENCES = (
    Defence("one active payment for a payable", _many_active, two_tabs),
    Defence("the price is the shop's own", _browsers_price, price_of_the_browsers_own),
    Defence("a key counts at its endpoint", _name_without("endpoint"), one_key_at_two_endpoints),
    Defence("a key counts for its caller", _name_without("caller"), one_key_of_two_callers),
)
