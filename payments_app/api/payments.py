"""Payments: ask for one, read it, list them, take one back."""

from __future__ import annotations

import re
from contextlib import nullcontext
from typing import Any

from flask import Response, current_app, request, url_for
from sqlalchemy.exc import NoResultFound
from werkzeug.exceptions import NotFound

from payments_app.api import shapes
from payments_app.api.blueprint import (
    actor,
    answer,
    blueprint,
    fingerprint,
    stored_key,
    whose_key,
)
from payments_app.api.customers import customer_named
from payments_app.api.document import described, named
from payments_app.api.gate import caller, require
from payments_app.core.card_numbers import CardNumberError
from payments_app.core.db.ids import looks_like_id
from payments_app.core.extensions import db
from payments_app.core.money import Money
from payments_app.core.web import exports
from payments_app.core.web.access import application
from payments_app.core.web.http import ProblemError
from payments_app.core.web.idempotency import app_store, idempotent
from payments_app.core.web.idempotency_answers import REPLAYED_HEADER
from payments_app.core.web.links import absolute
from payments_app.gateway.declines import buyer_sentence, public_code
from payments_app.payment_requests.ask import (
    AskRefusedError,
    KeyUsedError,
    NotOpenError,
    Wish,
    ask,
    cancel,
)
from payments_app.payment_requests.customer_models import ApplicationCustomer
from payments_app.payment_requests.find import Filter, Known, Status, find, find_all
from payments_app.payment_requests.models import PaymentRequest
from payments_app.payments.models import Transaction
from payments_app.payments.phases import State
from payments_app.payments.truth import Truth

_LABEL = re.compile(r"metadata\[(.{1,40})\]")
_PAID_STATUSES = {str(each): each for each in shapes.PaidStatus}
_CAN_BE_PAID = (Status.REQUIRES_PAYMENT, Status.PROCESSING, Status.REQUIRES_ACTION)


@blueprint.post("/api/v1/payments")
@application("payments:write")
@idempotent(store=app_store, required=True, caller=whose_key)
@described("Payments", shapes.Payment, json=shapes.NewPayment, status=201, errors=(400, 409))
def create_payment() -> Response:
    """Ask for a payment

    Needs an Idempotency-Key header. Send the buyer to `next_url`; they come back to `return_url`
    with `?payment=<id>`. Read the payment, or wait for the webhook, before you deliver: that they
    came back proves nothing.

    With `customer` and `payment_method` the kept card is charged at once, without its owner, and by
    the consent that was stored with it. Where their bank wants them the payment waits with
    `requires_action` for them at `next_url`; the card is not tried again by itself. That needs the
    scope cards:charge.
    """
    sent: shapes.NewPayment = request.context.json  # type: ignore[attr-defined]
    try:
        made, fresh = ask(_wish(sent), actor(), key=stored_key(), fingerprint=fingerprint())
    except AskRefusedError as error:
        raise ProblemError(422, error.code, str(error), {error.field: str(error)}) from None
    except CardNumberError as error:
        raise ProblemError(422, "card_number", str(error)) from None
    except KeyUsedError:
        words = "This Idempotency-Key was used for another request. Send a new key."
        raise ProblemError(422, "idempotency_key_reuse", words) from None
    response = answer(payment_of(found(made)), 201)
    response.headers["Location"] = url_for("api.show_payment", payment_id=made)
    response.headers[REPLAYED_HEADER] = str(not fresh).lower()
    return response


@blueprint.get("/api/v1/payments/<payment_id>")
@application("payments:read")
@described("Payments", shapes.Payment, errors=(404,))
def show_payment(payment_id: str) -> Response:
    """Read a payment

    As it is now, from our database. Ask as often as you like: Stripe is not asked.
    """
    return answer(payment_of(found(payment_id)))


@blueprint.get("/api/v1/payments")
@application("payments:read")
@described("Payments", shapes.Payments, query=shapes.ListQuery)
def list_payments() -> Response:
    """List payments

    The newest first. `metadata[NAME]=VALUE` finds what was stored so.
    """
    asked: shapes.ListQuery = request.context.query  # type: ignore[attr-defined]
    wanted = Filter(
        reference=asked.reference,
        labels=_labels(asked.model_extra or {}),
        status=asked.status,
        owed=False,
        created_from=asked.created_from,
        created_before=asked.created_before,
    )
    long = exports.long_page(exports.APPLICATION, caller().id) if wanted.is_long else nullcontext()
    try:
        with long:
            rows, more = find_all(db.session(), wanted, after=asked.after, limit=asked.limit)
    except LookupError:
        words = "This names no payment."
        raise ProblemError(422, "invalid", f"after: {words}", {"after": words}) from None
    return answer(shapes.Payments(data=[payment_of(one) for one in rows], has_more=more))


@blueprint.post("/api/v1/payments/<payment_id>/cancel")
@application("payments:write")
@idempotent(store=app_store, caller=whose_key)
@described("Payments", shapes.Payment, errors=(404, 409))
def cancel_payment(payment_id: str) -> Response:
    """Cancel a payment

    While nobody has paid it. A second time changes nothing.
    """
    try:
        cancel(found(payment_id).request.id, actor())
    except NotOpenError as error:
        raise ProblemError(409, error.code, str(error)) from None
    except NoResultFound:
        raise NotFound from None
    return answer(payment_of(found(payment_id)))


def payment_of(known: Known) -> shapes.Payment:
    """A payment as the API gives it."""
    asked, last = known.request, known.last
    url = url_for("checkout.form", item=asked.checkout_name)
    return shapes.Payment(
        id=asked.id,
        status=known.status,
        paid_status=_paid_status(known.truth),
        amount=asked.amount,
        currency=asked.currency,
        amount_received=last.paid if last else 0,
        amount_refunded=known.refunded,
        description=asked.description,
        reference=asked.reference,
        email=asked.email,
        line_items=asked.line_items,
        metadata=asked.labels,
        return_url=asked.return_url,
        cancel_url=asked.cancel_url,
        save_card=asked.save_card,
        customer=_customer_of(asked),
        next_url=absolute(url) if known.status in _CAN_BE_PAID else None,
        transaction=last.id if last else None,
        last_error=_last_error(last),
        livemode=current_app.config["CONFIG"].live,
        created_at=asked.created_at,
        expires_at=asked.expires_at,
        canceled_at=asked.canceled_at,
    )


def _paid_status(truth: Truth | None) -> shapes.PaidStatus | None:
    """As the truth says; of what another release stored and this one does not know, as the payment
    alone does."""
    if truth is None:
        return None
    return _PAID_STATUSES.get(truth.status, shapes.PaidStatus.PAID)


def _customer_of(asked: PaymentRequest) -> str | None:
    """As the caller calls them; of another application's customers, nothing."""
    if asked.customer_id is None:
        return None
    customer = db.session.get(ApplicationCustomer, asked.customer_id)
    ours = customer is not None and customer.application == caller().id
    return customer.reference if customer is not None and ours else None


def found(payment_id: str) -> Known:
    """Raises NotFound, the same for every kind of miss: what a member of staff asks for an order or
    a bill of the shop's own is no application's."""
    known = find(db.session(), payment_id) if looks_like_id(payment_id, "prq") else None
    if known is None or known.request.owed_id is not None:
        raise NotFound
    return known


def _wish(sent: shapes.NewPayment) -> Wish:
    """Raises ProblemError: 403 for a key that may not charge cards, 422 for an unknown customer."""
    if sent.payment_method is not None:
        require("cards:charge")
    customer = customer_named(sent.customer) if sent.customer is not None else None
    if sent.customer is not None and customer is None:
        words = "This names no customer. Store them first."
        raise ProblemError(422, "invalid", f"customer: {words}", {"customer": words})
    return Wish(
        money=Money(sent.amount, sent.currency),
        description=sent.description,
        reference=sent.reference,
        email=sent.email or (customer.email if customer else None),
        line_items=[item.model_dump() for item in sent.line_items],
        labels=sent.metadata,
        return_url=sent.return_url,
        cancel_url=sent.cancel_url,
        save_card=sent.save_card,
        expires_at=sent.expires_at,
        customer_id=customer.id if customer else None,
        payment_method=sent.payment_method,
    )


def _labels(others: dict[str, Any]) -> dict[str, str]:
    """What metadata must say. Raises ProblemError for a filter that there is none of: left out, it
    would list everything."""
    wanted = {}
    for name, value in others.items():
        label = _LABEL.fullmatch(name)
        if label is None or not isinstance(value, str):
            words, told = "There is no such filter, or it is given twice.", named(name)
            raise ProblemError(422, "invalid", f"{told}: {words}", {told: words})
        wanted[label[1]] = value
    return wanted


def _last_error(last: Transaction | None) -> shapes.LastError | None:
    if last is None or last.state != State.FAILED:
        return None
    error = last.error or {}
    _, sentence = buyer_sentence(error, last.phase)
    return shapes.LastError(code=public_code(error) or last.phase, message=sentence)
