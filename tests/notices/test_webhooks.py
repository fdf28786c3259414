"""What merchants hear: signed, once, and again as long as it helps."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from payments_app.core.alerts import Alert
from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.jobs.command import Later
from payments_app.core.jobs.outbox import Message
from payments_app.core.web.signing import signed_headers
from payments_app.merchants import endpoints
from payments_app.notices.announce import announce_payment
from payments_app.notices.deliver import deliver
from payments_app.notices.resend import resend
from payments_app.notices.webhook_models import Delivery, WebhookEvent
from payments_app.notices.webhook_retries import POLICY, RETRIES
from payments_app.payments.refunds.request import request_refund
from tests.bystanders import own
from tests.ledger.concurrency import claim, run_at_once
from tests.notices.deliveries import attempts, delivery, endpoint
from tests.notices.receiver import Receiver, is_signed
from tests.payments.driver import PaymentDriver

pytestmark = pytest.mark.portable
DELIVER = "notices.deliver_webhook"


def test_the_signature_is_that_of_the_specifications_own_example() -> None:
    headers = signed_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        '{"test": 2432232314}',
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_capture_is_announced_with_its_key_and_the_payment(
    driver: PaymentDriver, receiver: Receiver
) -> None:
    receiver.listen()
    transaction = driver.pay()
    (event,) = receiver.events()
    assert event["id"] == f"webhook_{transaction}_payment_captured"
    assert (event["type"], event["version"]) == ("payment_captured", 1)
    payment = event["data"]["payment"]
    paid = driver.read(transaction)
    assert (payment["id"], payment["amount"], payment["currency"]) == (transaction, 1099, "usd")
    assert payment["gateway_id"] == paid.stripe_payment_id
    assert payment["merchant"].startswith("mrc_")


def test_a_webhook_is_signed_and_carries_its_key_twice(
    driver: PaymentDriver, receiver: Receiver
) -> None:
    added = receiver.listen()
    driver.pay()
    ((headers, body),) = receiver.came
    assert is_signed(headers, body, endpoint(added).secret)
    assert headers["webhook-id"] == headers["idempotency-key"] == receiver.events()[0]["id"]
    assert headers["content-type"] == "application/json"


def test_during_a_rotation_either_secret_verifies(
    driver: PaymentDriver, receiver: Receiver
) -> None:
    added = receiver.listen()
    old = endpoint(added).secret
    new = endpoints.rotate_secret(added, "staff@example.com")
    driver.pay()
    ((headers, body),) = receiver.came
    assert is_signed(headers, body, old)
    assert is_signed(headers, body, new)


def test_the_secret_before_signs_no_longer_than_a_day(
    driver: PaymentDriver, receiver: Receiver
) -> None:
    added = receiver.listen()
    old = endpoint(added).secret
    new = endpoints.rotate_secret(added, "staff@example.com")
    _let_pass(added, endpoints.ROTATION_SECONDS - 60)
    driver.pay()
    _let_pass(added, 61)
    driver.pay()
    during, after = receiver.came
    assert is_signed(*during, old)
    assert not is_signed(*after, old)
    assert is_signed(*after, new)


@atomic
def _let_pass(session: Session, endpoint_id: str, seconds: float) -> None:
    """As if the rotation had been so many seconds earlier."""
    found = endpoints.lock(session, endpoint_id)
    assert found.old_secret_until is not None
    found.old_secret_until -= dt.timedelta(seconds=seconds)


def test_a_failed_payment_is_announced_as_that(driver: PaymentDriver, receiver: Receiver) -> None:
    receiver.listen()
    driver.pay("pm_card_visa_chargeDeclined")
    (event,) = receiver.events()
    assert event["type"] == "payment_failed"
    assert event["data"]["payment"]["error_code"] == "card_declined"


def test_a_refund_is_announced_with_its_payment(driver: PaymentDriver, receiver: Receiver) -> None:
    transaction = driver.pay()
    receiver.listen()
    refund = request_refund(transaction, 500, reason="scratched", actor="staff@example.com")
    driver.work()
    (event,) = receiver.events()
    assert event["type"] == "refund_succeeded"
    assert event["data"]["refund"]["amount"] == 500
    assert event["data"]["payment"]["id"] == transaction
    assert event["id"] == f"webhook_{refund}_refund_succeeded"


def test_an_event_is_kept_even_where_nobody_listens(driver: PaymentDriver) -> None:
    transaction = driver.pay()
    events = db.session.scalars(select(WebhookEvent.id).where(own(WebhookEvent))).all()
    assert events == [f"webhook_{transaction}_payment_captured"]


def test_announcing_twice_and_eight_at_once_is_one_event(
    driver: PaymentDriver, receiver: Receiver
) -> None:
    receiver.listen()
    transaction = driver.pay()
    announce_payment(transaction, claim(transaction))
    run_at_once(driver.app, lambda: announce_payment(transaction, claim(transaction)))
    driver.work()
    assert len(receiver.came) == 1


def test_delivering_twice_in_a_row_calls_once(driver: PaymentDriver, receiver: Receiver) -> None:
    receiver.listen()
    driver.pay()
    deliver(delivery().id, claim("by hand"))
    assert len(receiver.came) == 1


def test_eight_workers_at_one_delivery_call_once(driver: PaymentDriver, receiver: Receiver) -> None:
    receiver.listen()
    driver.open()
    driver.work("charges")
    transaction = driver.messages("notices.announce_payment")[0].subject
    announce_payment(transaction, claim(transaction))
    mine = delivery().id
    outcomes = run_at_once(driver.app, lambda: deliver(mine, claim(mine)))
    assert {type(outcome) for outcome in outcomes} <= {type(None), Later}
    assert len(receiver.came) == 1


def test_a_delivery_that_a_worker_died_over_is_called_again_with_its_id(
    driver: PaymentDriver, receiver: Receiver
) -> None:
    receiver.listen()
    driver.pay()
    _leave_half_sent()
    deliver(delivery().id, claim("by hand"))
    assert len(set(receiver.ids())) == 1
    assert len(receiver.came) == 2


@pytest.mark.expects_failure("notices.deliver_webhook")
@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_5xx_waits_as_a_refused_connection_does(
    driver: PaymentDriver, receiver: Receiver, status: int
) -> None:
    receiver.answer = status
    receiver.listen()
    driver.pay()
    (message,) = driver.messages(DELIVER)
    assert (message.failures, message.dead_at) == (1, None)
    assert 50 < _waits(message) <= 60
    assert attempts()[0][0] == status


@pytest.mark.expects_failure("notices.deliver_webhook")
def test_a_refused_connection_waits_n_cubed_and_sixty_seconds(
    driver: PaymentDriver, receiver: Receiver
) -> None:
    receiver.listen()
    receiver.close()
    driver.pay()
    for _ in range(2):
        driver.make_due(DELIVER)
        driver.work("webhooks")
    (message,) = driver.messages(DELIVER)
    assert 58 < _waits(message) <= 68


@pytest.mark.expects_failure("notices.deliver_webhook")
def test_an_endpoint_is_given_up_after_eight_retries(
    driver: PaymentDriver, receiver: Receiver
) -> None:
    receiver.answer = 503
    receiver.listen()
    transaction = driver.pay()
    for _ in range(8):
        assert delivery().state == "waiting"
        driver.make_due(DELIVER)
        driver.work("webhooks")
    assert (delivery().state, len(receiver.came)) == ("dead", 9)
    assert "merchant_webhook.dead" in driver.happened(transaction)
    assert db.session.scalars(select(Alert.kind)).all() == ["dead_letter"]


@pytest.mark.expects_failure("notices.deliver_webhook")
def test_a_rate_limit_waits_as_long_as_it_wishes(driver: PaymentDriver, receiver: Receiver) -> None:
    receiver.answer, receiver.headers = 429, {"Retry-After": "120"}
    added = receiver.listen()
    driver.pay()
    (message,) = driver.messages(DELIVER)
    assert 110 < _waits(message) <= 120
    assert endpoint(added).failures == 0


@pytest.mark.expects_failure("notices.deliver_webhook")
@pytest.mark.parametrize("status", [301, 302, 400, 401, 404])
def test_any_other_status_is_dead_at_once(
    driver: PaymentDriver, receiver: Receiver, status: int
) -> None:
    receiver.answer, receiver.headers = status, {"Location": "http://169.254.169.254/"}
    receiver.listen()
    driver.pay()
    assert (delivery().state, len(receiver.came)) == ("dead", 1)


@pytest.mark.expects_failure("notices.deliver_webhook")
def test_a_dead_delivery_is_sent_again_when_asked(
    driver: PaymentDriver, receiver: Receiver
) -> None:
    receiver.answer = 404
    receiver.listen()
    driver.pay()
    receiver.answer = 204
    assert resend(delivery().id, "staff@example.com")
    driver.work()
    assert delivery().state == "delivered"
    assert len(set(receiver.ids())) == 1


def test_a_delivery_that_killed_its_workers_is_dead_and_can_be_asked_for_again(
    driver: PaymentDriver, receiver: Receiver
) -> None:
    receiver.answer = 503
    receiver.listen()
    driver.pay()
    driver.let_workers_die(DELIVER)
    driver.make_due(DELIVER)
    driver.work("webhooks")
    assert (delivery().state, len(receiver.came)) == ("dead", 1)
    assert resend(delivery().id, "staff@example.com")


@pytest.mark.parametrize("failures", [0, 5, 8])
def test_a_database_that_is_away_is_no_failure_of_the_endpoint(failures: int) -> None:
    away = OperationalError("select", {}, Exception("gone"))
    assert POLICY.wait(failures, away) == 1


def test_a_database_that_stays_away_calls_for_help() -> None:
    away = OperationalError("select", {}, Exception("gone"))
    assert POLICY.wait(RETRIES + len(POLICY.waits), away) is None


@pytest.mark.expects_failure("notices.deliver_webhook")
def test_what_is_on_its_way_is_not_sent_twice_by_asking(
    driver: PaymentDriver, receiver: Receiver
) -> None:
    receiver.answer = 500
    receiver.listen()
    driver.pay()
    assert not resend(delivery().id, "staff@example.com")


def _waits(message: Message) -> float:
    """Seconds that were added to now, as the row keeps them."""
    now = db.session.execute(select(database_now())).scalar_one()
    return (message.available_at - now).total_seconds()


@atomic
def _leave_half_sent(session: Session) -> None:
    session.execute(
        update(Delivery).where(own(Delivery)).values(state="sending", taken_until=database_now(-1))
    )
