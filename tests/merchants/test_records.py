"""The records of a merchant's sale on both sides."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from payments_app.core.extensions import db
from payments_app.core.jobs.command import Later
from payments_app.ledger.models import Journal
from payments_app.payments.connect.read import read_records, read_records_of_charge
from tests.ledger.concurrency import claim
from tests.merchants.connected_merchants import (
    account_id,
    all_records,
    api,
    create_ready_merchant,
    create_sale,
    records,
    sell,
)
from tests.payments.driver import PaymentDriver
from tests.refunds.refund_steps import give_back

pytestmark = [pytest.mark.portable, pytest.mark.dialect]

DESTINATION_SALE = [
    ("merchant", "payment", 10_000),
    ("platform", "application_fee", 320),
    ("platform", "charge", 10_000),
    ("platform", "transfer", 10_000),
]
DIRECT_SALE = [("merchant", "charge", 10_000), ("platform", "application_fee", 320)]


def balance(driver: PaymentDriver, account: str = "") -> int:
    """What the sales left at Stripe, by its own balance transactions."""
    return sum(
        t["net"] for t in api(driver, "GET", "balance_transactions", account, limit=100)["data"]
    )


def kept(transaction: str, side: str) -> int:
    return sum(r.net or 0 for r in all_records(transaction) if r.side == side)


def test_a_destination_sale_has_records_on_both_sides(driver: PaymentDriver) -> None:
    transaction = sell(driver, create_ready_merchant(driver))
    assert records(transaction) == DESTINATION_SALE


def test_a_direct_sale_has_the_charge_there_and_the_fee_here(driver: PaymentDriver) -> None:
    assert records(sell(driver, create_ready_merchant(driver, "direct"))) == DIRECT_SALE


def test_a_part_refund_takes_transfer_and_fee_back_in_proportion(driver: PaymentDriver) -> None:
    transaction = sell(driver, create_ready_merchant(driver))
    give_back(driver, transaction, 2500)
    assert records(transaction) == sorted(
        [
            *DESTINATION_SALE,
            ("platform", "refund", 2500),
            ("platform", "transfer_reversal", 2500),
            ("platform", "application_fee_refund", 80),
            ("merchant", "payment_refund", 2500),
        ]
    )


def test_a_part_refund_of_a_direct_sale_gives_our_fee_back_in_proportion(
    driver: PaymentDriver,
) -> None:
    transaction = sell(driver, create_ready_merchant(driver, "direct"))
    give_back(driver, transaction, 2500)
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
    driver: PaymentDriver, charge_type: str, amount: int
) -> None:
    merchant = create_ready_merchant(driver, charge_type)
    transaction = sell(driver, merchant)
    give_back(driver, transaction, amount)
    assert kept(transaction, "merchant") == balance(driver, account_id(merchant))


def test_all_of_a_sale_given_back_in_three_parts_leaves_the_merchant_nothing(
    driver: PaymentDriver,
) -> None:
    merchant = create_ready_merchant(driver)
    transaction = sell(driver, merchant)
    for part in (3333, 3333, 3334):
        give_back(driver, transaction, part)
    assert balance(driver, account_id(merchant)) == 0
    fees = {kind: 0 for _, kind, _ in records(transaction)}
    for _, kind, amount in records(transaction):
        fees[kind] += amount
    assert fees["application_fee"] == fees["application_fee_refund"]
    assert fees["transfer"] == fees["transfer_reversal"]


def test_a_reversal_names_the_refund_that_made_it(driver: PaymentDriver) -> None:
    transaction = sell(driver, create_ready_merchant(driver))
    refund = give_back(driver, transaction, 2500)
    named = {r.kind for r in all_records(transaction) if r.refund_id == refund}
    assert named == {"refund", "transfer_reversal"}


def test_a_reversal_that_names_another_payments_refund_is_posted_all_the_same(
    driver: PaymentDriver,
) -> None:
    merchant = create_ready_merchant(driver)
    other, transaction = sell(driver, merchant), sell(driver, merchant)
    give_back(driver, other, 2500)
    (strangers,) = api(driver, "GET", "refunds")["data"]
    (transfer,) = [r for r in all_records(transaction) if r.kind == "transfer"]
    path = f"/v1/transfers/{transfer.stripe_id}/reversals$"
    listed = {
        "id": "trr_odd",
        "object": "transfer_reversal",
        "amount": 2500,
        "currency": "usd",
        "source_refund": strangers["id"],
    }
    driver.fail_stripe("say", path, times=None, set={"data": [listed], "has_more": False})
    give_back(driver, transaction, 2500)
    posted = select(Journal.transaction_id).where(Journal.entry_type == "transfer_reversal")
    db.session.rollback()
    assert sorted(db.session.scalars(posted)) == sorted([other, transaction])


@pytest.mark.parametrize(
    ("path", "odd"),
    [
        ("/v1/charges/", {"currency": None}),
        ("/v1/charges/", {"currency": "dollars"}),
        ("/v1/charges/", {"amount": None}),
        ("/v1/transfers/tr_", {"amount": 10**13}),
        ("/v1/application_fees/fee_", {"currency": ""}),
    ],
)
def test_an_object_of_no_amount_that_can_be_read_is_read_again(
    driver: PaymentDriver, path: str, odd: dict[str, object]
) -> None:
    merchant = create_ready_merchant(driver)
    order = create_sale(merchant)
    driver.fail_stripe("say", path, set=odd, times=None)
    transaction = driver.open(order=order)
    driver.work("charges")
    with pytest.raises(Later):
        read_records(transaction, claim(transaction))
    assert records(transaction) == []


def test_records_read_twice_are_kept_once(driver: PaymentDriver) -> None:
    transaction = sell(driver, create_ready_merchant(driver))
    give_back(driver, transaction, 2500)
    before = records(transaction)

    read_records(transaction, claim(transaction))
    assert records(transaction) == before


def test_what_somebody_reverses_at_stripe_is_taken_in(driver: PaymentDriver) -> None:
    transaction = sell(driver, create_ready_merchant(driver))
    (transfer,) = api(driver, "GET", "transfers")["data"]
    api(driver, "POST", f"transfers/{transfer['id']}/reversals", amount=700)

    charge = transfer["source_transaction"]
    read_records_of_charge(charge, claim(charge))
    assert ("platform", "transfer_reversal", 700) in records(transaction)


@pytest.mark.parametrize("kind", ["transfers/tr_", "application_fees/fee_"])
@pytest.mark.parametrize(
    "odd", [{"currency": None}, {"currency": "usdx"}, {"currency": 5}, {"amount": 10**12}]
)
def test_what_is_of_no_amount_that_can_be_kept_is_waited_for(
    driver: PaymentDriver, kind: str, odd: dict[str, object]
) -> None:
    merchant = create_ready_merchant(driver)
    driver.fail_stripe("say", rf"^/v1/{kind}\w+$", set=odd, times=None)
    transaction = driver.open(order=create_sale(merchant))
    driver.work("charges")
    with pytest.raises(Later, match="not_told"):
        read_records(transaction, claim(transaction))
    assert records(transaction) == []


def test_a_currency_is_kept_as_ours_are(driver: PaymentDriver) -> None:
    merchant = create_ready_merchant(driver)
    driver.fail_stripe("say", "^/v1/charges/", set={"currency": "USD"}, times=None)
    transaction = sell(driver, merchant)
    assert {record.currency for record in all_records(transaction)} == {"usd"}


@pytest.mark.parametrize(
    "odd", [{"fee": 10**20}, {"net": "much"}, {"currency": "dollars"}, {"fee": None}]
)
def test_a_balance_that_can_not_be_read_leaves_the_record(
    driver: PaymentDriver, odd: dict[str, object]
) -> None:
    merchant = create_ready_merchant(driver)
    said = {"id": "txn_odd", "object": "balance_transaction", "fee": 1, "net": 2, "currency": "usd"}
    driver.fail_stripe("say", "^/v1/charges/", set={"balance_transaction": said | odd}, times=None)
    transaction = sell(driver, merchant)
    assert records(transaction) == DESTINATION_SALE
    column = {"currency": "balance_currency"}.get(next(iter(odd)), next(iter(odd)))
    charges = [r for r in all_records(transaction) if r.kind in ("charge", "payment")]
    assert [getattr(record, column) for record in charges] == [None, None]
