"""What Stripe lists without an id is no row of ours: two of them would share one."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from payments_app.core.extensions import db
from payments_app.core.jobs.command import Later
from payments_app.ledger.models import BalanceTransaction, Journal
from payments_app.payments.connect.records import ConnectRecord
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.disputes.refresh import refresh as refresh_disputes
from payments_app.payments.refunds.refresh import refresh as refresh_refunds
from tests.bystanders import own
from tests.ledger.concurrency import claim
from tests.merchants.connected_merchants import create_ready_merchant, create_sale
from tests.payments.driver import PaymentDriver
from tests.refunds.refund_steps import refund_outside, refunds

pytestmark = pytest.mark.portable
NONE = ["", None, 7, "dp_1 OR 1=1", "x" * 81]


@pytest.fixture
def disputed(driver: PaymentDriver) -> list[str]:
    """Two payments of two amounts, each with a dispute at Stripe that is not known here."""
    return [
        driver.pay("pm_card_createDispute", driver.create_order(amount)) for amount in (2400, 900)
    ]


def their_disputes(driver: PaymentDriver) -> dict[str, dict[str, Any]]:
    """By the intent."""
    listed = driver.sandbox("GET", "/v1/disputes")["data"]
    return {body["payment_intent"]: body for body in listed}


def intent(driver: PaymentDriver, transaction: str) -> str:
    return driver.read(transaction).stripe_payment_id or ""


def kept() -> list[tuple[str, int, str]]:
    db.session.rollback()
    rows = (
        select(Dispute.transaction_id, Dispute.amount, Dispute.funds)
        .where(own(Dispute))
        .order_by(Dispute.amount)
    )
    return [tuple(row) for row in db.session.execute(rows)]


def journals(entry_type: str) -> list[str]:
    db.session.rollback()
    rows = select(Journal.transaction_id).where(own(Journal), Journal.entry_type == entry_type)
    return sorted(db.session.scalars(rows))


@pytest.mark.parametrize("none", NONE)
def test_a_dispute_without_an_id_overwrites_no_strangers(
    driver: PaymentDriver, disputed: list[str], none: object
) -> None:
    for transaction in disputed:
        body = their_disputes(driver)[intent(driver, transaction)]
        driver.fail_stripe("say", "^/v1/disputes$", set={"data": [{**body, "id": none}]}, times=1)
        with pytest.raises(Later):
            refresh_disputes(intent(driver, transaction), claim("x"))
    assert kept() == []
    for transaction in disputed:
        refresh_disputes(intent(driver, transaction), claim("x"))
    driver.work()
    first, second = disputed
    assert kept() == [(second, 900, "withdrawn"), (first, 2400, "withdrawn")]
    assert journals("dispute") == sorted(disputed)


def _spoil(driver: PaymentDriver, body: dict[str, Any], **fields: Any) -> None:
    moved = [{**movement, **fields} for movement in body["balance_transactions"]]
    driver.sandbox("POST", f"/_sandbox/disputes/{body['id']}", balance_transactions=moved)


@pytest.mark.parametrize("odd", [*({"id": none} for none in NONE), {"amount": "-2400"}])
def test_money_that_a_dispute_moved_without_an_id_is_asked_for_again(
    driver: PaymentDriver, disputed: list[str], odd: dict[str, object]
) -> None:
    theirs = their_disputes(driver)
    for body in theirs.values():
        _spoil(driver, body, **odd)
    for transaction in disputed:
        with pytest.raises(Later):
            refresh_disputes(intent(driver, transaction), claim("x"))
    driver.work()
    assert (kept(), journals("dispute")) == ([], [])
    for body in theirs.values():
        _spoil(driver, body)
    for transaction in disputed:
        refresh_disputes(intent(driver, transaction), claim("x"))
    driver.work()
    assert journals("dispute") == sorted(disputed)


def test_one_dispute_that_can_not_be_read_holds_up_no_other_of_its_payment(
    driver: PaymentDriver, disputed: list[str]
) -> None:
    first, _ = disputed
    good = their_disputes(driver)[intent(driver, first)]
    odd = {**good, "id": "dp_odd", "balance_transactions": [{"id": "", "amount": -1}]}
    driver.fail_stripe("say", "^/v1/disputes$", set={"data": [odd, good]}, times=1)
    with pytest.raises(Later):
        refresh_disputes(intent(driver, first), claim("x"))
    assert kept() == [(first, 2400, "withdrawn")]


@pytest.mark.parametrize("none", NONE)
def test_a_refund_without_an_id_is_not_taken_in(driver: PaymentDriver, none: object) -> None:
    transaction, other = driver.pay(), driver.pay()
    refund_outside(driver, transaction, 400)
    (body,) = driver.sandbox("GET", "/v1/refunds")["data"]
    driver.fail_stripe("say", "^/v1/refunds$", set={"data": [{**body, "id": none}]}, times=1)
    with pytest.raises(Later):
        refresh_refunds(intent(driver, transaction), claim("x"))
    assert refunds(transaction) == []
    refresh_refunds(intent(driver, transaction), claim("x"))
    assert [refund.stripe_refund_id for refund in refunds(transaction)] == [body["id"]]
    assert refunds(other) == []


@pytest.mark.parametrize("none", NONE)
def test_a_fee_that_names_no_movement_is_asked_for_again(
    driver: PaymentDriver, none: object
) -> None:
    first, second = driver.open(), driver.open()
    driver.work("charges")
    movement = {"id": none, "amount": 1099, "fee": 1, "net": 1098, "currency": "usd"}
    said = {"balance_transaction": {**movement, "object": "balance_transaction", "type": "charge"}}
    driver.fail_stripe("say", "^/v1/charges/", set=said, times=2)
    driver.work()
    db.session.rollback()
    assert db.session.scalars(select(BalanceTransaction.id)).all() == []
    driver.work_all_waiting()
    db.session.rollback()
    rows = select(BalanceTransaction.transaction_id)
    assert set(db.session.scalars(rows)) == {first, second}


@pytest.mark.parametrize("none", NONE)
def test_a_merchants_record_without_an_id_is_asked_for_again(
    driver: PaymentDriver, none: object
) -> None:
    transaction = driver.pay(order=create_sale(create_ready_merchant(driver)))
    refund_outside(driver, transaction, 400)
    (body,) = driver.sandbox("GET", "/v1/refunds")["data"]
    driver.fail_stripe("say", "^/v1/refunds$", set={"data": [{**body, "id": none}]}, times=None)
    refund = "re_of_nobody"
    with pytest.raises(Later):
        refresh_refunds(intent(driver, transaction), claim(refund))
    driver.work_all_waiting()
    db.session.rollback()
    ids = db.session.scalars(select(ConnectRecord.stripe_id)).all()
    assert all("_" in id_ for id_ in ids)
