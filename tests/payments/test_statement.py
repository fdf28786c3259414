"""What stands on the buyer's statement beside our name."""

from __future__ import annotations

import pytest

from payments_app.payments.transactions.statement_suffix import statement_suffix
from tests.payments.driver import PaymentDriver


@pytest.mark.parametrize(
    ("description", "suffix"),
    [
        ("Field notes", "Field"),
        ("Crème brûlée", "Creme"),
        ("2 \N{MULTIPLICATION SIGN} Tea", "2 Tea"),
        ("Order #Q97MW71TW7", "Q97MW71TW7"),
        ("Order #", None),
        ('"Best" <of> *all*', "Best of"),
        ("  Rock'n'Roll\\\n", "RocknRoll"),
        ("Club monthly", "Club"),
        ("Tea for 12 people", "Tea for 12"),
        ("Monthly subscription", "Monthly"),
        ("Subscription", "Subscripti"),
        ("12 Subscriptions", "12 Subscri"),
        ("Straße", "Strae"),
        ("2026 - 11", None),
        ("茶", None),
        ("", None),
    ],
)
def test_the_suffix_is_what_networks_take_of_the_description(
    description: str, suffix: str | None
) -> None:
    assert statement_suffix(description) == suffix


@pytest.mark.portable
def test_a_card_s_statement_names_what_was_bought(driver: PaymentDriver) -> None:
    transaction = driver.read(driver.pay())
    number = transaction.description.removeprefix("Order #")
    assert transaction.statement_descriptor == f"SANDBOX* {number}"


@pytest.mark.portable
def test_a_description_that_no_network_takes_is_left_out(driver: PaymentDriver) -> None:
    transaction = driver.read(driver.pay(description="茶"))
    assert (transaction.phase, transaction.statement_descriptor) == ("complete", "SANDBOX")
