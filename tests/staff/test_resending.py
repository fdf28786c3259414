"""Receipts and merchants' webhooks that staff send once more."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from payments_app.core.db.clock import utcnow
from payments_app.core.db.session import atomic
from payments_app.core.jobs.outbox import Message
from payments_app.merchants.endpoints import new_secret
from payments_app.merchants.find import default_merchant
from payments_app.merchants.models import Endpoint
from payments_app.notices.announce import announce_payment
from payments_app.notices.models import Mail
from payments_app.notices.receipts import write_receipt
from payments_app.notices.webhook_models import Delivery
from tests.accounts.staff_driver import Browser, StaffDriver
from tests.bystanders import own
from tests.ledger.concurrency import claim
from tests.staff.stored_payments import StoredPayments

pytestmark = pytest.mark.portable


@atomic
def _listen(session: Session) -> None:
    url = "https://shop.example/hook?token=tok_1"
    shop = default_merchant(session)
    session.add(Endpoint(merchant_id=shop.id, url=url, secret=new_secret()))


@atomic
def _ended(session: Session, model: Any, state: str) -> None:
    """As it lies there once its job is done."""
    session.execute(update(model).where(own(model)).values(state=state))


@atomic
def _wishes(session: Session) -> list[str]:
    """The commands that were staged, oldest first."""
    return list(session.scalars(select(Message.command).order_by(Message.id)))


@atomic
def _delivery_id(session: Session) -> str:
    return session.scalars(select(Delivery.id).where(own(Delivery))).one()


@pytest.fixture
def receipt(staff_driver: StaffDriver, stored_payments: StoredPayments) -> str:
    """The page of a payment whose receipt was sent."""
    id_ = stored_payments.payment()
    staff_driver.do(write_receipt, id_, claim(id_))
    staff_driver.do(_ended, Mail, "sent")
    return f"/staff/payments/{id_}/receipts"


@pytest.fixture
def webhook(staff_driver: StaffDriver, stored_payments: StoredPayments) -> str:
    """The page of a delivery that was given up."""
    staff_driver.do(_listen)
    id_ = stored_payments.payment()
    staff_driver.do(announce_payment, id_, claim(id_))
    staff_driver.do(_ended, Delivery, "dead")
    return f"/staff/deliveries/{staff_driver.do(_delivery_id)}/resends"


def _ask(browser: Browser, address: str) -> Any:
    rounds = re.search(r'name="rounds" value="(\d+)"', browser.get(address).text)
    return browser.post(address, address, rounds=rounds[1] if rounds else "")


def test_a_receipt_is_sent_again_with_its_asker_in_the_history(
    staff_driver: StaffDriver, support: Browser, receipt: str
) -> None:
    page = support.get(receipt).text
    assert "ada@<wbr>example.com" in page
    answer = _ask(support, receipt)
    assert answer.status_code == 303
    assert staff_driver.do(_wishes) == ["notices.send_mail"] * 2
    (entry,) = staff_driver.entries("mail.receipt.resend_asked")
    assert entry.actor.startswith("stf_")
    assert "on its way" in support.get(answer.location).text


@pytest.mark.parametrize(
    ("kind", "model", "end"), [("receipt", Mail, "sent"), ("webhook", Delivery, "dead")]
)
def test_the_same_form_sent_twice_asks_once(
    staff_driver: StaffDriver,
    support: Browser,
    kind: str,
    model: Any,
    end: str,
    request: pytest.FixtureRequest,
) -> None:
    address = request.getfixturevalue(kind)
    for _ in range(2):
        assert support.post(address, address, rounds="1").status_code == 303
        staff_driver.do(_ended, model, end)
    assert len(staff_driver.do(_wishes)) == 2


def test_a_receipt_may_be_sent_again_and_again(
    staff_driver: StaffDriver, support: Browser, receipt: str
) -> None:
    for _ in range(2):
        _ask(support, receipt)
        staff_driver.do(_ended, Mail, "sent")
    assert len(staff_driver.do(_wishes)) == 3


def test_a_webhook_is_sent_again_with_its_asker_in_the_history(
    staff_driver: StaffDriver, support: Browser, webhook: str
) -> None:
    page = support.get(webhook).text
    assert "https://shop.example/hook" in page
    assert "tok_1" not in page
    assert _ask(support, webhook).status_code == 303
    assert staff_driver.do(_wishes) == ["notices.deliver_webhook"] * 2
    (entry,) = staff_driver.entries("merchant_webhook.resend_asked")
    assert entry.actor.startswith("stf_")


def test_nothing_is_sent_to_an_endpoint_that_is_off(
    staff_driver: StaffDriver, support: Browser, webhook: str
) -> None:
    @atomic
    def switch_off(session: Session) -> None:
        off = {"enabled": False, "disabled_at": Endpoint.created_at}
        session.execute(update(Endpoint).where(own(Endpoint)).values(off))

    staff_driver.do(switch_off)
    answer = _ask(support, webhook)
    assert answer.status_code == 409
    assert "is turned off" in answer.text
    assert len(staff_driver.do(_wishes)) == 1


def test_a_payment_without_a_receipt_says_so(
    support: Browser, stored_payments: StoredPayments
) -> None:
    address = f"/staff/payments/{stored_payments.decline()}/receipts"
    assert "This payment has no receipt" in support.get(address).text
    assert support.post(address).status_code == 409


def test_an_unknown_delivery_is_not_there(support: Browser) -> None:
    address = "/staff/deliveries/whd_none/resends"
    assert support.get(address).status_code == 404
    assert support.post(address).status_code == 404


@pytest.mark.parametrize("kind", ["receipt", "webhook"])
def test_a_viewer_sees_what_was_sent_and_may_not_ask_for_it(
    staff_driver: StaffDriver, viewer: Browser, kind: str, request: pytest.FixtureRequest
) -> None:
    address = request.getfixturevalue(kind)
    assert viewer.get(address).status_code == 403
    assert viewer.post(address, rounds="1").status_code == 403
    assert len(staff_driver.do(_wishes)) == 1
    assert len(staff_driver.entries("staff.denied")) == 2


def test_the_payment_s_page_leads_there(support: Browser, viewer: Browser, receipt: str) -> None:
    payment = receipt.removesuffix("/receipts")
    assert receipt in support.get(payment).text
    page = viewer.get(payment).text
    assert "Mail: Receipt" in page
    assert receipt not in page


def test_mails_stand_in_the_order_in_which_they_were_written(
    viewer: Browser, staff_driver: StaffDriver, stored_payments: StoredPayments
) -> None:
    id_, now = stored_payments.payment(), utcnow()

    @atomic
    def write(session: Session) -> None:
        for number, kind in enumerate(("refund_failed", "receipt", "refund")):
            session.add(
                Mail(
                    id=f"ml_{number}",
                    key=kind,
                    kind=kind,
                    transaction_id=id_,
                    recipient="ada@example.com",
                    subject="x",
                    text="x",
                    html="x",
                    state="sent",
                    created_at=now + dt.timedelta(seconds=(2, 0, 1)[number]),
                )
            )

    staff_driver.do(write)
    page = viewer.get(f"/staff/payments/{id_}").text
    assert re.findall(r"Mail: ([\w ]+)", page) == ["Receipt", "Refund", "Refund failed"]
