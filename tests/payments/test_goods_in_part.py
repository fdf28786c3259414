"""What was captured in part is shared in part with a merchant, and hands over no goods."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from payments_app.core.alerts import Alert
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.money import Money
from payments_app.customers.find import customer_for
from payments_app.downloads.deliver import RefundedError, fetch
from payments_app.downloads.models import DigitalProduct, DigitalPurchase
from payments_app.downloads.purchase import purchase
from payments_app.notices.models import Mail
from payments_app.notices.webhook_models import WebhookEvent
from payments_app.payment_requests.ask import Wish, ask
from payments_app.payment_requests.models import PaymentRequest
from payments_app.payments import states
from payments_app.payments.follow_up import commands
from payments_app.payments.models import Transaction
from tests.accounts.staff_driver import Browser
from tests.bystanders import own
from tests.merchants.connected_merchants import create_ready_merchant, create_sale, records
from tests.payments.driver import PaymentDriver
from tests.payments.held import WORDS, Held
from tests.reconcile.books import execute
from tests.refunds.refund_steps import give_back, posted
from tests.settlement.books import columns

pytestmark = [pytest.mark.portable, pytest.mark.timeout(300)]


def test_a_destination_sale_shares_what_was_captured(held: Held, driver: PaymentDriver) -> None:
    merchant = create_ready_merchant(driver)
    transaction = held.pay(6000, order=create_sale(merchant))
    driver.work_all_waiting()
    assert records(transaction) == [
        ("merchant", "payment", 6000),
        ("platform", "application_fee", 320),
        ("platform", "charge", 6000),
        ("platform", "transfer", 6000),
    ]
    assert columns() == [("capture", 6000, 0, -320, 5680)]


def test_a_direct_sale_shares_what_was_captured(held: Held, driver: PaymentDriver) -> None:
    merchant = create_ready_merchant(driver, "direct")
    transaction = held.pay(6000, order=create_sale(merchant))
    driver.work_all_waiting()
    assert records(transaction) == [
        ("merchant", "charge", 6000),
        ("platform", "application_fee", 320),
    ]
    assert columns() == [("capture", 6000, -204, -320, 5476)]
    assert posted("transfer_reversal") == []


@pytest.mark.followed_by_all
def test_our_fee_is_at_most_what_was_captured(
    held: Held, driver: PaymentDriver, admin: Browser
) -> None:
    merchant = create_ready_merchant(driver)
    transaction = held.pay(100, order=create_sale(merchant))
    driver.work_all_waiting()
    assert ("platform", "application_fee", 100) in records(transaction)
    db.session.rollback()
    body = db.session.scalars(select(WebhookEvent.body).where(own(WebhookEvent))).one()
    assert json.loads(body)["data"]["payment"]["platform_fee"] == 100
    page = admin.get(f"/staff/payments/{transaction}").text
    assert "$1.00" in page.partition("Our fee")[2].partition("</dd>")[0]


@pytest.mark.followed_by_all
def test_our_fee_is_what_it_was_captured_with(held: Held, driver: PaymentDriver) -> None:
    transaction = held.hold(order=create_sale(create_ready_merchant(driver)))
    held.capture(transaction, 6000, application_fee_amount=150)
    held.tell(transaction)
    driver.work()
    assert ("platform", "application_fee", 150) in records(transaction)
    db.session.rollback()
    body = db.session.scalars(select(WebhookEvent.body).where(own(WebhookEvent))).one()
    assert json.loads(body)["data"]["payment"]["platform_fee"] == 150


@pytest.mark.followed_by_all
def test_a_download_paid_in_part_is_not_handed_over(held: Held, driver: PaymentDriver) -> None:
    _put_on_sale()
    whole, part = _buy(), _buy()
    held.pay(captured=2500, order=whole)
    transaction = held.pay(order=part)
    db.session.rollback()
    states = dict(
        db.session.execute(
            select(DigitalPurchase.id, DigitalPurchase.status).where(own(DigitalPurchase))
        ).all()
    )
    assert states == {whole: "paid", part: "open"}
    links = [DigitalPurchase.download_url(db.session(), id_) for id_ in (whole, part)]
    assert [link is not None for link in links] == [True, False]
    assert (fetch(whole) is None, fetch(part)) == (False, None)
    assert _told(transaction) == ["paid_in_part"]
    mails = db.session.scalars(select(Mail.key).where(Mail.kind == "download")).all()
    assert len(mails) == 1
    give_back(driver, transaction, 1500)
    with pytest.raises(RefundedError):
        fetch(part)


def test_a_file_that_is_paid_anew_is_fetched_by_the_payment_that_holds_it(
    held: Held, driver: PaymentDriver
) -> None:
    _put_on_sale()
    bought, other = _buy(), _buy()
    parts = [held.pay(order=each) for each in (bought, other)]
    for part in parts:
        give_back(driver, part, 1500)
    _let_go(parts[0])
    held.pay(captured=2500, order=bought)
    assert fetch(bought) is not None
    assert DigitalPurchase.download_url(db.session(), bought) is not None
    with pytest.raises(RefundedError):
        fetch(other)


@atomic
def _let_go(session: Session, transaction: str) -> None:
    states.stop_holding(session, transaction)


def test_an_order_paid_in_part_is_not_handed_over(held: Held, driver: PaymentDriver) -> None:
    part, whole = driver.create_order(2500), driver.create_order(2500)
    transaction = held.pay(order=part)
    held.pay(captured=2500, order=whole)
    assert (driver.order(part).fulfilled_at, driver.order(part).status) == (None, "paid")
    assert driver.order(whole).fulfilled_at is not None
    driver.work_all_waiting()
    assert _told(transaction) == ["paid_in_part"]
    assert driver.happened(transaction).count("order.not_fulfilled") == 1


def test_its_goods_go_back_once_the_part_is_given_back(held: Held, driver: PaymentDriver) -> None:
    order = driver.create_order(2500)
    transaction = held.pay(order=order)
    assert driver.order(order).hold == "taken"
    give_back(driver, transaction, 1500)
    driver.work_all_waiting()
    assert (driver.order(order).hold, driver.order(order).fulfilled_at) == ("released", None)


@pytest.mark.followed_by_all
def test_what_was_asked_for_and_paid_in_part_is_told_to_a_person(
    held: Held, driver: PaymentDriver
) -> None:
    with driver.app.app_context():
        wish = Wish(Money(2500, "usd"), "The lamp that was missing")
        part, whole = ask(wish, "staff")[0], ask(wish, "staff")[0]
    transaction = held.pay(order=part)
    assert _told(held.pay(captured=2500, order=whole)) == []
    assert _told(transaction) == ["paid_in_part"]


def test_what_was_paid_in_part_does_not_follow_its_payment_and_a_person_is_told(
    held: Held, driver: PaymentDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    followed: list[str] = []

    def follow(self: PaymentRequest, _session: Session, paid: Transaction) -> None:
        followed.append(f"{self.id} {paid.state}")

    monkeypatch.setattr(PaymentRequest, "after_payment", follow)
    driver.app.extensions["commands"] |= commands()
    part, whole = ask(wish := Wish(Money(2500, "usd"), "A room"), "staff")[0], ask(wish, "staff")[0]
    transaction = held.pay(order=part)
    assert _told(held.pay(captured=2500, order=whole)) == []
    assert followed == [f"{whole} complete"]
    assert _told(transaction) == ["paid_in_part"]


def _told(transaction: str) -> list[str]:
    """What people were told of this payment."""
    db.session.rollback()
    rows = db.session.execute(select(Alert.kind, Alert.data, Alert.message))
    found = [
        (row.kind, row.message) for row in rows if row.data.get("transaction_id") == transaction
    ]
    assert all(WORDS in message for _, message in found)
    return [kind for kind, _ in found]


@atomic
def _buy(session: Session) -> str:
    product = session.scalars(select(DigitalProduct).where(own(DigitalProduct))).one()
    return purchase(session, product, customer_for(session, "ada@example.com").id).id


def _put_on_sale() -> None:
    execute(
        insert(DigitalProduct).values(
            slug="field-guide",
            name="Field guide",
            summary="",
            amount=2500,
            currency="usd",
            filename="guide.pdf",
            media_type="application/pdf",
            content=b"%PDF",
            active=True,
        )
    )
