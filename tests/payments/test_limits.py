"""Stripe's limits: our own buckets delay a call, and a long list is read in parts."""

from __future__ import annotations

from typing import Any

import pytest
from redis import Redis

from payments_app.core.alerts import Alert
from payments_app.core.extensions import db
from payments_app.gateway.breaker import FAILURES
from payments_app.gateway.charges import find_intent
from payments_app.gateway.results import Verdict
from payments_app.gateway.throttle import LIVE, TEST, Throttle
from payments_app.payments.refunds.request import request_refund
from tests.inbound.webhook_sender import WebhookSender
from tests.payments.driver import PaymentDriver

pytestmark = pytest.mark.portable

CREATE = r"/v1/payment_intents$"
AWAY = "redis://127.0.0.1:1/0"
NONE_LEFT = 0.001  # of one operation: a turn in 1,000 seconds


@pytest.fixture
def exhausted(driver: PaymentDriver) -> PaymentDriver:
    """Nobody may create an intent now; every other operation is free."""
    exhaust(driver, "payment_intent.create")
    return driver


def exhaust(driver: PaymentDriver, operation: str) -> None:
    """Leave no turn of an operation: in Redis, and here, where Redis is too slow to be asked."""
    url = driver.config.cache_redis_url
    throttle = driver.app.extensions["throttle"] = Throttle(url, 1000, NONE_LEFT)
    throttle.wait_for_turn(operation)
    throttle._take_here(["throttle:stripe", f"throttle:stripe:{operation}"], 0.0)


def free(driver: PaymentDriver) -> None:
    with Redis.from_url(driver.config.cache_redis_url) as cache:
        cache.flushdb()
    driver.app.extensions["throttle"] = Throttle(driver.config.cache_redis_url, 1000, 1000)


def turns(throttle: Throttle, operation: str) -> int:
    """How many calls may be made of it at this moment."""
    return next(n for n in range(1000) if throttle.wait_for_turn(operation, 0.0))


def asked(driver: PaymentDriver, method: str) -> list[dict[str, Any]]:
    found = driver.sandbox("GET", f"/_sandbox/requests?path={CREATE}")["requests"]
    return [request for request in found if request["method"] == method]


def test_no_second_holds_more_than_stripe_takes_of_one_operation() -> None:
    for _account, of_one in (LIVE, TEST):
        assert of_one * 1.25 <= 25  # a burst of a quarter of a second comes on top


@pytest.mark.parametrize("away", [False, True])
def test_each_operation_has_a_bucket_of_its_own(redis_urls: tuple[str, str], away: bool) -> None:
    throttle = Throttle(AWAY if away else redis_urls[1], 10**9, 0.01)
    assert turns(throttle, "payment_intent.create") == 1
    assert turns(throttle, "payment_intent.confirm") == 1


@pytest.mark.parametrize("away", [False, True])
def test_the_accounts_bucket_is_shared_by_all_operations(
    redis_urls: tuple[str, str], away: bool
) -> None:
    throttle = Throttle(AWAY if away else redis_urls[1], 0.01, 10**9)
    assert turns(throttle, "payment_intent.create") == 1
    assert turns(throttle, "payment_intent.confirm") == 0


@pytest.mark.parametrize("written", ["9e18", "99999999999", "inf", "nan", "soon"])
def test_a_turn_that_is_years_away_is_not_waited_for(
    driver: PaymentDriver, redis_urls: tuple[str, str], written: str
) -> None:
    with Redis.from_url(redis_urls[1]) as cache:
        cache.set("throttle:stripe", written)
    assert driver.read(driver.pay()).state == "complete"


def test_our_own_bucket_delays_and_fails_nobody(exhausted: PaymentDriver) -> None:
    transaction = exhausted.pay()
    for _ in range(5):
        exhausted.work_all_waiting()
    found = exhausted.read(transaction)
    assert (found.phase, found.create_sent_at) == ("processing", None)
    assert asked(exhausted, "POST") == []
    assert exhausted.messages("charge")[0].tries == 0
    assert "stripe.create" not in exhausted.happened(transaction)
    assert db.session.query(Alert).count() == 0
    free(exhausted)
    exhausted.work_all_waiting()
    assert exhausted.read(transaction).phase == "complete"


def test_what_our_own_bucket_delayed_has_all_of_its_retries_left(exhausted: PaymentDriver) -> None:
    transaction = exhausted.pay()
    for _ in range(3):
        exhausted.work_all_waiting()
    free(exhausted)
    exhausted.fail_stripe("rate_limit", CREATE, times=3)
    for _ in range(3):
        exhausted.work_all_waiting()
        assert exhausted.read(transaction).phase == "processing"
    exhausted.work_all_waiting()
    assert exhausted.read(transaction).phase == "complete"


def test_a_refund_that_our_own_bucket_delays_calls_nobody(driver: PaymentDriver) -> None:
    paid = driver.pay()
    exhaust(driver, "refund.refund_create")
    request_refund(paid, 300, reason="a part was broken", actor="ada")
    for _ in range(5):
        driver.work_all_waiting()
    assert driver.messages("refunds.send")[0].tries == 0
    assert db.session.query(Alert).count() == 0


def test_a_lost_intent_is_found_beyond_two_thousand_newer_ones(driver: PaymentDriver) -> None:
    driver.fail_stripe("drop_after", CREATE)
    lost = driver.pay()
    last = WebhookSender(driver).stripe("payment_intents", amount=500, currency="usd")
    page = {"data": [{**last, "id": "pi_other"}] * 99 + [last], "has_more": True}
    driver.age(lost, 24 * 3600)
    match = {"method": "GET", "path": CREATE}
    driver.sandbox("POST", "/_sandbox/faults", fault="say", match=match, set=page, times=20)
    driver.work_all_waiting()
    assert driver.read(lost).searched_to == last["id"]
    assert len(asked(driver, "GET")) == 20
    driver.work_all_waiting()
    assert driver.read(lost).phase == "canceled"
    statuses = {intent["id"]: intent["status"] for intent in driver.intents()}
    assert statuses.pop(last["id"]) == "requires_payment_method"
    assert list(statuses.values()) == ["canceled"]


def test_a_list_is_not_asked_for_while_stripe_is_away(driver: PaymentDriver) -> None:
    transaction = driver.read(driver.pay())
    driver.fail_stripe("drop_before", times=None)
    for _ in range(FAILURES):
        find_intent("txn_none", transaction.created_at)
    before = len(asked(driver, "GET"))
    answer = find_intent("txn_none", transaction.created_at)
    assert (answer.verdict, answer.error_code) == (Verdict.LATER, "breaker_open")
    assert len(asked(driver, "GET")) == before == FAILURES


def test_a_list_takes_a_turn_as_every_call_does(driver: PaymentDriver) -> None:
    transaction = driver.read(driver.pay())
    url = driver.config.cache_redis_url
    throttle = driver.app.extensions["throttle"] = Throttle(url, 1000, NONE_LEFT)
    throttle.wait_for_turn("list.list")
    answer = find_intent(transaction.id, transaction.created_at)
    assert (answer.verdict, answer.throttled) == (Verdict.LATER, True)
    assert asked(driver, "GET") == []
