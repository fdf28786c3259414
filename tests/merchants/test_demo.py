"""The demo's merchants: two give Stripe all that it asks for, one does not."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from demo.merchants import onboard
from demo.sellers import ONBOARDED, add_demo_sellers
from payments_app.core.extensions import db
from payments_app.merchants.accounts import state_of
from payments_app.merchants.models import ConnectedAccount, Merchant
from payments_app.merchants.refresh_account import refresh_account
from tests.bystanders import own
from tests.ledger.concurrency import claim
from tests.merchants.connected_merchants import account, by_both_apis
from tests.payments.driver import PaymentDriver

pytestmark = [pytest.mark.portable, by_both_apis]


def test_the_demo_s_merchants_are_onboarded(
    driver: PaymentDriver, settings: dict[str, str]
) -> None:
    add_demo_sellers()
    driver.work("default")
    assert onboard(settings)
    query = select(Merchant).join(ConnectedAccount).where(own(Merchant))
    states = {}
    for merchant in db.session.scalars(query).all():
        stripe_id = account(merchant.id).stripe_account_id or ""
        refresh_account(stripe_id, claim(stripe_id))
        states[merchant.name] = state_of(account(merchant.id))
    assert states == dict.fromkeys(ONBOARDED, "ready") | {"Late Bloom": "onboarding"}
