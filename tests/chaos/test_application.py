"""An application of the campaign sees each way in which the API misleads it."""

from __future__ import annotations

from typing import Any

import pytest

from chaos.application import CENTS, Application
from chaos.books import Books

SEAT = {"id": "prq_1", "reference": "booking-1", "amount": CENTS}
BESIDE = {"id": "prq_2", "reference": "booking-2", "amount": CENTS}
PAID = {"status": "succeeded", "amount_received": CENTS, "amount_refunded": 500}
UNPAID = {"status": "requires_payment", "amount_received": 0, "amount_refunded": 0}


class Told(Application):
    """One that was told this, instead of asking."""

    def __init__(self, *told: dict[str, Any]) -> None:
        super().__init__(lambda: "http://127.0.0.1:9")
        self.told = {one["id"]: one for one in told}
        self._asked = {1: "prq_1", 2: "prq_2"}

    def _listed(self) -> dict[str, dict[str, Any]]:
        return self.told


def books(**changed: Any) -> Books:
    """The first is paid, and given back in part; the second was declined."""
    paid = {"id": "txn_1", "payable_id": "prq_1", "state": "complete", "amount": CENTS}
    declined = {"id": "txn_2", "payable_id": "prq_2", "state": "failed", "amount": CENTS}
    refund = {"transaction_id": "txn_1", "amount": 500, "state": "succeeded"}
    return Books(transactions=[paid | changed, declined], refunds=[refund])


def test_what_is_so_misleads_nobody() -> None:
    assert Told(SEAT | PAID, BESIDE | UNPAID).misled(books()) == []


@pytest.mark.parametrize(
    ("lie", "words"),
    [
        ({"status": "requires_payment"}, "prq_1 says ('requires_payment', 1900, 500), and is"),
        ({"amount_received": CENTS - 1}, "prq_1 says ('succeeded', 1899, 500), and is"),
        ({"amount_refunded": 0}, "prq_1 says ('succeeded', 1900, 0), and is"),
        ({"amount": CENTS + 1}, "prq_1 is of 1901, its attempts are not"),
        ({"reference": "booking-2"}, "2 payments are booking-2"),
    ],
)
def test_what_is_not_so_is_seen(lie: dict[str, Any], words: str) -> None:
    (seen,) = Told(SEAT | PAID | lie, BESIDE | UNPAID).misled(books())
    assert seen.startswith(words)


def test_a_payment_that_was_promised_and_is_not_there_is_seen() -> None:
    assert Told(SEAT | PAID).misled(books()) == ["prq_2 was promised and is not there"]


def test_an_attempt_of_another_amount_is_seen() -> None:
    (seen,) = Told(SEAT | PAID, BESIDE | UNPAID).misled(books(amount=CENTS - 1))
    assert seen == "prq_1 is of 1900, its attempts are not"
