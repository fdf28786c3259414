"""What a host application sells, and opens payments for. It may be called by what somebody typed:
of a card's number in it no table of ours keeps more than the last digits."""

from __future__ import annotations

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.customers.find import customer_for
from payments_app.notices.announce import serialise_payment
from payments_app.orders.models import Order
from payments_app.payment_requests.models import PaymentRequest
from payments_app.payments.payable import NotPayableError
from payments_app.payments.retries.request import preview_retry
from payments_app.payments.transactions.open import PaymentSource, open_transaction
from tests.inbound.test_card_numbers import CUT, NUMBER, kept_in
from tests.payments.driver import PaymentDriver
from tests.refunds.refund_steps import give_back, refunds
from tests.refunds.test_retry import pay_with_saved_card

_THEIR_OWN = "pay_payment_requests"  # stands for a table of the host's
_ADA = "ada@example.com"


@atomic
def _begun(session: Session, name: str, *, off_session: bool = False) -> str:
    """A payment for two of what the host calls so."""
    lines = [{"description": name, "quantity": 2, "amount": 500}]
    sold = PaymentRequest(amount=1000, currency="usd", description=f"Stay - {name}")
    sold.line_items, sold.labels, sold.created_by = lines, {"guest": name}, "a host"
    session.add(sold)
    session.flush()
    return open_transaction(
        session,
        sold,
        customer_id=customer_for(session, _ADA).id,
        email=_ADA,
        source=PaymentSource(payment_method="pm_card_visa", off_session=off_session),
    ).id


def test_no_table_of_ours_keeps_a_card_number_that_a_payable_is_called(
    driver: PaymentDriver,
) -> None:
    paid, other = _begun(f"card {NUMBER}"), _begun("Attic")
    driver.work()
    give_back(driver, paid, 500, items={0: 1})
    assert driver.read(paid).description == f"Stay - card {CUT}"
    assert driver.read(other).description == "Stay - Attic"
    (refund,) = refunds(paid)
    assert CUT in str(refund.items)
    assert kept_in() <= {_THEIR_OWN}


@pytest.mark.followed_by_all
def test_no_event_tells_a_card_number_that_a_host_says_of_a_payment(driver: PaymentDriver) -> None:
    paid, other = _begun(f"card {NUMBER}"), _begun("Attic")
    driver.work()
    told = [
        serialise_payment(db.session(), driver.read(one))["paid_for"]["metadata"]
        for one in (paid, other)
    ]
    assert told == [{"guest": f"card {CUT}"}, {"guest": "Attic"}]
    assert kept_in() <= {_THEIR_OWN}


@atomic
def _opened_after(session: Session, change: dict[str, int]) -> tuple[str, str]:
    """Payments for two rows that were read before somebody else changed the first."""
    rows = [
        PaymentRequest(amount=1000, currency="usd", description="Stay", created_by="a host")
        for _ in "ab"
    ]
    session.add_all(rows)
    session.flush()
    elsewhere = update(PaymentRequest).where(PaymentRequest.id == rows[0].id).values(change)
    session.execute(elsewhere.execution_options(synchronize_session=False))
    first, second = (
        open_transaction(
            session,
            row,
            customer_id=customer_for(session, _ADA).id,
            email=_ADA,
            source=PaymentSource(payment_method="pm_card_visa"),
        ).id
        for row in rows
    )
    return first, second


def test_what_is_charged_is_the_price_of_now_not_the_one_that_the_caller_read(
    driver: PaymentDriver,
) -> None:
    first, second = _opened_after({"amount": 1500})
    driver.work()
    assert [driver.read(one).paid for one in (first, second)] == [1500, 1000]


def test_nothing_is_opened_for_what_has_no_price(
    driver: PaymentDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PaymentRequest, "price", None)
    with pytest.raises(NotPayableError) as refused:
        _begun("Attic")
    assert refused.value.code == "no_price"
    assert driver.intents() == []


def test_a_host_s_method_that_fails_stops_no_event_and_charges_no_card_without_its_owner(
    driver: PaymentDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row is there, and what it names is gone."""
    paid = _begun("Attic")
    driver.work()

    def gone(*_: object) -> str:
        raise LookupError("the room is gone")

    monkeypatch.setattr(PaymentRequest, "public_facts", gone)
    monkeypatch.setattr(PaymentRequest, "card_again", gone)
    said = serialise_payment(db.session(), driver.read(paid))
    assert (said["state"], said["paid_for"]["type"]) == ("complete", "payment_request")
    refused = _begun("Attic", off_session=True)
    driver.work()
    row = driver.read(refused)
    assert (row.state, (row.error or {})["code"]) == ("failed", "card_removed")


def test_a_retry_whose_host_fails_at_it_charges_nothing_and_is_by_the_link(
    driver: PaymentDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    declined, other = pay_with_saved_card(driver), pay_with_saved_card(driver)
    assert preview_retry(other).how == "charge"

    def gone(*_: object) -> str:
        raise LookupError("the room is gone")

    monkeypatch.setattr(Order, "card_again", gone)
    assert preview_retry(declined).how == "link"
