"""An alert closes when its cause is gone."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from payments_app.accounts import api_keys
from payments_app.core import alerts
from payments_app.core.alerts import Alert
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic, note_change
from payments_app.core.jobs.outbox import Message
from payments_app.merchants.models import ConnectedAccount, Merchant
from payments_app.ops.close_alerts import close_gone
from payments_app.ops.diagnosis import Trouble
from payments_app.payments.models import Transaction
from payments_app.payments.refunds.models import Refund
from payments_app.reconcile.models import Finding
from tests.bystanders import own
from tests.queues.job_driver import JobDriver
from tests.staff.stored_payments import StoredPayments

pytestmark = pytest.mark.portable
LATE = Trouble("late:charges", "charges is late", "Is its worker running?", critical=True)


@atomic
def _alert(session: Session, kind: str, key: str, transaction_id: str | None = None) -> None:
    about = {"transaction_id": transaction_id} if transaction_id else {}
    alerts.raise_alert(session, kind, key, "Look", **about)


@atomic
def _open(session: Session) -> list[str]:
    query = select(Alert.key).where(own(Alert), Alert.acknowledged_at.is_(None))
    return list(session.scalars(query.order_by(Alert.key)))


@atomic
def _find(session: Session, kind: str, subject: str) -> None:
    about = {"severity": "critical", "about_at": database_now()}
    session.add(Finding(kind=kind, subject=subject, **about))


@atomic
def _resolve(session: Session) -> None:
    gone = {"resolved_at": database_now(), "resolution": "gone", "resolved_by": "system"}
    session.execute(update(Finding).where(own(Finding)).values(gone))


@atomic
def _quiet(session: Session, seconds: float) -> None:
    """Nothing was raised again for so long."""
    session.execute(update(Alert).where(own(Alert)).values(last_at=database_now(-seconds)))


def test_a_queue_that_is_in_time_again_is_no_alert(job_driver: JobDriver) -> None:
    _alert("late", LATE.key)
    _quiet(60)
    assert close_gone([LATE]) == 0
    assert _open() == ["late:charges"]
    assert close_gone([]) == 1
    assert _open() == []


def test_a_queue_at_its_limit_is_one_alert(job_driver: JobDriver) -> None:
    _alert("late", LATE.key)
    _quiet(15)
    assert close_gone([]) == 0


@pytest.mark.parametrize(
    ("kind", "hours"),
    [("card_testing", 0.51), ("stripe_key_refused", 0.51), ("not_compared", 26), ("revived", 26)],
)
def test_what_repeats_while_it_lasts_is_gone_when_it_does_not(
    job_driver: JobDriver, kind: str, hours: float
) -> None:
    _alert(kind, kind)
    _quiet(hours * 1800)
    assert close_gone([]) == 0
    _quiet(hours * 3600)
    assert close_gone([]) == 1


def test_events_that_wait_no_more_are_no_alert(job_driver: JobDriver) -> None:
    job_driver.stage("inbound.process", "evt_1")
    _put_off("inbound.process")
    _alert("webhook_waiting", "webhook:waiting")
    assert close_gone([]) == 0
    _done("inbound.process")
    assert close_gone([]) == 1


@atomic
def _put_off(session: Session, command: str) -> None:
    later = {"tries": 1, "available_at": database_now(600)}
    session.execute(update(Message).where(Message.command == command).values(later))


@atomic
def _done(session: Session, command: str) -> None:
    session.execute(
        update(Message).where(Message.command == command).values(done_at=database_now())
    )


def test_a_refund_that_was_refused_is_no_alert_once_nobody_has_to_make_it_again(
    app: Flask, job_driver: JobDriver
) -> None:
    payment = StoredPayments(app).payment("complete")
    refund = _refund(payment, "failed")
    _alert("refund_refused", f"refund_refused:{refund}", payment)
    assert close_gone([]) == 0
    _refund(payment, "succeeded")
    close_gone([])
    assert f"refund_refused:{refund}" not in _open()


def test_refunds_that_wait_no_more_are_no_alert(app: Flask, job_driver: JobDriver) -> None:
    refund = _refund(StoredPayments(app).payment("complete"), "requested")
    _alert("refund_waits", "refund_waits:balance_insufficient")
    assert close_gone([]) == 0
    _sent(refund)
    assert close_gone([]) == 1


@atomic
def _refund(session: Session, transaction_id: str, state: str) -> str:
    paid = session.get_one(Transaction, transaction_id)
    refund = Refund(
        transaction_id=transaction_id,
        amount=paid.amount,
        currency=paid.currency,
        reason="the wrong size",
        state=state,
        requested_by="ada",
    )
    session.add(refund)
    session.flush()
    note_change(session, transaction_id)
    return refund.id


@atomic
def _sent(session: Session, refund_id: str) -> None:
    session.execute(update(Refund).where(Refund.id == refund_id).values(state="succeeded"))


@pytest.mark.parametrize(
    "kind", ["another_price", "oversold", "paid_after_end", "paid_in_part", "paid_twice"]
)
def test_money_that_was_given_back_whole_is_no_alert(
    app: Flask, job_driver: JobDriver, kind: str
) -> None:
    payment = StoredPayments(app).payment("complete")
    _alert(kind, f"{kind}:{payment}", payment)
    assert close_gone([]) == 0
    _refund(payment, "succeeded")
    assert close_gone([]) == 1


@pytest.mark.parametrize(
    ("kind", "named"),
    [
        ("merchant_left", "acct_causes"),
        ("account_unreadable", "acct_causes"),
        ("seller_refused", "acct_causes"),
        ("no_link", "mer_causes"),
    ],
)
def test_an_account_that_is_well_again_is_no_alert(
    app: Flask, job_driver: JobDriver, kind: str, named: str
) -> None:
    _left()
    _alert(kind, f"{kind}:{named}")
    assert close_gone([]) == 0
    _back()
    assert close_gone([]) == 1


@atomic
def _left(session: Session) -> None:
    session.add(Merchant(id="mer_causes", name="The Other Shop", email="other@example.com"))
    session.flush()
    session.add(
        ConnectedAccount(
            merchant_id="mer_causes",
            country="US",
            charge_type="destination",
            stripe_account_id="acct_causes",
            deauthorized_at=database_now(),
        )
    )


@atomic
def _back(session: Session) -> None:
    account = session.get_one(ConnectedAccount, "mer_causes")
    account.deauthorized_at, account.charges_enabled = None, True
    account.refreshed_at = database_now(60)


def test_who_closed_it_is_the_system(job_driver: JobDriver) -> None:
    _alert("redis", "redis:jobs:forgets")
    _quiet(60)
    close_gone([])
    assert [alert.acknowledged_by for alert in job_driver.alerts()] == ["system"]


@pytest.mark.parametrize("key", ["amount_differs:txn_1", "amount_differs:many"])
def test_a_difference_that_is_gone_is_no_alert(job_driver: JobDriver, key: str) -> None:
    _find("amount_differs", "txn_1")
    _alert("reconciliation", key)
    assert close_gone([]) == 0
    _resolve()
    assert close_gone([]) == 1


def test_an_outcome_that_is_known_is_no_alert(app: Flask, job_driver: JobDriver) -> None:
    id_ = StoredPayments(app).payment("unknown")
    _alert("outcome_unknown", f"unknown:{id_}", id_)
    assert close_gone([]) == 0
    _end(id_)
    assert close_gone([]) == 1


@atomic
def _end(session: Session, transaction_id: str) -> None:
    ended = {"phase": "canceled", "state": "failed"}
    session.execute(update(Transaction).where(Transaction.id == transaction_id).values(ended))


def test_an_outcome_of_a_refund_that_is_known_is_no_alert(
    app: Flask, job_driver: JobDriver
) -> None:
    payments = [StoredPayments(app).payment("complete") for _ in range(2)]
    unclear, other = (_refund(payment, "unknown") for payment in payments)
    for id_, payment in zip((unclear, other), payments, strict=True):
        _alert("outcome_unknown", f"unknown:{id_}", payment)
    assert close_gone([]) == 0
    _sent(unclear)
    assert close_gone([]) == 1
    assert _open() == [f"unknown:{other}"]


def test_a_zone_that_is_known_by_now_is_no_alert(app: Flask, job_driver: JobDriver) -> None:
    _merchant("mer_lost", "Mars/Olympus")
    _merchant("mer_other", "Mars/Olympus")
    for id_ in ("mer_lost", "mer_other"):
        _alert("unknown_zone", f"unknown_zone:{id_}")
    assert close_gone([]) == 0
    _merchant("mer_lost", "Europe/Berlin")
    assert close_gone([]) == 1
    assert _open() == ["unknown_zone:mer_other"]


@atomic
def _merchant(session: Session, id_: str, zone: str) -> None:
    session.merge(Merchant(id=id_, name="A Shop", email="shop@example.com", timezone=zone))


def test_a_key_that_is_good_no_more_is_known_to_nobody(app: Flask, job_driver: JobDriver) -> None:
    keys = {
        who: api_keys.create("shop", api_keys.SCOPES, who, live=False)[0]
        for who in ("stf_gone", "stf_other")
    }
    for who in keys:
        _alert("api_keys_known", f"api_keys_known:{who}")
    assert close_gone([]) == 0
    api_keys.revoke(keys["stf_gone"], "stf_boss")
    assert close_gone([]) == 1
    assert _open() == ["api_keys_known:stf_other"]
