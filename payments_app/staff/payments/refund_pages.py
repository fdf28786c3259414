"""Asking for a refund: the form, the review that says what will happen, and the request.

Nothing here calls Stripe: a service function stores the request with its message, and a job carries
it out.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from payments_app.accounts.gate import ask_to_confirm, signed_in
from payments_app.accounts.people import names_of
from payments_app.core.amounts import typed_form
from payments_app.core.db.clock import utcnow
from payments_app.core.db.ids import looks_like_id, reference
from payments_app.core.extensions import db
from payments_app.core.money import Money, exponent
from payments_app.core.web.access import staff
from payments_app.core.web.http import ProblemError, wants_json
from payments_app.core.web.query import asked, takes
from payments_app.gateway.refunds import REASONS
from payments_app.payments.models import Transaction
from payments_app.payments.refunds import items as paid_items
from payments_app.payments.refunds.remaining import refundable
from payments_app.payments.refunds.request import (
    MAX_REASON,
    RefundRefusedError,
    RemainingChangedError,
    recent_refunds,
    request_refund,
)
from payments_app.payments.refunds.review import review_refund
from payments_app.staff.blueprint import back_to_payment, blueprint, page
from payments_app.staff.payments.pages import find
from payments_app.staff.payments.reviewed_refund import is_reviewed, seal
from payments_app.staff.payments.typed_refund import Wish, askable_items, items_left, read_wish
from payments_app.staff.zones import time_left


@blueprint.get("/payments/<transaction_id>/refunds")
@staff("refund")
@takes("double")
def confirm_refund(transaction_id: str) -> Response | BaseResponse:
    """The refund's form, once the password was typed. Of a payment that was made twice by mistake
    its review at once: two steps in all."""
    return ask_to_confirm() or _review_of_double(transaction_id) or _refund_page(transaction_id)


@blueprint.post("/payments/<transaction_id>/refunds")
@staff("refund")
def refund(transaction_id: str) -> Response | BaseResponse:
    """The form leads to a review, and only the review's own form asks for the refund."""
    find(transaction_id)
    if not signed_in().just_confirmed:
        address = url_for("staff.confirm_refund", transaction_id=transaction_id)
        return redirect(url_for("accounts.confirm", next=address), 303)
    if "change" in request.form:
        return _refund_page(transaction_id)
    try:
        wish = read_wish(askable_items(transaction_id), _left(transaction_id))
        if not is_reviewed(transaction_id, wish):
            return _review_page(transaction_id, wish)
        try:
            request_refund(
                transaction_id,
                wish.money.amount,
                reason=wish.reason,
                stripe_reason=wish.stripe_reason,
                actor=signed_in().id,
                idempotency_key=f"staff-{request.form['reviewed']}",  # a hash of all of it
                left=int(request.form["left"]),
                items=wish.items,
            )
        except RemainingChangedError as error:
            return _review_page(transaction_id, wish, 409, problem=str(error))
    except (ProblemError, RefundRefusedError) as error:
        return _form_again(transaction_id, error)
    return back_to_payment(transaction_id)


def _left(transaction_id: str) -> Money:
    """What can still be given back."""
    transaction = db.session().get_one(Transaction, transaction_id)
    return Money(refundable(db.session(), transaction), transaction.currency)


def _review_of_double(transaction_id: str) -> Response | None:
    """The review of giving back all that is left, where `double` names the other payment."""
    other = asked("double")
    if not looks_like_id(other, "txn") or db.session().get(Transaction, transaction_id) is None:
        return None
    left = _left(transaction_id)
    reason = f"Paid twice: the other payment is {reference(other)}"
    try:
        return _review_page(transaction_id, Wish(left, reason, "duplicate"))
    except RefundRefusedError:
        return None  # the form says why


def _refund_page(
    transaction_id: str, status: int = 200, problems: Mapping[str, str] | None = None
) -> Response:
    """The form, with all that was typed."""
    payment = find(transaction_id)
    session = db.session()
    transaction, left = session.get_one(Transaction, transaction_id), _left(transaction_id)
    return page(
        "payments/refund.html",
        status,
        payment=payment,
        left=left,
        recent=_recent(transaction_id),
        items=paid_items.items_of(session, transaction),
        digits=exponent(transaction.currency),
        typed={"amount": typed_form(left), "reason": "", "stripe_reason": "", **request.form},
        reasons=REASONS,
        problems=problems or {},
        most=MAX_REASON,
    )


def _recent(transaction_id: str) -> list[str]:
    """What colleagues, or the asker, have just asked for of this payment, each in a sentence."""
    session = db.session()
    refunds = recent_refunds(session, transaction_id)
    names = names_of(session, (refund.requested_by for refund in refunds))
    return [
        f"{_whom(refund.requested_by, names)} asked for a refund of {refund.money} "
        f"{time_left(refund.created_at, utcnow()).replace('now', 'just now')}: {refund.reason}"
        for refund in refunds
    ]


def _whom(actor: str, names: Mapping[str, str]) -> str:
    return "You" if actor == signed_in().id else names.get(actor, actor)


def _form_again(transaction_id: str, error: ProblemError | RefundRefusedError) -> Response:
    """The form with what is wrong beside each field; whoever wants JSON gets that alone."""
    if isinstance(error, RefundRefusedError):
        error = ProblemError(422, "refund_refused", str(error), {"amount": str(error)})
    if wants_json():
        raise error
    return _refund_page(transaction_id, error.status, problems=error.fields)


def _review_page(
    transaction_id: str, wish: Wish, status: int = 200, problem: str | None = None
) -> Response:
    """What the refund would do, and the form that asks for it. Raises RefundRefusedError."""
    review = review_refund(
        transaction_id, wish.money.amount, reason=wish.reason, stripe_reason=wish.stripe_reason
    )
    shown = find(transaction_id)
    sealed = {
        "left": str(review.left.amount),
        "from_merchant": str(review.from_merchant or ""),
        "of_fee": str(review.of_fee or ""),
        "key": secrets.token_urlsafe(16),
    }
    return page(
        "payments/refund_review.html",
        status,
        payment=shown,
        wish=wish,
        review=review,
        recent=_recent(transaction_id),
        items=paid_items.in_words(paid_items.kept_form(items_left(transaction_id), wish.items)),
        card=(shown.card or "").replace("\u2022\u2022\u2022\u2022 ", ""),
        problem=problem,
        sent={
            "amount": typed_form(wish.money),
            "reason": wish.reason,
            "stripe_reason": wish.stripe_reason or "",
            **{f"item_{line}": quantity for line, quantity in wish.items.items()},
            **sealed,
            "reviewed": seal(transaction_id, wish, sealed).decode(),
        },
    )
