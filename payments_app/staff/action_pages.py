"""Asking for a retry or a refund: a page that says what will happen, and the form that asks.

Nothing here calls Stripe: a verb stores the wish with its message, and a job carries it out.
"""

from __future__ import annotations

import secrets
from decimal import Decimal

from flask import Response, redirect, request, url_for
from sqlalchemy.exc import NoResultFound
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from payments_app.accounts.gate import ask_to_confirm, signed_in
from payments_app.core.access import staff
from payments_app.core.extensions import db
from payments_app.core.money import Money, exponent
from payments_app.gateway.refunds import REASONS
from payments_app.payments.models import Transaction
from payments_app.payments.refund import RefundRefusedError, remaining, request_refund
from payments_app.payments.retry import RetryRefusedError, preview_retry, request_retry
from payments_app.staff.blueprint import blueprint, page
from payments_app.staff.filters import read_amount
from payments_app.staff.payment_pages import find


@blueprint.get("/payments/<transaction_id>/retries")
@staff("retry")
def confirm_retry(transaction_id: str) -> Response:
    """What a retry would be: card, amount, attempt; or why there is none."""
    return _retry_page(transaction_id)


@blueprint.post("/payments/<transaction_id>/retries")
@staff("retry")
def retry(transaction_id: str) -> Response | BaseResponse:
    """Ask for it; a job asks Stripe about every earlier attempt first."""
    find(transaction_id)
    try:
        verdict = request_retry(transaction_id, signed_in().id)
    except RetryRefusedError as error:
        return _retry_page(transaction_id, 409, problem=str(error))
    if verdict.link:
        return _retry_page(transaction_id, link_given=True)
    return _back(transaction_id)


@blueprint.get("/payments/<transaction_id>/refunds")
@staff("refund")
def confirm_refund(transaction_id: str) -> Response | BaseResponse:
    """The refund's form, once the password was typed."""
    return ask_to_confirm() or _refund_page(transaction_id)


@blueprint.post("/payments/<transaction_id>/refunds")
@staff("refund")
def refund(transaction_id: str) -> Response | BaseResponse:
    """Ask for a refund, in full or in part."""
    shown = find(transaction_id)
    if not signed_in().just_confirmed:
        address = url_for("staff.confirm_refund", transaction_id=transaction_id)
        return redirect(url_for("accounts.confirm", next=address), 303)
    typed, reason = request.form.get("amount", ""), request.form.get("reason", "")
    try:
        request_refund(
            transaction_id,
            _minor(typed, shown.currency),
            reason=reason[:500],
            stripe_reason=request.form.get("stripe_reason") or None,
            actor=signed_in().id,
            idempotency_key=_form_key(),
        )
    except (RefundRefusedError, ValueError) as error:
        return _refund_page(transaction_id, 422, problem=str(error), asked=typed, reason=reason)
    return _back(transaction_id)


def _retry_page(transaction_id: str, status: int = 200, **values: object) -> Response:
    payment = find(transaction_id)
    try:
        verdict = preview_retry(transaction_id)
    except NoResultFound:
        raise NotFound from None
    return page("retry.html", status, payment=payment, verdict=verdict, **values)


def _refund_page(transaction_id: str, status: int = 200, **values: object) -> Response:
    payment = find(transaction_id)
    session = db.session()
    transaction = session.get_one(Transaction, transaction_id)
    left = Money(remaining(session, transaction), transaction.currency)
    return page(
        "refund.html",
        status,
        **{
            "payment": payment,
            "left": left,
            "asked": str(left.major),
            "reasons": REASONS,
            "key": request.form.get("key") or secrets.token_urlsafe(16),
            **values,
        },
    )


def _form_key() -> str:
    """Of this member's form. Raises ValueError for one without: all such would share a key."""
    key = request.form.get("key", "")[:64]
    if not key:
        raise ValueError("The form was incomplete. Nothing was refunded. Please send it again.")
    return f"staff:{signed_in().id}:{key}"


def _minor(typed: str, currency: str) -> int:
    """Minor units of an amount typed in the currency's own unit. Raises ValueError for one that
    the currency can't have."""
    amount = read_amount(typed)
    minor = amount.scaleb(exponent(currency)) if amount is not None else Decimal("0.5")
    if minor != minor.to_integral_value():
        raise ValueError("Enter an amount such as 10.99.")
    return int(minor)


def _back(transaction_id: str) -> BaseResponse:
    return redirect(url_for("staff.payment", transaction_id=transaction_id) + "#timeline", 303)
