"""A key counts for the browser that its cookie names; who names nobody shares the endpoint.

All of it holds by the store of answers, and by the row alone while Redis is away.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from parts.ports import free_port
from payments_app.checkout import pay
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.payments.models import Transaction
from tests.bystanders import own
from tests.checkout.checkout_client import CheckoutClient
from tests.checkout.keyed import buy, made, named, refusal

pytestmark = pytest.mark.portable
REUSED = (422, "idempotency_key_reuse")
UNDER_WAY = (409, "idempotency_conflict")
Meanwhile = Callable[[Callable[[], Any], Callable[[], Any]], Any]


@pytest.fixture(params=["store", "no store"])
def settings(settings: dict[str, str], request: pytest.FixtureRequest) -> dict[str, str]:
    away = {"REDIS_URL": f"redis://127.0.0.1:{free_port()}/0"}
    return settings | (away if request.param == "no store" else {})


def test_an_answer_lost_before_its_headers_is_given_again(
    checkout: CheckoutClient, nameless: FlaskClient
) -> None:
    lost, again = buy(nameless), buy(nameless)
    assert (again.status_code, again.data) == (202, lost.data)
    assert again.headers["X-Idempotency-Replayed"] == "true"
    assert checkout.count() == 1


def test_an_answer_lost_after_its_headers_is_given_to_whom_they_named(
    checkout: CheckoutClient,
) -> None:
    client = checkout.stranger()
    lost = buy(client)
    assert client.get_cookie("session") is not None
    for _ in range(2):
        again = buy(client)
        assert (again.status_code, again.data) == (202, lost.data)
        assert again.headers["X-Idempotency-Replayed"] == "true"
    assert checkout.count() == 1


def test_an_answer_may_be_asked_for_by_turns_with_and_without_the_cookie(
    checkout: CheckoutClient, nameless: FlaskClient
) -> None:
    client = checkout.stranger()
    assert made(buy(client)) == made(buy(nameless)) == made(buy(client))
    assert checkout.count() == 1


def test_a_named_browser_gets_its_answer_again(
    checkout: CheckoutClient, visitor: FlaskClient
) -> None:
    lost, again = buy(visitor), buy(visitor)
    assert (again.status_code, again.data) == (202, lost.data)
    assert again.headers["X-Idempotency-Replayed"] == "true"
    assert checkout.count() == 1


def test_another_wish_under_the_same_key_is_refused_to_its_owner(
    checkout: CheckoutClient, visitor: FlaskClient, nameless: FlaskClient
) -> None:
    client = checkout.stranger()
    made(buy(visitor))
    made(buy(client))
    for owner in (client, nameless, visitor):
        assert refusal(buy(owner, quantity=2)) == REUSED
    assert checkout.count() == 2


def test_one_key_in_two_browsers_makes_a_payment_in_each(
    checkout: CheckoutClient, visitor: FlaskClient
) -> None:
    other = named(checkout)
    payments = {made(buy(client)) for client in (visitor, other, visitor, other)}
    assert len(payments) == checkout.count() == 2


@pytest.mark.parametrize("change", [{}, {"quantity": 2}, {"email": "eve@example.com"}])
def test_a_browsers_key_is_free_for_whoever_names_nobody(
    checkout: CheckoutClient, visitor: FlaskClient, nameless: FlaskClient, change: dict[str, Any]
) -> None:
    assert made(buy(visitor)) != made(buy(nameless, **change))
    assert checkout.count() == 2


@pytest.mark.parametrize(
    "change", [{"quantity": 2}, {"email": "eve@example.com"}, {"item": "enamel-mug"}]
)
def test_nobodys_key_is_free_in_a_browser_that_wishes_something_else(
    checkout: CheckoutClient, visitor: FlaskClient, nameless: FlaskClient, change: dict[str, Any]
) -> None:
    theirs, mine = made(buy(nameless, **change)), buy(visitor)
    assert made(mine) != theirs
    assert mine.headers["X-Idempotency-Replayed"] == "false"
    assert made(buy(visitor)) == made(mine)
    assert checkout.count() == 2


def test_the_payment_of_who_named_nobody_is_not_remembered_as_a_browsers_own(
    visitor: FlaskClient, nameless: FlaskClient
) -> None:
    assert made(buy(nameless)) == made(buy(visitor))
    assert visitor.get("/thankyou").status_code == 404


def test_the_row_tells_neither_the_key_nor_the_cookie(
    checkout: CheckoutClient, visitor: FlaskClient, nameless: FlaskClient
) -> None:
    key = "order-1001" * 25
    buy(visitor, key)
    buy(nameless, key)
    with visitor.session_transaction() as cookie:
        name = cookie["buyer"]
    with checkout.app.app_context():
        stored = db.session.scalars(
            select(Transaction.idempotency_key).where(own(Transaction))
        ).all()
    assert len(set(stored)) == 2
    assert not any("order-1001" in str(row) or name in str(row) for row in stored)


class TestInFlight:
    @pytest.fixture
    def meanwhile(self, monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
        """Do the second thing while the first stands in the view."""
        began, go_on, begin = threading.Event(), threading.Event(), pay.start
        first_thread: list[threading.Thread] = []

        def start(*args: Any, **more: Any) -> Any:
            if threading.current_thread() in first_thread:
                began.set()
                assert go_on.wait(10)
            return begin(*args, **more)

        monkeypatch.setattr(pay, "start", start)

        def run(first: Callable[[], Any], second: Callable[[], Any]) -> Any:
            first_thread.append(threading.Thread(target=first))
            first_thread[0].start()
            try:
                assert began.wait(10)
                return second()
            finally:
                go_on.set()
                first_thread[0].join()

        return run

    def test_a_strangers_key_holds_nobody_up(
        self, checkout: CheckoutClient, visitor: FlaskClient, meanwhile: Meanwhile
    ) -> None:
        other = named(checkout)
        made(meanwhile(lambda: buy(other), lambda: buy(visitor)))
        assert checkout.count() == 2

    def test_nobodys_key_holds_no_other_wish_up(
        self,
        checkout: CheckoutClient,
        visitor: FlaskClient,
        nameless: FlaskClient,
        meanwhile: Meanwhile,
    ) -> None:
        made(meanwhile(lambda: buy(nameless, quantity=2), lambda: buy(visitor)))
        assert checkout.count() == 2

    @pytest.mark.parametrize("settings", ["store"], indirect=True)
    def test_the_same_wish_waits_with_a_name_and_without(
        self,
        checkout: CheckoutClient,
        visitor: FlaskClient,
        nameless: FlaskClient,
        meanwhile: Meanwhile,
    ) -> None:
        def both() -> list[TestResponse]:
            return [buy(visitor), buy(nameless)]

        answers = meanwhile(lambda: buy(nameless), both)
        assert [refusal(answer) for answer in answers] == [UNDER_WAY] * 2
        assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers)
        assert made(buy(visitor)) == made(buy(nameless))
        assert checkout.count() == 1

    @pytest.mark.parametrize("settings", ["store"], indirect=True)
    def test_another_wish_of_nobodys_is_refused(
        self, nameless: FlaskClient, meanwhile: Meanwhile
    ) -> None:
        answer = meanwhile(lambda: buy(nameless), lambda: buy(nameless, quantity=2))
        assert refusal(answer) == REUSED


class TestARowOfBefore:
    """It was stored when a key counted for everybody."""

    @pytest.fixture
    def before(
        self, checkout: CheckoutClient, visitor: FlaskClient, redis_urls: tuple[str, str]
    ) -> str:
        """The visitor's payment; the store has forgotten it."""
        payment = made(buy(visitor))
        with checkout.app.app_context():
            _make_old()
        with Redis.from_url(redis_urls[0]) as store:
            store.flushdb()
        return payment

    def test_answers_the_same_wish(
        self, checkout: CheckoutClient, visitor: FlaskClient, nameless: FlaskClient, before: str
    ) -> None:
        assert made(buy(visitor)) == made(buy(nameless)) == before
        assert refusal(buy(visitor, quantity=2)) == REUSED
        assert checkout.count() == 1

    def test_hinders_no_strangers_other_wish(
        self, checkout: CheckoutClient, nameless: FlaskClient, before: str
    ) -> None:
        other = named(checkout)
        assert checkout.page("/checkout/field-notes?key=k1", other).status_code == 200
        assert before not in (made(buy(other, quantity=2)), made(buy(nameless, quantity=3)))


@atomic
def _make_old(session: Session) -> None:
    session.execute(
        update(Transaction).where(own(Transaction)).values(idempotency_key="checkout:k1")
    )
