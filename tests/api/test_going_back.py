"""A buyer whom another application sent: the way back to it, and when there is none."""

from __future__ import annotations

import pytest

from tests.api.application import RETURN, Application
from tests.checkout.checkout_client import BROWSER

pytestmark = pytest.mark.portable
CART = "https://shop.example.com/cart"
DECLINED = "pm_card_visa_chargeDeclined"
LINK = "Cancel and go back"


def status_page(application: Application, transaction: str) -> str:
    """What the buyer's own browser shows of an attempt."""
    return application.buyer.get(
        f"/transactions/{transaction}", headers=BROWSER, follow_redirects=True
    ).text


@pytest.mark.parametrize(("cancel_url", "to"), [(CART, CART), (None, RETURN)])
def test_who_was_declined_may_go_back(
    shop_application: Application, cancel_url: str | None, to: str
) -> None:
    made = shop_application.asked(cancel_url=cancel_url)
    shop_application.asked(cancel_url="https://shop.example.com/other")
    transaction = shop_application.pay(made["id"], DECLINED).json["id"]
    link = f'<a href="{to}?payment={made["id"]}">{LINK}</a>'
    page = status_page(shop_application, transaction)
    assert "Try another card" in page
    assert link in page
    poll = shop_application.buyer.get(f"/transactions/{transaction}?partial=1").json
    assert link in poll["html"]
    assert shop_application.payment(made["id"])["status"] == "requires_payment"


def test_nobody_else_reads_where_they_came_from(shop_application: Application) -> None:
    made = shop_application.asked(cancel_url=CART)
    transaction = shop_application.pay(made["id"], DECLINED).json["id"]
    stranger = shop_application.app.test_client()
    page = stranger.get(f"/transactions/{transaction}", headers=BROWSER).text
    assert "Payment failed" in page
    assert CART not in page


def test_once_another_attempt_paid_nothing_is_left_to_cancel(shop_application: Application) -> None:
    made = shop_application.asked(cancel_url=CART)
    failed = shop_application.pay(made["id"], DECLINED).json["id"]
    shop_application.pay(made["id"])
    page = status_page(shop_application, failed)
    assert "Paid by another attempt" in page
    assert CART not in page


@pytest.mark.parametrize("card", ["pm_card_visa", "pm_card_authenticationRequired"])
def test_nobody_is_led_back_before_it_is_paid(shop_application: Application, card: str) -> None:
    made = shop_application.asked()
    transaction = shop_application.press_pay(made["id"], card).json["id"]
    states = ["processing"]
    if card != "pm_card_visa":
        states.append("requires_action")
    for state in states:
        assert shop_application.payment(made["id"])["status"] == state
        assert RETURN not in status_page(shop_application, transaction)
        again = shop_application.buyer.get(
            shop_application.checkout(made["id"]), headers=BROWSER, follow_redirects=True
        )
        assert RETURN not in again.text
        status = shop_application.buyer.get(f"/transactions/{transaction}").json
        assert status["thankyou_url"] is None
        shop_application.charge()
    if card == "pm_card_visa":
        status = shop_application.buyer.get(f"/transactions/{transaction}").json
        assert status["thankyou_url"] == f"{RETURN}?payment={made['id']}"
        assert shop_application.payment(made["id"])["status"] == "succeeded"
