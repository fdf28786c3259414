"""Who is paid, and where they hear of it."""

from __future__ import annotations

import base64

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic
from payments_app.core.extensions import db
from payments_app.core.history import HistoryEntry
from payments_app.merchants import endpoints
from payments_app.merchants.address import AddressRefusedError, Guard
from payments_app.merchants.models import Endpoint, Merchant
from payments_app.payments.connect.payee import merchant_of
from payments_app.payments.models import PaymentRecord
from tests.bystanders import own
from tests.ledger.concurrency import run_at_once
from tests.merchants.default_merchant import shop_id
from tests.payments.driver import PaymentDriver

pytestmark = pytest.mark.portable
GUARD = Guard(resolver=lambda _host, _port: ["93.184.215.14"])


@atomic
def payee(session: Session, transaction_id: str) -> str:
    return merchant_of(session, transaction_id)


def endpoint(endpoint_id: str) -> Endpoint:
    db.session.rollback()
    return db.session.get_one(Endpoint, endpoint_id, populate_existing=True)


def add(url: str = "https://shop.example/hook") -> str:
    return endpoints.add_endpoint(shop_id(), url, guard=GUARD, actor="staff@example.com")


def test_the_shop_itself_is_made_once_even_by_eight_at_once(driver: PaymentDriver) -> None:
    assert len({str(made) for made in run_at_once(driver.app, shop_id)}) == 1
    assert db.session.scalar(select(func.count()).select_from(Merchant).where(own(Merchant))) == 1


def test_every_attempt_names_the_merchant_whom_it_pays(driver: PaymentDriver) -> None:
    transaction = driver.open()
    (record,) = db.session.scalars(
        select(PaymentRecord).where(
            PaymentRecord.transaction_id == transaction, PaymentRecord.role == "merchant"
        )
    )
    assert (record.payable_type, record.payable_id) == ("merchant", shop_id())


def test_a_payment_that_names_no_merchant_pays_the_shop(driver: PaymentDriver) -> None:
    transaction = driver.open()
    _forget_merchant(transaction)
    assert payee(transaction) == shop_id()


def test_an_endpoint_begins_enabled_with_a_secret_of_32_bytes(driver: PaymentDriver) -> None:
    added = endpoint(add())
    assert added.enabled
    assert len(base64.b64decode(added.secret.removeprefix("whsec_"))) == 32


def test_an_endpoint_at_a_private_address_is_not_saved(driver: PaymentDriver) -> None:
    with pytest.raises(AddressRefusedError):
        add("https://10.0.0.1/hook")
    assert db.session.scalar(select(func.count()).select_from(Endpoint).where(own(Endpoint))) == 0


def test_an_endpoint_is_not_moved_to_a_private_address(driver: PaymentDriver) -> None:
    added = add()
    with pytest.raises(AddressRefusedError):
        endpoints.change_url(added, "https://[::1]/hook", guard=GUARD, actor="staff@example.com")
    assert endpoint(added).url == "https://shop.example/hook"


def test_a_rotated_secret_leaves_the_old_one_for_a_day(driver: PaymentDriver) -> None:
    added = add()
    old = endpoint(added).secret
    new = endpoints.rotate_secret(added, "staff@example.com")
    assert (endpoint(added).secret, endpoint(added).old_secret) == (new, old)
    assert endpoint(added).old_secret_until is not None


def test_an_endpoint_is_switched_off_with_a_reason_and_on_again(driver: PaymentDriver) -> None:
    added = add()
    endpoints.disable(added, "staff@example.com", "moving house")
    assert (endpoint(added).enabled, endpoint(added).disabled_reason) == (False, "moving house")
    endpoints.enable(added, "staff@example.com")
    assert (endpoint(added).enabled, endpoint(added).disabled_at) == (True, None)


def test_every_change_of_an_endpoint_is_history_without_its_secret(driver: PaymentDriver) -> None:
    added = add()
    endpoints.rotate_secret(added, "staff@example.com")
    entries = db.session.scalars(
        select(HistoryEntry).where(HistoryEntry.subject == added).order_by(HistoryEntry.id)
    ).all()
    assert [e.what for e in entries] == [
        "merchant_endpoint.added",
        "merchant_endpoint.secret_rotated",
    ]
    assert "whsec_" not in str([e.data for e in entries])


@atomic
def _forget_merchant(session: Session, transaction_id: str) -> None:
    session.execute(
        PaymentRecord.__table__.delete().where(
            PaymentRecord.transaction_id == transaction_id, PaymentRecord.role == "merchant"
        )
    )
