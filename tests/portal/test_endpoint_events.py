"""Which events a merchant's endpoint is sent, and all since a time sent again."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from payments_app.core.db.clock import database_now
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.jobs.outbox import OPEN, Message
from payments_app.merchants.models import Endpoint
from payments_app.merchants.topics import TOPICS
from payments_app.notices import announce, replay
from payments_app.notices.announce import DELIVER
from payments_app.notices.webhook_models import Delivery, WebhookEvent
from tests.accounts.staff_driver import Browser
from tests.bystanders import own
from tests.notices.deliveries import endpoint
from tests.notices.receiver import Receiver
from tests.payments.driver import PaymentDriver
from tests.portal.portal_driver import Portal
from tests.portal.test_webhooks import LIST, add, entries

pytestmark = pytest.mark.portable
DECLINED = "pm_card_visa_chargeDeclined"


@atomic
def grow_old(session: Session, days: int) -> None:
    """All events so far happened so many days ago."""
    past = update(WebhookEvent).where(own(WebhookEvent))
    session.execute(past.values(created_at=database_now(-days * 86400)))


def replayed(browser: Browser, endpoint_id: str, since: str) -> tuple[int, str]:
    page = f"{LIST}/{endpoint_id}"
    answer = browser.post(f"{page}/replays", page, since=since)
    return answer.status_code, answer.text


def yesterday() -> str:
    return f"{dt.datetime.now(dt.UTC) - dt.timedelta(days=1):%Y-%m-%dT%H:%M}"


def test_every_event_that_is_announced_can_be_asked_for() -> None:
    told = {*announce.PAYMENT_EVENTS.values(), *announce.REFUND_EVENTS.values()}
    assert {*told, announce.CONSENT_ENDED} == set(TOPICS)


def test_an_endpoint_is_sent_the_events_that_it_asks_for_and_another_all(
    driver: PaymentDriver, portal: Portal, receiver: Receiver
) -> None:
    browser, other = portal.signed_in(), Receiver()
    of_all = other.listen()
    chosen = add(browser, receiver.url)
    page = f"{LIST}/{chosen}"
    assert browser.post(f"{page}/topics", page, topic=["payment_failed"]).status_code == 303
    driver.pay()
    driver.pay(DECLINED)
    other.close()
    assert [event["type"] for event in receiver.events()] == ["payment_failed"]
    assert len(other.came) == 2
    assert (endpoint(chosen).topics, endpoint(of_all).topics) == (["payment_failed"], None)
    (entry,) = entries(portal, "merchant_endpoint.topics_chosen")
    assert entry.data["topics"] == "payment_failed"


@pytest.mark.parametrize("topics", [[], ["everything"]])
def test_no_event_or_one_that_is_none_is_refused_and_nothing_changes(
    portal: Portal, receiver: Receiver, topics: list[str]
) -> None:
    browser = portal.signed_in()
    assert browser.post(LIST, LIST, url=receiver.url, topic=topics).status_code == 422
    endpoint_id = add(browser, receiver.url)
    page = f"{LIST}/{endpoint_id}"
    assert browser.post(f"{page}/topics", page, topic=topics).status_code == 422
    with portal.app.app_context():
        assert endpoint(endpoint_id).topics is None
        assert [one.id for one in db.session.scalars(select(Endpoint).where(own(Endpoint)))] == [
            endpoint_id
        ]


def test_all_since_a_time_is_sent_again_with_its_ids_and_nothing_older(
    driver: PaymentDriver, portal: Portal, receiver: Receiver
) -> None:
    browser = portal.signed_in()
    old = driver.pay()
    grow_old(2)
    endpoint_id = add(browser, receiver.url)
    bystander = Receiver()
    bystander.listen()
    first, second = driver.pay(), driver.pay(DECLINED)
    before = receiver.ids()
    assert replayed(browser, endpoint_id, yesterday())[0] == 303
    driver.work_all_waiting()
    bystander.close()
    assert sorted(receiver.ids()) == sorted(before * 2)
    assert not any(old in sent for sent in receiver.ids())
    assert all(any(one in sent for sent in before) for one in (first, second))
    assert len(bystander.came) == 2
    (entry,) = entries(portal, "merchant_endpoint.replayed")
    assert (entry.subject, entry.data["count"]) == (endpoint_id, "2")


def test_what_an_endpoint_was_never_sent_is_sent_to_it(
    driver: PaymentDriver, portal: Portal, receiver: Receiver
) -> None:
    driver.pay()
    endpoint_id = add(browser := portal.signed_in(), receiver.url)
    assert replayed(browser, endpoint_id, yesterday())[0] == 303
    assert replayed(browser, endpoint_id, yesterday())[0] == 303  # it is on its way
    driver.work("webhooks")
    assert len(receiver.came) == 1


@pytest.mark.parametrize(
    "since", ["", "soon", "2026-11-26T14:00+02:00", "0001-01-01T00:00", "9999-12-31T23:59"]
)
def test_a_time_that_can_t_be_read_is_asked_for_again(
    driver: PaymentDriver, portal: Portal, receiver: Receiver, since: str
) -> None:
    driver.pay()
    endpoint_id = add(browser := portal.signed_in(), receiver.url)
    status, page = replayed(browser, endpoint_id, since)
    assert (status, "Enter the date and the time" in page) == (422, True)
    driver.work("webhooks")
    assert receiver.came == []


def test_more_than_can_be_sent_at_once_is_refused_whole(
    driver: PaymentDriver, portal: Portal, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "MOST", 1)
    driver.pay()
    driver.pay()
    endpoint_id = add(browser := portal.signed_in(), receiver.url)
    status, page = replayed(browser, endpoint_id, yesterday())
    assert (status, "Choose a later time" in page) == (422, True)
    driver.work("webhooks")
    assert receiver.came == []


def test_nobody_asks_for_another_merchants_endpoint(
    driver: PaymentDriver, portal: Portal, receiver: Receiver
) -> None:
    driver.pay()
    endpoint_id = add(portal.signed_in(), receiver.url)
    other = portal.signed_in(portal.add_merchant())
    with portal.app.app_context():  # the driver's own one would keep the token of another browser
        for what, form in (("replays", {"since": yesterday()}), ("topics", {"topic": TOPICS})):
            path = f"{LIST}/{endpoint_id}/{what}"
            assert other.post(path, LIST, **form).status_code == 404
    driver.work("webhooks")
    assert (receiver.came, endpoint(endpoint_id).topics) == ([], None)


def test_what_is_sent_again_comes_so_many_a_second_and_lets_others_in_between(
    driver: PaymentDriver, portal: Portal, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "TURNS", 0.01)  # a second in a hundred
    paid = [driver.pay() for _ in range(3)]
    endpoint_id = add(browser := portal.signed_in(), receiver.url)
    assert replayed(browser, endpoint_id, yesterday())[0] == 303
    driver.work("webhooks")
    assert [paid[0] in one for one in receiver.ids()] == [True]
    waits = select(Message.subject, Message.available_at).where(*OPEN, Message.command == DELIVER)
    order = db.session.execute(
        waits.add_columns(Delivery.event_id)
        .join(Delivery, Delivery.id == Message.subject)
        .order_by(Message.available_at)
    ).all()
    assert [paid[1] in order[0].event_id, paid[2] in order[1].event_id] == [True, True]
    apart = (order[1].available_at - order[0].available_at).total_seconds()
    assert apart == pytest.approx(100, abs=0.1)
    monkeypatch.undo()
    driver.work_all_waiting()
    assert replayed(browser, endpoint_id, yesterday())[0] == 303
    driver.work_all_waiting()
    assert len(receiver.came) == 6


def test_so_many_are_on_their_way_to_one_merchant_and_no_more(
    driver: PaymentDriver, portal: Portal, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever of their endpoints they are for; another merchant has as many of their own."""
    monkeypatch.setattr(replay, "MOST", 2)
    driver.pay()
    driver.pay()
    browser = portal.signed_in()
    first, second = add(browser, receiver.url), add(browser, receiver.url)
    assert replayed(browser, first, yesterday())[0] == 303
    status, page = replayed(browser, second, yesterday())
    assert (status, "2 events are on their way" in page) == (422, True)
    assert replayed(browser, first, yesterday())[0] == 303  # nothing more to send
    driver.work_all_waiting()
    assert len(receiver.came) == 2
    assert replayed(browser, second, yesterday())[0] == 303
    other = portal.signed_in(portal.add_merchant())
    with portal.app.app_context():  # the driver's own one would keep the token of another browser
        theirs = add(other, receiver.url)
        assert replayed(other, theirs, yesterday())[0] == 303
