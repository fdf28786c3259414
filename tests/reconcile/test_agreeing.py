"""Books of everything that can happen to a payment agree: no comparison finds a difference, however
soon it comes."""

from __future__ import annotations

import pytest

from payments_app.payments.transactions.open import PaymentSource
from payments_app.reconcile import internal_payments, internal_settlement, internal_told
from payments_app.reconcile.read_payout import read as read_payout
from tests.inbound.webhook_sender import WebhookSender
from tests.ledger.concurrency import claim
from tests.merchants.connected_merchants import create_ready_merchant, create_sale
from tests.payments.driver import PaymentDriver
from tests.payments.held import Held
from tests.reconcile.books import compare_last_hours, open_ones
from tests.reconcile.plants import finish_all
from tests.refunds.marketplace import pay_by_destination_charge, pay_by_direct_charge
from tests.refunds.refund_steps import give_back, move_on, refund_outside
from tests.refunds.test_disputes import answer, pay_and_dispute, send_event

pytestmark = [pytest.mark.portable, pytest.mark.slow, pytest.mark.followed_by_all]


@pytest.fixture(autouse=True)
def no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """What happened a moment ago counts as long ago."""
    for module, name in (
        (internal_payments, "POSTED_WITHIN_SECONDS"),
        (internal_settlement, "SETTLED_SECONDS"),
        (internal_settlement, "FEE_SECONDS"),
        (internal_told, "TOLD_WITHIN_SECONDS"),
    ):
        monkeypatch.setattr(module, name, -5)


def pay_in_every_manner(driver: PaymentDriver) -> None:
    """Declined and paid with another card, for nothing, with a card that is kept, in yen, in part,
    and at Stripe itself."""
    order = driver.create_order()
    driver.pay("pm_card_visa_chargeDeclined", order)
    give_back(driver, driver.pay(order=order), 300)
    driver.pay(amount=0)
    kept = PaymentSource(payment_method="pm_card_visa", save_card=True)
    driver.pay(order=driver.create_order(1200), source=kept)
    driver.pay(order=driver.create_order(0), source=kept)
    driver.pay(order=driver.create_order(1800, "jpy"))
    give_back(driver, Held(driver).pay(), 1500)
    post = WebhookSender(driver)
    intent = post.pay_elsewhere()["id"]
    post.send(post.told("payment_intent.succeeded", intent))


def give_back_in_every_manner(driver: PaymentDriver) -> None:
    """At once, pending, failing after all, and in Stripe's own dashboard."""
    post = WebhookSender(driver)
    for card in ("pm_card_pendingRefund", "pm_card_refundFail"):
        refund = give_back(driver, driver.pay(card), 400)
        move_on(driver, refund)
        for told in ("refund.updated", "refund.failed"):
            if driver.sandbox("GET", f"/v1/events?type={told}")["data"]:
                post.send(post.told(told))
    outside = refund_outside(driver, driver.pay(), 200)
    post.send(post.told("refund.created", outside))


def dispute_in_every_manner(driver: PaymentDriver) -> None:
    """Open, won, lost, and an inquiry."""
    for evidence in ("winning_evidence", "losing_evidence", None):
        pay_and_dispute(driver)
        if evidence:
            answer(driver, evidence)
            send_event(driver)
    pay_and_dispute(driver, "pm_card_createDisputeInquiry")


def sell_in_every_manner(driver: PaymentDriver) -> None:
    for pay, charge_type in (
        (pay_by_destination_charge, "destination"),
        (pay_by_direct_charge, "direct"),
    ):
        merchant = create_ready_merchant(driver, charge_type)
        pay(driver, merchant)
        give_back(driver, pay(driver, merchant), 250)
        give_back(driver, pay(driver, merchant))
        Held(driver).pay(4000, 10_000, create_sale(merchant))


@pytest.mark.parametrize(
    "happen",
    [
        pay_in_every_manner,
        give_back_in_every_manner,
        dispute_in_every_manner,
        sell_in_every_manner,
    ],
)
def test_nothing_differs(driver: PaymentDriver, happen: object) -> None:
    happen(driver)  # type: ignore[operator]
    driver.work()
    driver.work_all_waiting()
    payout = driver.sandbox("POST", "/_sandbox/payouts", currency="usd")["id"]
    read_payout(payout, claim(payout))
    compare_last_hours()
    assert [f"{f.kind}: {f.details}" for f in open_ones()] == []
    finish_all(driver)
    compare_last_hours()
    assert [f"{f.kind}: {f.details}" for f in open_ones()] == []
