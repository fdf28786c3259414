"""The trial balance, as staff read it."""

from __future__ import annotations

import pytest

from tests.accounts.staff_driver import Desk
from tests.payments.driver import Till

pytestmark = pytest.mark.portable


@pytest.fixture
def desk(till: Till) -> Desk:
    """Staff members and their browsers."""
    return Desk(till.app)


def test_a_viewer_reads_every_account_and_that_they_are_level(till: Till, desk: Desk) -> None:
    till.pay()
    page = desk.signed_in("viewer").get("/staff/ledger").text
    for words in ("Stripe balance", "Sales", "Stripe fees", "$10.37", "-$10.99", "$0.62", "$0.00"):
        assert words in page


def test_each_currency_has_a_balance_of_its_own(till: Till, desk: Desk) -> None:
    till.pay(order=till.create_order(1800, "jpy"))
    page = desk.signed_in("viewer").get("/staff/ledger").text
    assert "Trial balance, JPY" in page
    assert "Trial balance, USD" not in page


def test_an_empty_ledger_says_so(desk: Desk) -> None:
    assert "Nothing was posted yet." in desk.signed_in("viewer").get("/staff/ledger").text


def test_the_ledger_is_for_staff(desk: Desk) -> None:
    assert desk.browser().get("/staff/ledger").status_code == 303
