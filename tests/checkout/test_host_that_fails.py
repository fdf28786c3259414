"""A host application's code may fail at what a payable of its own is asked: nothing is charged for
it, no page breaks of what was paid, and nobody else's payment waits."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from payments_app.core.alerts import Alert
from payments_app.core.extensions import db
from payments_app.core.money import Money
from payments_app.notices.models import Mail
from payments_app.notices.webhook_models import WebhookEvent
from payments_app.ops.close_alerts import close_gone
from payments_app.payment_requests.models import PaymentRequest
from payments_app.payments.payable import Item
from payments_app.payments.transactions.charge_snapshot import UNSENT_SECONDS
from payments_app.payments.transactions.leave import UNKNOWN_KIND_SECONDS
from tests.checkout.checkout_client import CheckoutClient
from tests.checkout.test_no_price import sold
from tests.payments.driver import PaymentDriver

PROPERTIES = "summary card_terms heading button checkout_name items payer_email payee_id".split()
METHODS = "owed closed way_back already before_payment reserve".split()
OF_KIND = ("download_url", "asks_for_card")
DECLINED = "pm_card_visa_chargeDeclined"


def gone(*_: object, **__: object) -> Any:
    raise LookupError("the room is gone")


class Attic:
    """What fails, and the cellar, which does not; both stand for rows of a host's."""

    def __init__(self, checkout: CheckoutClient, patch: pytest.MonkeyPatch) -> None:
        self.checkout, self.patch = checkout, patch
        with checkout.app.app_context():
            self.id, self.cellar = sold("Attic"), sold("Cellar")

    def fails_at(self, name: str, does: Any = gone) -> None:
        real, fails = getattr(PaymentRequest, name), does
        if isinstance(real, property):
            read = real.fget
            assert read is not None
            found: Any = property(lambda row: fails() if row.id == self.id else read(row))
        elif name in OF_KIND:
            found = classmethod(fails)
        else:

            def found(row: PaymentRequest, *given: Any, **more: Any) -> Any:
                return (fails if row.id == self.id else real.__get__(row))(*given, **more)

        self.patch.setattr(PaymentRequest, name, found)

    def pages(self, transaction: str) -> dict[str, int]:
        found = {
            path: self.checkout.page(path).status_code
            for path in (f"/thankyou?transaction={transaction}", f"/transactions/{transaction}")
        }
        json = self.checkout.client.get(f"/transactions/{transaction}")
        return {path: status for path, status in found.items() if status >= 400} | (
            {} if json.status_code == 200 else {"json": json.status_code}
        )


@pytest.fixture
def attic(checkout: CheckoutClient, monkeypatch: pytest.MonkeyPatch) -> Attic:
    checkout.app.config["PROPAGATE_EXCEPTIONS"] = False  # a fault is a 500, as on a real site
    return Attic(checkout, monkeypatch)


@pytest.mark.parametrize("name", [*PROPERTIES, *METHODS, *OF_KIND])
def test_nothing_is_begun_and_no_page_breaks(
    checkout: CheckoutClient, attic: Attic, name: str
) -> None:
    paid, failed = checkout.pay(item=attic.id), checkout.pay(DECLINED, item=attic.cellar)
    with checkout.app.app_context():
        attic.id = sold("Attic again")
    declined = checkout.pay(DECLINED, item=attic.id)
    attic.fails_at(name)
    assert [attic.pages(one) for one in (paid, failed, declined)] == [{}, {}, {}]
    page, post = checkout.page(f"/checkout/{attic.id}"), checkout.post(item=attic.id)
    assert max(page.status_code, post.status_code) < 500
    assert checkout.page(f"/checkout/{attic.cellar}").status_code == 200
    assert checkout.status(checkout.pay(item=attic.cellar))["state"] == "complete"


@pytest.mark.parametrize("priced", [None, "25"])
def test_an_item_without_a_price_is_shown_nowhere(
    checkout: CheckoutClient, attic: Attic, priced: Any
) -> None:
    paid, other = checkout.pay(item=attic.id), checkout.pay(item=attic.cellar)
    attic.fails_at("items", lambda: iter([Item("Bed", 2, priced)]))
    assert (attic.pages(paid), attic.pages(other)) == ({}, {})


def test_what_is_free_has_its_receipt_though_its_terms_and_its_long_name_can_not_be_said(
    app: Flask, checkout: CheckoutClient, attic: Attic
) -> None:
    attic.fails_at("price", lambda: Money(0, "usd"))
    attic.fails_at("payment_description", lambda: "Attic " * 100)
    paid, other = checkout.pay(item=attic.id), checkout.pay(item=attic.cellar)
    attic.fails_at("card_terms")
    assert attic.pages(paid) == {}
    with app.app_context():
        PaymentDriver(app).work()
        mails = dict(db.session.execute(select(Mail.transaction_id, Mail.subject)).all())
    assert "Attic" in mails[paid]
    assert len(mails[paid]) == 300
    assert "$25.00" in mails[other]


FACTS: list[Any] = [{"at": object()}, {"x": float("nan")}, None, "text", {"id": "other", "type": 1}]


@pytest.mark.parametrize("facts", FACTS)
def test_what_no_event_can_hold_stops_none(
    app: Flask, checkout: CheckoutClient, attic: Attic, facts: Any
) -> None:
    attic.fails_at("public_facts", lambda: facts)
    paid = checkout.pay(item=attic.id)
    with app.app_context():
        PaymentDriver(app).work()
        sent = select(WebhookEvent.body).where(WebhookEvent.transaction_id == paid)
        (body,) = db.session.scalars(sent).all()
    assert f'"paid_for":{{"type":"payment_request","id":"{attic.id}"}}' in body


def test_what_can_not_be_asked_as_a_card_is_charged_waits_with_an_alert_and_ends(
    app: Flask, checkout: CheckoutClient, attic: Attic
) -> None:
    attic.fails_at("asks_for_card")
    attic.fails_at("already_with")
    one, other = checkout.pay(item=attic.id), checkout.pay(item=attic.cellar)
    open_ = select(Alert).where(Alert.acknowledged_at.is_(None))
    with app.app_context():
        driver = PaymentDriver(app)
        assert (driver.read(one).phase, driver.read(other).phase) == ("processing", "complete")
        assert db.session.scalars(open_).all() == []
        driver.age(one, UNKNOWN_KIND_SECONDS + 1)
        driver.work_all_waiting()
        db.session.rollback()
        (alert,) = db.session.scalars(open_).all()
        assert (alert.kind, alert.transaction_id) == ("unknown_kind", one)
        assert "whose own code failed" in alert.message
        driver.age(one, UNSENT_SECONDS + 1)
        driver.work_all_waiting()
        assert (driver.read(one).phase, driver.read(one).error_code) == (
            "canceled",
            "payment_expired",
        )
        statuses = sorted(intent["status"] for intent in driver.intents())
        assert statuses == ["canceled", "succeeded"]
        close_gone([])
        assert db.session.scalars(open_).all() == []
