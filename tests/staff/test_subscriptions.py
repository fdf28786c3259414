"""Subscriptions on staff's pages, and what staff do with them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from payments_app.core.db.clock import utcnow
from payments_app.subscriptions import change
from payments_app.subscriptions.calendar import local_day
from tests.accounts.staff_driver import Browser, StaffDriver
from tests.checkout.checkout_client import FIELD
from tests.subscriptions.billing_driver import BillingDriver, at

pytestmark = pytest.mark.portable


@pytest.fixture
def run(staff_driver: StaffDriver) -> Callable[[Callable[[BillingDriver], Any]], Any]:
    """Does something with the billing driver, in a context of its own."""
    return lambda step: staff_driver.do(lambda: step(BillingDriver(staff_driver.app)))


@pytest.fixture
def member(run: Callable[..., Any]) -> str:
    return str(run(lambda billing: billing.join()))


def owner(run: Callable[..., Any], member: str) -> str:
    return str(run(lambda billing: billing.subscription(member).customer_id))


def read(run: Callable[..., Any], member: str, field: str) -> Any:
    return run(lambda billing: getattr(billing.subscription(member), field))


def fall_behind(billing: BillingDriver, member: str) -> None:
    billing.take_card(member, "pm_card_chargeCustomerFail")
    billing.go_to("2026-02-28")


def test_a_customers_page_lists_the_subscriptions(
    viewer: Browser, run: Callable[..., Any], member: str
) -> None:
    page = viewer.get(f"/staff/customers/{owner(run, member)}").text
    assert f"/staff/subscriptions/{member}" in page
    assert "$15.00 every month" in page


def test_a_customer_without_any_has_no_such_list(
    viewer: Browser, staff_driver: StaffDriver, stored_payments: Any
) -> None:
    stored_payments.payment()
    page = viewer.get(f"/staff/customers/{stored_payments.customer_id()}").text
    assert "Subscriptions" not in page


def test_its_page_shows_what_is_paid_and_what_comes(viewer: Browser, member: str) -> None:
    page = viewer.get(f"/staff/subscriptions/{member}").text
    for words in ("Active", "Visa ending in 4242", "01/31/2026 to 02/28/2026", "Paid"):
        assert words in page


def test_its_id_finds_its_payments(viewer: Browser, run: Callable[..., Any], member: str) -> None:
    run(lambda billing: billing.join(plan=billing.plan("letter", 500)))
    page = viewer.get("/staff/payments", query_string={"q": member}).text
    assert "Matched: Subscription id" in page
    assert page.count('class="go"') == 1


def test_staff_read_whose_card_it_is(support: Browser, run: Callable[..., Any]) -> None:
    stranger = str(run(lambda billing: billing.join(known=False)))
    own = str(run(lambda billing: billing.join(plan=billing.plan("letter", 500))))
    words = "Visa ending in 4242. It was entered by somebody who has not proved"
    for path in ("", "/pause", "/resumption"):
        assert words in support.get(f"/staff/subscriptions/{stranger}{path}").text
        assert "has not proved" not in support.get(f"/staff/subscriptions/{own}{path}").text


def test_an_unpaid_bill_shows_its_tries_and_the_next(
    viewer: Browser, run: Callable[..., Any], member: str
) -> None:
    run(lambda billing: fall_behind(billing, member))
    page = viewer.get(f"/staff/subscriptions/{member}").text
    assert "Not paid, 0 of 4 further tries made" in page
    assert "03/01/2026" in page
    assert "Failed" in page


def test_support_pauses_it_with_a_question_first(
    staff_driver: StaffDriver, support: Browser, run: Callable[..., Any], member: str
) -> None:
    address = f"/staff/subscriptions/{member}/pause"
    assert "No bills until you resume it" in support.get(address).text
    assert support.post(address, address).status_code == 303
    assert read(run, member, "display_status") == "paused"
    (entry,) = staff_driver.entries("subscription.paused")
    assert (entry.kind, entry.subject) == ("staff", member)


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [("cancellation", "cancel_at_period_end", True), ("end", "status", "canceled")],
)
def test_support_ends_it_with_its_name_in_the_history(
    staff_driver: StaffDriver,
    support: Browser,
    run: Callable[..., Any],
    member: str,
    name: str,
    field: str,
    value: object,
) -> None:
    new = str(run(join_today))
    address = f"/staff/subscriptions/{new}/{name}"
    support.post(address, address)
    assert read(run, new, field) == value
    assert read(run, member, "status") == "active"
    what = "subscription.ended" if name == "end" else "subscription.ending"
    assert [entry.kind for entry in staff_driver.entries(what)] == ["staff"]


def join_today(billing: BillingDriver) -> str:
    return billing.join(str(local_day(utcnow())), plan=billing.plan("new", 500))


def with_debt(billing: BillingDriver) -> str:
    """Of $43.54, who paid until today."""
    member = billing.join("2026-03-01", amount=1500)
    change.change_plan(member, billing.plan("plus", 6000), at("2026-03-02"))
    return member


def plain(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).replace("\u00a0", " ").split())


def test_staff_read_before_and_after_an_end_what_the_customer_does(
    staff_driver: StaffDriver, support: Browser, run: Callable[..., Any]
) -> None:
    member = str(run(with_debt))
    page, address = f"/staff/subscriptions/{member}", f"/staff/subscriptions/{member}/end"
    said = "What was to go on the next bill is charged to Visa ending in 4242 $43.54"
    assert said in plain(support.get(address).text)
    assert "What its end came to" not in support.get(page).text
    support.post(address, address)
    assert said in plain(support.get(page).text)
    assert "The last payment is under way" in plain(support.get(page).text)
    run(lambda billing: billing.work("charges", "payment_standard"))
    after = plain(support.get(page).text)
    assert "The last payment was made $43.54" in after
    assert "Final bill:" in after
    (entry,) = staff_driver.entries("subscription.ended")
    assert [line[2] for line in entry.data["lines"]][-1] == "$43.54"


def test_what_came_to_something_else_meanwhile_is_shown_to_staff_again(
    support: Browser, run: Callable[..., Any]
) -> None:
    member = str(run(with_debt))
    address = f"/staff/subscriptions/{member}/end"
    form = dict(FIELD.findall(support.get(address).text))
    run(lambda billing: billing.remove_card(member))
    answer = support.post(address, address, seal=form["seal"])
    assert answer.status_code == 409
    assert "What it comes to has changed" in answer.text
    assert "is due: we e-mail you a link to pay" in answer.text
    assert read(run, member, "status") == "active"


def test_a_viewer_sees_no_buttons_and_may_press_none(viewer: Browser, member: str) -> None:
    assert "/pause" not in viewer.get(f"/staff/subscriptions/{member}").text
    assert viewer.get(f"/staff/subscriptions/{member}/pause").status_code == 403


def test_a_change_that_is_refused_says_why(
    support: Browser, run: Callable[..., Any], member: str
) -> None:
    run(lambda billing: fall_behind(billing, member))
    address = f"/staff/subscriptions/{member}/pause"
    answer = support.post(address, address)
    assert answer.status_code == 409
    assert "Pay the open bill first. Then you can pause." in answer.text


@pytest.mark.parametrize("path", ["subs_nobody", "subs_nobody/pause"])
def test_one_that_is_not_there_is_not_found(support: Browser, path: str) -> None:
    assert support.get(f"/staff/subscriptions/{path}").status_code == 404


def test_a_change_that_nobody_knows_is_not_found(support: Browser, member: str) -> None:
    assert support.get(f"/staff/subscriptions/{member}/double").status_code == 404
