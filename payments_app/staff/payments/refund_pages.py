"""Asking for a refund: the form, the review that says what will happen, and the request.

Nothing here calls Stripe: a service function stores the request with its message, and a job carries
it out.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from payments_app.accounts.gate import ask_to_confirm, signed_in
from payments_app.accounts.people import names_of
from payments_app.core.amounts import AmountError, parse_amount, typed_form
from payments_app.core.db.clock import utcnow
from payments_app.core.db.ids import looks_like_id, reference
from payments_app.core.extensions import db
from payments_app.core.money import Money, exponent
from payments_app.core.web import links
from payments_app.core.web.access import staff
from payments_app.core.web.http import ProblemError, wants_json
from payments_app.core.web.query import asked, takes
from payments_app.gateway.refunds import REASONS
from payments_app.payments.models import Transaction
from payments_app.payments.refunds import items as paid_items
from payments_app.payments.refunds.items import ItemsError, PaidItem
from payments_app.payments.refunds.request import (
    MAX_REASON,
    RefundRefusedError,
    RemainingChangedError,
    reason_in_words,
    recent_refunds,
    remaining,
    request_refund,
    review_refund,
)
from payments_app.staff.blueprint import back_to_timeline, blueprint, page
from payments_app.staff.payments.pages import find
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
    shown = find(transaction_id)
    if not signed_in().just_confirmed:
        address = url_for("staff.confirm_refund", transaction_id=transaction_id)
        return redirect(url_for("accounts.confirm", next=address), 303)
    if "change" in request.form:
        return _refund_page(transaction_id)
    try:
        wish = _wish(shown.currency.lower(), _askable(transaction_id))
        if not _is_reviewed(transaction_id, wish):
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
    return back_to_timeline(transaction_id)


# What the review showed and the wish does not hold.
_SEALED = ("left", "from_merchant", "of_fee", "key")


def _review_of_double(transaction_id: str) -> Response | None:
    """The review of giving back all that is left, where `double` names the other payment."""
    other = asked("double")
    transaction = db.session().get(Transaction, transaction_id)
    if not looks_like_id(other, "txn") or transaction is None:
        return None
    left = Money(remaining(db.session(), transaction), transaction.currency)
    reason = f"Paid twice: the other payment is {reference(other)}"
    try:
        return _review_page(transaction_id, _Wish(left, reason, "duplicate"))
    except RefundRefusedError:
        return None  # the form says why


@dataclass(frozen=True)
class _Wish:
    """What the form asks for; `items` are so many of each line of what was bought."""

    money: Money
    reason: str
    stripe_reason: str | None
    items: Mapping[int, int] = field(default_factory=dict)


def _items(transaction_id: str) -> list[PaidItem]:
    session = db.session()
    return paid_items.items_of(session, session.get_one(Transaction, transaction_id))


def _askable(transaction_id: str) -> list[PaidItem]:
    """The same; a review's form may come twice, and its second coming is answered as the first
    was, though fewer are left by now: what is stored is checked under the lock."""
    items = _items(transaction_id)
    if "reviewed" not in request.form:
        return items
    return [replace(item, left=item.quantity) for item in items]


def _chosen(items: Sequence[PaidItem]) -> dict[int, int]:
    """How many of each line the form asks for. Raises ItemsError for what is no number."""
    typed = {item.line: request.form.get(f"item_{item.line}", "") for item in items}
    if not all(re.fullmatch("[0-9]{0,4}", each) for each in typed.values()):
        raise ItemsError("Choose how many.")
    return {line: int(each) for line, each in typed.items() if each.strip("0")}


def _wish(currency: str, items: Sequence[PaidItem]) -> _Wish:
    """What was typed; items that were chosen set the amount. Raises ProblemError with a sentence
    for each field that is not right."""
    problems: dict[str, str] = {}
    money, reason, chosen = Money(0, currency), "", {}
    try:
        chosen = _chosen(items)
        money = (
            paid_items.price_of(items, chosen, currency)
            if chosen
            else parse_amount(request.form.get("amount", ""), currency)
        )
    except ItemsError as error:
        problems["items"] = str(error)
    except AmountError as error:
        problems["amount"] = str(error)
    try:
        reason = reason_in_words(request.form.get("reason", ""))
    except ValueError as error:
        problems["reason"] = str(error)
    stripe_reason = request.form.get("stripe_reason") or None
    if stripe_reason not in (None, *REASONS):
        problems["stripe_reason"] = "Choose one of the reasons, or none."
    if problems:
        raise ProblemError(422, "invalid", next(iter(problems.values())), problems)
    return _Wish(money, reason, stripe_reason, chosen)


def _is_reviewed(transaction_id: str, wish: _Wish) -> bool:
    """Whether this very refund was shown to this member, and is confirmed."""
    sealed = _seal(transaction_id, wish, request.form)
    return hmac.compare_digest(sealed, request.form.get("reviewed", "").encode())


def _seal(transaction_id: str, wish: _Wish, shown: Mapping[str, str]) -> bytes:
    reviewed = [signed_in().id, transaction_id, wish.money.amount, wish.money.currency]
    sealed = [shown.get(name, "") for name in _SEALED]
    items = sorted(wish.items.items())
    content = json.dumps([*reviewed, wish.reason, wish.stripe_reason, items, *sealed])
    return links.seal("refund", content).encode()


def _refund_page(
    transaction_id: str, status: int = 200, problems: Mapping[str, str] | None = None
) -> Response:
    """The form, with all that was typed."""
    payment = find(transaction_id)
    session = db.session()
    transaction = session.get_one(Transaction, transaction_id)
    left = Money(remaining(session, transaction), transaction.currency)
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
    transaction_id: str, wish: _Wish, status: int = 200, problem: str | None = None
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
        items=paid_items.in_words(paid_items.kept_form(_items(transaction_id), wish.items)),
        card=(shown.card or "").replace("\u2022\u2022\u2022\u2022 ", ""),
        problem=problem,
        sent={
            "amount": typed_form(wish.money),
            "reason": wish.reason,
            "stripe_reason": wish.stripe_reason or "",
            **{f"item_{line}": quantity for line, quantity in wish.items.items()},
            **sealed,
            "reviewed": _seal(transaction_id, wish, sealed).decode(),
        },
    )
