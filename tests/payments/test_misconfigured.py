"""Stripe refuses a request by our mistake: no buyer fails by it, and a person is told."""

from __future__ import annotations

from typing import Any

import pytest

from payments_app.core.alerts import Alert
from payments_app.core.extensions import db
from payments_app.core.jobs.command import Later
from payments_app.gateway import charges
from payments_app.payments.transactions import charge, charge_steps
from payments_app.payments.transactions.open import PaymentSource
from tests.ledger.concurrency import claim
from tests.payments.driver import PaymentDriver

pytestmark = pytest.mark.portable

CREATE = r"/v1/payment_intents$"
CONFIRM = r"/confirm$"
UNKNOWN_PARAMETER = {
    "message": "Received unknown parameter: automatic_tax",
    "code": "parameter_unknown",
    "param": "automatic_tax",
}
NOT_ACTIVATED = {"message": "Your account cannot currently make live charges."}
OURS = [
    (CREATE, UNKNOWN_PARAMETER),
    (CREATE, NOT_ACTIVATED),
    (CREATE, {"message": "Test charges only.", "code": "testmode_charges_only"}),
    (CREATE, {"message": "Invalid currency: xyz", "param": "currency"}),
    (CONFIRM, UNKNOWN_PARAMETER),
    (CONFIRM, {"message": "Invalid URL", "code": "url_invalid", "param": "return_url"}),
]
THE_BUYERS = [
    (CREATE, {"message": "Too small.", "code": "amount_too_small", "param": "amount"}),
    (CONFIRM, {"message": "It may not be used again."}),
    (CONFIRM, {"message": "Odd.", "code": "parameter_invalid_empty", "param": "payment_method"}),
    (CONFIRM, {"message": "A code of tomorrow.", "code": "new_code"}),
]


def refuse(driver: PaymentDriver, path: str, error: dict[str, Any], **rule: Any) -> None:
    match = {"method": "POST", "path": path}
    driver.sandbox("POST", "/_sandbox/faults", fault="refuse", match=match, set=error, **rule)


def alerts(severity: str) -> list[str]:
    db.session.rollback()
    found = db.session.query(Alert).filter_by(kind="stripe_misconfigured", severity=severity)
    return [alert.message for alert in found]


def keys(driver: PaymentDriver, path: str) -> list[str]:
    sent = driver.sandbox("GET", f"/_sandbox/requests?path={path}")["requests"]
    return [request["idempotency_key"] for request in sent if request["method"] == "POST"]


@pytest.mark.parametrize("saved", [True, False])
@pytest.mark.parametrize(("path", "error"), OURS)
def test_our_mistake_delays_the_payment_until_it_is_mended(
    driver: PaymentDriver, path: str, error: dict[str, Any], saved: bool
) -> None:
    refuse(driver, path, error, saved=saved)
    transaction = driver.pay()
    assert driver.read(transaction).state == "pending"
    driver.work_all_waiting()
    assert driver.read(transaction).phase == "complete"
    assert len([i for i in driver.intents() if i["status"] == "succeeded"]) == 1


@pytest.mark.parametrize(("path", "error"), THE_BUYERS)
def test_what_a_buyer_can_cause_fails_their_payment_and_calls_nobody(
    driver: PaymentDriver, path: str, error: dict[str, Any]
) -> None:
    refuse(driver, path, error)
    assert driver.read(driver.pay()).phase == "failed"
    assert alerts("warning") == alerts("critical") == []


def test_a_card_that_was_used_before_is_the_buyers(driver: PaymentDriver) -> None:
    used = driver.sandbox("GET", "/v1/payment_methods/pm_card_visa")["id"]
    assert driver.read(driver.pay(used)).phase == "complete"
    again = driver.read(driver.pay(used))
    assert (again.phase, again.error.get("code")) == ("failed", None)
    assert alerts("warning") == alerts("critical") == []


@pytest.mark.parametrize("path", [CREATE, CONFIRM])
def test_our_mistake_ends_the_payment_after_fifteen_minutes(
    driver: PaymentDriver, path: str
) -> None:
    refuse(driver, path, UNKNOWN_PARAMETER, times=None, saved=True)
    transaction = driver.pay()
    driver.work_all_waiting()
    assert driver.read(transaction).state == "pending"
    driver.age(transaction, 16 * 60)
    driver.work_all_waiting()
    found = driver.read(transaction)
    assert (found.phase, found.error_code) == ("canceled", "payment_expired")
    assert {intent["status"] for intent in driver.intents()} <= {"canceled"}


def test_a_create_whose_first_answer_was_lost_ends_after_fifteen_minutes_too(
    driver: PaymentDriver,
) -> None:
    driver.fail_stripe("drop_before", CREATE)
    transaction = driver.pay()
    refuse(driver, CREATE, UNKNOWN_PARAMETER, times=None)
    driver.work_all_waiting()
    driver.age(transaction, 16 * 60)
    driver.work_all_waiting()
    assert driver.read(transaction).phase == "canceled"


def test_a_refused_call_is_made_again_under_the_next_number(driver: PaymentDriver) -> None:
    refuse(driver, CREATE, UNKNOWN_PARAMETER)
    refuse(driver, CONFIRM, UNKNOWN_PARAMETER, saved=True)
    transaction = driver.pay()
    for _ in range(2):
        driver.work_all_waiting()
    assert driver.read(transaction).phase == "complete"
    key = f"txn-{transaction}"
    assert keys(driver, CREATE) == [f"{key}-create", f"{key}-create-2"]
    assert keys(driver, CONFIRM) == [f"{key}-confirm-2", f"{key}-confirm-3"]


def test_before_a_confirm_is_sent_again_its_intent_is_read(driver: PaymentDriver) -> None:
    refuse(driver, CONFIRM, UNKNOWN_PARAMETER)
    transaction = driver.pay()
    driver.confirm_behind_our_back(transaction, "pm_card_visa")
    driver.work_all_waiting()
    assert driver.read(transaction).phase == "complete"
    assert len([key for key in keys(driver, CONFIRM) if key]) == 1


def test_a_saved_refusal_that_is_the_buyers_ends_the_attempt_at_stripe(
    driver: PaymentDriver,
) -> None:
    refuse(driver, CONFIRM, {"message": "It may not be used again."}, saved=True)
    transaction = driver.open()
    snapshot = charge_steps.begin(transaction)
    snapshot, _ = charge_steps.created(transaction, charge.create(snapshot))
    charges.confirm_intent(snapshot.intent, snapshot.confirm, snapshot.confirm_key)
    driver.work()  # by the next worker: this one died
    found = driver.read(transaction)
    assert (found.phase, found.stripe_status) == ("failed", "canceled")


def test_a_person_reads_stripes_words_once(driver: PaymentDriver) -> None:
    refuse(driver, CREATE, UNKNOWN_PARAMETER, times=2)
    driver.pay()
    driver.work_all_waiting()
    assert len(alerts("warning")) == 1
    assert "Received unknown parameter: automatic_tax" in alerts("warning")[0]
    assert alerts("critical") == []


def test_three_buyers_without_a_success_between_are_critical(driver: PaymentDriver) -> None:
    refuse(driver, CREATE, NOT_ACTIVATED, times=None)
    for email in ("ada@example.com", "bob@example.com", "Bob@example.com"):
        driver.pay(email=email)
    assert alerts("critical") == []
    driver.pay(email="cy@example.com")
    assert "3 buyers" in alerts("critical")[0]
    assert "cannot currently make live charges" in alerts("critical")[0]


def test_a_success_between_begins_the_count_anew(driver: PaymentDriver) -> None:
    for email in ("ada@example.com", "bob@example.com", None, "cy@example.com"):
        if email:
            refuse(driver, CREATE, NOT_ACTIVATED)
            driver.pay(email=email)
        else:
            assert driver.read(driver.pay()).phase == "complete"
    assert alerts("critical") == []


def test_tokens_that_stripe_does_not_know_count_too(driver: PaymentDriver) -> None:
    for email in ("ada@example.com", "bob@example.com", "cy@example.com"):
        assert alerts("critical") == []
        source = PaymentSource(confirmation_token="ctoken_of_another_account")
        transaction = driver.pay(email=email, source=source)
        found = driver.read(transaction)
        assert (found.phase, found.error_code) == ("failed", "resource_missing")
    assert alerts("warning") == []
    assert "No such confirmationtoken" in alerts("critical")[0]


def test_a_copy_that_stood_still_sends_no_confirm_under_an_older_number(
    driver: PaymentDriver,
) -> None:
    refuse(driver, CONFIRM, UNKNOWN_PARAMETER)
    transaction = driver.pay()
    stale = charge_steps.begin(transaction)
    refuse(driver, CONFIRM, UNKNOWN_PARAMETER)
    driver.work_all_waiting()
    with pytest.raises(Later):
        charge.confirm(stale, claim(transaction))
    assert len(keys(driver, CONFIRM)) == 2
