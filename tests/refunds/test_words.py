"""Words of Stripe's that we do not know: kept and shown, and nothing is decided by them."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from payments_app.core.alerts import Alert
from payments_app.core.extensions import db
from payments_app.core.jobs.command import Later
from payments_app.core.jobs.outbox import Message
from payments_app.payments.disputes.models import Dispute
from payments_app.payments.disputes.refresh import MAX_READS
from payments_app.payments.disputes.refresh import refresh as refresh_dispute
from payments_app.payments.models import Transaction
from payments_app.payments.refunds.refresh import refresh
from payments_app.reconcile.revive import revive
from tests.bystanders import own
from tests.inbound.webhook_sender import WebhookSender
from tests.ledger.concurrency import claim
from tests.merchants.connected_merchants import api
from tests.payments.driver import PaymentDriver
from tests.payments.held import Held
from tests.refunds.refund_steps import (
    age,
    at_stripe,
    execute,
    give_back,
    posted,
    read,
    refund_outside,
    refunds,
)

pytestmark = pytest.mark.portable
CREATE = "^/v1/refunds$"
UNKNOWN = [None, "xyz_new", "x" * 300, "processing"]  # the last is a state of ours
FEW = [None, "unknown"]


def posts(driver: PaymentDriver) -> int:
    """How often a refund was sent to Stripe."""
    made = driver.sandbox("GET", "/_sandbox/requests?path=%5E/v1/refunds%24")["requests"]
    return sum(request["method"] == "POST" for request in made)


def dead() -> list[str]:
    db.session.rollback()
    query = select(Message.last_error).where(Message.dead_at.is_not(None))
    return [str(error) for error in db.session.scalars(query)]


def alerts(kind: str) -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(Alert.message).where(Alert.kind == kind)))


def say(driver: PaymentDriver, stripe_refund_id: str | None, **fields: object) -> None:
    driver.sandbox("POST", f"/_sandbox/refunds/{stripe_refund_id}", **fields)


@pytest.mark.parametrize("status", UNKNOWN)
def test_a_refund_whose_status_we_do_not_know_is_never_sent_again(
    driver: PaymentDriver, status: str | None
) -> None:
    transaction = driver.pay()
    driver.fail_stripe("say", CREATE, set={"status": status}, times=1)
    refund = give_back(driver, transaction)
    say(driver, read(refund).stripe_refund_id, status=status)
    assert read(refund).state == "unknown"
    age(refund, 120)
    revive()
    driver.work_all_waiting()
    assert (read(refund).state, posts(driver), posted("refund"), dead()) == ("unknown", 1, [], [])
    assert len(alerts("stripe_word")) == 1


def test_it_is_looked_up_until_the_word_is_one_that_we_know(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    driver.fail_stripe("say", CREATE, set={"status": None}, times=1)
    refund = give_back(driver, transaction)
    driver.work_all_waiting()
    assert read(refund).state == "succeeded"
    assert len(posted("refund")) == 2


@pytest.mark.parametrize("odd", [{"payment_intent": None, "charge": None}, {"amount": 1}])
def test_a_refund_that_does_not_fit_is_never_sent_again(
    driver: PaymentDriver, odd: dict[str, object]
) -> None:
    transaction = driver.pay()
    driver.fail_stripe("say", CREATE, set=odd, times=1)
    refund = give_back(driver, transaction)
    theirs = read(refund).stripe_refund_id or at_stripe(driver)[0]["id"]
    kept = {name: at_stripe(driver)[0][name] for name in odd}
    say(driver, theirs, **odd)
    age(refund, 120)
    revive()
    driver.work_all_waiting()
    assert (read(refund).state, posts(driver), dead()) == ("unknown", 1, [])
    assert len(alerts("mismatch")) == 1
    say(driver, theirs, **kept)
    driver.work_all_waiting()
    assert read(refund).state == "succeeded"


@pytest.mark.parametrize("status", UNKNOWN)
def test_a_refund_made_outside_with_a_status_that_we_do_not_know_is_kept(
    driver: PaymentDriver, status: str | None
) -> None:
    transaction = driver.pay()
    theirs = refund_outside(driver, transaction, 400)
    say(driver, theirs, status=status)
    refresh(theirs, claim(theirs))
    driver.work()
    (kept,) = refunds(transaction)
    assert (kept.stripe_refund_id, kept.state, kept.stripe_data["status"]) == (
        theirs,
        "unknown",
        status,
    )
    assert (posted("refund"), dead(), len(alerts("stripe_word"))) == ([], [], 1)
    say(driver, theirs, status="succeeded")
    driver.work_all_waiting()
    assert refunds(transaction)[0].state == "succeeded"


@pytest.mark.parametrize("status", FEW)
def test_a_pending_refund_stays_where_it_is(driver: PaymentDriver, status: str | None) -> None:
    refund = give_back(driver, driver.pay("pm_card_pendingRefund"))
    say(driver, read(refund).stripe_refund_id, status=status)
    driver.work_all_waiting()
    assert (read(refund).state, posted("refund"), dead()) == ("pending", [], [])
    assert len(alerts("stripe_word")) == 1


@pytest.mark.parametrize("status", FEW)
def test_a_refund_that_succeeded_stays_where_it_is(
    driver: PaymentDriver, status: str | None
) -> None:
    transaction = driver.pay()
    refund = give_back(driver, transaction)
    theirs = read(refund).stripe_refund_id or ""
    say(driver, theirs, status=status)
    refresh(theirs, claim(theirs))
    driver.work()
    assert (read(refund).state, len(posted("refund")), dead()) == ("succeeded", 2, [])


@pytest.mark.parametrize("reason", ["expired_uncaptured_charge", "x" * 300, None])
def test_a_reason_that_we_do_not_know_is_kept(driver: PaymentDriver, reason: str | None) -> None:
    transaction = driver.pay()
    theirs = refund_outside(driver, transaction, 400)
    say(driver, theirs, reason=reason)
    refresh(theirs, claim(theirs))
    driver.work()
    (kept,) = refunds(transaction)
    assert (kept.state, kept.stripe_data["reason"]) == ("succeeded", reason)
    assert dead() == []


@pytest.mark.parametrize("failure", ["x" * 300])
def test_a_reason_of_failure_that_we_do_not_know_is_kept(
    driver: PaymentDriver, failure: str
) -> None:
    refund = give_back(driver, driver.pay())
    theirs = read(refund).stripe_refund_id or ""
    say(driver, theirs, status="failed", failure_reason=failure)
    refresh(theirs, claim(theirs))
    driver.work()
    assert (read(refund).state, dead()) == ("failed", [])
    assert (read(refund).error_code or "")[:7] == failure[:7]


@pytest.mark.parametrize("status", [None, "x" * 300])
def test_a_dispute_with_a_status_that_we_do_not_know_stays_where_it_is(
    driver: PaymentDriver, status: str | None
) -> None:
    transaction = driver.pay("pm_card_createDispute")
    theirs = driver.sandbox("GET", "/v1/disputes")["data"][0]["id"]
    refresh_dispute(theirs, claim(theirs))
    driver.work()
    driver.sandbox("POST", f"/_sandbox/disputes/{theirs}", status=status)
    with pytest.raises(Later, match="Stripe says"):
        refresh_dispute(theirs, claim(theirs))
    refresh_dispute(theirs, claim(theirs, tries=MAX_READS))
    driver.work()
    kept = db.session.scalars(select(Dispute).where(own(Dispute))).one()
    assert (kept.state, kept.stripe_data["status"], kept.version) == ("needs_response", status, 2)
    assert (len(posted("dispute")), dead(), len(alerts("stripe_word"))) == (2, [], 1)
    assert driver.read(transaction).state == "complete"


@pytest.mark.parametrize("reason", [None, "x" * 300])
def test_a_dispute_that_begins_with_words_that_we_do_not_know_is_kept(
    driver: PaymentDriver, reason: str | None
) -> None:
    driver.pay("pm_card_createDispute")
    theirs = driver.sandbox("GET", "/v1/disputes")["data"][0]["id"]
    driver.sandbox("POST", f"/_sandbox/disputes/{theirs}", status="xyz_new", reason=reason)
    with pytest.raises(Later, match="Stripe says: xyz_new"):
        refresh_dispute(theirs, claim(theirs))
    driver.work()
    kept = db.session.scalars(select(Dispute).where(own(Dispute))).one()
    assert (kept.state, kept.reason[:7]) == ("unknown", (reason or "unknown")[:7])
    assert (dead(), alerts("dispute")) == ([], [])


def cancel(driver: PaymentDriver, transaction: str) -> str:
    """The payment's authorization was cancelled, here and at Stripe, which gave it back as a
    refund; that refund's id."""
    theirs = refund_outside(driver, transaction, 1099)
    say(driver, theirs, reason="expired_uncaptured_charge")
    intent = driver.read(transaction).stripe_payment_id
    driver.sandbox(
        "POST", f"/_sandbox/payment_intents/{intent}", status="canceled", amount_received=0
    )
    values = {"state": "failed", "phase": "canceled", "amount_received": None}
    execute(update(Transaction).where(Transaction.id == transaction).values(**values))
    return theirs


@pytest.mark.expects_failure("ledger.post_capture", "ledger.post_fee")
def test_a_refund_of_a_payment_that_was_cancelled_ends_as_failed(driver: PaymentDriver) -> None:
    transaction = driver.open()
    driver.work("charges")
    theirs = cancel(driver, transaction)
    refresh(theirs, claim(theirs))
    driver.work()
    (kept,) = refunds(transaction)
    assert (kept.state, kept.error_code) == ("failed", "never_paid")
    assert "nothing was given back" in (kept.error_message or "")
    assert "expired_uncaptured_charge" in (kept.error_message or "")
    assert (posted("refund"), dead()) == ([], [])
    assert len(alerts("refund_never_paid")) == 1


def test_what_was_held_and_never_captured_gives_nothing_back(driver: PaymentDriver) -> None:
    """As Stripe does it: the hold is cancelled there, and what was held goes back as a refund."""
    post, transaction = WebhookSender(driver), Held(driver).hold()
    intent = driver.read(transaction).stripe_payment_id or ""
    api(driver, "POST", f"payment_intents/{intent}/cancel")
    for type_ in ("payment_intent.canceled", "refund.created"):
        post.send(post.told(type_))
    driver.work()
    (kept,) = refunds(transaction)
    assert (driver.read(transaction).phase, kept.state, kept.error_code) == (
        "canceled",
        "failed",
        "never_paid",
    )
    assert (posted("refund"), posted("capture"), dead()) == ([], [], [])


def test_news_of_it_that_comes_again_changes_nothing(driver: PaymentDriver) -> None:
    transaction = driver.open()
    driver.work("charges")
    theirs = cancel(driver, transaction)
    for _ in range(2):
        refresh(theirs, claim(theirs))
    assert driver.happened(transaction).count("refund.failed") == 1


def test_a_refund_that_stripe_refuses_is_told_to_a_person(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    intent = driver.read(transaction).stripe_payment_id
    driver.sandbox("POST", f"/_sandbox/payment_intents/{intent}", latest_charge=None)
    refund = give_back(driver, transaction)
    assert read(refund).state == "failed"
    (told,) = alerts("refund_refused")
    assert "does not have a successful charge to refund" in told


def test_a_refund_that_is_pending_for_long_is_told_to_a_person(driver: PaymentDriver) -> None:
    refund = give_back(driver, driver.pay("pm_card_pendingRefund"))
    age(refund, 11 * 86_400)
    driver.work_all_waiting()
    assert read(refund).state == "pending"
    (told,) = alerts("outcome_unknown")
    assert "has been pending for ten days" in told
