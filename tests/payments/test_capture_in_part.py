"""Money moved is what Stripe received: 2500 that was captured in part as 1500 is 15.00."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from payments_app.core.extensions import db
from payments_app.core.money import Money
from payments_app.ledger.models import Entry
from payments_app.ledger.queries import captures
from payments_app.notices.models import Mail
from payments_app.notices.webhook_models import WebhookEvent
from payments_app.payment_requests import ask as requests
from payments_app.payments.models import Transaction
from payments_app.payments.refunds.double_payments import likely_doubles, twin_of
from payments_app.payments.refunds.entitlement import Entitlement, entitlement
from payments_app.payments.refunds.models import Refund
from payments_app.payments.refunds.remaining import remaining
from payments_app.payments.refunds.request import RefundRefusedError
from payments_app.payments.transactions.open import PaymentSource
from payments_app.payments.transactions.received import is_release
from payments_app.staff.reports.aggregate import aggregate
from tests.accounts.staff_driver import Browser
from tests.bystanders import own
from tests.csv_rows import csv_rows
from tests.inbound.webhook_sender import WebhookSender
from tests.payments.driver import PaymentDriver
from tests.payments.held import WORDS, Held, values
from tests.reconcile.books import compare_last_hours, execute, found
from tests.refunds.refund_steps import ask, give_back, posted, refunds
from tests.settlement.books import columns

pytestmark = [pytest.mark.portable, pytest.mark.timeout(300)]


def test_what_was_received_is_kept_beside_what_was_asked_for(
    held: Held, driver: PaymentDriver
) -> None:
    transaction = held.hold()
    assert values(driver, transaction) == ("awaiting_bank", 2500, None)
    held.capture(transaction, 1500)
    held.tell(transaction)
    assert values(driver, transaction) == ("complete", 2500, 1500)


def test_a_look_up_keeps_it_too(held: Held, driver: PaymentDriver) -> None:
    transaction = held.hold()
    held.capture(transaction, 1500)
    driver.make_due("look_up")
    driver.work("charges")
    assert values(driver, transaction) == ("complete", 2500, 1500)


def test_a_payment_made_at_stripe_keeps_it(driver: PaymentDriver) -> None:
    post = WebhookSender(driver)
    intent = post.pay_elsewhere(capture_method="manual")
    post.stripe(f"payment_intents/{intent['id']}/capture", amount_to_capture="1500")
    post.send(post.told("payment_intent.succeeded", intent["id"]))
    db.session.rollback()
    row = db.session.scalars(select(Transaction).where(own(Transaction))).one()
    assert (row.state, row.amount, row.amount_received) == ("complete", 2500, 1500)


@pytest.mark.parametrize(("amount", "save"), [(0, False), (0, True), (1099, False)])
def test_any_other_payment_received_all_of_it(
    driver: PaymentDriver, amount: int, *, save: bool
) -> None:
    source = PaymentSource(payment_method="pm_card_visa", save_card=save)
    transaction = driver.pay(order=driver.create_order(amount), source=source)
    assert values(driver, transaction) == ("complete", amount, amount)
    assert driver.read(transaction).paid == amount


def test_what_is_not_complete_has_received_nothing(held: Held, driver: PaymentDriver) -> None:
    for transaction in (driver.pay("pm_card_visa_chargeDeclined"), held.hold()):
        row = driver.read(transaction)
        assert (row.amount_received, row.paid) == (None, 0)


@pytest.mark.alone
def test_the_books_hold_it(held: Held) -> None:
    transaction = held.pay()
    db.session.rollback()
    entries = select(Entry.entry_type, Entry.amount).where(
        Entry.transaction_id == transaction, Entry.side == "debit"
    )
    assert set(db.session.execute(entries)) == {("capture", 1500), ("stripe_fee", 74)}
    assert captures(db.session()) == {"usd": 1500}


def test_it_is_settled(held: Held, driver: PaymentDriver) -> None:
    held.pay()
    driver.work_all_waiting()
    assert columns() == [("capture", 1500, -74, 0, 1426)]


@pytest.mark.followed_by_all
def test_the_receipt_says_it(held: Held) -> None:
    held.pay()
    db.session.rollback()
    mail = db.session.scalars(select(Mail).where(own(Mail), Mail.kind == "receipt")).one()
    assert mail.subject.endswith("$15.00")
    for part in (mail.text, mail.html):
        assert "$15.00 was paid" in part
        assert "$25.00 was paid" not in part
        assert "Amount" in part


@pytest.mark.followed_by_all
def test_its_merchant_hears_it(held: Held) -> None:
    held.pay()
    db.session.rollback()
    body = db.session.scalars(select(WebhookEvent.body).where(own(WebhookEvent))).one()
    payment = json.loads(body)["data"]["payment"]
    assert (payment["amount"], payment["amount_requested"]) == (1500, 2500)


def test_its_buyer_reads_it(held: Held, driver: PaymentDriver) -> None:
    transaction = held.pay()
    client = driver.app.test_client()
    status = client.get(f"/transactions/{transaction}").json
    assert (status["amount"], status["amount_received"]) == (2500, 1500)
    assert status["amount_received_text"] == "$15.00"
    for path in (f"/thankyou?transaction={transaction}", f"/transactions/{transaction}"):
        page = client.get(path, headers={"Accept": "text/html"}).text
        assert "$15.00 was paid" in page
        assert "$25.00" not in page


def test_staff_read_both(held: Held, admin: Browser, driver: PaymentDriver) -> None:
    transaction = held.pay()
    customer = next(r.payable_id for r in driver.read(transaction).records if r.role == "customer")
    for path in (
        f"/staff/payments/{transaction}",
        "/staff/payments",
        f"/staff/customers/{customer}",
        f"/staff/payments/{transaction}/refunds",
        f"/staff/payments/{transaction}/retries",
    ):
        page = admin.get(path, follow_redirects=False)
        assert page.status_code == 303 or WORDS in page.text, path
    assert "1 paid ($15.00)" in admin.get(f"/staff/customers/{customer}").text


def test_a_payment_link_says_both(held: Held, admin: Browser, driver: PaymentDriver) -> None:
    with driver.app.app_context():
        wish = requests.Wish(Money(2500, "usd"), "The lamp that was missing")
        link = requests.ask(wish, "staff")[0]
    held.pay(order=link)
    assert WORDS in admin.get(f"/staff/payment-links/{link}").text
    assert WORDS in admin.get("/staff/payment-links").text


def test_reports_count_it(held: Held, admin: Browser) -> None:
    held.pay()
    for aggregated in (False, True):
        if aggregated:
            aggregate()
        assert "$15.00" in admin.get("/staff/reports").text
    found = admin.client.get("/api/v1/reports/sales_summary").json["today"]["usd"]
    assert (found["amount"], found["formatted"]) == (1500, "$15.00")
    figures = admin.get("/staff").text.partition('class="figures"')[2]
    assert "$15.00" in figures
    assert "$25.00" not in figures


@pytest.mark.alone
def test_the_file_has_it_and_what_was_asked_for(
    held: Held, admin: Browser, driver: PaymentDriver
) -> None:
    held.pay()
    driver.pay("pm_card_visa_chargeDeclined")
    rows = csv_rows(admin.get("/staff/payments.csv").text)
    assert [(row["Amount"], row["Amount Requested"]) for row in rows] == [
        ("10.99", "10.99"),
        ("15.00", "25.00"),
    ]


@pytest.mark.parametrize("typed", ["15.00", "25.00"])
def test_it_is_found_by_either_amount(
    held: Held, admin: Browser, driver: PaymentDriver, typed: str
) -> None:
    reference = driver.read(held.pay()).reference
    assert reference in admin.get(f"/staff/payments?q={typed}").text


def test_no_more_can_be_given_back(held: Held, driver: PaymentDriver) -> None:
    transaction = held.pay()
    with pytest.raises(RefundRefusedError, match=r"at most \$15.00"):
        ask(transaction, 1501)
    refund = give_back(driver, transaction, 1500)
    assert [r.state for r in refunds(transaction) if r.id == refund] == ["succeeded"]
    row = driver.read(transaction)
    assert remaining(db.session(), row) == 0
    assert entitlement(db.session(), row, row.money) == Entitlement.GIVEN_BACK
    assert posted("refund")[0][2] == 1500


def test_the_database_gives_no_more_back(held: Held) -> None:
    transaction = held.pay()
    more = insert(Refund).values(
        id="rfd_1", transaction_id=transaction, amount=1501, currency="usd", reason="x"
    )
    with pytest.raises(IntegrityError):
        execute(more.values(requested_by="ada", state="requested", version=1))


def test_what_the_card_was_let_go_of_is_no_refund(held: Held, driver: PaymentDriver) -> None:
    transaction = held.pay()
    driver.work_all_waiting()
    assert len(driver.sandbox("GET", "/v1/refunds")["data"]) == 1
    assert refunds(transaction) == []
    assert remaining(db.session(), driver.read(transaction)) == 1500


@pytest.mark.parametrize(
    ("other", "release"),
    [
        ({}, True),
        ({"amount": 999}, False),
        ({"balance_transaction": "txn_1"}, False),
        ({"metadata": {"refund_id": "rfd_1"}}, False),
        ({"object": "dispute"}, False),
        *(({"status": status}, False) for status in ("pending", "requires_action", "new", None)),
    ],
)
def test_a_release_is_told_from_a_refund(other: dict[str, Any], *, release: bool) -> None:
    refund = {"object": "refund", "amount": 1000, "balance_transaction": None, "metadata": {}}
    refund["status"] = "succeeded"
    assert is_release(refund | other, 2500, 1500) is release
    assert not is_release(refund | other, 2500, 2500)


def test_the_books_agree_with_stripe(held: Held, driver: PaymentDriver) -> None:
    held.pay()
    driver.work_all_waiting()
    execute(update(Transaction).where(own(Transaction)).values(ended_at=Transaction.created_at))
    compare_last_hours()
    assert found() == []


def test_a_payment_that_received_another_amount_at_stripe_is_found(
    held: Held, driver: PaymentDriver
) -> None:
    transaction = held.pay()
    execute(update(Transaction).where(own(Transaction)).values(amount_received=2500))
    compare_last_hours()
    assert ("amount_differs", None) in found()
    assert ("ledger_amount_differs", None) in found()
    assert driver.read(transaction).amount_received == 2500


def test_two_that_took_the_same_money_may_be_a_double(held: Held) -> None:
    first, second = held.pay(), held.pay()
    whole = held.pay(captured=2500)
    db.session.rollback()
    (double,) = likely_doubles(db.session(), db.session.get_one(Transaction, first).created_at)
    assert (double.first, double.second, str(double.money)) == (first, second, "$15.00")
    assert twin_of(db.session(), first) == second
    assert twin_of(db.session(), whole) is None
