"""Refunds of payments."""

from __future__ import annotations

from flask import Response, request, url_for
from sqlalchemy import select
from werkzeug.exceptions import NotFound

from payments_app.api import shapes
from payments_app.api.blueprint import actor, answer, blueprint, stored_key, whose_key
from payments_app.api.document import described
from payments_app.api.payments import found
from payments_app.core.db.ids import looks_like_id
from payments_app.core.extensions import db
from payments_app.core.web.access import application
from payments_app.core.web.http import ProblemError
from payments_app.core.web.idempotency import app_store, idempotent
from payments_app.payment_requests.models import PaymentRequest
from payments_app.payments.models import Transaction
from payments_app.payments.phases import State
from payments_app.payments.queries import payable_id_of
from payments_app.payments.refunds.models import Refund
from payments_app.payments.refunds.request import (
    KeyUsedError,
    RefundRefusedError,
    request_refund,
)


@blueprint.post("/api/v1/payments/<payment_id>/refunds")
@application("refunds:write")
@idempotent(store=app_store, required=True, caller=whose_key)
@described("Refunds", shapes.Refund, json=shapes.NewRefund, status=201, errors=(400, 404, 409))
def create_refund(payment_id: str) -> Response:
    """Refund a payment

    Needs an Idempotency-Key header. Without an amount, all that is left is given back. The answer
    says `requested`: Stripe is asked afterwards.
    """
    sent: shapes.NewRefund = request.context.json  # type: ignore[attr-defined]
    paid = _paid(payment_id)
    try:
        made = request_refund(
            paid.id, sent.amount, reason=sent.reason, actor=actor(), idempotency_key=stored_key()
        )
    except KeyUsedError:
        words = "This Idempotency-Key was used for another request. Send a new key."
        raise ProblemError(422, "idempotency_key_reuse", words) from None
    except RefundRefusedError as error:
        raise ProblemError(409, "refund_refused", str(error)) from None
    refund = db.session.get_one(Refund, made, populate_existing=True)
    response = answer(_refund(payment_id, refund), 201)
    response.headers["Location"] = url_for("api.show_refund", refund_id=made)
    return response


@blueprint.get("/api/v1/payments/<payment_id>/refunds")
@application("payments:read")
@described("Refunds", shapes.Refunds, errors=(404,))
def list_refunds(payment_id: str) -> Response:
    """List the refunds of a payment

    All of them, the newest first.
    """
    session, last = db.session(), found(payment_id).last
    paid = last.id if last else None
    rows = select(Refund).where(Refund.transaction_id == paid) if paid else None
    made = (
        session.scalars(rows.order_by(Refund.created_at.desc())).all() if rows is not None else []
    )
    return answer(shapes.Refunds(data=[_refund(payment_id, one) for one in made]))


@blueprint.get("/api/v1/refunds/<refund_id>")
@application("payments:read")
@described("Refunds", shapes.Refund, errors=(404,))
def show_refund(refund_id: str) -> Response:
    """Read a refund

    As it is now.
    """
    session = db.session()
    refund = session.get(Refund, refund_id) if looks_like_id(refund_id, "rfd") else None
    payment_id = (
        payable_id_of(session, refund.transaction_id, PaymentRequest.payable_type)
        if refund is not None
        else None
    )
    if refund is None or payment_id is None:
        raise NotFound
    return answer(_refund(payment_id, refund))


def _paid(payment_id: str) -> Transaction:
    """The transaction that paid it. Raises NotFound, and ProblemError 409 where none did."""
    paid = found(payment_id).last
    if paid is None or paid.state != State.COMPLETE:
        raise ProblemError(409, "not_paid", "This is not paid, so there is nothing to refund.")
    return paid


def _refund(payment_id: str, refund: Refund) -> shapes.Refund:
    return shapes.Refund(
        id=refund.id,
        payment=payment_id,
        amount=refund.amount,
        currency=refund.currency,
        status=refund.state,
        reason=refund.reason,
        created_at=refund.created_at,
    )
