"""What was paid to a merchant at Stripe, without our checkout, is on their list."""

from __future__ import annotations

import pytest

from tests.inbound.test_sellers import built, pay_elsewhere
from tests.inbound.webhook_sender import WebhookSender
from tests.merchants.connected_merchants import create_ready_merchant
from tests.payments.driver import PaymentDriver
from tests.portal.portal_driver import Portal


@pytest.mark.parametrize("charge_type", ["destination", "direct"])
def test_a_payment_made_at_stripe_is_on_the_merchants_list(
    driver: PaymentDriver, portal: Portal, charge_type: str
) -> None:
    merchant, other = (create_ready_merchant(driver, charge_type) for _ in range(2))
    row = built(pay_elsewhere(WebhookSender(driver), merchant, charge_type))
    lists = [portal.signed_in(each).get("/portal/payments").text for each in (merchant, other)]
    assert [row.reference in page for page in lists] == [True, False]
