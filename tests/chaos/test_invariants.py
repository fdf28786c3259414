"""The auditor itself: books that break an invariant are told, and those that hold it are not."""

from __future__ import annotations

import pytest

from chaos.aftermath import every_refund_has_one_audit_row, refunds_never_exceed_the_capture
from chaos.books import Books
from chaos.invariants import stripe_takes_our_price


@pytest.mark.parametrize(("rows", "broken"), [(0, True), (1, False), (2, True)])
def test_a_refund_that_staff_asked_for_has_one_audit_row(rows: int, *, broken: bool) -> None:
    books = Books(
        refunds=[{"id": "rfd_1", "idempotency_key": "staff:1"}],
        refunds_asked_for=[{"subject": "rfd_1", "what": "refund.requested"}] * rows,
    )
    assert bool(list(every_refund_has_one_audit_row(books))) is broken


def test_a_refund_that_was_made_at_stripe_needs_no_audit_row() -> None:
    books = Books(refunds=[{"id": "rfd_1", "idempotency_key": None}])
    assert list(every_refund_has_one_audit_row(books)) == []


def books_of(received: int | None, *, at_stripe: int, asked: int = 2500) -> Books:
    """One payment of 2500 that is complete here, and its intent."""
    row = {"id": "txn_1", "state": "complete", "amount": 2500, "currency": "usd", "payable_id": "o"}
    intent = {"id": "pi_1", "status": "succeeded", "metadata": {"transaction_id": "txn_1"}}
    intent |= {"amount": asked, "amount_received": at_stripe, "currency": "usd"}
    refund = {"transaction_id": "txn_1", "state": "succeeded", "amount": 1500}
    return Books(
        transactions=[{**row, "amount_received": received}], intents=[intent], refunds=[refund]
    )


@pytest.mark.parametrize(
    ("received", "at_stripe", "asked", "broken"),
    [
        (1500, 1500, 2500, False),
        (None, 2500, 2500, False),
        (2500, 1500, 2500, True),
        (None, 1500, 2500, True),
        (1500, 1500, 1500, True),
    ],
)
def test_what_stripe_took_is_what_our_row_received(
    received: int | None, at_stripe: int, asked: int, *, broken: bool
) -> None:
    books = books_of(received, at_stripe=at_stripe, asked=asked)
    assert bool(list(stripe_takes_our_price(books))) is broken


@pytest.mark.parametrize(("received", "broken"), [(1500, False), (1499, True), (None, False)])
def test_no_refund_exceeds_what_was_received(received: int | None, *, broken: bool) -> None:
    books = books_of(received, at_stripe=received or 2500)
    assert bool(list(refunds_never_exceed_the_capture(books))) is broken
