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
from payments_app.gateway.results import UnreadableError, Verdict
from payments_app.reconcile import compare as comparison
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
