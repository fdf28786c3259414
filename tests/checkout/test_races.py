"""Two at once, and a database that is lost at the worst moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import psycopg
import pytest
from sqlalchemy import Connection, event, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from parts.postgres import libpq
from parts.process import wait_until
from payments_app.checkout.forms import Purchase
from payments_app.checkout.start import start
from payments_app.core.db.session import atomic
from payments_app.orders.models import Order
from payments_app.orders.product_models import Product
from tests.checkout.checkout_client import CheckoutClient

AT_ONCE = 4
T = TypeVar("T")


def at_once(call: Callable[[int], T]) -> list[T]:
    """The results of calls that begin together."""
    barrier = threading.Barrier(AT_ONCE)

    def one(number: int) -> T:
        barrier.wait(10)
        return call(number)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(one, range(AT_ONCE)))


def post(checkout: CheckoutClient, key: str, **body: Any) -> TestResponse:
    whole = {"item": "field-notes", "email": "ada@example.com", "payment_method": "pm_card_visa"}
    headers = {"Idempotency-Key": key}
    return checkout.stranger().post("/transactions", json=whole | body, headers=headers)


@pytest.mark.portable
@pytest.mark.dialect
def test_one_key_sent_many_times_at_once_makes_one_payment(checkout: CheckoutClient) -> None:
    answers = at_once(lambda _: post(checkout, "k1"))
    assert {answer.status_code for answer in answers} <= {202, 409}
    assert {a.json["error"]["code"] for a in answers if a.status_code == 409} <= {
        "idempotency_conflict"
    }
    assert len({answer.data for answer in answers if answer.status_code == 202}) == 1
    assert checkout.count() == checkout.count(Order) == 1


@pytest.mark.portable
@pytest.mark.dialect
def test_the_rows_own_key_makes_one_payment_without_any_other_guard(
    checkout: CheckoutClient,
) -> None:
    wish = Purchase("field-notes", "ada@example.com", "k1", payment_method="pm_card_visa")

    def start_once(_: int) -> str:
        with checkout.app.app_context():
            return start(wish, buyer=None).transaction.id

    assert len(set(at_once(start_once))) == 1
    assert checkout.count() == checkout.count(Order) == 1


@pytest.fixture
def hold_first_commit(
    checkout: CheckoutClient, database_url: str
) -> Callable[[], tuple[threading.Event, Callable[[], None]]]:
    """Stop the next writer at its COMMIT: an event that says it is there, and what lets it go on
    once another writer waits for it, or none does for two seconds."""

    def arrange() -> tuple[threading.Event, Callable[[], None]]:
        there, go_on, armed = threading.Event(), threading.Event(), [True]

        def hold(connection: Connection) -> None:
            if connection.get_execution_options().get("writes") and armed:
                armed.clear()
                there.set()
                assert go_on.wait(10)

        def let_go() -> None:
            with psycopg.connect(libpq(database_url), autocommit=True) as other:
                waiting = (
                    "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
                    " WHERE NOT granted AND datname = current_database()"
                )
                wait_until(lambda: other.execute(waiting).fetchone() != (0,), within=2)
            go_on.set()

        event.listen(checkout.app.extensions["engine"], "commit", hold)
        return there, let_go

    return arrange


def test_a_wish_waits_for_the_same_one_without_a_name_whose_commit_is_under_way(
    checkout: CheckoutClient, hold_first_commit: Any
) -> None:
    """As where the COMMIT was not heard of, and the buyer has a name by the next try."""
    wish = Purchase("field-notes", "ada@example.com", "k1", payment_method="pm_card_visa")

    def start_once(caller: str | None) -> str:
        with checkout.app.app_context():
            return start(wish, "ada's browser", caller=caller).transaction.id

    there, let_go = hold_first_commit()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(start_once, None)
        assert there.wait(10)
        second = pool.submit(start_once, "ada's browser")
        let_go()
        assert first.result(10) == second.result(10)
    assert checkout.count() == checkout.count(Order) == 1


@pytest.mark.portable
@pytest.mark.dialect
def test_many_tabs_that_pay_one_order_at_once_make_one_payment(checkout: CheckoutClient) -> None:
    order = checkout.order_of(checkout.pay("pm_card_visa_chargeDeclined"))
    answers = at_once(lambda number: post(checkout, f"k{number}", item=order))
    assert sorted(a.status_code for a in answers) == [202, *[409] * (AT_ONCE - 1)]
    assert checkout.count() == 2


@pytest.fixture
def lose_connection(
    checkout: CheckoutClient, database_url: str
) -> Callable[[Callable[[Connection], None]], None]:
    """Break the connection at the next COMMIT of a writer, after `before` has run on it."""
    engine = checkout.app.extensions["engine"]

    def arrange(before: Callable[[Connection], None], times: int = 1) -> None:
        armed = [True] * times

        def lose(connection: Connection) -> None:
            if not (connection.get_execution_options().get("writes") and armed):
                return
            armed.pop()
            before(connection)
            pid = connection.connection.driver_connection.info.backend_pid
            with psycopg.connect(libpq(database_url), autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

        event.listen(engine, "commit", lose)

    return arrange


def test_a_connection_lost_before_commit_still_makes_one_payment(
    checkout: CheckoutClient, lose_connection: Callable[..., None]
) -> None:
    lose_connection(lambda _: None)
    assert checkout.post(key="k1").status_code == 202
    assert checkout.count() == 1


def test_a_connection_lost_after_commit_answers_the_payment_that_was_stored(
    checkout: CheckoutClient, lose_connection: Callable[..., None]
) -> None:
    def commit_unheard(connection: Connection) -> None:
        driver = connection.connection.driver_connection
        driver.commit()
        driver.execute("SELECT 1")  # something for the COMMIT that is lost

    lose_connection(commit_unheard)
    answer = checkout.post(key="k1")
    assert answer.status_code == 202
    assert answer.headers["X-Idempotency-Replayed"] == "true"
    assert checkout.count() == checkout.count(Order) == 1


def test_where_each_commit_is_lost_the_buyer_is_told_that_the_same_form_charges_once(
    checkout: CheckoutClient, lose_connection: Callable[..., None]
) -> None:
    lose_connection(lambda _: None, times=3)
    answer = checkout.post(key="k1")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "can't charge you twice" in answer.json["error"]["message"]
    assert checkout.post(key="k1").status_code == 202
    assert checkout.count() == 1


class Held:
    """Somebody who took of a product's stock and does not commit yet."""

    def __init__(self, url: str, slug: str) -> None:
        self._connection = psycopg.connect(libpq(url))
        taken = "UPDATE pay_products SET version = version + 1 WHERE slug = %s"
        self._connection.execute(taken, [slug])

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None:
        self._connection.close()


@atomic
def count_stock(session: Session, slug: str, stock: int | None) -> None:
    session.execute(update(Product).where(Product.slug == slug).values(stock=stock))


def test_buyers_of_what_is_not_counted_never_wait_for_each_other(
    checkout: CheckoutClient, database_url: str
) -> None:
    with checkout.app.app_context():
        count_stock("field-notes", None)
    with Held(database_url, "field-notes"):
        assert checkout.post().status_code == 202


def test_whoever_waits_too_long_for_goods_is_told_so_and_can_send_the_same_again(
    checkout: CheckoutClient, database_url: str
) -> None:
    with checkout.app.app_context():
        count_stock("field-notes", 5)
    form = checkout.form()
    with Held(database_url, "field-notes"):
        program, person = checkout.post("k1"), checkout.send(form)
    for answer in (program, person):
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "3")
        assert "Many people are ordering this right now. No payment was made." in answer.text
    assert 'value="ada@example.com"' in person.text
    assert checkout.post("k1").status_code == 202
    assert checkout.count() == 1


def test_others_wait_for_an_orders_goods_only_while_it_commits(checkout: CheckoutClient) -> None:
    with checkout.app.app_context():
        count_stock("field-notes", 5)
    said: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        said.append(" ".join(statement.split()[:3]))

    engine = checkout.app.extensions["engine"]
    event.listen(engine, "before_cursor_execute", note)
    answer = checkout.post()
    event.remove(engine, "before_cursor_execute", note)
    assert answer.status_code == 202
    taken = said.index("UPDATE pay_products SET")
    holds = "pay_stock_holds"  # who holds how much of these goods is counted under their lock
    after = [one for one in said[taken + 1 :] if holds not in one]
    assert set(after) <= {"INSERT INTO pay_velocity_fingerprints"}
