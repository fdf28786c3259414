"""What becomes of an endpoint in trouble, and of what waits for it."""

from __future__ import annotations

import re
import threading

import pytest
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.jobs.command import Later
from payments_app.merchants import endpoints
from payments_app.merchants.models import Endpoint
from payments_app.notices.deliver import deliver
from payments_app.notices.resend import EndpointOffError, resend
from payments_app.notices.webhook_models import Delivery, WebhookEvent
from tests.ledger.concurrency import claim
from tests.notices.deliveries import delivery, endpoint
from tests.notices.receiver import Receiver
from tests.notices.sent_mails import SentMails, text_of
from tests.payments.driver import PaymentDriver

pytestmark = [pytest.mark.portable, pytest.mark.dialect]
DELIVER = "notices.deliver_webhook"


@pytest.mark.expects_failure("notices.deliver_webhook")
def test_an_endpoint_in_trouble_holds_up_no_other(
    driver: PaymentDriver, receiver: Receiver
) -> None:
    broken = Receiver()
    broken.answer = 500
    broken.listen()
    receiver.listen()
    driver.pay()
    broken.close()
    assert (len(receiver.came), len(broken.came)) == (1, 1)


@pytest.mark.expects_failure("notices.deliver_webhook")
def test_a_failing_endpoint_is_called_by_one_worker_at_a_time(
    driver: PaymentDriver, receiver: Receiver
) -> None:
    receiver.answer = 500
    receiver.listen()
    driver.pay()
    driver.pay()
    receiver.answer = None
    first, second = (message.subject for message in driver.messages(DELIVER))
    calling = threading.Thread(target=_deliver_on_its_own, args=(driver, first), daemon=True)
    calling.start()
    assert _until(lambda: len(receiver.came) == 3)
    assert 1 <= _seconds_until_its_turn(second) < 6
    receiver.let_go.set()
    calling.join(10)


@pytest.mark.expects_failure("notices.deliver_webhook")
def test_the_more_wait_for_an_endpoint_the_later_each_asks_again(
    driver: PaymentDriver, receiver: Receiver
) -> None:
    receiver.answer = 500
    added = receiver.listen()
    driver.pay()
    driver.pay()
    first, second = (message.subject for message in driver.messages(DELIVER))
    _let_wait(added, first, 400)
    waits = [_seconds_until_its_turn(second) for _ in range(30)]
    assert 10 < sum(waits) / len(waits) < 40
    assert max(waits) - min(waits) > 5


@pytest.mark.expects_failure("notices.deliver_webhook")
def test_a_success_forgets_the_failures_before_it(
    driver: PaymentDriver, receiver: Receiver
) -> None:
    receiver.answer = 500
    added = receiver.listen()
    driver.pay()
    assert endpoint(added).failures == 1
    receiver.answer = 200
    driver.make_due(DELIVER)
    driver.work()
    assert (endpoint(added).failures, endpoint(added).failing_since) == (0, None)


@pytest.mark.expects_failure("notices.deliver_webhook")
def test_an_endpoint_that_failed_for_three_days_is_switched_off_with_a_mail(
    driver: PaymentDriver, receiver: Receiver, sent_mails: SentMails
) -> None:
    receiver.answer = 500
    added = receiver.listen()
    driver.pay()
    _fail_since(added, hours=72, failures=9)
    driver.make_due(DELIVER)
    driver.work()
    assert not endpoint(added).enabled
    driver.work("mailers")  # whose turn came before
    subject = "We turned off your webhook endpoint"
    (notice,) = [mail for mail in sent_mails.all() if mail["Subject"] == subject]
    assert receiver.url in text_of(notice)


@pytest.mark.expects_failure("notices.deliver_webhook")
def test_the_owner_is_told_at_50_70_and_90_percent_of_the_way_once_each(
    driver: PaymentDriver, receiver: Receiver, sent_mails: SentMails
) -> None:
    receiver.answer = 500
    added = receiver.listen()
    driver.pay()
    told = []
    for hours in (35, 37, 51, 52, 66, 71):
        _fail_since(added, hours=hours, failures=20)
        driver.make_due(DELIVER)
        driver.work()
        told.append(endpoint(added).warned)
    assert told == [0, 50, 70, 70, 90, 90]
    driver.work("mailers")
    subject = "Your webhook endpoint does not take our events"
    notices = [text_of(mail) for mail in sent_mails.all() if mail["Subject"] == subject]
    assert len(notices) == 3
    assert all(receiver.url in notice for notice in notices)
    moment = r"\d\d/\d\d/\d{4} \d\d:\d\d [AP]M UTC"  # as the merchant's pages write it
    text = " ".join(notices[0].split())
    assert re.search(f"Failed calls: \\d+, since {moment} The last one", text)
    assert re.search(f"until {moment}, we turn", text)
    receiver.answer = 200
    driver.make_due(DELIVER)
    driver.work()
    assert endpoint(added).warned == 0


@pytest.mark.expects_failure("notices.deliver_webhook")
def test_few_failures_in_a_long_time_are_not_told(
    driver: PaymentDriver, receiver: Receiver
) -> None:
    receiver.answer = 500
    added = receiver.listen()
    driver.pay()
    _fail_since(added, hours=71, failures=3)
    driver.make_due(DELIVER)
    driver.work()
    assert endpoint(added).warned == 0


@pytest.mark.expects_failure("notices.deliver_webhook")
def test_an_endpoint_that_failed_for_two_days_is_still_called(
    driver: PaymentDriver, receiver: Receiver
) -> None:
    receiver.answer = 500
    added = receiver.listen()
    driver.pay()
    _fail_since(added, hours=48, failures=50)
    driver.make_due(DELIVER)
    driver.work()
    assert endpoint(added).enabled


@pytest.mark.expects_failure("notices.deliver_webhook")
def test_an_endpoint_that_is_gone_is_switched_off_at_once(
    driver: PaymentDriver, receiver: Receiver
) -> None:
    receiver.answer = 410
    added = receiver.listen()
    driver.pay()
    assert endpoint(added).disabled_reason == "it answered 410 Gone"


@pytest.mark.expects_failure("notices.deliver_webhook")
def test_what_waits_for_an_endpoint_that_is_off_is_skipped(
    driver: PaymentDriver, receiver: Receiver
) -> None:
    receiver.answer = 500
    added = receiver.listen()
    driver.pay()
    endpoints.disable(added, "staff@example.com", "moving house")
    driver.make_due(DELIVER)
    driver.work()
    assert (delivery().state, len(receiver.came)) == ("skipped", 1)
    with pytest.raises(EndpointOffError):
        resend(delivery().id, "staff@example.com")


def _until(condition: object, within: int = 500) -> bool:
    pause = threading.Event()
    return any(condition() or pause.wait(0.02) for _ in range(within))  # type: ignore[operator]


def _deliver_on_its_own(driver: PaymentDriver, subject: str) -> None:
    with driver.app.app_context():
        try:
            deliver(subject, claim(subject))
        except Exception:
            db.session.rollback()
        finally:
            db.session.remove()


def _seconds_until_its_turn(delivery_id: str) -> float:
    with pytest.raises(Later) as put_off:
        deliver(delivery_id, claim(delivery_id))
    return put_off.value.seconds


@atomic
def _let_wait(session: Session, endpoint_id: str, sent: str, count: int) -> None:
    """One delivery is being sent, and so many more than those there wait for its endpoint."""
    event = session.get_one(WebhookEvent, session.get_one(Delivery, sent).event_id)
    for number in range(count):
        another = WebhookEvent(
            id=f"{event.id}_{number}", type=event.type, merchant_id=event.merchant_id, body="{}"
        )
        session.add(another)
        session.flush()
        session.add(Delivery(event_id=another.id, endpoint_id=endpoint_id))
    sending = update(Delivery).where(Delivery.id == sent)
    session.execute(sending.values(state="sending", taken_until=database_now(60)))


@atomic
def _fail_since(session: Session, endpoint_id: str, *, hours: int, failures: int) -> None:
    session.execute(
        update(Endpoint)
        .where(Endpoint.id == endpoint_id)
        .values(
            failures=failures,
            failing_since=database_now(-hours * 3600 - 60),
            created_at=text("created_at"),
        )
    )
