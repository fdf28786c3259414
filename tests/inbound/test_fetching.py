"""Events that never arrived are fetched."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskCliRunner

from payments_app.core.extensions import db
from payments_app.core.history import HistoryEntry
from payments_app.gateway import events
from payments_app.gateway.events import MAX_TYPES
from payments_app.gateway.results import UnreadableError, Verdict
from payments_app.inbound.fetch_missed import fetch_missed
from payments_app.inbound.kinds import HANDLINGS
from payments_app.merchants.accounts import state_of
from tests.inbound.test_applying import open_unknown
from tests.inbound.webhook_sender import WebhookSender, create_event
from tests.merchants.connected_merchants import (
    account,
    account_id,
    create_merchant,
    create_ready_merchant,
)
from tests.payments.driver import PaymentDriver

pytestmark = [pytest.mark.portable, pytest.mark.dialect]


def history_length() -> int:
    db.session.rollback()
    return db.session.query(HistoryEntry).count()


@pytest.fixture
def lossy(driver: PaymentDriver) -> Iterator[PaymentDriver]:
    """Every event is lost on its way, to an endpoint that nobody listens at."""
    driver.sandbox("POST", "/_sandbox/webhook_faults", drop=1)
    yield driver
    driver.sandbox("POST", "/_sandbox/webhook_faults", drop=0)


@pytest.fixture
def endpoint(post: WebhookSender) -> None:
    post.stripe("webhook_endpoints", **{"url": "http://127.0.0.1:9/hooks", "enabled_events[]": "*"})


@pytest.mark.usefixtures("endpoint")
def test_a_lost_event_completes_its_payment_all_the_same(lossy: PaymentDriver) -> None:
    transaction = open_unknown(lossy)
    assert fetch_missed()["new"] >= 1
    lossy.work("payment_critical")
    assert lossy.read(transaction).phase == "complete"


@pytest.mark.usefixtures("endpoint")
def test_fetching_twice_takes_in_nothing_new(lossy: PaymentDriver) -> None:
    lossy.pay()
    first = fetch_missed()
    told = history_length()
    assert fetch_missed() == {"duplicate": first.total()}
    assert history_length() == told


@pytest.mark.usefixtures("endpoint")
def test_a_person_can_fetch(lossy: PaymentDriver, cli: FlaskCliRunner) -> None:
    lossy.pay()
    done = cli.invoke(args=["inbound", "fetch-missed"])
    assert done.output == "1 events taken in, 0 were here already\n"


@pytest.mark.usefixtures("endpoint")
def test_what_stripe_lists_in_another_call_is_fetched_as_well(lossy: PaymentDriver) -> None:
    assert len(HANDLINGS) > MAX_TYPES
    first, *_, last = HANDLINGS
    for type in (first, last):
        told = {"id": "fee_1", "object": "application_fee", "charge": "ch_1"}
        lossy.sandbox("POST", "/_sandbox/events", type=type, object=told)
    assert fetch_missed()["new"] == 2


@pytest.mark.alone
def test_a_merchant_who_left_does_not_keep_the_others_from_being_fetched(
    driver: PaymentDriver,
) -> None:
    merchant = create_ready_merchant(driver)
    driver.sandbox("POST", f"/_sandbox/accounts/{account_id(merchant)}/deauthorize")
    assert fetch_missed().total() == 0
    driver.work("default")
    assert state_of(account(merchant)) == "disconnected"


@pytest.mark.alone
def test_an_account_that_stripe_does_not_list_holds_up_no_other(
    driver: PaymentDriver, post: WebhookSender, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, told = account_id(create_merchant(driver)), create_event()
    driver.fail_stripe("say", "^/v1/events$", set={"data": [told]}, times=None)
    listed = events.undelivered

    def undelivered(
        types: list[str], now: float, account: str | None = None
    ) -> Iterator[events.Event]:
        if account == broken:
            raise UnreadableError(Verdict.UNKNOWN, {"code": "api_error"})
        return listed(types, now, account)

    monkeypatch.setattr(events, "undelivered", undelivered)
    with pytest.raises(UnreadableError):
        fetch_missed()
    assert post.stored(told) is not None


@pytest.mark.alone
def test_what_a_merchants_account_never_told_is_fetched(
    driver: PaymentDriver, post: WebhookSender
) -> None:
    merchant = create_merchant(driver)
    address = {"url": "http://127.0.0.1:9/hooks", "enabled_events[]": "*", "connect": "true"}
    post.stripe("webhook_endpoints", **address)
    driver.sandbox("POST", "/_sandbox/webhook_faults", drop=1)
    driver.sandbox("POST", f"/_sandbox/accounts/{account_id(merchant)}/onboard")
    driver.sandbox("POST", "/_sandbox/webhook_faults", drop=0)
    assert fetch_missed()["new"] == 1
    driver.work("default")
    assert state_of(account(merchant)) == "ready"


def test_one_event_that_can_not_be_read_holds_up_no_other(
    post: WebhookSender, driver: PaymentDriver
) -> None:
    good, odd = create_event(), create_event() | {"livemode": "perhaps"}
    driver.fail_stripe("say", "^/v1/events$", set={"data": [odd, good]}, times=None)
    fetch_missed()
    assert post.stored(good) is not None
    assert post.stored(odd) is None
