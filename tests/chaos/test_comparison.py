"""The campaign's last look: the product's own comparison, and what its timeliness would hide."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import update

from chaos.comparison import RULE, false_alarms
from payments_app.payments.models import Transaction
from tests.payments.driver import PaymentDriver
from tests.reconcile.books import execute
from tests.reconcile.plants import finish_all

pytestmark = pytest.mark.slow


@pytest.fixture
def driver(app: Flask) -> Iterator[PaymentDriver]:
    with app.app_context():
        yield PaymentDriver(app)


def test_books_of_a_moment_ago_that_agree_are_no_alarm(
    driver: PaymentDriver, settings: dict[str, str]
) -> None:
    driver.pay()
    finish_all(driver)
    found, before = false_alarms("wsgi:app", settings)
    assert ([str(each) for each in found], dict(before)) == ([], {})


def test_a_difference_of_a_moment_ago_is_told(
    driver: PaymentDriver, settings: dict[str, str]
) -> None:
    other, paid = driver.pay(), driver.pay()
    finish_all(driver)
    execute(update(Transaction).where(Transaction.id == paid).values(amount_received=1000))
    found, _ = false_alarms("wsgi:app", settings)
    assert {each.invariant for each in found} == {RULE}
    assert any(each.words.startswith(f"ledger_amount_differs of {paid}") for each in found)
    assert not any(other in each.words for each in found)


def test_a_comparison_that_could_not_be_made_is_no_good_end(
    driver: PaymentDriver, settings: dict[str, str]
) -> None:
    driver.pay()
    driver.sandbox("POST", "/_sandbox/faults", fault="html_502", match={"path": ""}, times=99)
    ((violation,), _) = false_alarms("wsgi:app", settings)
    assert "could not compare" in violation.words
