"""A payment's timeline holds all that is kept of it: findings, merchants' events and mails beside
the history; in money, to the second, each call with Stripe's id and how long it took."""

from __future__ import annotations

import re
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import update

from payments_app.core.extensions import db
from payments_app.payments.models import Transaction
from payments_app.reconcile.fix import request_fix
from payments_app.staff.causes.groups import Group
from payments_app.staff.causes.timeline import timeline
from tests.accounts.staff_driver import StaffDriver
from tests.attention.campaign import TRUTHS
from tests.notices.receiver import Receiver
from tests.payments.driver import PaymentDriver
from tests.reconcile.books import compare_last_hours, execute, open_ones

pytestmark = [pytest.mark.portable, pytest.mark.followed_by_all]
MINOR = re.compile(r"\b(?:1099|599|500|300)\b")  # the amounts of TRUTHS as Stripe says them


@pytest.fixture
def driver(app: Flask) -> Iterator[PaymentDriver]:
    with app.app_context():
        yield PaymentDriver(app)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


def groups_of(transaction: str) -> list[Group]:
    db.session.rollback()
    found = timeline(db.session(), transaction, ZoneInfo("America/New_York"), technical=True)
    assert found is not None
    return [group for _, groups in found.days for group in groups]


def lines(transaction: str) -> list[str]:
    return [
        f"{entry.title}{entry.beside}"
        for group in groups_of(transaction)
        for entry in (group.head, *group.effects, *group.steps)
    ]


def test_a_difference_in_the_books_is_in_it_with_its_cause_its_fix_and_its_end(
    driver: PaymentDriver,
) -> None:
    other, paid = driver.pay(), driver.pay("pm_card_visa_chargeDeclined")
    change = update(Transaction).where(Transaction.id == paid)
    execute(change.values(phase="canceled"))
    compare_last_hours()
    (finding,) = open_ones()
    request_fix(finding.id, "ada")
    driver.work_all_waiting()
    said = lines(paid)
    words = "cancelled here, and the intent could still be paid"
    assert f"The books differ: {words}. The request that cancels it was lost." in said
    assert "ada asked to mend the difference in the books" in said
    assert f"The difference was fixed: {words}" in said
    assert not [line for line in lines(other) if "books" in line]


def test_what_a_merchant_was_told_is_in_it(driver: PaymentDriver, receiver: Receiver) -> None:
    receiver.listen()
    paid = driver.pay()
    (told,) = [line for line in lines(paid) if "merchant" in line]
    assert told.startswith("The merchant was told: payment_captured, http://127.0.0.1:")
    assert "shop=1" not in told  # a query may hold a secret


@pytest.mark.expects_failure("notices.deliver_webhook")
def test_a_merchant_who_could_not_be_told_is_in_it_with_the_job(
    driver: PaymentDriver, receiver: Receiver
) -> None:
    receiver.answer = 400
    receiver.listen()
    said = lines(driver.pay())
    assert any(line.startswith("The merchant could not be told: payment_capt") for line in said)
    assert any(line.startswith("The job notices.deliver_webhook was given up") for line in said)


@pytest.mark.parametrize("status", TRUTHS)
def test_no_amount_is_in_minor_units(driver: PaymentDriver, status: str) -> None:
    transaction = TRUTHS[status](driver)
    assert [line for line in lines(transaction) if MINOR.search(line)] == []
    assert any("$10.99" in line for line in lines(transaction))


def test_a_fix_of_the_books_says_no_amount_in_minor_units_either(driver: PaymentDriver) -> None:
    paid = driver.pay("pm_card_visa_chargeDeclined")
    execute(update(Transaction).where(Transaction.id == paid).values(phase="canceled"))
    compare_last_hours()
    request_fix(open_ones()[0].id, "ada")
    driver.work_all_waiting()
    assert [line for line in lines(paid) if MINOR.search(line)] == []


def test_the_page_shows_seconds_and_of_each_call_its_id_and_milliseconds(
    driver: PaymentDriver,
) -> None:
    transaction = driver.pay()
    support = StaffDriver(driver.app).signed_in("support")
    page = support.get(f"/staff/payments/{transaction}").text
    shown = page[page.index('id="timeline"') :]
    assert re.search(r">\d{1,2}:\d\d:\d\d [AP]M</time>", shown)
    steps = shown[shown.index("<details") : shown.index("</details>")]
    assert "open" not in steps.partition(">")[0]  # folded: nothing went wrong
    calls = [row for row in steps.split("<li") if "Asked Stripe" in row]
    assert len(calls) >= 2
    for row in calls:
        assert re.search(r">\d\d:\d\d:\d\d\.\d{3}</time>", row)
        assert re.search(r"<code>req_\w+</code>", row)
        assert re.search(r"\b\d+ ms\b", row)
