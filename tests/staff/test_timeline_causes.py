"""Ten faults, and of each a reader who sees only the timeline can name the cause."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy.orm import Session

from payments_app.core import alerts, history
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.jobs import leases, runner
from payments_app.staff.causes.groups import Group
from payments_app.staff.causes.timeline import timeline
from tests.inbound.webhook_sender import WebhookSender
from tests.payments.driver import PaymentDriver
from tests.refunds.refund_steps import give_back, move_on

pytestmark = [pytest.mark.portable, pytest.mark.followed_by_all]
CREATE, CONFIRM = "^/v1/payment_intents$", "/confirm$"


@pytest.fixture
def driver(app: Flask) -> Iterator[PaymentDriver]:
    with app.app_context():
        yield PaymentDriver(app)


@pytest.fixture
def webhooks(driver: PaymentDriver) -> WebhookSender:
    return WebhookSender(driver)


def groups_of(transaction: str, *, technical: bool = True) -> list[Group]:
    db.session.rollback()
    found = timeline(db.session(), transaction, ZoneInfo("America/New_York"), technical=technical)
    assert found is not None
    return [group for _, groups in found.days for group in groups]


def lines(transaction: str) -> list[str]:
    """What stands in it, in order: heads, then their effects and steps."""
    return [
        f"{entry.title}. {entry.detail}"
        for group in groups_of(transaction)
        for entry in (group.head, *group.effects, *group.steps)
    ]


def heads(transaction: str) -> list[str]:
    return [group.head.title for group in groups_of(transaction)]


def test_a_good_payment_is_one_cause_with_its_effects(driver: PaymentDriver) -> None:
    (group,) = groups_of(driver.pay())
    assert group.head.title == "The customer asked to pay $10.99"
    said = [f"{effect.title}, {effect.detail}" for effect in group.effects]
    assert said[0] == "Paid $10.99, with Visa •••• 4242"
    assert "Receipt written, and kept: no mail server is configured, to ada@example.com" in said
    assert [step.title for step in group.steps][:3] == [
        "The charge began",
        "Asked Stripe to create the payment: created",
        "Asked Stripe to charge: succeeded",
    ]
    assert not group.went_wrong


def test_a_decline_names_the_bank_s_reason_and_what_the_customer_read(
    driver: PaymentDriver,
) -> None:
    (group,) = groups_of(driver.pay("pm_card_visa_chargeDeclinedInsufficientFunds"))
    failed = group.effects[0]
    assert failed.title.startswith("Failed: Insufficient funds: ")
    assert failed.detail.startswith("The customer read: “")
    assert "Asked Stripe to charge: declined (Insufficient funds)" in [
        step.title for step in group.steps
    ]


def test_an_answer_lost_after_the_charge_says_what_the_charge_had_done(
    driver: PaymentDriver,
) -> None:
    driver.fail_stripe("drop_after", CONFIRM)
    transaction = driver.pay()
    driver.work_all_waiting()
    said = lines(transaction)
    lost = "Asked Stripe to charge. No answer of Stripe's came: it was charged all the same. "
    assert lost in said
    assert "Whether it was charged is not known: Stripe is asked. " in said
    assert "Paid $10.99. with Visa •••• 4242; Stripe said so when it was asked again" in said


def test_a_502_that_created_nothing_says_so(driver: PaymentDriver) -> None:
    driver.fail_stripe("html_502", CREATE)
    transaction = driver.pay()
    driver.work_all_waiting()
    said = lines(transaction)
    asked = "Asked Stripe to create the payment"
    assert f"{asked}. Stripe answered 502: nothing was created. " in said
    assert f"{asked}: created. " in said
    (group,) = groups_of(transaction)
    assert group.went_wrong


def test_a_502_that_created_it_all_the_same_says_that(driver: PaymentDriver) -> None:
    driver.fail_stripe("html_502", CREATE, executed=True)
    transaction = driver.pay()
    driver.work_all_waiting()
    asked = "Asked Stripe to create the payment"
    assert f"{asked}. Stripe answered 502: it was created all the same. " in lines(transaction)


def test_while_nothing_is_known_of_a_lost_answer_nothing_is_claimed(driver: PaymentDriver) -> None:
    driver.fail_stripe("drop_after", CONFIRM)
    transaction = driver.pay()
    said = "Asked Stripe to charge. No answer of Stripe's came: whether it was charged is not known"
    assert f"{said}. " in lines(transaction)


def test_an_event_that_came_before_our_own_answer_is_named(
    driver: PaymentDriver, webhooks: WebhookSender
) -> None:
    driver.fail_stripe("drop_after", CONFIRM)
    transaction = driver.open()
    driver.work("charges")
    webhooks.send(webhooks.told("payment_intent.succeeded", _intent(driver, transaction)))
    (group,) = groups_of(transaction)
    paid = next(entry for entry in group.effects if entry.title == "Paid $10.99")
    assert paid.detail.endswith("; Stripe's event said so")
    assert paid.cause is not None
    assert paid.cause.title == "Stripe's event “Payment intent succeeded” came"


@pytest.mark.expects_failure("charge")
def test_a_worker_that_died_is_named(driver: PaymentDriver) -> None:
    transaction = driver.open()
    (claim,) = leases.claim("charges", 1)
    assert claim.subject == transaction  # and its worker dies here, without a word
    driver.make_due()
    driver.work()
    assert "The worker of this job died. Another one took it over once its lease had run out" in (
        lines(transaction)
    )


def test_a_wake_up_that_did_not_come_is_named(driver: PaymentDriver) -> None:
    """Redis was gone: a worker looked by itself."""
    transaction = driver.open()
    driver.make_due("charge")
    look = runner.runner_of("charges")
    look.look()
    assert look.finish()
    assert "No wake-up came through Redis: a worker found the job by itself. " in lines(transaction)


def test_a_dispute_is_a_cause_of_its_own(driver: PaymentDriver, webhooks: WebhookSender) -> None:
    transaction = driver.pay("pm_card_createDispute")
    webhooks.send(webhooks.told("charge.dispute.created"))
    first, second = groups_of(transaction)
    assert second.head.title == "The customer's bank disputes $10.99"
    assert second.head.detail.startswith("Fraudulent. Answer by ")
    assert second.head.cause is not None
    assert second.head.cause in second.steps
    assert first.head.title == "The customer asked to pay $10.99"


def test_a_refund_that_failed_says_why_and_who_asked_for_it(
    driver: PaymentDriver, webhooks: WebhookSender
) -> None:
    transaction = driver.pay("pm_card_refundFail")
    refund = give_back(driver, transaction, 500, reason="One mug arrived broken")
    move_on(driver, refund)
    webhooks.send(webhooks.told("refund.failed"))
    _, group = groups_of(transaction)
    assert group.head.title == "ada asked to refund $5.00"
    assert group.head.detail == "“One mug arrived broken”"
    failed = next(e for e in group.effects if e.title == "The refund of $5.00 did not arrive")
    assert failed.bad
    assert failed.detail
    assert failed.cause is not None
    assert failed.cause.title == "Stripe's event “Refund failed” came"


def test_a_job_that_was_given_up_is_in_it_with_its_error(driver: PaymentDriver) -> None:
    transaction = driver.open()
    driver.work("charges")
    driver.let_workers_die("orders.on_payment")
    driver.work()
    (group,) = groups_of(transaction)
    dead = next(entry for entry in group.effects if "was given up" in entry.title)
    assert dead.title == "The job orders.on_payment was given up"
    assert dead.cause is not None
    assert dead.cause.title == "Paid $10.99"
    assert any("worker died every time" in step.title for step in group.steps)


def test_an_event_that_came_twice_says_that_nothing_was_done_again(
    driver: PaymentDriver, webhooks: WebhookSender
) -> None:
    transaction = driver.pay()
    event = webhooks.told("payment_intent.succeeded", _intent(driver, transaction))
    webhooks.send(event)
    webhooks.send(event)
    (group,) = groups_of(transaction)
    said = "Stripe's event “Payment intent succeeded” came once more: nothing was done again"
    (again,) = [step for step in group.steps if step.title == said]
    assert again.stripe_id == event["id"]


def test_everything_stands_after_what_caused_it(
    driver: PaymentDriver, webhooks: WebhookSender
) -> None:
    transaction = driver.pay("pm_card_createDispute")
    webhooks.send(webhooks.told("charge.dispute.created"))
    give_back(driver, driver.pay(), 500)
    for group in groups_of(transaction):
        assert [effect.at for effect in group.effects] == sorted(e.at for e in group.effects)
        for entry in (group.head, *group.effects, *group.steps):
            assert entry.cause is None or entry.cause.at <= entry.at


def test_whoever_reads_no_technical_rows_sees_what_happened(driver: PaymentDriver) -> None:
    (group,) = groups_of(driver.pay(), technical=False)
    assert group.steps == []
    assert group.effects[0].title == "Paid $10.99"


def test_entries_of_an_earlier_release_go_with_their_subject(driver: PaymentDriver) -> None:
    """They have no cause. What else is known of them places them."""
    transaction = driver.open()
    _write_without_cause(transaction)
    first, second = groups_of(transaction)
    assert [effect.title[:4] for effect in first.effects] == ["Paid"]
    assert [step.title for step in first.steps] == ["Asked Stripe to charge: succeeded"]
    assert second.head.title == "ada asked to refund $5.00"
    assert [effect.title for effect in second.effects] == ["$5.00 refunded"]


def test_trace_prints_the_same_in_a_terminal(driver: PaymentDriver, cli: FlaskCliRunner) -> None:
    transaction = driver.pay()
    printed = cli.invoke(args=["trace", transaction])
    assert printed.exit_code == 0
    assert "The customer asked to pay $10.99" in printed.output
    assert "Paid $10.99, with Visa •••• 4242" in printed.output
    assert "req_" in printed.output
    assert "req_" not in cli.invoke(args=["trace", "--short", transaction]).output


@pytest.mark.usefixtures("app_context")
def test_trace_says_that_there_is_no_such_payment(cli: FlaskCliRunner) -> None:
    printed = cli.invoke(args=["trace", "txn_nothing"])
    assert printed.exit_code == 1
    assert "There is no payment txn_nothing." in printed.output


def _intent(driver: PaymentDriver, transaction: str) -> str:
    return str(driver.read(transaction).stripe_payment_id)


@atomic
def _write_without_cause(session: Session, transaction: str) -> None:
    rows: list[tuple[str, str, dict[str, Any]]] = [
        ("stripe", "stripe.confirm", {"verdict": "succeeded"}),
        ("state", "payment.completed", {}),
        ("staff", "refund.requested", {"subject": "rfd_1", "amount": 500, "actor": "ada"}),
        ("state", "refund.succeeded", {"subject": "rfd_1", "amount": 500}),
    ]
    for kind, what, data in rows:
        history.record(session, kind, what, transaction_id=transaction, currency="usd", **data)


@pytest.mark.parametrize("message", [{"a": 1}, [1]])
def test_a_cause_that_can_t_be_read_leaves_the_timeline_whole(
    driver: PaymentDriver, message: object
) -> None:
    paid = driver.pay()
    before = heads(paid)
    caused(paid, {"message": message, "crashes": 1})
    assert set(before) < set(heads(paid))


@atomic
def caused(session: Session, transaction: str, cause: dict[str, Any]) -> None:
    """An entry as no release of ours writes it."""
    entry = history.record(session, "staff", "staff.note", transaction_id=transaction, text="Hm")
    entry.cause = cause


def steps(transaction: str) -> list[str]:
    return [
        f"{step.title}. {step.detail}" for group in groups_of(transaction) for step in group.steps
    ]


def test_what_was_posted_stands_folded_below_the_payment_and_its_refund(
    driver: PaymentDriver,
) -> None:
    other, paid = driver.pay(), driver.pay()
    give_back(driver, paid, 100)
    booked = [step for step in steps(paid) if step.startswith("Posted")]
    assert "Posted to the ledger: Capture. Stripe balance +$10.99, Sales \u2212$10.99" in booked
    assert "Posted to the ledger: Refund. Refunds +$1.00, Stripe balance \u2212$1.00" in booked
    assert not [step for step in steps(other) if "Refunds" in step]
    assert not [head for head in heads(paid) if head.startswith("Posted")]


def test_an_alert_about_it_stands_folded_below_it_and_so_does_its_end(
    driver: PaymentDriver,
) -> None:
    other, paid = driver.pay(), driver.pay()
    _alert(paid)
    assert "Alert: The bank sent it back. " in steps(paid)
    assert "The alert was closed: acknowledged. " in steps(paid)
    assert not [step for step in steps(other) if step.startswith("Alert")]
    assert not [line for line in heads(paid) if line.startswith("Alert")]


@atomic
def _alert(session: Session, transaction_id: str) -> None:
    key = f"refund_failed:{transaction_id}"
    told = {"transaction_id": transaction_id}
    alerts.raise_alert(session, "refund_failed", key, "The bank sent it back", **told)
    alerts.acknowledge(session, key, "stf_1")


def test_whoever_may_not_see_technical_steps_sees_neither(driver: PaymentDriver) -> None:
    paid = driver.pay()
    _alert(paid)
    shown = groups_of(paid, technical=False)
    assert [group.steps for group in shown] == [[] for _ in shown]
    assert not [group for group in shown if group.head.title.startswith(("Alert", "Posted"))]
