"""An error of Stripe's whose code is no text: no list of payments is a fault, and no job dies."""

from __future__ import annotations

from typing import Any

import pytest

from tests.accounts.staff_driver import StaffDriver
from tests.api.application import Application
from tests.api.test_customers import follow, kept, stored
from tests.payments.driver import PaymentDriver

ODD: list[Any] = [[], {}]


@pytest.mark.parametrize("odd", ODD)
def test_a_decline_code_that_is_no_text_takes_no_list_down(
    shop_application: Application, odd: Any
) -> None:
    application = shop_application
    stored(application)
    card = kept(application, card="pm_card_authenticationRequired")
    error = {"type": "card_error", "code": "card_declined", "decline_code": odd, "message": "no"}
    with application.app.app_context():
        driver = PaymentDriver(application.app)
        driver.fail_stripe("say", "/confirm$", set={"error": error})
        application.asked(customer="ada-7", payment_method=card["payment_method"])
        follow(application)
    assert (
        application.client.get("/api/v1/payments", headers=application.headers).status_code == 200
    )
    staff = StaffDriver(application.app).signed_in("viewer")
    assert staff.get("/staff/payment-links").status_code == 200


@pytest.mark.parametrize("odd", [["x"], {"a": 1}])
def test_a_code_that_is_no_text_kills_no_charge(shop_application: Application, odd: Any) -> None:
    application = shop_application
    made = application.asked()
    refusal = {"type": "invalid_request_error", "code": odd, "message": "no"}
    with application.app.app_context():
        PaymentDriver(application.app).fail_stripe("refuse", "/confirm$", set=refusal, times=None)
    application.pay(made["id"])
    assert application.payment(made["id"])["last_error"] is not None
