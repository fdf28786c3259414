"""Any currency can be shown: one payment in a currency that the shop can't sell in takes no page
down, and nothing that follows a payment."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from payments_app.core.extensions import db
from payments_app.core.money import Money
from payments_app.ledger.models import Entry
from payments_app.notices.models import Mail
from payments_app.notices.webhook_models import WebhookEvent
from payments_app.payments.connect.platform_fee import platform_fee
from payments_app.payments.models import Transaction
from payments_app.payments.payable import NotPayableError
from payments_app.subscriptions.amounts import amount_due
from payments_app.subscriptions.models import Plan
from tests.accounts.staff_driver import StaffDriver
from tests.bystanders import own
from tests.csv_rows import csv_rows
from tests.inbound.webhook_sender import WebhookSender
from tests.notices.receiver import Receiver
from tests.payments.driver import PaymentDriver
from tests.route_walk import broken_pages
from tests.settlement.books import columns
from tests.staff.abroad import Abroad, add_product, known_as

pytestmark = [pytest.mark.portable, pytest.mark.timeout(300)]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def abroad(app: Flask, receiver: Receiver) -> Iterator[Abroad]:
    with app.app_context():
        yield Abroad(app, receiver)


def no_page_is_taken_down(app: Flask, abroad: Abroad) -> None:
    total = 0
    for client in known_as(app, abroad).values():
        broken, opened = broken_pages(app, client, abroad.values(), Abroad.ELSEWHERE)
        assert broken == []
        total += opened
    assert total > 80


def lists_show_it_and_the_others(app: Flask, abroad: Abroad) -> None:
    browser = StaffDriver(app).signed_in("admin", "lists@example.com")
    (customer,) = abroad.values()["customer_id"]
    all_of_them = {"1,234.50 PKR", "1,234.50 XYZ", "$10.99"}
    for path, missing in {
        "/staff/payments": set(),
        f"/staff/customers/{customer}": set(),
        "/staff/payments?q=ada@example.com": set(),
        "/staff/payments?q=1234.50": {"$10.99"},
        "/staff/payments?least=1000&most=2000": {"$10.99"},
        "/staff/payments?currency=xyz": {"$10.99", "1,234.50 PKR"},
        "/staff/payments?currency=XYZ": {"$10.99", "1,234.50 PKR"},
        f"/staff/payments/{abroad.xyz}": {"$10.99", "1,234.50 PKR"},
    }.items():
        page = browser.get(path).text
        assert {words for words in all_of_them if words not in page} == missing, path


def it_is_summed_by_its_currency(app: Flask, abroad: Abroad) -> None:
    browser = StaffDriver(app).signed_in("admin", "sums@example.com")
    page = browser.get("/staff").text
    assert [w for w in ("$10.99", "2,469.00 PKR", "1,234.50 XYZ") if w not in page] == []
    assert "1,234.50 XYZ" in browser.get("/staff/reports?currency=xyz").text
    found = browser.client.get("/api/v1/reports/sales_summary").json["today"]
    assert (found["xyz"]["amount"], found["xyz"]["formatted"]) == (123_450, "1,234.50 XYZ")
    assert (found["pkr"]["payments"], found["usd"]["formatted"]) == (2, "$10.99")


def all_that_follows_a_payment_follows_it(app: Flask, abroad: Abroad) -> None:
    db.session.rollback()
    captured = select(Entry.transaction_id, Entry.amount, Entry.currency)
    rows = set(db.session.execute(captured.where(Entry.entry_type == "capture")))
    assert {(abroad.xyz, 123_450, "xyz"), (abroad.pkr, 123_450, "pkr")} <= rows
    fee = (123_450 * 29 + 30_500) // 1000
    assert ("capture", 123_450, -fee, 0, 123_450 - fee) in columns()
    mail = select(Mail).where(Mail.kind == "receipt", Mail.transaction_id == abroad.xyz)
    receipt = db.session.scalars(mail).one()
    assert receipt.subject.endswith("1,234.50 XYZ")
    assert ["1,234.50 XYZ" in part for part in (receipt.text, receipt.html)] == [True, True]
    told = select(WebhookEvent.body).where(WebhookEvent.transaction_id == abroad.xyz)
    payment = json.loads(db.session.scalars(told).one())["data"]["payment"]
    assert (payment["amount"], payment["currency"]) == (123_450, "xyz")
    db.session.commit()  # the request of the test's own begins with a fresh look
    page = (
        StaffDriver(app)
        .signed_in("admin", "payments@example.com")
        .get(f"/staff/payments/{abroad.pkr}")
        .text
    )
    assert "50.00 PKR refunded" in page


def a_page_of_differences_shows_it(app: Flask, abroad: Abroad) -> None:
    page = (
        StaffDriver(app)
        .signed_in("admin", "differences@example.com")
        .get("/staff/reconciliation")
        .text
    )
    assert "777.00 PKR" in page


def test_it_is_a_payment_as_any_other(
    app: Flask, abroad: Abroad, subtests: pytest.Subtests
) -> None:
    """All of this only reads."""
    for claim in (
        lists_show_it_and_the_others,
        it_is_summed_by_its_currency,
        all_that_follows_a_payment_follows_it,
        a_page_of_differences_shows_it,
        no_page_is_taken_down,
    ):
        with subtests.test(claim.__name__):
            claim(app, abroad)


@pytest.mark.alone
def test_files_have_it_in_its_own_unit(app: Flask, abroad: Abroad) -> None:
    answer = StaffDriver(app).signed_in("admin").get("/staff/payments.csv")
    rows = {row["Id"]: row for row in csv_rows(answer.text)}
    assert (rows[abroad.xyz]["Amount"], rows[abroad.xyz]["Currency"]) == ("1234.50", "XYZ")
    assert rows[abroad.usd]["Amount"] == "10.99"
    assert len(rows) == 5


def test_the_shop_shows_what_it_can_not_sell_and_takes_no_money_for_it(app: Flask) -> None:
    with app.app_context():
        add_product()
    client = app.test_client()
    page = client.get("/").text
    assert "1,234.50 PKR" in page
    assert "1,234.50 XYZ every month" in page
    for item, currency in (("rug", "PKR"), ("bazaar", "XYZ")):
        body = {"item": item, "email": "ada@example.com", "payment_method": "pm_card_visa"}
        answer = client.post("/transactions", json=body, headers={"Idempotency-Key": item})
        assert answer.status_code == 422
        assert f"{currency} is not a currency" in answer.json["error"]["message"]


def test_nothing_asks_stripe_for_what_the_shop_can_not_take(app: Flask) -> None:
    with app.app_context():
        driver = PaymentDriver(app)
        order = driver.create_order(123_450, "xyz")
        with pytest.raises(NotPayableError, match="XYZ"):
            driver.open(order=order)
        assert driver.messages("charge") == []


def test_a_plan_in_such_a_currency_is_not_free() -> None:
    plan = Plan(amount=500, currency="xyz")
    assert amount_due(plan, 0) == (500, 0)


def test_a_plan_of_more_than_stripe_charges_is_not_free() -> None:
    plan = Plan(amount=100_000_000, currency="usd")
    assert amount_due(plan, 0) == (100_000_000, 0)


def test_such_a_sale_has_no_fee() -> None:
    with pytest.raises(ValueError, match="xyz"):
        platform_fee(Money(1000, "xyz"), {})


@pytest.mark.parametrize(
    "odd",
    [{"currency": code} for code in ("usdc", "us", "", None, 840, ["usd"])]
    + [{"amount": amount} for amount in (None, -1, 10**30, "2500", 25.5, True)],
    ids=repr,
)
def test_what_no_row_can_hold_is_set_aside_with_an_alert(
    app: Flask, odd: dict[str, object]
) -> None:
    with app.app_context():
        post = WebhookSender(PaymentDriver(app))
        intent = post.pay_elsewhere()
        post.driver.sandbox("POST", f"/_sandbox/payment_intents/{intent['id']}", **odd)
        event = post.told("payment_intent.succeeded", intent["id"])
        post.send(event)
        assert post.state(event) == "quarantined"
        assert post.alerts() == ["webhook_quarantined"]


def test_a_code_in_capitals_is_the_same_currency(app: Flask) -> None:
    with app.app_context():
        post = WebhookSender(PaymentDriver(app))
        intent = post.pay_elsewhere(currency="pkr")
        post.driver.sandbox("POST", f"/_sandbox/payment_intents/{intent['id']}", currency="PKR")
        event = post.told("payment_intent.succeeded", intent["id"])
        post.send(event)
        assert post.state(event) == "processed"
        db.session.rollback()
        row = db.session.scalars(select(Transaction).where(own(Transaction))).one()
        assert (row.state, row.currency) == ("complete", "pkr")
