"""An account that Stripe does not list keeps no other from being compared, and closes nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from payments_app.core.db.clock import utcnow
from payments_app.core.extensions import db
from payments_app.gateway import pages
from payments_app.gateway.results import Answer, UnreadableError, Verdict
from payments_app.reconcile import compare as comparison
from payments_app.reconcile import compare_payouts
from payments_app.reconcile.models import Finding, Run
from tests.inbound.webhook_sender import WebhookSender
from tests.merchants.connected_merchants import account_id, create_ready_merchant, sell
from tests.payments.driver import PaymentDriver

pytestmark = pytest.mark.alone
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def driver(app: Flask) -> Iterator[PaymentDriver]:
    with app.app_context():
        yield PaymentDriver(app)


def open_findings() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(Finding.kind).where(Finding.resolved_at.is_(None))))


def test_what_the_others_show_is_kept_and_nothing_is_closed(
    driver: PaymentDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = create_ready_merchant(driver, "direct")
    sell(driver, broken)
    elsewhere = WebhookSender(driver).pay_elsewhere()
    listed, account = comparison.intents_created, account_id(broken)

    def intents_created(since: dt.datetime, until: dt.datetime, on: str | None = None) -> Any:
        if on == account:
            raise UnreadableError(Verdict.UNKNOWN, {"code": "api_error"})
        return [] if gone else listed(since, until, on)

    monkeypatch.setattr(comparison, "intents_created", intents_created)
    now, gone = utcnow(), False
    for gone in (False, True):  # the second time the difference is not seen, and stays open
        with pytest.raises(UnreadableError):
            comparison.compare(now - HOUR, now + HOUR)
        assert open_findings() == ["unknown_intent"], elsewhere["id"]
        assert db.session.scalars(select(Run.finished_at)).all() == [None] * (1 + gone)


def test_an_account_that_takes_too_long_keeps_no_other_from_being_read(
    driver: PaymentDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one with a list of thousands, which a merchant makes at will."""
    for _ in range(2):
        sell(driver, create_ready_merchant(driver, "direct"))
    WebhookSender(driver).pay_elsewhere()
    now = utcnow()
    # The last one may take all the time that is left.
    slow, other = filter(None, comparison._accounts(now - HOUR, now + HOUR))
    listed, clock = comparison.intents_created, 0.0

    def intents_created(since: dt.datetime, until: dt.datetime, on: str | None = None) -> Any:
        nonlocal clock
        for page in listed(since, until, on):
            clock += 150 if on == slow else 1
            read.add(on)
            yield page

    read = set[str | None]()
    monkeypatch.setattr(comparison, "intents_created", intents_created)
    for module in (comparison, pages):
        monkeypatch.setattr(module, "monotonic", lambda: clock, raising=False)
    with pytest.raises(UnreadableError, match="too_long_a_list"):
        comparison.compare(now - HOUR, now + HOUR)
    assert read == {None, slow, other}
    assert open_findings() == ["unknown_intent"]
    ((intents, finished_at),) = db.session.execute(select(Run.intents, Run.finished_at))
    assert (intents, finished_at) == (2, None)


@pytest.mark.parametrize("what", ["the payouts", "a payment that is in no list"])
def test_what_else_can_t_be_read_keeps_no_other_difference_from_being_found(
    driver: PaymentDriver, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    driver.pay()
    elsewhere = WebhookSender(driver).pay_elsewhere()
    listed = comparison.intents_created
    away = UnreadableError(Verdict.UNKNOWN, {"code": "api_error"})

    def payouts_created(*_: Any) -> Any:
        raise away

    def only_elsewhere(*asked: Any) -> Any:
        for page in listed(*asked):
            yield [intent for intent in page if intent["id"] == elsewhere["id"]]

    retrieve = comparison.retrieve_intent

    def retrieve_intent(intent_id: str, account: str | None = None) -> Any:
        if intent_id != elsewhere["id"]:
            return Answer("retrieve", Verdict.UNKNOWN)
        return retrieve(intent_id, account)

    if what == "the payouts":
        monkeypatch.setattr(compare_payouts, "payouts_created", payouts_created)
    else:
        monkeypatch.setattr(comparison, "intents_created", only_elsewhere)
        monkeypatch.setattr(comparison, "retrieve_intent", retrieve_intent)
    now = utcnow()
    with pytest.raises(UnreadableError):
        comparison.compare(now - HOUR, now + HOUR)
    assert open_findings() == ["unknown_intent"]
    assert db.session.scalars(select(Run.finished_at)).all() == [None]
