"""A pause: nothing is billed, what is paid for stays, and a new period begins afterwards."""

from __future__ import annotations

import pytest

from payments_app.subscriptions import change
from payments_app.subscriptions.change import ChangeRefusedError
from tests.subscriptions.billing_driver import BillingDriver, at

pytestmark = pytest.mark.portable


def test_a_paused_subscription_is_not_billed(billing: BillingDriver) -> None:
    member = billing.join("2026-01-31")
    change.pause(member, at("2026-02-10"))
    billing.go_to("2026-05-01")
    assert billing.starts(member) == ["2026-01-31"]
    assert billing.subscription(member).display_status == "paused"


def test_resuming_after_its_end_begins_a_new_period_on_that_day(billing: BillingDriver) -> None:
    member = billing.join("2026-01-31")
    change.pause(member, at("2026-02-10"))
    change.resume(member, at("2026-05-12"))
    billing.go_to("2026-05-12")
    billing.go_to("2026-06-12")
    assert billing.starts(member) == ["2026-01-31", "2026-05-12", "2026-06-12"]


def test_resuming_stages_the_bill_at_once(billing: BillingDriver) -> None:
    member = billing.join("2026-01-31")
    change.pause(member, at("2026-02-10"))
    change.resume(member, at("2026-05-12"))
    assert [message.subject for message in billing.messages("subscriptions.advance")] == [member]


def test_resuming_before_its_end_changes_no_day(billing: BillingDriver) -> None:
    member = billing.join("2026-01-31")
    change.pause(member, at("2026-02-10"))
    change.resume(member, at("2026-02-20"))
    billing.go_to("2026-02-27")
    billing.go_to("2026-02-28")
    assert billing.starts(member) == ["2026-01-31", "2026-02-28"]


def test_a_paused_trial_is_not_charged_at_its_end(billing: BillingDriver) -> None:
    member = billing.join("2026-01-31", trial_days=14)
    change.pause(member, at("2026-02-10"))
    billing.go_to("2026-03-01")
    assert len(billing.periods(member)) == 1


def test_what_is_not_paid_can_not_be_paused(billing: BillingDriver) -> None:
    member = billing.join("2026-01-31")
    billing.start_renewal(member, "2026-02-28")
    with pytest.raises(ChangeRefusedError, match="being charged"):
        change.pause(member, at("2026-02-28"))


def test_one_that_is_about_to_end_can_not_be_paused(billing: BillingDriver) -> None:
    member = billing.join("2026-01-31")
    change.cancel(member, at("2026-02-10"), at_once=False)
    with pytest.raises(ChangeRefusedError, match="about to end"):
        change.pause(member, at("2026-02-10"))


def test_a_paused_one_ends_at_once_when_it_is_cancelled(billing: BillingDriver) -> None:
    member = billing.join("2026-01-31")
    change.pause(member, at("2026-02-10"))
    change.cancel(member, at("2026-02-11"), at_once=False)
    assert billing.subscription(member).display_status == "canceled"


def test_pausing_and_resuming_twice_is_pausing_and_resuming_once(billing: BillingDriver) -> None:
    member = billing.join("2026-01-31")
    for _ in range(2):
        change.pause(member, at("2026-02-10"))
    for _ in range(2):
        change.resume(member, at("2026-02-11"))
    assert billing.subscription(member).display_status == "active"
