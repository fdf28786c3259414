"""A download that was paid for at Stripe, and not at our checkout."""

from __future__ import annotations

import pytest
import requests
from sqlalchemy import select

from payments_app.core.alerts import Alert
from payments_app.core.extensions import db
from payments_app.customers.models import Customer
from payments_app.downloads.models import DigitalPurchase
from payments_app.gateway import charges
from payments_app.inbound.import_intent import IMPORTED_ON, import_intent
from payments_app.payments.models import Transaction
from payments_app.payments.transactions.apply_stripe_state import apply_stripe_state
from tests.bystanders import own
from tests.checkout.checkout_client import BROWSER, CheckoutClient
from tests.downloads.shop import ITEM, link, one, run_subscribers
from tests.merchants.connected_merchants import account_id, create_ready_merchant
from tests.payments.driver import PaymentDriver

pytestmark = [pytest.mark.portable, pytest.mark.dialect]


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
