"""A digital product is handed over the moment it is paid for, and no sooner."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from payments_app.core.extensions import db
from payments_app.downloads import deliver
from payments_app.notices.models import Mail
from payments_app.payments.refunds.request import request_refund
from tests.checkout.checkout_client import CheckoutClient
from tests.downloads.shop import ITEM, link, one, run_subscribers
from tests.own_worker import work
from tests.payments.driver import PaymentDriver
from tests.refunds.test_disputes import answer, send_event

pytestmark = [pytest.mark.portable, pytest.mark.dialect]


def test_it_is_on_the_thank_you_page_before_anything_followed(checkout: CheckoutClient) -> None:
    checkout.pay(item=ITEM)
    page = checkout.page("/thankyou").text
    path = re.search(r'href="http://[^/]+(/downloads/[^"]+)"', page)
    assert path is not None
    file = checkout.page(path[1])
    assert (file.status_code, b"fold it in half" in file.data) == (200, True)
    assert "attachment" in file.headers["Content-Disposition"]


def test_its_link_is_mailed_once(checkout: CheckoutClient) -> None:
    checkout.pay(item=ITEM)
    run_subscribers(checkout)
    bought = one(checkout)
    with checkout.app.app_context():
        (mail,) = db.session.scalars(select(Mail).where(Mail.kind == "download"))
        assert mail.link == {"path": "/downloads/", "purpose": "download", "subject": bought.id}
        assert "[link]" in mail.text
    assert one(checkout).status == "paid"


def test_every_download_is_counted(checkout: CheckoutClient) -> None:
    checkout.pay(item=ITEM)
    path = link(checkout, one(checkout).id)
    for _ in range(3):
        checkout.page(path)
    assert one(checkout).downloads == 3


def test_a_declined_purchase_can_not_be_downloaded(checkout: CheckoutClient) -> None:
    checkout.pay("pm_card_visa_chargeDeclined", item=ITEM)
    run_subscribers(checkout)
    assert checkout.page(link(checkout, one(checkout).id)).status_code == 410
    assert one(checkout).status == "payment_failed"


def test_one_that_is_still_being_paid_can_not_be_downloaded(checkout: CheckoutClient) -> None:
    checkout.post(item=ITEM)
    assert checkout.page(link(checkout, one(checkout).id)).status_code == 410


def test_a_forged_link_leads_nowhere(checkout: CheckoutClient) -> None:
    checkout.pay(item=ITEM)
    assert checkout.page("/downloads/forged").status_code == 410


def test_a_link_that_is_too_old_leads_nowhere(
    checkout: CheckoutClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout.pay(item=ITEM)
    monkeypatch.setattr(deliver, "LINK_SECONDS", -1)
    assert checkout.page(link(checkout, one(checkout).id)).status_code == 410


def test_a_file_is_kept_by_no_cache(checkout: CheckoutClient) -> None:
    checkout.pay(item=ITEM)
    file = checkout.page(link(checkout, one(checkout).id))
    assert "no-store" in file.headers["Cache-Control"]


def test_another_card_pays_for_the_same_copy(checkout: CheckoutClient) -> None:
    checkout.pay("pm_card_visa_chargeDeclined", item=ITEM)
    checkout.pay(item=one(checkout).id)
    run_subscribers(checkout)
    assert one(checkout).status == "paid"


def refund(checkout: CheckoutClient, transaction: str, amount: int) -> None:
    with checkout.app.app_context():
        request_refund(transaction, amount, reason="not what I wanted", actor="staff")
        work("payment_critical")


def test_the_link_of_a_refunded_download_says_so(checkout: CheckoutClient) -> None:
    transaction = checkout.pay(item=ITEM)
    path = link(checkout, one(checkout).id)
    refund(checkout, transaction, 300)
    answer = checkout.page(path)
    assert answer.status_code == 410
    assert "This purchase was refunded" in answer.text
    assert one(checkout).downloads == 0


def test_the_thank_you_of_a_refunded_download_offers_it_no_more(checkout: CheckoutClient) -> None:
    transaction = checkout.pay(item=ITEM)
    refund(checkout, transaction, 300)
    assert "/downloads/" not in checkout.page("/thankyou").text


def test_a_download_that_was_refunded_before_its_mail_is_not_mailed(
    checkout: CheckoutClient,
) -> None:
    transaction = checkout.pay(item=ITEM)
    refund(checkout, transaction, 300)
    run_subscribers(checkout)
    with checkout.app.app_context():
        assert db.session.scalars(select(Mail).where(Mail.kind == "download")).all() == []


def test_a_download_of_which_a_part_was_refunded_is_still_there(checkout: CheckoutClient) -> None:
    transaction = checkout.pay(item=ITEM)
    refund(checkout, transaction, 100)
    assert checkout.page(link(checkout, one(checkout).id)).status_code == 200


def tell_of_dispute(checkout: CheckoutClient) -> None:
    with checkout.app.app_context():
        driver = PaymentDriver(checkout.app)
        send_event(driver)


def test_a_disputed_download_waits_until_the_dispute_is_won(checkout: CheckoutClient) -> None:
    checkout.pay("pm_card_createDispute", item=ITEM)
    path = link(checkout, one(checkout).id)
    assert checkout.page(path).status_code == 200
    tell_of_dispute(checkout)
    page = checkout.page(path)
    assert (page.status_code, "disputed" in page.text) == (410, True)
    with checkout.app.app_context():
        answer(PaymentDriver(checkout.app), "winning_evidence")
    tell_of_dispute(checkout)
    assert checkout.page(path).status_code == 200


def test_a_download_whose_dispute_was_lost_is_gone(checkout: CheckoutClient) -> None:
    checkout.pay("pm_card_createDispute", item=ITEM)
    with checkout.app.app_context():
        answer(PaymentDriver(checkout.app), "losing_evidence")
    tell_of_dispute(checkout)
    assert checkout.page(link(checkout, one(checkout).id)).status_code == 410
