"""A digital product is handed over the moment it is paid for, and no sooner."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from demo.downloads import add_demo_downloads
from payments_app.core.alerts import Alert
from payments_app.core.extensions import db
from payments_app.customers.models import Customer
from payments_app.downloads import deliver
from payments_app.downloads.link import link_to
from payments_app.downloads.models import DigitalPurchase
from payments_app.gateway import charges
from payments_app.inbound.import_intent import IMPORTED_ON, import_intent
from payments_app.notices.models import Mail
from payments_app.payments.models import Transaction
from payments_app.payments.refunds.request import request_refund
from payments_app.payments.transactions.apply_stripe_state import apply_stripe_state
from tests.bystanders import own
from tests.checkout.checkout_client import BROWSER, CheckoutClient
from tests.merchants.connected_merchants import account_id, create_ready_merchant
from tests.own_worker import work
from tests.payments.driver import PaymentDriver
from tests.refunds.test_disputes import answer, send_event

pytestmark = [pytest.mark.portable, pytest.mark.dialect]

ITEM = "folding-pattern"


@pytest.fixture
def checkout(app: Flask, client: FlaskClient) -> CheckoutClient:
    with app.app_context():
        add_demo_downloads()
    return CheckoutClient(app, client)


@pytest.fixture
def driver(app: Flask) -> Iterator[PaymentDriver]:
    with app.app_context():
        yield PaymentDriver(app)


def one(checkout: CheckoutClient, model: type[Any] = DigitalPurchase) -> Any:
    with checkout.app.app_context():
        found = db.session.scalars(select(model).where(own(model))).one()
        db.session.expunge(found)  # or it would expire with the session
        return found


def link(checkout: CheckoutClient, purchase: str) -> str:
    with checkout.app.app_context():
        return link_to(purchase).removeprefix(checkout.app.config["CONFIG"].public_url)


def run_subscribers(checkout: CheckoutClient) -> None:
    with checkout.app.app_context():
        work("payment_standard")


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


def pay_elsewhere(
    checkout: CheckoutClient,
    account: str | None = None,
    card: str = "pm_card_visa",
    received: int | None = None,
    **fields: str,
) -> None:
    """Somebody pays for the product, or tries to, at Stripe without us; on a merchant's account
    where one is named. `received` of it was captured."""
    config = checkout.app.config["CONFIG"]
    wish = {
        "amount": "300",
        "currency": "usd",
        "receipt_email": "Ada@Example.com",
        "payment_method": card,
        "metadata[digital_product]": ITEM,
        "allowed_payment_method_types[]": "card",
        "confirm": "true",
    }
    access = (config.stripe_secret_key, "")
    url = f"{config.stripe_api_base}/v1/payment_intents"
    headers = {"Stripe-Account": account} if account else {}
    answer = requests.post(url, auth=access, data=wish | fields, headers=headers, timeout=10)
    body = answer.json()
    intent = body["id"] if answer.ok else body["error"]["payment_intent"]["id"]
    with checkout.app.app_context():
        if received is not None:
            change = f"/_sandbox/payment_intents/{intent}"
            PaymentDriver(checkout.app).sandbox("POST", change, amount_received=received)
        read = charges.retrieve_intent(intent, account)
        assert read.verdict in IMPORTED_ON
        apply_stripe_state(import_intent(read, account), read, fresh=True, actor="webhook")
    run_subscribers(checkout)


def decline_elsewhere(checkout: CheckoutClient) -> None:
    pay_elsewhere(checkout, card="pm_card_visa_chargeDeclinedInsufficientFunds")


def rebuilt(checkout: CheckoutClient) -> int:
    """How many purchases there are, and so how many files could be fetched or paid for."""
    with checkout.app.app_context():
        return len(db.session.scalars(select(DigitalPurchase).where(own(DigitalPurchase))).all())


@pytest.mark.parametrize("card", ["pm_card_visa", "pm_card_visa_chargeDeclined"])
def test_a_merchants_own_payment_that_names_our_product_is_no_purchase(
    checkout: CheckoutClient, driver: PaymentDriver, card: str
) -> None:
    account = account_id(create_ready_merchant(driver, "direct"))
    pay_elsewhere(checkout, account, card, amount="50")
    pay_elsewhere(checkout, account, card)
    assert rebuilt(checkout) == 0


@pytest.mark.parametrize("card", ["pm_card_visa", "pm_card_visa_chargeDeclined"])
@pytest.mark.parametrize(
    "price", [{"amount": "50"}, {"amount": "301"}, {"currency": "jpy"}], ids=str
)
def test_a_payment_of_another_price_is_no_purchase(
    checkout: CheckoutClient, card: str, price: dict[str, str]
) -> None:
    pay_elsewhere(checkout, card=card, **price)
    assert rebuilt(checkout) == 0
    with checkout.app.app_context():
        told = db.session.scalars(select(Alert).where(Alert.kind == "another_price")).all()
        # Whoever paid waits for a file, or for the money; whoever did not waits for nothing.
        assert len(told) == (card == "pm_card_visa")


def test_a_captured_part_buys_no_file(checkout: CheckoutClient) -> None:
    pay_elsewhere(checkout, received=1)
    assert rebuilt(checkout) == 0
    with checkout.app.app_context():
        told = db.session.scalars(select(Alert).where(Alert.kind == "another_price")).one()
        assert "$0.01 of $3.00 captured" in told.message


def test_what_was_captured_of_more_is_a_purchase_at_its_price(checkout: CheckoutClient) -> None:
    pay_elsewhere(checkout, received=300, amount="600")
    assert (one(checkout).status, one(checkout).amount) == ("paid", 300)
    assert checkout.page(link(checkout, one(checkout).id)).status_code == 200


def test_a_payment_of_the_whole_price_is_a_purchase(checkout: CheckoutClient) -> None:
    pay_elsewhere(checkout)
    assert (one(checkout).status, one(checkout).amount) == ("paid", 300)


def test_a_failed_purchase_made_elsewhere_is_rebuilt_from_its_intent(
    checkout: CheckoutClient,
) -> None:
    decline_elsewhere(checkout)
    rebuilt, transaction = one(checkout), one(checkout, Transaction)
    assert (rebuilt.status, rebuilt.amount) == ("payment_failed", 300)
    assert transaction.error_code == "card_declined"
    assert transaction.error_message == "Your card has insufficient funds."


def test_a_rebuilt_purchase_belongs_to_the_customer_of_its_address(
    checkout: CheckoutClient,
) -> None:
    decline_elsewhere(checkout)
    customer = one(checkout, Customer)
    assert (one(checkout).customer_id, customer.email) == (customer.id, "ada@example.com")


def test_a_rebuilt_purchase_can_be_paid_for(checkout: CheckoutClient) -> None:
    decline_elsewhere(checkout)
    answer = checkout.client.get(f"/checkout/{one(checkout).id}", headers=BROWSER)
    assert answer.status_code == 200
    checkout.pay(item=one(checkout).id)
    run_subscribers(checkout)
    assert one(checkout).status == "paid"


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
