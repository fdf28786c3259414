"""Customers by the ids of the application that asks, and their cards."""

from __future__ import annotations

from flask import Response, request
from werkzeug.exceptions import NotFound

from payments_app.api import customer_shapes as shapes
from payments_app.api.blueprint import actor, answer, blueprint
from payments_app.api.document import described
from payments_app.api.fields import HOST_ID
from payments_app.api.gate import caller
from payments_app.core.card_numbers import CardNumberError
from payments_app.core.db.ids import looks_like_id
from payments_app.core.extensions import db
from payments_app.core.web.access import application
from payments_app.core.web.http import ProblemError
from payments_app.customers.models import SavedCard
from payments_app.payment_requests.consents import cards_of
from payments_app.payment_requests.customer_models import ApplicationCustomer, CardConsent
from payments_app.payment_requests.customers import customer_of, customers_of, store_customer
from payments_app.payment_requests.end_consents import withdraw


@blueprint.post("/api/v1/customers")
@application("customers:write")
@described("Customers", shapes.Customer, json=shapes.NewCustomer, errors=(400,))
def store() -> Response:
    """Store a customer

    By your own id of them. Sent again it changes their email and name, and makes nobody new, so
    that it needs no Idempotency-Key. No other application's key sees them.
    """
    sent: shapes.NewCustomer = request.context.json  # type: ignore[attr-defined]
    try:
        store_customer(caller().id, sent.id, sent.email, sent.name)
    except CardNumberError as error:
        raise ProblemError(422, "card_number", str(error)) from None
    return answer(_customer(_found(sent.id)))


@blueprint.get("/api/v1/customers/<customer_id>")
@application("customers:read")
@described("Customers", shapes.Customer, errors=(404,))
def show_customer(customer_id: str) -> Response:
    """Read a customer

    By your own id of them.
    """
    return answer(_customer(_found(customer_id)))


@blueprint.get("/api/v1/customers")
@application("customers:read")
@described("Customers", shapes.Customers, query=shapes.CustomersQuery)
def list_customers() -> Response:
    """List customers

    Those that this key stored, the newest first.
    """
    asked: shapes.CustomersQuery = request.context.query  # type: ignore[attr-defined]
    try:
        found, more = customers_of(db.session(), caller().id, after=asked.after, limit=asked.limit)
    except LookupError:
        words = "This names no customer."
        raise ProblemError(422, "invalid", f"after: {words}", {"after": words}) from None
    return answer(shapes.Customers(data=[_customer(one) for one in found], has_more=more))


@blueprint.get("/api/v1/customers/<customer_id>/cards")
@application("customers:read")
@described("Customers", shapes.Cards, errors=(404,))
def list_cards(customer_id: str) -> Response:
    """List the cards of a customer

    Those that were kept by a payment with `save_card` and this `customer`, and may be charged
    without them.
    """
    found = cards_of(db.session(), _found(customer_id).id)
    return answer(shapes.Cards(data=[_card(card, consent) for card, consent in found]))


@blueprint.delete("/api/v1/customers/<customer_id>/cards/<card_id>")
@application("customers:write")
@described("Customers", shapes.RemovedCard, errors=(404,))
def remove_card(customer_id: str, card_id: str) -> Response:
    """Remove a card

    It is charged no more for this customer, from this moment. A second time it is not found.
    """
    customer = _found(customer_id)
    if not looks_like_id(card_id, "card") or not withdraw(customer.id, card_id, actor()):
        raise NotFound
    return answer(shapes.RemovedCard(id=card_id))


def customer_named(reference: str) -> ApplicationCustomer | None:
    """The caller's own customer of this id."""
    if not HOST_ID.fullmatch(reference):
        return None
    return customer_of(db.session(), caller().id, reference)


def _found(reference: str) -> ApplicationCustomer:
    """Raises NotFound."""
    customer = customer_named(reference)
    if customer is None:
        raise NotFound
    return customer


def _customer(customer: ApplicationCustomer) -> shapes.Customer:
    return shapes.Customer(
        id=customer.reference,
        email=customer.email,
        name=customer.name,
        created_at=customer.created_at,
    )


def _card(card: SavedCard, consent: CardConsent) -> shapes.Card:
    return shapes.Card(
        id=card.id,
        payment_method=card.payment_method,
        brand=card.brand,
        last4=card.last4,
        exp_month=card.exp_month,
        exp_year=card.exp_year,
        consent=shapes.Consent(
            words=consent.words, version=consent.version, given_at=consent.given_at
        ),
    )
