"""What can be bought is what the application was told of: the checkout knows no kind by itself."""

from __future__ import annotations

import dataclasses

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from payments_app.core.money import Money
from payments_app.downloads.models import DigitalProduct, DigitalPurchase
from payments_app.orders.models import Order
from payments_app.payments.payable import NotPayableError, Payable
from payments_app.payments.sellable import Offer, Sellable
from payments_app.registration import register
from tests.checkout.checkout_client import CheckoutClient

pytestmark = pytest.mark.portable
NAME = "raffle-ticket"


def begin(session: Session, quantity: int, customer_id: str) -> Payable:
    """A ticket is a file with its numbers, made for its buyer."""
    ticket = DigitalProduct(
        slug=f"ticket-{customer_id}",
        name=f"{quantity} raffle tickets",
        amount=250 * quantity,
        currency="usd",
        filename="ticket.txt",
        media_type="text/plain",
        content=b"7 13 42",
    )
    bought = DigitalPurchase(
        product=ticket, customer_id=customer_id, amount=ticket.amount, currency="usd"
    )
    session.add(bought)
    session.flush()
    return bought


TICKETS = Offer(NAME, "Raffle ticket", "Drawn on Friday.", Money(250, "usd"), begin, max_quantity=4)


def find(_session: Session, name: str) -> Offer | None:
    return TICKETS if name == NAME else None


@pytest.fixture
def raffle(app: Flask, checkout: CheckoutClient) -> CheckoutClient:
    """The shop, of which another package sells tickets."""
    register(app, sellables=(Sellable(find),))
    return checkout


def test_what_another_package_sells_is_bought_as_all_else(raffle: CheckoutClient) -> None:
    bought = raffle.pay(item=NAME, quantity=3)
    status = raffle.status(bought)
    assert (status["state"], status["amount"], status["description"]) == (
        "complete",
        750,
        "3 raffle tickets",
    )
    assert raffle.count(DigitalPurchase) == 1


def test_its_form_offers_each_quantity_and_is_paid(raffle: CheckoutClient) -> None:
    form = raffle.form(NAME)
    assert form["amount"] == "250"
    assert raffle.send(form | {"quantity": "2", "amount": "500"}).status_code == 303


def test_a_buyer_who_was_declined_pays_for_the_same_thing_again(raffle: CheckoutClient) -> None:
    declined = raffle.pay("pm_card_visa_chargeDeclined", item=NAME)
    again = raffle.status(declined)["try_again_url"].rpartition("/")[2]
    assert raffle.status(raffle.pay(item=again))["state"] == "complete"
    assert raffle.count(DigitalPurchase) == 1


@pytest.mark.parametrize(
    ("wish", "field"), [({"quantity": 5}, "quantity"), ({"payment_method": None}, "payment_method")]
)
def test_its_limits_are_named_at_their_fields(
    raffle: CheckoutClient, wish: dict[str, object], field: str
) -> None:
    assert list(raffle.post(item=NAME, **wish).json["error"]["fields"]) == [field]
    assert raffle.count() == 0


def test_it_refuses_a_buyer_in_its_own_words(app: Flask, checkout: CheckoutClient) -> None:
    def drawn(*_: object) -> Payable:
        raise NotPayableError("drawn", "The raffle is over.")

    over = dataclasses.replace(TICKETS, begin=drawn)
    register(app, sellables=(Sellable(lambda _session, name: over if name == NAME else None),))
    error = checkout.post(item=NAME).json["error"]
    assert (error["code"], error["message"]) == ("drawn", "The raffle is over.")
    assert checkout.count() == 0


def test_a_shop_that_does_not_sell_it_does_not_know_it(checkout: CheckoutClient) -> None:
    assert checkout.page(f"/checkout/{NAME}").status_code == 404
    assert list(checkout.post(item=NAME).json["error"]["fields"]) == ["item"]


def test_an_application_that_sells_nothing_offers_nothing_new(
    app: Flask, checkout: CheckoutClient
) -> None:
    order = checkout.order_of(checkout.pay("pm_card_visa_chargeDeclined"))
    app.extensions["sellables"] = ()
    assert checkout.page("/checkout/field-notes").status_code == 404
    assert checkout.post().status_code == 422
    assert checkout.status(checkout.pay(item=order))["state"] == "complete"
    assert checkout.count(Order) == 1


def test_the_shop_lists_each_kind_with_its_own_template(
    app: Flask, checkout: CheckoutClient
) -> None:
    ticket = DigitalProduct(slug=NAME, name="Raffle ticket", amount=250, currency="usd")
    register(app, sellables=(Sellable(find, "downloads/_for_sale.html", lambda _: [ticket]),))
    app.extensions["sellables"] = app.extensions["sellables"][-1:]
    page = checkout.page("/").text
    assert "Raffle ticket" in page
    assert "Field notes" not in page
