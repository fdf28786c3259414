"""A merchant's own webhooks: added, tried, switched off, read, sent again."""

from __future__ import annotations

import re
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest

from payments_app.core.history import HistoryEntry
from payments_app.core.web import exports
from payments_app.merchants.topics import TOPICS
from tests.accounts.staff_driver import HTML, Browser, StaffDriver
from tests.notices.deliveries import delivery, endpoint
from tests.notices.receiver import Receiver
from tests.payments.driver import PaymentDriver
from tests.portal.portal_driver import Portal

pytestmark = pytest.mark.portable
LIST = "/portal/webhooks"


def add(browser: Browser, url: str) -> str:
    """Its id."""
    answer = browser.post(LIST, LIST, url=url, topic=TOPICS)
    assert answer.status_code == 200
    found = re.search(r"/portal/webhooks/(whe_\w+)/", answer.text)
    assert found
    return found[1]


def act(browser: Browser, endpoint_id: str, what: str) -> int:
    page = f"{LIST}/{endpoint_id}"
    return browser.post(f"{page}/{what}", page).status_code


def entries(portal: Portal, what: str) -> list[HistoryEntry]:
    return StaffDriver(portal.app).entries(what)


def test_an_endpoint_is_added_and_its_secret_shown_once(
    driver: PaymentDriver, portal: Portal, receiver: Receiver
) -> None:
    browser = portal.signed_in()
    answer = browser.post(LIST, LIST, url=receiver.url, topic=TOPICS)
    assert "whsec_" in answer.text
    assert "old secret" not in answer.text
    assert "whsec_" not in browser.get(LIST).text
    (entry,) = entries(portal, "merchant_endpoint.added")
    assert entry.actor.startswith("mrc_")


def test_an_address_inside_is_refused_in_words(portal: Portal) -> None:
    answer = portal.signed_in().post(LIST, LIST, url="https://10.0.0.1/hook", topic=TOPICS)
    assert answer.status_code == 422
    assert "not on the public internet" in answer.text


def test_a_test_event_arrives_signed_and_is_in_the_log(
    driver: PaymentDriver, portal: Portal, receiver: Receiver
) -> None:
    browser = portal.signed_in()
    endpoint_id = add(browser, receiver.url)
    assert act(browser, endpoint_id, "tests") == 303
    driver.work("webhooks")
    ((headers, _),) = receiver.came
    assert receiver.events()[0]["type"] == "test"
    assert headers["webhook-signature"].startswith("v1,")
    page = browser.get(f"{LIST}/{endpoint_id}").text
    assert "delivered" in page
    assert "204 in" in page


def test_a_second_press_of_test_is_told_to_wait(
    driver: PaymentDriver, portal: Portal, receiver: Receiver
) -> None:
    browser = portal.signed_in()
    endpoint_id = add(browser, receiver.url)
    assert act(browser, endpoint_id, "tests") == 303
    page = f"{LIST}/{endpoint_id}"
    answer = browser.post(f"{page}/tests", page)
    assert answer.status_code == 429
    assert "See its result first" in answer.text


def test_a_delivery_is_sent_again(
    driver: PaymentDriver, portal: Portal, receiver: Receiver
) -> None:
    browser = portal.signed_in()
    endpoint_id = add(browser, receiver.url)
    driver.pay()
    assert act(browser, endpoint_id, f"deliveries/{delivery().id}/resends") == 303
    driver.work("webhooks")
    assert len(set(receiver.ids())) == 1
    assert len(receiver.ids()) == 2


def test_a_merchant_has_names_looked_up_and_events_resent_so_often_and_no_more(
    driver: PaymentDriver, portal: Portal, receiver: Receiver
) -> None:
    other = portal.signed_in(portal.add_merchant())
    browser = portal.signed_in()
    endpoint_id = add(browser, receiver.url)
    driver.pay()
    resends = f"{LIST}/{endpoint_id}/deliveries/{delivery().id}/resends"
    token = re.findall(r'csrf_token" value="([^"]+)', browser.get(LIST).text)[0]
    for path in (LIST, resends):
        for _ in range(31):
            form = {"csrf_token": token, "url": "nonsense"}
            last = browser.client.post(path, data=form, headers=HTML).status_code
        assert last == 429
    with portal.app.app_context():  # the driver's own one would keep the token of another browser
        assert other.post(LIST, LIST, url="nonsense").status_code == 422


def test_names_are_looked_up_two_at_once(
    portal: Portal, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever name servers do, the other threads of the web are free."""
    ask, asked, go_on = socket.getaddrinfo, threading.Semaphore(0), threading.Event()

    def hang(host: Any, *more: Any, **named: Any) -> Any:
        if host == "slow.example":
            asked.release()
            go_on.wait(30)
            raise socket.gaierror
        return ask(host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    browsers = [portal.signed_in() for _ in range(3)]
    with ThreadPoolExecutor(2) as pool:
        wish = {"url": "https://slow.example/", "topic": TOPICS}
        slow = [pool.submit(b.post, LIST, LIST, **wish) for b in browsers[:2]]
        assert all(asked.acquire(timeout=10) for _ in slow)
        assert (
            "try again in a moment"
            in browsers[2].post(LIST, LIST, url=receiver.url, topic=TOPICS).text
        )
        go_on.set()
        assert ["t be resolved" in each.result().text for each in slow] == [True, True]
    assert "whsec_" in browsers[2].post(LIST, LIST, url=receiver.url, topic=TOPICS).text


def test_nothing_is_sent_to_an_endpoint_that_is_off(
    driver: PaymentDriver, portal: Portal, receiver: Receiver
) -> None:
    browser = portal.signed_in()
    endpoint_id = add(browser, receiver.url)
    assert act(browser, endpoint_id, "off") == 303
    assert act(browser, endpoint_id, "tests") == 409
    driver.pay()
    assert receiver.came == []
    assert act(browser, endpoint_id, "on") == 303
    assert endpoint(endpoint_id).enabled


def test_a_new_secret_is_shown_once_and_signs_beside_the_old(
    driver: PaymentDriver, portal: Portal, receiver: Receiver
) -> None:
    browser = portal.signed_in()
    endpoint_id = add(browser, receiver.url)
    old = endpoint(endpoint_id).secret
    page = f"{LIST}/{endpoint_id}"
    answer = browser.post(f"{page}/secrets", page)
    assert endpoint(endpoint_id).secret in answer.text
    assert "The old secret also works for one day." in answer.text
    assert endpoint(endpoint_id).old_secret == old


@pytest.mark.parametrize("what", ["off", "on", "secrets", "tests"])
def test_another_merchants_endpoint_is_not_found(
    driver: PaymentDriver, portal: Portal, receiver: Receiver, what: str
) -> None:
    endpoint_id = receiver.listen()
    other = portal.signed_in(portal.add_merchant())
    assert other.post(f"{LIST}/{endpoint_id}/{what}", LIST).status_code == 404
    assert other.get(f"{LIST}/{endpoint_id}").status_code == 404


def test_another_merchants_delivery_is_not_sent_again(
    driver: PaymentDriver, portal: Portal, receiver: Receiver
) -> None:
    receiver.listen()
    driver.pay()
    other = portal.signed_in(portal.add_merchant())
    own = add(other, receiver.url)
    answer = other.post(f"{LIST}/{own}/deliveries/{delivery().id}/resends", LIST)
    assert answer.status_code == 404


def test_a_form_without_its_token_changes_nothing(
    driver: PaymentDriver, portal: Portal, receiver: Receiver
) -> None:
    browser = portal.signed_in()
    endpoint_id = add(browser, receiver.url)
    assert browser.client.post(f"{LIST}/{endpoint_id}/off").status_code == 400
    assert endpoint(endpoint_id).enabled


def test_a_name_is_not_looked_up_where_long_pages_hold_as_many_threads_as_they_may(
    portal: Portal, receiver: Receiver
) -> None:
    """Each has its own bound: together they held all eight threads of a process."""
    browser, wish = portal.signed_in(), {"url": receiver.url, "topic": TOPICS}
    with ExitStack() as held:
        for number in range(6):
            held.enter_context(exports.long_page(exports.STAFF, f"member-{number}"))
        assert "try again in a moment" in browser.post(LIST, LIST, **wish).text
    assert "whsec_" in browser.post(LIST, LIST, **wish).text
