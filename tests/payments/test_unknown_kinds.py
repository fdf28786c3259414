"""A process that does not know what a payment is for, or finds it gone: nothing breaks, nothing
misleads, and nothing is charged for it."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from payments_app.core.alerts import Alert
from payments_app.core.db.clock import utcnow
from payments_app.core.extensions import db
from payments_app.ops.close_alerts import close_gone
from payments_app.payments.queries import payable_of
from payments_app.payments.retries import charge as retry_charge
from payments_app.payments.retries.request import RetryRefusedError, preview_retry, request_retry
from payments_app.payments.transactions.charge_snapshot import UNSENT_SECONDS
from payments_app.payments.transactions.leave import PASSED_ON_SECONDS, UNKNOWN_KIND_SECONDS
from payments_app.payments.transactions.open import PaymentSource
from tests.accounts.staff_driver import StaffDriver
from tests.checkout.checkout_client import CheckoutClient
from tests.inbound.webhook_sender import WebhookSender, create_event
from tests.payments.driver import PaymentDriver
from tests.refunds.test_retry import attempts, mend_card, pay_with_saved_card, refusals

pytestmark = [pytest.mark.portable, pytest.mark.dialect]
UNKNOWN, GONE = ("booking", "bkg_1"), ("order", "ord_00000000000000000000000000")
DECLINED = "pm_card_visa_chargeDeclined"


@pytest.fixture
def checkout(app: Flask, driver: PaymentDriver) -> CheckoutClient:
    driver.create_order()  # and with it the product
    return CheckoutClient(app, app.test_client())


@pytest.mark.parametrize("what", [UNKNOWN, GONE])
def test_no_link_leads_to_a_page_that_is_not_there(
    driver: PaymentDriver, checkout: CheckoutClient, what: tuple[str, str]
) -> None:
    here, beside = (checkout.pay(DECLINED, item="thing-1099-usd") for _ in "ab")
    driver.pay_for_instead(here, *what)
    assert checkout.status(here)["try_again_url"] is None
    assert checkout.status(beside)["try_again_url"]


@pytest.mark.parametrize(
    "what", [UNKNOWN, pytest.param(GONE, marks=pytest.mark.expects_failure("orders.on_payment"))]
)
def test_the_buyers_and_the_staffs_pages_show_it(
    app: Flask, driver: PaymentDriver, checkout: CheckoutClient, what: tuple[str, str]
) -> None:
    paid, failed = (
        checkout.pay(card, item="thing-1099-usd") for card in ("pm_card_visa", DECLINED)
    )
    driver.pay_for_instead(paid, *what)
    driver.pay_for_instead(failed, what[0], f"{what[1][:-1]}2")
    driver.work()
    html = {"Accept": "text/html"}
    for path in (f"/thankyou?transaction={paid}", f"/transactions/{failed}"):
        assert checkout.client.get(path, headers=html).status_code == 200
    db.session.rollback()  # what was read stays as it was for as long as it is not ended
    staff = StaffDriver(app).signed_in("admin")
    for path in (
        "/staff",
        "/staff/payments",
        f"/staff/payments?q={paid}",
        f"/staff/payments/{paid}",
        f"/staff/payments/{failed}/retries",
        f"/staff/payments/{paid}/refunds",
        "/staff/reconciliation",
        "/staff/queues",
    ):
        assert staff.get(path).status_code == 200, path
    rows = staff.get("/staff/payments.csv")
    assert rows.status_code == 200
    assert paid in rows.text


@pytest.mark.parametrize(
    ("what", "words"), [(UNKNOWN, "does not know what was paid for (booking)"), (GONE, "any more")]
)
def test_it_is_not_offered_for_a_retry(
    driver: PaymentDriver, what: tuple[str, str], words: str
) -> None:
    failed = pay_with_saved_card(driver)
    driver.pay_for_instead(failed, *what)
    assert words in preview_retry(failed).sentence
    with pytest.raises(RetryRefusedError):
        request_retry(failed, "ada")


def alerts_of(kind: str) -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(Alert.key).where(Alert.kind == kind)))


@pytest.mark.parametrize("more", [{}, {"amount": 0}, {"off_session": True}])
def test_only_a_process_that_knows_what_is_paid_for_charges_it(
    driver: PaymentDriver, more: dict[str, Any]
) -> None:
    paid, beside = open_with(driver, **more), driver.open()
    order = payable_of(db.session(), paid)
    driver.pay_for_instead(paid, *UNKNOWN)
    for _ in range(3):
        driver.work()
        driver.make_due("charge")
    assert (driver.read(paid).phase, driver.read(beside).phase) == ("created", "complete")
    assert len(driver.intents()) == 1
    assert alerts_of("unknown_kind") == []
    assert order is not None
    driver.pay_for_instead(paid, *order)  # a process that knows it comes
    driver.work_all_waiting()
    assert driver.read(paid).phase == "complete"
    assert len(driver.intents()) == (1 if more.get("amount") == 0 else 2)


def test_nobody_who_knows_it_is_told_after_half_a_minute_and_ends_it_after_a_quarter_of_an_hour(
    driver: PaymentDriver,
) -> None:
    paid = driver.open()
    driver.pay_for_instead(paid, *UNKNOWN)
    driver.age(paid, UNKNOWN_KIND_SECONDS + 1)
    driver.work("charges")
    assert alerts_of("unknown_kind") == ["unknown_kind:booking"]
    assert driver.read(paid).phase == "created"
    driver.age(paid, UNSENT_SECONDS + 1)
    driver.work_all_waiting()
    assert driver.read(paid).phase == "canceled"
    assert driver.read(paid).error_code == "payment_expired"
    assert driver.intents() == []
    close_gone([])
    assert db.session.scalars(select(Alert).where(Alert.acknowledged_at.is_(None))).all() == []


def test_what_was_sent_where_it_is_known_is_read_by_whoever_comes(driver: PaymentDriver) -> None:
    paid = driver.charge_elsewhere(*UNKNOWN)
    driver.work_all_waiting()
    assert driver.read(paid).phase == "complete"
    assert [one["status"] for one in driver.intents()] == ["succeeded"]


def test_what_stripe_has_not_seen_is_not_sent_again_where_it_is_not_known(
    driver: PaymentDriver,
) -> None:
    driver.fail_stripe("drop_before", "/confirm$")
    paid = driver.open()
    driver.work("charges")
    order = payable_of(db.session(), paid)
    driver.pay_for_instead(paid, *UNKNOWN)
    driver.work_all_waiting()
    assert [one["status"] for one in driver.intents()] == ["requires_payment_method"]
    assert driver.read(paid).state == "pending"
    assert order is not None
    driver.pay_for_instead(paid, *order)
    driver.work_all_waiting()
    assert driver.read(paid).phase == "complete"


def open_with(driver: PaymentDriver, *, off_session: bool = False, **more: Any) -> str:
    source = PaymentSource(payment_method="pm_card_visa", off_session=off_session)
    return driver.open(source=source, **more)


def test_a_retry_waits_for_a_worker_that_knows_what_is_paid_for(driver: PaymentDriver) -> None:
    failed = pay_with_saved_card(driver)
    mend_card(driver, failed)
    request_retry(failed, "ada")
    driver.pay_for_instead(failed, *UNKNOWN)
    driver.work("charges")
    (message,) = driver.messages("retry")
    assert (message.available_at - utcnow()).total_seconds() <= PASSED_ON_SECONDS
    for _ in range(8):
        driver.work("charges")
        driver.make_due("retry")
    (message,) = driver.messages("retry")
    assert (message.done_at, message.dead_at, message.failures) == (None, None, 0)
    assert len(attempts(failed)) == 1


def test_a_retry_that_no_worker_knew_for_a_quarter_of_an_hour_charges_nothing(
    driver: PaymentDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = pay_with_saved_card(driver)
    request_retry(failed, "ada")
    driver.pay_for_instead(failed, *UNKNOWN)
    monkeypatch.setattr(retry_charge, "UNSENT_SECONDS", -1)
    driver.work("charges")
    assert refusals(failed) == ["Nothing was charged: no process knew what a booking is."]
    assert len(attempts(failed)) == 1


def test_a_retry_of_what_has_gone_charges_nothing_and_says_so(driver: PaymentDriver) -> None:
    failed = pay_with_saved_card(driver)
    request_retry(failed, "ada")
    driver.pay_for_instead(failed, *GONE)
    driver.work("charges")
    assert refusals(failed) == [f"What was to be paid ({GONE[1]}) is not there any more."]
    assert driver.messages("retry")[0].done_at is not None


@pytest.mark.expects_failure("orders.on_payment")
def test_what_follows_a_payment_for_what_has_gone_dies_with_an_alert(driver: PaymentDriver) -> None:
    paid = driver.open()
    driver.pay_for_instead(paid, *GONE)
    driver.work()
    for _ in range(8):
        driver.work_all_waiting()
    (message,) = driver.messages("orders.on_payment")
    assert message.dead_at is not None
    assert f"dead_letter:{message.id}" in db.session.scalars(select(Alert.key)).all()


def test_an_event_whose_command_is_not_known_here_waits_for_a_process_that_knows_it(
    driver: PaymentDriver,
) -> None:
    commands = driver.app.extensions["commands"]
    driver.app.extensions["commands"] = {
        name: command for name, command in commands.items() if name != "refunds.refresh"
    }
    post = WebhookSender(driver)
    event = create_event("refund.updated", id="re_1", object="refund", payment_intent="pi_1")
    assert post.send(event).status_code == 200
    (message,) = driver.messages("refunds.refresh")
    assert (message.queue, message.claims, message.done_at) == ("payment_critical", 0, None)
