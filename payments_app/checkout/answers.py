"""What a wish to pay is answered with: its payment's address, or the payment that lives already."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, make_response, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from payments_app.checkout.pages import status_url
from payments_app.checkout.start import Started
from payments_app.checkout.status import FIRST_POLL_MS
from payments_app.core.language import Words
from payments_app.core.web.headers import private
from payments_app.core.web.http import ProblemError
from payments_app.payments.phases import State
from payments_app.payments.transactions.open import ActivePaymentError


def answers_json() -> bool:
    """JSON for JSON, and for a script that sends a form but asks for JSON by name."""
    accepted = request.accept_mimetypes
    return request.is_json or accepted["application/json"] > accepted["text/html"]


def see_payment(started: Started) -> Response:
    """For a form: to the payment's status."""
    return private(make_response(redirect(status_url(started.transaction), 303)))


def accepted(started: Started) -> Response:
    """For JSON: made of what never changes, so that a replay has the same bytes."""
    transaction = started.transaction
    body: dict[str, Any] = {
        "id": transaction.id,
        "reference": transaction.reference,
        "state": State.PENDING,
        "amount": transaction.amount,
        "currency": transaction.currency,
        "amount_text": str(transaction.money),
        "description": transaction.description,
        "attempt": transaction.attempt,
        "url": status_url(transaction),
        "next_poll_ms": FIRST_POLL_MS,
    }
    response = jsonify(body)
    response.status_code = 202
    response.headers["Location"] = status_url(transaction)
    return private(response)


def already_live(live: ActivePaymentError) -> Response | BaseResponse:
    """Nothing new is charged beside a payment that is made or may be: show that one."""
    url = url_for("checkout.show", transaction_id=live.transaction_id)
    if not answers_json():
        return redirect(url, 303)
    code = "payment_in_progress"
    words = Words("A payment for this is under way. Wait for its result.")
    if live.state == State.COMPLETE:
        code, words = "already_paid", Words("This is already paid.")
    raise ProblemError(409, code, words, transaction=live.transaction_id, url=url)
