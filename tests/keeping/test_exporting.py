"""What is known of a customer is told to them, and nothing of anybody else's."""

from __future__ import annotations

import json
import re

import pytest
from flask.testing import FlaskCliRunner
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.money import Money
from payments_app.customers.find import customer_for
from payments_app.payment_requests.ask import Wish, ask
from payments_app.payment_requests.models import PaymentRequest
from payments_app.payments.transactions.open import PaymentSource, open_transaction
from tests.keeping.shop import ADA, BOB, live
from tests.payments.driver import PaymentDriver

pytestmark = [pytest.mark.portable, pytest.mark.dialect]


def test_a_customer_is_given_what_is_known_of_them(
    driver: PaymentDriver, cli: FlaskCliRunner
) -> None:
    live(driver, ADA)
    live(driver, BOB)
    done = cli.invoke(args=["customers", "export", ADA])
    known = json.loads(done.output)
    assert [each["email"] for each in known["customers"]] == [ADA]
    assert {each["state"] for each in known["transactions"]} == {"complete", "failed"}
    assert [each["last4"] for each in known["saved_cards"]] == ["4242"]
    assert [each["reason"] for each in known["refunds"]] == [f"{ADA} called"]
    assert {each["recipient"] for each in known["mails"]} == {ADA}
    assert len(known["visitor_sessions"]) == 1
    assert BOB not in done.output


def test_no_secret_is_told(driver: PaymentDriver, cli: FlaskCliRunner) -> None:
    live(driver, ADA)
    told = cli.invoke(args=["customers", "export", ADA]).output
    assert "token_hash" not in told
    assert "pi_" in told
    assert "_secret_" not in told


def test_no_card_s_id_at_stripe_is_told(driver: PaymentDriver, cli: FlaskCliRunner) -> None:
    live(driver, ADA)
    told = cli.invoke(args=["customers", "export", ADA]).output
    assert re.findall(r"\b(?:pm|src)_[A-Za-z0-9]{16,}", told) == []
    (card,) = json.loads(told)["saved_cards"]
    assert card["last4"] == "4242"


def test_whom_a_payment_link_asked_is_told_to_nobody_else_who_paid_it(
    driver: PaymentDriver, cli: FlaskCliRunner
) -> None:
    wish = Wish(Money(1099, "usd"), "A lamp", email=BOB)
    asked, _ = ask(wish, "staff")
    pay_link(asked, ADA)
    driver.work()
    told = cli.invoke(args=["customers", "export", ADA]).output
    assert [each["id"] for each in json.loads(told)["payment_requests"]] == [asked]
    assert BOB not in told


@atomic
def pay_link(session: Session, asked: str, email: str) -> None:
    link = session.get_one(PaymentRequest, asked)
    customer, source = customer_for(session, email), PaymentSource(payment_method="pm_card_visa")
    open_transaction(session, link, customer_id=customer.id, email=email, source=source)
