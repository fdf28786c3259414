"""What no payment needs may be away at Stripe without holding a payment up."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from payments_app.core.alerts import Alert
from payments_app.core.extensions import db
from payments_app.gateway import breaker
from payments_app.gateway.connect import retrieve_account
from payments_app.gateway.files import upload_evidence
from payments_app.gateway.results import BREAKER_OPEN, Answer
from payments_app.ops.close_alerts import close_gone
from payments_app.ops.measures import breaker_state
from tests.payments.driver import PaymentDriver

pytestmark = pytest.mark.portable


def upload() -> Answer:
    return upload_evidence(b"%PDF-1.4", "a.pdf", "a key")


def read_account() -> Answer:
    return retrieve_account("acct_1", by_v2=False)


def read_account_by_v2() -> Answer:
    return retrieve_account("acct_1", by_v2=True)


APART = pytest.mark.parametrize(
    ("path", "call", "name"),
    [
        ("^/v1/files", upload, breaker.FILES),
        ("^/v1/accounts", read_account, breaker.ACCOUNTS),
        ("^/v2/core/accounts", read_account_by_v2, breaker.ACCOUNTS),
    ],
)


def fail(driver: PaymentDriver, path: str, call: Callable[[], Answer]) -> None:
    driver.fail_stripe("drop_before", path, times=None)
    for _ in range(breaker.FAILURES):
        assert call().error_code != BREAKER_OPEN


def open_alerts() -> list[str]:
    db.session.rollback()
    still = select(Alert.key).where(Alert.kind == "breaker_open", Alert.acknowledged_at.is_(None))
    return list(db.session.scalars(still))


@APART
def test_payments_go_on_while_files_or_accounts_are_away(
    driver: PaymentDriver, path: str, call: Callable[[], Answer], name: str
) -> None:
    fail(driver, path, call)
    assert call().error_code == BREAKER_OPEN
    assert driver.read(driver.pay()).state == "complete"
    assert not breaker_state(db.session()).is_open
    close_gone([])
    assert open_alerts() == [breaker.alert_key(name)]


@APART
def test_their_breaker_closes_when_they_answer_again(
    driver: PaymentDriver, path: str, call: Callable[[], Answer], name: str
) -> None:
    fail(driver, path, call)
    driver.mend_stripe()
    driver.close_breaker_time()
    assert call().http_status is not None
    assert call().error_code != BREAKER_OPEN
    close_gone([])
    assert open_alerts() == []


def test_while_stripe_is_away_for_payments_nothing_else_asks_it(driver: PaymentDriver) -> None:
    for _ in range(breaker.FAILURES):
        breaker.report(reached=False)
    assert {upload().error_code, read_account().error_code} == {BREAKER_OPEN}
    assert driver.sandbox("GET", "/_sandbox/requests?path=/v1/(files|accounts)")["requests"] == []
