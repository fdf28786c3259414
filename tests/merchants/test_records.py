"""The records of a merchant's sale on both sides."""

from __future__ import annotations

import pytest

from payments_app.payments.connect.read import read_records, read_records_of_charge
from tests.ledger.concurrency import claim
from tests.merchants.connected_merchants import (
    account_id,
    all_records,
    api,
    create_ready_merchant,
    records,
    sell,
)
from tests.payments.driver import Till
from tests.refunds.refund_steps import give_back

pytestmark = pytest.mark.portable

DESTINATION_SALE = [
    ("merchant", "payment", 10_000),
    ("platform", "application_fee", 320),
    ("platform", "charge", 10_000),
    ("platform", "transfer", 10_000),
]
DIRECT_SALE = [("merchant", "charge", 10_000), ("platform", "application_fee", 320)]


def balance(till: Till, account: str = "") -> int:
    """What the sales left at Stripe, by its own balance transactions."""
    return sum(
        t["net"] for t in api(till, "GET", "balance_transactions", account, limit=100)["data"]
    )


def kept(transaction: str, side: str) -> int:
    return sum(r.net or 0 for r in all_records(transaction) if r.side == side)


def test_a_destination_sale_has_records_on_both_sides(till: Till) -> None:
    transaction = sell(till, create_ready_merchant(till))
    assert records(transaction) == DESTINATION_SALE


def test_a_direct_sale_has_the_charge_there_and_the_fee_here(till: Till) -> None:
    assert records(sell(till, create_ready_merchant(till, "direct"))) == DIRECT_SALE


def test_a_part_refund_takes_transfer_and_fee_back_in_proportion(till: Till) -> None:
    transaction = sell(till, create_ready_merchant(till))
    give_back(till, transaction, 2500)
    assert records(transaction) == sorted(
        [
            *DESTINATION_SALE,
            ("platform", "refund", 2500),
            ("platform", "transfer_reversal", 2500),
            ("platform", "application_fee_refund", 80),
            ("merchant", "payment_refund", 2500),
        ]
    )


def test_a_part_refund_of_a_direct_sale_gives_our_fee_back_in_proportion(till: Till) -> None:
    transaction = sell(till, create_ready_merchant(till, "direct"))
    give_back(till, transaction, 2500)
    assert records(transaction) == sorted(
        [
            *DIRECT_SALE,
            ("merchant", "refund", 2500),
            ("platform", "application_fee_refund", 80),
        ]
    )


@pytest.mark.parametrize("charge_type", ["destination", "direct"])
@pytest.mark.parametrize("amount", [3333, 10_000])
def test_the_merchants_balance_is_what_its_records_say(
    till: Till, charge_type: str, amount: int
) -> None:
    merchant = create_ready_merchant(till, charge_type)
    transaction = sell(till, merchant)
    give_back(till, transaction, amount)
    assert kept(transaction, "merchant") == balance(till, account_id(merchant))


def test_all_of_a_sale_given_back_in_three_parts_leaves_the_merchant_nothing(till: Till) -> None:
    merchant = create_ready_merchant(till)
    transaction = sell(till, merchant)
    for part in (3333, 3333, 3334):
        give_back(till, transaction, part)
    assert balance(till, account_id(merchant)) == 0
    fees = {kind: 0 for _, kind, _ in records(transaction)}
    for _, kind, amount in records(transaction):
        fees[kind] += amount
    assert fees["application_fee"] == fees["application_fee_refund"]
    assert fees["transfer"] == fees["transfer_reversal"]


def test_a_reversal_names_the_refund_that_made_it(till: Till) -> None:
    transaction = sell(till, create_ready_merchant(till))
    refund = give_back(till, transaction, 2500)
    named = {r.kind for r in all_records(transaction) if r.refund_id == refund}
    assert named == {"refund", "transfer_reversal"}


def test_records_read_twice_are_kept_once(till: Till) -> None:
    transaction = sell(till, create_ready_merchant(till))
    give_back(till, transaction, 2500)
    before = records(transaction)

    read_records(transaction, claim(transaction))
    assert records(transaction) == before


def test_what_somebody_reverses_at_stripe_is_taken_in(till: Till) -> None:
    transaction = sell(till, create_ready_merchant(till))
    (transfer,) = api(till, "GET", "transfers")["data"]
    api(till, "POST", f"transfers/{transfer['id']}/reversals", amount=700)

    charge = transfer["source_transaction"]
    read_records_of_charge(charge, claim(charge))
    assert ("platform", "transfer_reversal", 700) in records(transaction)
