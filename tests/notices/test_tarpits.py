"""A merchant's slow endpoints hold up that merchant alone."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from parts.process import wait_until
from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.jobs import leases, runner
from payments_app.core.jobs.outbox import Message
from payments_app.core.jobs.runner import run_due_messages
from payments_app.merchants.endpoints import new_secret
from payments_app.merchants.models import Endpoint, Merchant
from payments_app.notices import deliver
from payments_app.notices.announce import DELIVER
from payments_app.notices.deliver import OF_MERCHANT
from payments_app.notices.try_endpoint import TESTS_AN_HOUR, TooManyTestsError, try_endpoint
from payments_app.orders.models import Order
from tests.notices.deliveries import delivery
from tests.notices.receiver import Receiver
from tests.payments.driver import PaymentDriver

ENDPOINTS = 7


def test_what_follows_a_payment_calls_no_endpoint(
    driver: PaymentDriver, receiver: Receiver
) -> None:
    """The order is handed over although nobody works on the webhooks."""
    receiver.listen()
    order = driver.create_order()
    driver.open(order=order)
    for queue in ("charges", "payment_critical", "payment_standard", "payment_standard"):
        driver.work(queue)
    db.session.rollback()
    assert db.session.get_one(Order, order).fulfilled_at is not None
    assert (receiver.came, delivery().state) == ([], "waiting")


@pytest.mark.expects_failure("notices.deliver_webhook")
def test_a_merchant_s_endpoints_hold_so_many_threads_and_no_more(
    app: Flask, driver: PaymentDriver, receiver: Receiver
) -> None:
    receiver.answer = None
    for _ in range(ENDPOINTS):
        try_endpoint(receiver.listen(), "staff@example.com")

    def work() -> None:
        with app.app_context():
            run_due_messages("webhooks")

    worker = threading.Thread(target=work)
    worker.start()
    put_off = select(func.count()).where(Message.command == DELIVER, Message.tries > 0)

    def all_others_wait() -> bool:
        db.session.rollback()
        return db.session.scalar(put_off) == ENDPOINTS - OF_MERCHANT

    try:
        assert wait_until(all_others_wait, 10)
        assert len(receiver.came) == OF_MERCHANT
    finally:
        receiver.answer = 204
        receiver.let_go.set()
        worker.join(30)


@pytest.mark.expects_failure("notices.deliver_webhook")
def test_where_slow_endpoints_hold_half_of_the_threads_each_merchant_has_one(
    app: Flask, driver: PaymentDriver, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "MANY", 1)
    other = Receiver()
    quick = _of_another_merchant(other)
    try_endpoint(quick, "staff@example.com")
    driver.work("webhooks")
    receiver.answer = None
    for _ in range(3):
        try_endpoint(receiver.listen(), "staff@example.com")
    with _one_is_called(app, receiver):
        try_endpoint(quick, "staff@example.com")
        _all_are_tried(app)
        assert (len(receiver.came), len(other.came)) == (1, 2)
    other.close()


@pytest.mark.expects_failure("notices.deliver_webhook")
def test_slow_endpoints_of_however_many_merchants_leave_half_of_the_threads(
    app: Flask, driver: PaymentDriver, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So are those that were not called yet: one that was quick is not kept waiting by them."""
    monkeypatch.setattr(deliver, "MANY", 1)
    monkeypatch.setattr(deliver, "OF_MERCHANT", 1)
    unknown, other = Receiver(), Receiver()
    quick = _of_another_merchant(other)
    try_endpoint(quick, "staff@example.com")
    driver.work("webhooks")
    receiver.answer = None
    try_endpoint(receiver.listen(), "staff@example.com")
    with _one_is_called(app, receiver):
        try_endpoint(_of_another_merchant(unknown), "staff@example.com")
        try_endpoint(quick, "staff@example.com")
        _all_are_tried(app)
        assert (len(unknown.came), len(other.came)) == (0, 2)
    for each in (unknown, other):
        each.close()


@pytest.mark.expects_failure("notices.deliver_webhook")
def test_an_endpoint_that_alternates_is_slow(
    app: Flask, driver: PaymentDriver, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One quick answer after a slow one gives it no thread of those that are kept for quick ones,
    until it was quick for long enough."""
    monkeypatch.setattr(deliver, "MANY", 1)
    alternating, other = Receiver(), Receiver()
    turns = _of_another_merchant(alternating)
    for most in (-1, deliver.QUICK_MILLISECONDS):
        monkeypatch.setattr(deliver, "QUICK_MILLISECONDS", most)
        try_endpoint(turns, "staff@example.com")
        driver.work("webhooks")
    quick = _of_another_merchant(other)
    try_endpoint(quick, "staff@example.com")
    driver.work("webhooks")
    receiver.answer = None
    try_endpoint(receiver.listen(), "staff@example.com")
    with _one_is_called(app, receiver):
        try_endpoint(turns, "staff@example.com")
        try_endpoint(quick, "staff@example.com")
        _all_are_tried(app)
        assert (len(alternating.came), len(other.came)) == (2, 2)
    for each in (alternating, other):
        each.close()


@contextlib.contextmanager
def _one_is_called(app: Flask, receiver: Receiver) -> Iterator[None]:
    """While a thread waits for an endpoint that says nothing."""

    def work() -> None:
        with app.app_context():
            run_due_messages("webhooks", 1)

    worker = threading.Thread(target=work)
    worker.start()
    assert wait_until(lambda: len(receiver.came) == 1, 60)
    yield
    receiver.answer = 204
    receiver.let_go.set()
    worker.join(60)


def _all_are_tried(app: Flask) -> None:
    claims = leases.claim("webhooks", 10)
    with app.app_context():
        for one in claims:
            runner.perform(one)


@atomic
def _of_another_merchant(session: Session, receiver: Receiver) -> str:
    merchant = Merchant(name="Axe and Sons", email="axe@example.com")
    session.add(merchant)
    session.flush()
    endpoint = Endpoint(merchant_id=merchant.id, url=receiver.url, secret=new_secret())
    session.add(endpoint)
    session.flush()
    return endpoint.id


@pytest.mark.portable
def test_a_test_event_waits_for_the_one_before_it(
    driver: PaymentDriver, receiver: Receiver
) -> None:
    endpoint_id = receiver.listen()
    try_endpoint(endpoint_id, "staff@example.com")
    with pytest.raises(TooManyTestsError, match="on its way"):
        try_endpoint(endpoint_id, "staff@example.com")
    driver.work("webhooks")
    try_endpoint(endpoint_id, "staff@example.com")


@pytest.mark.portable
def test_a_merchant_sends_so_many_test_events_an_hour(
    driver: PaymentDriver, receiver: Receiver
) -> None:
    first, second = receiver.listen(), receiver.listen()
    for number in range(TESTS_AN_HOUR):
        try_endpoint((first, second)[number % 2], "staff@example.com")
        if number % 2:
            driver.work("webhooks")
    with pytest.raises(TooManyTestsError, match="within an hour"):
        try_endpoint(first, "staff@example.com")
