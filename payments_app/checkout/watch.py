"""The status of a transaction, as JSON and as a page, and the thank-you."""

from __future__ import annotations

import math

from flask import (
    Response,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
)
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from payments_app.checkout import buyers
from payments_app.checkout.blueprint import blueprint
from payments_app.checkout.pages import status_url
from payments_app.checkout.status import (
    FIRST_POLL_MS,
    find,
    local_time,
    seconds_since,
    status_of,
)
from payments_app.core.extensions import csrf, db
from payments_app.core.web.access import buyer
from payments_app.core.web.headers import private, takes_cards
from payments_app.core.web.http import wants_json
from payments_app.payments.connect.account import account_of
from payments_app.payments.models import Transaction
from payments_app.payments.phases import Phase, State
from payments_app.payments.transactions.check import request_check

_REFRESHES = 20  # without JavaScript: the page stops asking after so many


@blueprint.get("/transactions/<transaction_id>")
@blueprint.get("/api/v1/transactions/<transaction_id>", endpoint="api_show")
@buyer
@takes_cards
def show(transaction_id: str) -> Response | BaseResponse:
    """The status: JSON for a program, a page that follows it for a person. Also where the bank
    sends the buyer back to."""
    transaction = _found(transaction_id)
    back_from_bank = "payment_intent" in request.args
    if back_from_bank or transaction.phase == Phase.UNKNOWN:
        request_check(transaction.id, back=back_from_bank)
    if wants_json():
        return _as_json(transaction)
    if back_from_bank:
        # The address that Stripe made holds a secret: leave it.
        return redirect(status_url(transaction), 303)
    return _as_page(transaction)


@blueprint.post("/transactions/<transaction_id>/checks")
@buyer
@csrf.exempt  # type: ignore[untyped-decorator]
def check(transaction_id: str) -> Response | BaseResponse:
    """Ask for a look-up at Stripe: 202, or 204 where there is nothing left to ask."""
    if not request.is_json:
        csrf.protect()
    transaction = _found(transaction_id)
    pending = transaction.state == State.PENDING
    if pending:
        request_check(transaction.id, back=True)
    if not wants_json():
        return redirect(status_url(transaction), 303)
    return private(make_response("", 202 if pending else 204))


@blueprint.get("/thankyou")
@buyer
def thankyou() -> Response | BaseResponse:
    """What was paid, to keep or print; without an id, the last payment of this browser."""
    transaction = _found(request.args.get("transaction") or buyers.last_transaction_id() or "")
    if transaction.state != State.COMPLETE:
        return redirect(status_url(transaction), 303)
    page = render_template(
        "checkout/thankyou.html",
        status=status_of(db.session(), transaction, mine=buyers.is_mine(transaction)),
        paid_at=local_time(transaction.ended_at or transaction.updated_at),
        statement=transaction.statement_descriptor,
    )
    return _unlisted(make_response(page))


def _found(transaction_id: str) -> Transaction:
    """Raises NotFound, the same for every kind of miss."""
    transaction = find(db.session(), transaction_id)
    if transaction is None:
        raise NotFound
    return transaction


def _as_json(transaction: Transaction) -> Response:
    status = status_of(db.session(), transaction, mine=buyers.is_mine(transaction))
    if request.args.get("partial"):
        status["html"] = render_template("checkout/_status.html", status=status)
    response = _unlisted(jsonify(status))
    if status["next_poll_ms"] is not None:
        response.headers["Retry-After"] = str(math.ceil(status["next_poll_ms"] / 1000))
        response.headers["X-Next-Poll-Ms"] = str(status["next_poll_ms"])  # a 304 has no body
    response.set_etag(str(transaction.version), weak=True)
    response.make_conditional(request)
    return response


def _as_page(transaction: Transaction) -> Response:
    refreshed = request.args.get("n", 0, type=int)
    page = render_template(
        "checkout/status.html",
        status=status_of(db.session(), transaction, mine=buyers.is_mine(transaction)),
        age=seconds_since(transaction.created_at),
        refreshes=min(max(refreshed, 0), _REFRESHES),
        most_refreshes=_REFRESHES,
        first_poll_ms=FIRST_POLL_MS,
        account=account_of(transaction),
    )
    return _unlisted(make_response(page))


def _unlisted(response: Response) -> Response:
    response.headers["X-Robots-Tag"] = "noindex"
    response.vary.add("Accept")
    return private(response)
