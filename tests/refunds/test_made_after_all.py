"""A refund that looked as if Stripe never made it, and was made all the same."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from payments_app.core.alerts import Alert
from payments_app.core.extensions import db
from payments_app.core.jobs.command import Later
from payments_app.payments.refunds.refresh import refresh
from payments_app.payments.refunds.remaining import remaining
from tests.ledger.concurrency import claim
from tests.payments.driver import PaymentDriver
from tests.refunds.refund_steps import ask, at_stripe, give_back, posted, read, refunds

pytestmark = pytest.mark.portable
PATH = "^/v1/refunds$"


def fail(driver: PaymentDriver, fault: str, method: str, **rule: Any) -> None:
    match = {"method": method, "path": PATH}
    driver.sandbox("POST", "/_sandbox/faults", fault=fault, match=match, **rule)


def lose_sight_of(driver: PaymentDriver, transaction: str, amount: int) -> str:
    """A refund that Stripe made, with an error as its answer, and did not list for a while."""
    fail(driver, "500_after", "POST", times=1)
    fail(driver, "say", "GET", times=None, set={"data": [], "has_more": False})
    refund = give_back(driver, transaction, amount)
    driver.work_all_waiting()
    assert read(refund).state == "failed"
    driver.mend_stripe()
    return refund


def told() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(Alert.kind).order_by(Alert.id)))


def test_news_of_it_corrects_what_was_called_failed(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    refund = lose_sight_of(driver, transaction, 500)
    (theirs,) = at_stripe(driver)
    refresh(theirs["id"], claim("x"))
    driver.work()
    assert (read(refund).state, read(refund).error_code) == ("succeeded", None)
    assert remaining(db.session(), driver.read(transaction)) == 599
    assert posted("refund") == [("debit", "refunds", 500), ("credit", "stripe_balance", 500)]
    assert "corrected" in told()


def test_it_waits_for_one_that_was_asked_for_in_its_place(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    refund = lose_sight_of(driver, transaction, 600)
    again = ask(transaction, 600)
    (theirs,) = at_stripe(driver)
    with pytest.raises(Later, match="nothing left to refund yet"):
        refresh(theirs["id"], claim("x"))
    driver.work()
    assert read(again).state == "failed"
    refresh(theirs["id"], claim("x"))
    assert read(refund).state == "succeeded"


def lose_its_answer(driver: PaymentDriver, transaction: str) -> tuple[str, str]:
    """A refund whose answer was lost, and whose metadata somebody emptied: ours, and theirs."""
    fail(driver, "drop_after", "POST", times=1)
    refund = give_back(driver, transaction, 500)
    (theirs,) = at_stripe(driver)
    driver.sandbox("POST", f"/_sandbox/refunds/{theirs['id']}", metadata={})
    return refund, theirs["id"]


def test_an_answer_that_stripe_repeats_names_it(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    refund, theirs = lose_its_answer(driver, transaction)
    driver.work_all_waiting()
    assert (read(refund).state, read(refund).stripe_refund_id) == ("succeeded", theirs)
    assert len(at_stripe(driver)) == 1


def test_one_that_is_kept_already_is_not_asked_for_again(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    refund, theirs = lose_its_answer(driver, transaction)
    refresh(theirs, claim("x"))
    driver.work_all_waiting()
    assert (read(refund).state, read(refund).error_code) == ("failed", "refund_listed")
    assert (read(refund).error_message or "").endswith(
        f"Stripe made this refund as {theirs}, which is listed on its own. The money was "
        "refunded: don't request it again."
    )
    assert [(one.stripe_refund_id, one.amount) for one in refunds(transaction)] == [
        (None, 500),
        (theirs, 500),
    ]
    assert remaining(db.session(), driver.read(transaction)) == 599


def test_an_answer_in_capitals_is_of_the_same_currency(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    fail(driver, "say", "POST", times=1, set={"currency": "USD"})
    assert read(give_back(driver, transaction, 500)).state == "succeeded"
