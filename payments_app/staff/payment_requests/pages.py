"""Links to pay: ask somebody for an amount, send them the link, see what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, redirect, request, url_for
from sqlalchemy import select
from sqlalchemy.exc import NoResultFound
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from payments_app.accounts.gate import signed_in
from payments_app.accounts.people import names_of
from payments_app.core.db.ids import looks_like_id
from payments_app.core.extensions import db
from payments_app.core.money import CURRENCIES, Money
from payments_app.core.web.access import staff
from payments_app.core.web.http import ProblemError
from payments_app.core.web.links import absolute
from payments_app.core.web.query import takes
from payments_app.notices.models import Mail
from payments_app.notices.payment_link import PAYMENT_LINK, send_payment_link
from payments_app.payment_requests.ask import AskRefusedError, NotOpenError, ask, cancel
from payments_app.payment_requests.find import (
    Filter,
    Known,
    Status,
    find,
    find_all,
    open_link_of,
)
from payments_app.payment_requests.models import PaymentRequest
from payments_app.payments.payable import Payable, find_payable
from payments_app.payments.said import known_price
from payments_app.staff.blueprint import blueprint, page
from payments_app.staff.payment_requests.typed_link import MOST_DAYS, read_wish
from payments_app.staff.payments.sent import mail_state
from payments_app.staff.verdict import BADGES
from payments_app.staff.zones import reader_zone, when

_SHOWN = 50
_WORDS = {
    Status.REQUIRES_PAYMENT: ("Not paid yet", "badge badge-secondary"),
    Status.PROCESSING: ("Being paid", "badge badge-secondary"),
    Status.REQUIRES_ACTION: ("Waits for the bank", "badge badge-secondary"),
    Status.SUCCEEDED: ("Paid", "badge badge-success"),
    Status.CANCELED: ("Cancelled", "badge badge-secondary"),
    Status.EXPIRED: ("Expired", "badge badge-secondary"),
}


@blueprint.get("/payment-links")
@staff("view")
@takes("before")
def payment_links() -> Response:
    """The newest, with what became of each."""
    before = request.args.get("before") or None
    try:
        found, more = find_all(db.session(), Filter(), after=before, limit=_SHOWN)
    except LookupError:
        raise NotFound from None
    names = names_of(db.session(), (one.request.created_by for one in found))
    rows = [_row(one, names) for one in found]
    return page("payment_requests/list.html", rows=rows, next=rows[-1]["id"] if more else None)


@blueprint.get("/payment-links/new")
@staff("request_payment")
@takes("email", "amount", "currency", "description", "owed")
def new_payment_link() -> Response | BaseResponse:
    """The form; filled in where a payment's page leads here. Of what is owed and was asked for
    already it is the link that is open."""
    owed, session = _owed(request.args), db.session()
    if owed is not None and (made := open_link_of(session, owed.payable_type, owed.id)):
        return redirect(url_for("staff.payment_link", request_id=made), 303)
    return _form(request.args, owed=owed)


@blueprint.post("/payment-links")
@staff("request_payment")
def create_payment_link() -> Response | BaseResponse:
    """Store it, mail it where that is wanted, and show the link."""
    owed = _owed(request.form)
    try:
        wish = read_wish(owed)
        made, _ = ask(wish, signed_in().id)
    except ProblemError as problem:
        return _form(request.form, problem, owed)
    except AskRefusedError as error:
        problems = {error.field: str(error)}
        return _form(request.form, ProblemError(422, "invalid", str(error), problems), owed)
    if wish.email and request.form.get("send"):
        send_payment_link(made, signed_in().id)
    return redirect(url_for("staff.payment_link", request_id=made), 303)


@blueprint.get("/payment-links/<request_id>")
@staff("view")
def payment_link(request_id: str) -> Response:
    """One link, to copy, with what became of it."""
    return _shown(request_id)


@blueprint.post("/payment-links/<request_id>/cancellation")
@staff("request_payment")
def cancel_payment_link(request_id: str) -> Response | BaseResponse:
    """Nobody can begin to pay it any more."""
    try:
        cancel(request_id, signed_in().id)
    except NoResultFound:
        raise NotFound from None
    except NotOpenError as error:
        return _shown(request_id, 409, str(error))
    return redirect(url_for("staff.payment_link", request_id=request_id), 303)


def _owed(typed: Mapping[str, str]) -> Payable | None:
    """What a link is to be for, where that is no amount of its own. Raises NotFound for what is not
    there, or has no price."""
    if not (named := typed.get("owed")):
        return None
    owed = find_payable(db.session(), named)
    if owed is None or isinstance(owed, PaymentRequest) or known_price(owed) is None:
        raise NotFound
    return owed


def _shown(request_id: str, status: int = 200, problem: str | None = None) -> Response:
    known = find(db.session(), request_id) if looks_like_id(request_id, "prq") else None
    if known is None:
        raise NotFound
    names = names_of(db.session(), [known.request.created_by])
    return page(
        "payment_requests/one.html",
        status,
        row=_row(known, names),
        mailed=_mailed(request_id),
        problem=problem,
    )


def _row(known: Known, names: Mapping[str, str]) -> dict[str, Any]:
    asked, zone = known.request, reader_zone()
    plain = (*_WORDS[known.status], "")
    words, badge, _ = BADGES.get(known.truth.status, plain) if known.truth else plain
    closed = known.status in (Status.SUCCEEDED, Status.CANCELED, Status.EXPIRED)
    return {
        "id": asked.id,
        "words": words,
        "badge": badge,
        "amount": known.last.amount_words if known.last else str(asked.price),
        "description": asked.description,
        "reference": asked.reference,
        "email": asked.email,
        "lines": asked.in_words,
        "url": None if closed else absolute(url_for("checkout.form", item=asked.checkout_name)),
        "payment": known.last.id if known.last else None,
        "refunded": str(Money(known.refunded, asked.currency)) if known.refunded else None,
        "by": names.get(asked.created_by, asked.created_by),
        "created": when(asked.created_at, zone),
        "expires": when(asked.expires_at, zone),
        "open": known.status == Status.REQUIRES_PAYMENT,
    }


def _mailed(request_id: str) -> str | None:
    """Whether the link was mailed and to whom; None where nobody asked for that."""
    key = f"{PAYMENT_LINK}_{request_id}"
    mail = db.session().execute(select(Mail.recipient, Mail.state).where(Mail.key == key)).first()
    return f"To {mail.recipient}: {mail_state(mail.state)}" if mail else None


def _form(typed: Any, problem: ProblemError | None = None, owed: Payable | None = None) -> Response:
    return page(
        "payment_requests/new.html",
        problem.status if problem else 200,
        typed=typed,
        owed=owed,
        problem=problem,
        errors=problem.fields if problem else {},
        currencies=sorted(CURRENCIES),
        most_days=MOST_DAYS,
    )
