"""Sending a receipt or a merchant's webhook once more: a page that says what goes where, and asks.

The form carries how often the thing had been asked for when its page was made: a form that is
sent twice asks once.
"""

from __future__ import annotations

from flask import Response, redirect, request, url_for
from sqlalchemy.exc import NoResultFound
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from payments_app.accounts.gate import signed_in
from payments_app.core.extensions import db
from payments_app.core.web.access import staff
from payments_app.notices.receipts import NoReceiptError, resend_receipt
from payments_app.notices.resend import EndpointOffError, resend
from payments_app.staff.blueprint import blueprint, page
from payments_app.staff.payments.pages import find
from payments_app.staff.payments.sent import delivery_of, receipt_of
from payments_app.staff.zones import reader_zone


@blueprint.get("/payments/<transaction_id>/receipts")
@staff("resend_receipt")
def confirm_receipt(transaction_id: str) -> Response:
    """To whom the receipt would go again; or that there is none."""
    return _receipt_page(transaction_id)


@blueprint.post("/payments/<transaction_id>/receipts")
@staff("resend_receipt")
def send_receipt(transaction_id: str) -> Response | BaseResponse:
    """Ask for it; a job sends it."""
    find(transaction_id)
    try:
        resend_receipt(transaction_id, signed_in().id, rounds=_rounds())
    except NoReceiptError:
        return _receipt_page(transaction_id, 409)
    return _back(transaction_id)


@blueprint.get("/deliveries/<delivery_id>/resends")
@staff("resend_webhook")
def confirm_delivery(delivery_id: str) -> Response:
    """To which endpoint the webhook would go again."""
    return _delivery_page(delivery_id)


@blueprint.post("/deliveries/<delivery_id>/resends")
@staff("resend_webhook")
def send_delivery(delivery_id: str) -> Response | BaseResponse:
    """Ask for it; a job calls the endpoint."""
    try:
        resend(delivery_id, signed_in().id, rounds=_rounds())
    except NoResultFound:
        raise NotFound from None
    except EndpointOffError:
        return _delivery_page(delivery_id, 409)
    sent = delivery_of(db.session(), delivery_id, reader_zone())
    return _back(str(sent.transaction_id if sent else ""))


def _receipt_page(transaction_id: str, status: int = 200) -> Response:
    payment = find(transaction_id)
    sent = receipt_of(db.session(), transaction_id, reader_zone())
    return page("payments/resend.html", status, payment=payment, sent=sent, what="receipt")


def _delivery_page(delivery_id: str, status: int = 200) -> Response:
    sent = delivery_of(db.session(), delivery_id, reader_zone())
    if sent is None:
        raise NotFound
    payment = find(str(sent.transaction_id))
    return page("payments/resend.html", status, payment=payment, sent=sent, what="webhook")


def _rounds() -> int:
    """As the form's page was made; 0, which is no round, where that can't be read."""
    typed = request.form.get("rounds", "")
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 10 else 0


def _back(transaction_id: str) -> BaseResponse:
    return redirect(url_for("staff.payment", transaction_id=transaction_id) + "#mails", 303)
