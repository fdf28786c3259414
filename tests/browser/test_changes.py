"""Each change of a subscription, in a real browser: the page that asks says what it comes to in
money and dates; after the click the account and the mail say the same."""

from __future__ import annotations

import pytest

from tests.browser.patron import PLUS, SUBSCRIPTIONS, Patron, effects, effects_of_mail, read
from tests.browser.test_accessibility import complaints

pytestmark = pytest.mark.browser

CHARGED = "charged to Visa ending in 4242"


def ask(patron: Patron, button: str) -> list[str]:
    """Choose a change; the lines of the page that asks."""
    patron.page.get_by_role("button", name=button).click()
    patron.buyer.reads(f"We e-mail these same lines to {patron.email}.")
    assert complaints(patron.page) == []
    return effects(patron.page)


def make(patron: Patron, button: str) -> str:
    """Press its button; what the account says then."""
    patron.page.get_by_role("button", name=button, exact=True).click()
    patron.buyer.is_at(f"{SUBSCRIPTIONS}$")
    return read(patron.page)


def mailed(patron: Patron, subject: str) -> list[str]:
    patron.opens_mail(subject)
    return effects_of_mail(patron.page)


def change_plan(patron: Patron, name: str) -> list[str]:
    patron.page.get_by_label(f"{name}, ").check()
    return ask(patron, "Change the plan")


def test_another_plan(patron: Patron) -> None:
    patron.subscribe()
    day = patron.ends()
    lines = change_plan(patron, "Coffee club plus")
    assert lines == [
        "Today Coffee club plus in place of Coffee club $0.00",
        f"{day} The days that are left until {day} cost more for the other plan "
        "$11.00 on the next bill",
        f"{day} The next payment is {CHARGED} $37.00",
        "From then on Every month $26.00",
    ]
    page = make(patron, "Change the plan")
    assert "Coffee club plus $26.00 every month" in page
    assert "Added to your next bill: $11.00" in page
    assert mailed(patron, "Your plan is now Coffee club plus") == lines


def test_an_end_now_refunds_the_credit(patron: Patron) -> None:
    patron.subscribe(PLUS)
    change_plan(patron, "Coffee club")
    assert "Credit on your next bill: $11.00" in make(patron, "Change the plan")
    lines = ask(patron, "Cancel now")
    assert lines[:2] == [
        f"{patron.today()} It ends. Nothing more is charged $0.00",
        f"{patron.today()} The days that are left until {patron.ends()} are not refunded",
    ]
    assert lines[2].endswith("$11.00 back")
    assert "goes back to Visa ending in 4242" in lines[2]
    assert "This subscription has ended." in make(patron, "Cancel the subscription")
    assert mailed(patron, "Coffee club has ended") == lines
    refund = patron.opens_mail("Corner Shop: $11.00 is on its way back to you")
    assert "It goes to Visa ending in 4242" in refund
    assert "Paid $26.00 Refunded $11.00 Remains paid $15.00" in refund
    patron.page.goto("/account")
    assert "$26.00 was paid. $11.00 was refunded." in read(patron.page)


def test_an_end_now_charges_the_debt(patron: Patron) -> None:
    patron.subscribe()
    change_plan(patron, "Coffee club plus")
    make(patron, "Change the plan")
    lines = ask(patron, "Cancel now")
    assert lines[-1].endswith(f"is {CHARGED} $11.00")
    assert "This subscription has ended." in make(patron, "Cancel the subscription")
    assert patron.wait_for_payments(2).amount == 1100
    assert mailed(patron, "Coffee club plus has ended") == lines
    receipt = patron.opens_mail("Your receipt from Corner Shop: $11.00")
    assert "$11.00 was paid to Corner Shop." in receipt
    assert "Final bill - Coffee club plus" in receipt


def test_an_end_when_what_is_paid_for_is_over(patron: Patron) -> None:
    patron.subscribe()
    day = patron.ends()
    lines = ask(patron, f"Cancel on {day}")
    assert lines == [
        f"Until {day} It goes on, as you paid for $0.00",
        f"{day} It ends. Nothing more is charged $0.00",
    ]
    page = make(patron, "Cancel the subscription")
    assert f"It ends on {day}." in page
    assert "Visa ending in 4242" not in page
    assert mailed(patron, "Coffee club will end") == lines
    patron.page.goto(SUBSCRIPTIONS)
    again = ask(patron, "Keep subscription")
    assert f"{day} The next payment is {CHARGED} $15.00" in again
    assert f"Paid until {day}, and renewed on that day." in make(patron, "Go on")
    assert mailed(patron, "Coffee club goes on") == again


def test_a_pause(patron: Patron) -> None:
    patron.subscribe()
    day = patron.ends()
    lines = ask(patron, "Pause")
    assert lines == [
        f"Until {day} It goes on, as you paid for $0.00",
        "Until you resume Nothing is charged $0.00",
        f"If you resume before then It goes on as before, with a payment on {day}",
        "If you resume later A new period begins on that day, and is charged at once $15.00",
    ]
    page = make(patron, "Pause")
    assert f"Paused. You are not charged until you resume. You have access until {day}." in page
    assert mailed(patron, "Coffee club is paused") == lines


def test_a_card_that_is_removed(patron: Patron) -> None:
    patron.subscribe()
    day = patron.ends()
    patron.page.goto("/account")
    patron.page.get_by_role("link", name="Remove Visa ending in 4242").click()
    patron.buyer.sees("Remove Visa ending in 4242")
    lines = effects(patron.page)
    assert lines == [
        f"{day} The next payment is due: we e-mail you a link to pay $15.00",
        "From then on Every month $15.00",
    ]
    assert complaints(patron.page) == []
    patron.page.get_by_role("button", name="Remove this card").click()
    patron.buyer.reads("No saved cards.")
    patron.page.goto(SUBSCRIPTIONS)
    patron.buyer.reads("No card is charged for it. We e-mail you a link to pay the next bill.")
    assert mailed(patron, "Visa ending in 4242 was removed") == lines
