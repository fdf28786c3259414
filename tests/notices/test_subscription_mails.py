"""Each change of a subscription is mailed, with the lines that its owner read before."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from payments_app.core.extensions import db
from payments_app.notices.models import Mail
from payments_app.subscriptions import change, preview
from payments_app.subscriptions.renew import stage_due
from tests.notices.sent_mails import SentMails, mails
from tests.subscriptions.billing_driver import BillingDriver, at

pytestmark = pytest.mark.portable


@pytest.fixture
def billing(app: Flask, sent_mails: SentMails) -> Iterator[BillingDriver]:
    with app.app_context():
        yield BillingDriver(app)


def last(billing: BillingDriver) -> Mail:
    """The newest mail, once all that is due was done."""
    billing.work("payment_critical")
    billing.work("payment_standard")
    return mails()[-1]


def words(mail: Mail) -> str:
    return " ".join(mail.text.replace("\u00a0", " ").split())


def test_another_plan_is_mailed_with_what_goes_off_the_next_bills(billing: BillingDriver) -> None:
    member = billing.join("2026-03-01", amount=3100)
    change.change_plan(member, billing.plan("less", 1000), at("2026-03-01"))
    told = last(billing)
    assert (told.recipient, told.subject) == ("ada@example.com", "Your plan is now Less")
    assert "- April 1, 2026: The days that are left until April 1, 2026 cost less" in words(told)
    assert "$21.00 off the next bill" in words(told)
    assert "- April 1, 2026: Nothing is charged: $0.00" in words(told)
    assert "- After that: The rest of your credit pays the bills that follow: $11.00" in words(told)
    assert words(told).partition("$11.00 - ")[2].startswith("Once your credit is used: Every month")


def test_an_end_now_says_what_goes_back_and_to_which_card(billing: BillingDriver) -> None:
    member = billing.join("2026-03-01", amount=3100)
    change.change_plan(member, billing.plan("less", 1000), at("2026-03-01"))
    change.cancel(member, at("2026-03-02"), at_once=True)
    billing.work("payment_standard")
    (told,) = [one for one in mails() if one.subject == "Less has ended"]
    assert "Your credit goes back to Visa ending in 4242" in words(told)
    assert "$21.00 back" in words(told)
    assert "The days that are left until April 1, 2026 are not refunded" in words(told)
    assert any("is on its way back to you" in one.subject for one in [*mails(), last(billing)])


def test_an_end_at_the_periods_end_is_mailed_when_asked_for_and_when_it_comes(
    billing: BillingDriver,
) -> None:
    member = billing.join("2026-03-01")
    change.cancel(member, at("2026-03-02"), at_once=False)
    assert last(billing).subject == "Club will end"
    assert "- April 1, 2026: It ends. Nothing more is charged: $0.00" in words(last(billing))
    billing.go_to("2026-04-01")
    assert last(billing).subject == "Club has ended"


def test_a_debt_without_a_card_is_mailed_with_a_link_to_pay_it(billing: BillingDriver) -> None:
    member = billing.join("2026-03-01", amount=1500)
    change.change_plan(member, billing.plan("plus", 6000), at("2026-03-02"))
    billing.remove_card(member)
    change.cancel(member, at("2026-03-02"), at_once=True)
    assert "Pay $43.54: " in words(last(billing))
    assert "/checkout/fin_" in words(last(billing))


def test_a_pause_its_end_and_another_card_are_mailed(billing: BillingDriver) -> None:
    member = billing.join("2026-03-01")
    change.pause(member, at("2026-03-02"))
    assert last(billing).subject == "Club is paused"
    assert "- Until you resume: Nothing is charged: $0.00" in words(last(billing))
    change.resume(member, at("2026-03-03"))
    assert last(billing).subject == "Club goes on"
    paid = "April 1, 2026: The next payment is charged to Visa ending in 4242: $15.00"
    assert paid in words(last(billing))
    change.use_card(member, billing.subscription(member).card_id or "", at("2026-03-03"))
    assert last(billing).subject == "Club is charged to another card"


def test_a_removed_card_says_what_it_was_to_pay_for(billing: BillingDriver) -> None:
    member = billing.join("2026-03-01")
    billing.remove_card(member)
    told = last(billing)
    assert told.subject == "Visa ending in 4242 was removed"
    assert "Club - April 1, 2026: The next payment is due: we e-mail you a link" in words(told)


@pytest.mark.parametrize(("expires", "told"), [((2026, 3), 1), ((2026, 4), 0)])
def test_a_card_that_expires_before_the_next_bill_is_told_of_once(
    billing: BillingDriver, expires: tuple[int, int], told: int
) -> None:
    member = billing.join("2026-03-01")
    card = billing.subscription(member).card
    assert card is not None
    card.exp_year, card.exp_month = expires
    db.session.commit()
    for day in ("2026-03-10", "2026-03-20", "2026-03-25"):
        stage_due(at(day))
        billing.work("payment_standard")
    subject = "Your card for Club expires before its next payment"
    assert [one.subject for one in mails()].count(subject) == told


def test_a_renewal_says_for_which_days_it_paid(billing: BillingDriver) -> None:
    billing.join("2026-03-01")
    billing.go_to("2026-04-01")
    assert "Days: April 1, 2026 to May 1, 2026" in words(last(billing))


def test_the_mail_has_the_lines_of_the_page(billing: BillingDriver) -> None:
    member = billing.join("2026-03-01")
    read, _ = preview.cancellation(
        db.session(), billing.subscription(member), at("2026-03-02"), at_once=True
    )
    change.cancel(member, at("2026-03-02"), at_once=True)
    for when, what, _ in read:
        assert f"- {when}: {what}" in words(last(billing))
