"""The truth is stored with a payment in the transaction that changes an input."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskCliRunner
from sqlalchemy import select, update

from payments_app.attention.keep import rebuild
from payments_app.attention.take_work import answer, take
from payments_app.attention.work import work
from payments_app.checkout.status import own_status_of
from payments_app.checkout.status_row import StatusRow, read
from payments_app.core.alerts import Alert
from payments_app.core.extensions import db
from payments_app.ops import dead_letters
from payments_app.payments.models import Transaction
from payments_app.payments.retries.request import request_retry
from payments_app.payments.truth import Truth, truth_of
from tests.attention.campaign import TRUTHS, bank_sends_back, open_dispute, warn_of_fraud, warned
from tests.bystanders import own
from tests.ledger.concurrency import run_at_once
from tests.payments.driver import PaymentDriver
from tests.reconcile.books import compare_last_hours, execute
from tests.refunds.refund_steps import ask, give_back
from tests.refunds.test_retry import mend_card, pay_with_saved_card

pytestmark = pytest.mark.portable


def kept(driver: PaymentDriver, transaction: str) -> Truth:
    return truth_of(driver.read(transaction))


def try_again_url(driver: PaymentDriver, transaction: str) -> str | None:
    """Where the buyer's own page of a payment leads to pay again."""
    with driver.app.test_request_context("/"):
        row = read(driver.app, transaction, StatusRow)
        assert row is not None
        url: str | None = own_status_of(db.session(), row, "")["try_again_url"]
        return url


def alerts(kind: str) -> list[tuple[str, bool]]:
    """Keys of a kind, and whether each is open."""
    db.session.rollback()
    rows = db.session.scalars(select(Alert).where(own(Alert), Alert.kind == kind))
    return [(row.key, row.acknowledged_at is None) for row in rows]


def test_a_payment_of_which_nothing_more_is_so_stores_nothing(driver: PaymentDriver) -> None:
    assert driver.read(driver.pay()).attention is None
    assert driver.read(driver.pay("pm_card_visa_chargeDeclined")).attention is None


def test_a_refund_is_stored_as_it_moves(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    ask(transaction, 500)
    assert kept(driver, transaction).status == "refund_pending"
    driver.work()
    assert (kept(driver, transaction).status, kept(driver, transaction).kept) == (
        "partly_refunded",
        599,
    )


def test_what_is_stored_beside_a_payment_changes_no_version(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    before = driver.read(transaction)
    version, updated_at = before.version, before.updated_at
    give_back(driver, transaction, 500)
    after = driver.read(transaction)
    assert (after.version, after.updated_at) == (version, updated_at)


def test_a_refund_that_fails_weeks_later_needs_somebody_and_alerts(driver: PaymentDriver) -> None:
    transaction, refund = bank_sends_back(driver)
    row = driver.read(transaction)
    assert (row.need, truth_of(row).status) == ("refund_failed", "refund_failed")
    assert alerts("refund_failed") == [(f"refund_failed:{refund}", True)]


def test_the_next_refund_ends_the_need_and_closes_the_alert(driver: PaymentDriver) -> None:
    transaction, refund = bank_sends_back(driver)
    give_back(driver, transaction)
    assert driver.read(transaction).need is None
    assert alerts("refund_failed") == [(f"refund_failed:{refund}", False)]


def test_a_dispute_is_stored_with_its_deadline(driver: PaymentDriver) -> None:
    transaction = open_dispute(driver)
    row = driver.read(transaction)
    assert (row.need, truth_of(row).status) == ("dispute", "disputed")
    assert row.need_by is not None


def test_an_early_fraud_warning_needs_somebody(driver: PaymentDriver) -> None:
    assert driver.read(warn_of_fraud(driver)).need == "fraud_warning"


@pytest.mark.expects_failure("orders.on_payment")
def test_a_dead_job_needs_somebody_until_it_is_decided(driver: PaymentDriver) -> None:
    transaction = driver.open()
    driver.work("charges")
    driver.let_workers_die("orders.on_payment")
    driver.work()
    assert [need.about for need in kept(driver, transaction).needs] == ["orders.on_payment"]
    (message,) = driver.messages("orders.on_payment")
    dead_letters.retry(message.id, "the database is back", "ada")
    assert kept(driver, transaction).needs == ()


def test_a_finding_needs_somebody_until_it_is_gone(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    wrong = update(Transaction).where(Transaction.id == transaction)
    execute(wrong.values(amount=1100, amount_received=1100))
    compare_last_hours()
    assert {need.what for need in kept(driver, transaction).needs} == {"finding"}
    execute(wrong.values(amount=1099, amount_received=1099))
    compare_last_hours()
    assert kept(driver, transaction).needs == ()


def test_an_attempt_whose_order_was_paid_by_the_next_one_is_closed(driver: PaymentDriver) -> None:
    order = driver.create_order()
    first = driver.pay("pm_card_visa_chargeDeclined", order)
    assert "retry" not in kept(driver, first).closed
    second = driver.open("pm_card_visa", order)
    assert kept(driver, first).closed["retry"] == "under_way"
    driver.work()
    assert kept(driver, first).closed["retry"] == "paid"
    assert driver.read(second).attention is None


def test_a_buyer_whose_order_was_paid_is_not_asked_to_pay_again(driver: PaymentDriver) -> None:
    order = driver.create_order()
    first = driver.pay("pm_card_visa_chargeDeclined", order)
    assert try_again_url(driver, first) == f"/checkout/{order}"
    driver.pay("pm_card_visa", order)
    assert try_again_url(driver, first) is None


def test_a_retry_that_was_asked_for_closes_the_link_until_it_is_answered(
    driver: PaymentDriver,
) -> None:
    transaction = pay_with_saved_card(driver)
    mend_card(driver, transaction)
    request_retry(transaction, "ada")
    assert kept(driver, transaction).closed["retry"] == "in_progress"
    driver.work()
    assert kept(driver, transaction).closed["retry"] == "paid"


def test_after_a_campaign_the_rebuild_finds_no_difference(
    driver: PaymentDriver, cli: FlaskCliRunner
) -> None:
    stored: dict[str, Any] = {name: make(driver) for name, make in TRUTHS.items()}
    output = cli.invoke(args=["attention", "rebuild", "--dry-run"]).output
    assert output == "0 differences\n"
    assert {name: kept(driver, id_).status for name, id_ in stored.items()} == {
        name: name for name in stored
    }


def test_inputs_that_change_at_once_are_all_in_what_is_stored(driver: PaymentDriver) -> None:
    transaction = driver.pay("pm_card_createIssuerFraudRecord")
    others = iter([ask_for_one, warned, ask_for_one, warned, ask_for_one, warned])
    done = run_at_once(driver.app, lambda: next(others)(driver, transaction), 6)
    assert [each for each in done if isinstance(each, Exception)] == []
    found = kept(driver, transaction)
    assert (found.coming, {need.what for need in found.needs}) == (3, {"fraud_warning"})
    assert rebuild(dry=True) == []


def ask_for_one(_driver: PaymentDriver, transaction: str) -> str:
    return ask(transaction, 1)


def test_the_rebuild_stores_what_is_missing(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    give_back(driver, transaction, 500)
    right = driver.read(transaction).attention
    execute(update(Transaction).where(Transaction.id == transaction).values(attention=None))
    assert rebuild(dry=True) == [transaction]
    assert rebuild() == [transaction]
    assert driver.read(transaction).attention == right
    assert rebuild() == []


def test_what_somebody_takes_has_an_owner(driver: PaymentDriver) -> None:
    transaction, refund = bank_sends_back(driver)
    key = f"refund_failed:{refund}"
    take(key, "stf_ada")
    (item,) = [entry for entry in work(db.session()).entries if entry.key == key]
    assert (item.owner, item.transaction_id) == ("stf_ada", transaction)


def test_what_is_done_is_gone_from_the_list_and_from_the_payment(driver: PaymentDriver) -> None:
    transaction, refund = bank_sends_back(driver)
    key = f"refund_failed:{refund}"
    answer(key, "done", "stf_ada")
    assert key not in {entry.key for entry in work(db.session()).entries}
    assert driver.read(transaction).need is None
    assert alerts("refund_failed") == [(key, False)]
    assert rebuild(dry=True) == []


def test_nobody_takes_what_is_not_there(driver: PaymentDriver) -> None:
    driver.pay()
    with pytest.raises(LookupError):
        take("refund_failed:rfd_none", "stf_ada")
