"""A difference is one finding: counted, told of, closed; what can't be read concludes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update

from payments_app.core.alerts import Alert
from payments_app.core.extensions import db
from payments_app.gateway.results import UnreadableError
from payments_app.payments.models import Transaction
from payments_app.reconcile.findings import TOLD_EACH
from payments_app.reconcile.models import Run
from tests.inbound.webhook_sender import WebhookSender
from tests.payments.driver import PaymentDriver
from tests.reconcile.books import (
    all_findings,
    claim_complete,
    compare_last_hours,
    execute,
    found,
    make_intent,
    open_ones,
)

pytestmark = pytest.mark.portable


def test_a_difference_seen_twice_is_one_finding_counted_twice(driver: PaymentDriver) -> None:
    make_intent(driver)
    compare_last_hours()
    compare_last_hours()
    assert [(f.kind, f.times) for f in all_findings()] == [("unknown_intent", 2)]


def test_a_difference_that_is_gone_is_closed(driver: PaymentDriver) -> None:
    intent = make_intent(driver)
    compare_last_hours()
    transaction = driver.pay()
    execute(
        update(Transaction).where(Transaction.id == transaction).values(stripe_payment_id=intent)
    )
    compare_last_hours()
    (first,) = [f for f in all_findings() if f.kind == "unknown_intent"]
    assert (first.resolution, first.resolved_by) == ("gone", "system")


def test_a_finding_alerts(driver: PaymentDriver) -> None:
    transaction = driver.pay("pm_card_visa_chargeDeclined")
    claim_complete(transaction)
    compare_last_hours()
    keys = db.session.execute(
        select(Alert.key, Alert.severity).where(Alert.kind == "reconciliation")
    ).all()
    assert (f"complete_here_not_at_stripe:{transaction}", "critical") in [tuple(k) for k in keys]


def test_many_findings_of_a_kind_are_told_once(driver: PaymentDriver) -> None:
    for _ in range(TOLD_EACH + 3):
        make_intent(driver)
    compare_last_hours()
    make_intent(driver)
    compare_last_hours()
    told = db.session.scalars(select(Alert.message).where(Alert.kind == "reconciliation")).all()
    assert len(told) == 1
    assert told[0].startswith(f"{TOLD_EACH + 4} findings are open: ")


@pytest.mark.parametrize("fault", ["500_before", "rate_limit", "unauthorized", "truncate"])
def test_a_list_that_cannot_be_read_finds_nothing_and_closes_nothing(
    driver: PaymentDriver, fault: str
) -> None:
    make_intent(driver)
    compare_last_hours()
    driver.pay()
    driver.fail_stripe(fault, "^/v1/payment_intents$", times=1)
    with pytest.raises(UnreadableError):
        compare_last_hours()
    assert [(f.kind, f.times) for f in open_ones()] == [("unknown_intent", 1)]
    run = db.session.scalars(select(Run).order_by(Run.id.desc())).first()
    assert run is not None
    assert (run.finished_at, run.error is not None) == (None, True)


def test_a_list_of_many_pages_is_read_whole(driver: PaymentDriver) -> None:
    for _ in range(103):
        make_intent(driver)
    assert compare_last_hours() == 103


ODD: list[dict[str, Any]] = [
    {"created": None},
    {"created": "yesterday", "latest_charge": None},
    {"created": 10**20, "latest_charge": {"created": None}},
    {"metadata": {"transaction_id": 5}},
    {"metadata": {"transaction_id": ["txn"]}},
    {"metadata": "odd"},
    {"amount": "many", "currency": 7},
]


@pytest.mark.usefixtures("no_grace")
@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_one_odd_intent_ends_no_comparison(driver: PaymentDriver, odd: dict[str, Any]) -> None:
    wrong = driver.pay("pm_card_visa_chargeDeclined")
    driver.confirm_behind_our_back(wrong, "pm_card_visa")
    WebhookSender(driver).pay_elsewhere()
    driver.pay()
    listed = driver.intents()
    spoiled = [
        each if each["metadata"].get("transaction_id") == wrong else each | odd for each in listed
    ]
    driver.fail_stripe("say", "^/v1/payment_intents$", set={"data": spoiled}, times=1)
    compare_last_hours()
    kinds = [finding.kind for finding in open_ones() if finding.transaction_id == wrong]
    assert kinds == ["paid_at_stripe_not_here"]
    assert ("unknown_intent", None) in found()


@pytest.mark.parametrize("none", [None, "", 7])
def test_a_list_with_an_intent_that_names_nothing_concludes_nothing(
    driver: PaymentDriver, none: object
) -> None:
    driver.pay()
    data = [{**intent, "id": none} for intent in driver.intents()]
    driver.fail_stripe("say", "^/v1/payment_intents$", set={"data": data}, times=1)
    with pytest.raises(UnreadableError):
        compare_last_hours()
    db.session.rollback()
    assert "object_without_id" in (db.session.scalars(select(Run.error)).one() or "")
