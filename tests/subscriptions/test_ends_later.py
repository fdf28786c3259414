"""What becomes of an end later: the pages and mails follow the money, and say no other sum."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from payments_app.core.alerts import Alert
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.customers.models import Customer
from payments_app.payments.models import Transaction
from payments_app.payments.refunds.models import Refund
from payments_app.payments.refunds.refresh import refresh
from payments_app.payments.refunds.request import request_refund
from payments_app.subscriptions import change, preview
from payments_app.subscriptions.effect_words import Line
from payments_app.subscriptions.effects import seal_of
from payments_app.subscriptions.models import Subscription
from payments_app.subscriptions.renew import advance
from payments_app.subscriptions.settled import settled
from tests.bystanders import own
from tests.ledger.concurrency import claim
from tests.notices.sent_mails import mails
from tests.refunds.refund_steps import move_on, posted
from tests.subscriptions.billing_driver import BillingDriver, at
from tests.subscriptions.test_ends import (
    FAILS,
    OUTS,
    as_mailed,
    billed,
    bystander,
    cancelled_now,
    given_back,
    joined,
    mailed,
    plain,
    work,
)
from tests.subscriptions.test_plan_changes import hear_of
from tests.subscriptions.test_settling import owe

pytestmark = pytest.mark.portable

ANY = OUTS[0]
NOT_ARRIVED = "This refund did not arrive: we refund you in another way, and e-mail you then"


def account(billing: BillingDriver, member: str) -> str:
    """What the account says of an end, and what can be paid there."""
    end = settled(db.session(), billing.subscription(member), by_owner=True)
    return plain(" ".join([*as_mailed(end.lines), *(f"Pay {bill.price}" for bill in end.to_pay)]))


def credit_with(billing: BillingDriver, card: str) -> str:
    member = billing.join("2026-03-01", card=card, amount=3100)
    change.change_plan(member, billing.plan("less", 2800), at("2026-03-01"))
    return member


def refund() -> Refund:
    db.session.rollback()
    return db.session.scalars(select(Refund).where(own(Refund))).one()


def test_a_refund_of_a_credit_that_fails_later_is_told_everywhere(billing: BillingDriver) -> None:
    others, member = bystander(), credit_with(billing, "pm_card_refundFail")
    cancelled_now(billing, member)
    work(billing)
    assert NOT_ARRIVED not in account(billing, member)
    move_on(billing, refund().id)
    intent = db.session.get_one(Transaction, refund().transaction_id).stripe_payment_id or ""
    refresh(intent, claim(intent))
    work(billing)
    assert (refund().state, [amount for *_, amount in posted("refund_failed")]) == (
        "failed",
        [300, 300],
    )
    assert f"{NOT_ARRIVED}: $3.00 back" in account(billing, member)
    assert "Your refund of $3.00 did not arrive" in mailed("did not arrive")
    request_refund(refund().transaction_id, 300, reason="Once more", actor="stf_1")
    assert NOT_ARRIVED not in account(billing, member)
    assert bystander() == others


def test_a_refund_of_a_credit_that_stripe_refuses_is_told_everywhere(
    billing: BillingDriver,
) -> None:
    member = joined(billing, ANY, credit=True)
    cancelled_now(billing, member)
    billing.fail_stripe("500_before", "^/v1/refunds$", times=1)
    billing.work("payment_critical")
    billing.work_all_waiting()
    assert (refund().state, refund().stripe_refund_id) == ("failed", None)
    assert "Your refund of $3.00 could not be made." in mailed("did not arrive")
    assert f"{NOT_ARRIVED}: $3.00 back" in account(billing, member)


def test_a_refund_that_staff_asked_for_and_stripe_refuses_is_told_to_nobody(
    billing: BillingDriver,
) -> None:
    member = billing.join("2026-03-01")
    (bill,) = billing.attempts(member)
    request_refund(bill.id, 300, reason="Sorry", actor="stf_1")
    billing.fail_stripe("500_before", "^/v1/refunds$", times=1)
    billing.work("payment_critical")
    billing.work_all_waiting()
    assert [one.subject for one in mails() if "refund" in one.subject] == []


def test_a_debt_that_is_declined_is_told_with_a_link_to_pay_it(billing: BillingDriver) -> None:
    others, member = bystander(), joined(billing, ANY, credit=False)
    billing.take_card(member, FAILS)
    cancelled_now(billing, member)
    work(billing)
    billing.make_due("notices.payment_failed")
    work(billing)
    ((amount, attempts),) = billed()
    assert (amount, attempts, billing.subscription(member).balance) == (4354, ["failed"], 0)
    assert "What was to go on the next bill is charged to Visa ending in 4242: $43.54" in mailed()
    assert "/checkout/fin_" not in mailed()
    failed = mailed("Your payment of $43.54 failed")
    assert "/checkout/fin_" in failed
    said = account(billing, member)
    assert said.endswith("The last payment is not made yet Pay $43.54")
    assert bystander() == others


def test_a_debt_whose_card_is_removed_before_it_is_charged_is_told_with_a_link(
    billing: BillingDriver,
) -> None:
    member = joined(billing, ANY, credit=False)
    cancelled_now(billing, member)
    billing.remove_card(member)
    work(billing)
    billing.make_due("notices.payment_failed")
    work(billing)
    assert billed() == [(4354, ["failed"])]
    assert "/checkout/fin_" in mailed("Your payment of $43.54 failed")
    assert account(billing, member).endswith("Pay $43.54")


def test_a_debt_that_was_paid_is_said_to_be(billing: BillingDriver) -> None:
    member = joined(billing, ANY, credit=False)
    cancelled_now(billing, member)
    assert account(billing, member).endswith("The last payment is under way")
    work(billing)
    said = account(billing, member)
    assert "The last payment was made: $43.54" in said
    assert "Pay $43.54" not in said


def lost_answer(billing: BillingDriver) -> str:
    """A member whose renewal is made at Stripe, and not known here yet."""
    member = billing.join("2026-03-01")
    advance(member, at("2026-04-01"))
    billing.fail_stripe("drop_after", "/confirm", times=1)
    billing.work("charges")
    assert billing.attempts(member)[0].phase == "unknown"
    return member


def test_what_was_under_way_as_it_ended_goes_back_whole(billing: BillingDriver) -> None:
    others, member = bystander(), lost_answer(billing)
    before = cancelled_now(billing, member, "2026-04-01")
    words = "A payment is under way. If it is still made, all of it goes back to the card"
    assert f"- April 1, 2026: {words}: $15.00 back" in as_mailed(before)
    billing.work_all_waiting()
    work(billing)
    assert billing.attempts(member)[0].state == "complete"
    assert given_back() == [1500]
    assert [line for line in as_mailed(before) if line not in mailed()] == []
    assert "$15.00" in mailed("is on its way back to you")
    assert db.session.scalars(select(Alert).where(Alert.kind == "paid_after_end")).all() == []
    assert bystander() == others


def test_it_is_not_said_when_it_ends_while_the_next_period_is_being_paid(
    billing: BillingDriver,
) -> None:
    member = lost_answer(billing)
    with pytest.raises(preview.ChangeRefusedError, match="The next period is being charged"):
        change.cancel(member, at("2026-04-01"), at_once=False)
    assert not billing.subscription(member).cancel_at_period_end
    billing.work_all_waiting()
    billing.go_to("2026-04-01")
    change.cancel(member, at("2026-04-01"), at_once=False)
    lines = preview.cancellation(
        db.session(), billing.subscription(member), at("2026-04-01"), at_once=False
    )[0]
    assert lines[0][0] == "Until May 1, 2026"


def test_what_is_not_paid_for_any_more_ends_now(billing: BillingDriver) -> None:
    member = billing.join("2026-03-01")
    change.cancel(member, at("2026-04-02"), at_once=False)
    assert billing.subscription(member).status == "canceled"
    assert "- April 2, 2026: It ends. Nothing more is charged: $0.00" in mailed_after(billing)


def mailed_after(billing: BillingDriver) -> str:
    work(billing)
    return mailed()


def test_a_credit_that_goes_back_to_two_cards_is_said_of_each(billing: BillingDriver) -> None:
    member = billing.join("2026-03-01", amount=3100)
    first = billing.attempts(member)[0].id
    charge_next_on_another(member, billing)
    billing.go_to("2026-04-01")
    assert billing.attempts(member)[0].card_words == "Mastercard ending in 4444"
    owe(member, 3600)
    before = as_mailed(cancelled_now(billing, member, "2026-04-02"))
    told = " ".join(before)
    assert "back to Mastercard ending in 4444. Banks take" in told
    assert "Visa ending in 4242. Banks take 5 to 10 working days to show it: $5.00 back" in told
    db.session.rollback()
    rows = select(Refund.transaction_id, Refund.amount).where(own(Refund))
    assert dict(db.session.execute(rows).all())[first] == 500  # type: ignore[arg-type]
    assert sum(given_back()) == 3600
    assert [line for line in before if line not in mailed_after(billing)] == []


def charge_next_on_another(member: str, billing: BillingDriver) -> None:
    billing.take_card(member, "pm_card_mastercard")


def test_a_refund_between_the_page_and_the_button_is_asked_about_again(
    billing: BillingDriver,
) -> None:
    member = joined(billing, ANY, credit=True)
    read = lines_now(billing, member)
    (bill,) = billing.attempts(member)
    request_refund(bill.id, 2900, reason="Sorry", actor="stf_1")
    with pytest.raises(change.EffectChangedError):
        change.cancel(member, at("2026-03-02"), at_once=True, seal=seal_of(read))
    assert (billing.subscription(member).status, given_back()) == ("active", [2900])


def lines_now(billing: BillingDriver, member: str) -> list[Line]:
    theirs = billing.subscription(member)
    return preview.cancellation(db.session(), theirs, at("2026-03-02"), at_once=True)[0]


def test_days_that_were_refunded_are_not_said_to_be_kept(billing: BillingDriver) -> None:
    member = billing.join("2026-03-01")
    kept = "The days that are left until April 1, 2026 are not refunded"
    assert kept in " ".join(as_mailed(lines_now(billing, member)))
    (bill,) = billing.attempts(member)
    request_refund(bill.id, None, reason="Sorry", actor="stf_1")
    assert kept not in " ".join(as_mailed(lines_now(billing, member)))


def test_credit_that_comes_after_the_end_is_mailed_and_shown(billing: BillingDriver) -> None:
    others, member = bystander(), joined(billing, ANY, credit=True)
    cancelled_now(billing, member)
    work(billing)
    owe(member, 200)
    hear_of(refund().id)
    work(billing)
    assert "$2.00 back" in mailed("Your credit of Less")
    assert sorted(given_back()) == [200, 300]
    assert "$2.00 back" in account(billing, member)
    assert bystander() == others


def test_an_unplaced_credit_is_told_once(billing: BillingDriver) -> None:
    member = billing.join("2026-03-01", amount=3100)
    (bill,) = billing.attempts(member)
    request_refund(bill.id, None, reason="Sorry", actor="stf_1")
    work(billing)
    owe(member, 500)
    cancelled_now(billing, member)
    for _ in range(2):
        hear_of(refund().id)
        work(billing)
    assert "we write to you how you get it: $5.00 back" in mailed()
    assert [one for one in mails() if "Your credit of" in one.subject] == []
    assert billing.subscription(member).balance == -500


def test_of_one_that_ends_a_card_is_said_to_be_charged_only_what_is_charged(
    billing: BillingDriver,
) -> None:
    member = billing.join("2026-03-01", amount=1500)
    change.change_plan(member, billing.plan("plus", 1540), at("2026-03-02"))
    assert 0 < billing.subscription(member).balance < 50
    change.cancel(member, at("2026-03-02"), at_once=False)
    theirs = billing.subscription(member)
    lines, _ = preview.other_card(db.session(), theirs, theirs.card_id or "", at("2026-03-02"))
    assert "is not charged: $0.00" in " ".join(as_mailed(lines))
    assert preview.removal(db.session(), theirs.card, at("2026-03-02")) == []  # type: ignore[arg-type]
    billing.go_to("2026-04-01")
    assert billed() == []


def test_another_plan_before_the_end_is_settled_as_it_was_said(billing: BillingDriver) -> None:
    member = billing.join("2026-03-01", amount=3100)
    change.cancel(member, at("2026-03-01"), at_once=False)
    plan = billing.plan("less", 1000)
    theirs = billing.subscription(member)
    read = preview.plan_change(
        db.session(), theirs, db.session.get_one(change.Plan, plan), at("2026-03-01")
    ).lines
    change.change_plan(member, plan, at("2026-03-01"), seal=seal_of(read))
    billing.go_to("2026-04-01")
    work(billing)
    goes_back = [line for line in as_mailed(read) if line.endswith("$21.00 back")]
    assert len(goes_back) == 1
    assert goes_back[0] in mailed()
    assert given_back() == [2100]


def test_a_german_reads_the_same_sums_in_page_mail_and_account(billing: BillingDriver) -> None:
    member = joined(billing, ANY, credit=False)
    speak_german(billing.subscription(member).customer_id)
    cancelled_now(billing, member)
    work(billing)
    (told,) = [plain(one.text) for one in mails() if "endet" in one.text and "Plus" in one.subject]
    assert "2. März 2026: Es endet mit einer letzten Zahlung" in told
    assert "43,54 $" in told
    end = settled(db.session(), billing.subscription(member), by_owner=True)
    assert [line for line in as_mailed(end.lines[:3]) if line not in told] == []
    staffs = settled(db.session(), billing.subscription(member), by_owner=False)
    assert "It ends, with one last payment" in " ".join(as_mailed(staffs.lines))


@atomic
def speak_german(session: Session, customer_id: str) -> None:
    session.execute(update(Customer).where(Customer.id == customer_id).values(language="de"))


def test_two_who_end_at_once_are_settled_apart(billing: BillingDriver) -> None:
    one, other = joined(billing, ANY, credit=True), billing.join("2026-03-01", amount=900)
    cancelled_now(billing, one)
    work(billing)
    assert db.session.get_one(Subscription, other, populate_existing=True).status == "active"
    assert given_back() == [300]
