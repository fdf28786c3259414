"""The status of a transaction, as JSON and as a page, and the thank-you."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from flask import (
    Response,
    current_app,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from payments_app.checkout import buyers
from payments_app.checkout.blueprint import blueprint
from payments_app.checkout.failure import failure_of
from payments_app.checkout.status import (
    FIRST_POLL_MS,
    headers_of,
    local_time,
    next_poll_ms,
    own_status_of,
    seconds_since,
    status_of,
    way_back,
)
from payments_app.checkout.status_row import StatusRow, read
from payments_app.core.extensions import csrf, db
from payments_app.core.web.access import buyer
from payments_app.core.web.headers import private, takes_cards
from payments_app.core.web.http import ProblemError, wants_json
from payments_app.core.web.limits import Rate, limiter
from payments_app.core.web.visitor import visitor_network
from payments_app.payments.phases import Phase, State
from payments_app.payments.purchased import described, purchased, sold_by
from payments_app.payments.refunds.money_back import MoneyBack, money_back
from payments_app.payments.transactions.check import request_check

# Of a network: its look-ups may not fill the threads that charge.
_CHECKS = Rate(60, 60)
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
        _ask_for_check(transaction, back=back_from_bank)
    if wants_json():
        return _as_json(transaction)
    if back_from_bank:
        # The address that Stripe made holds a secret: leave it.
        return redirect(_url(transaction), 303)
    if transaction.state == State.COMPLETE and buyers.is_mine(transaction):
        # It may have ended before its page was asked for: then no script leads on from there.
        thanks = url_for("checkout.thankyou", transaction=transaction.id, returning=1)
        return _unlisted(make_response(redirect(thanks, 303)))
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
        _ask_for_check(transaction, back=True)
    if not wants_json():
        return redirect(_url(transaction), 303)
    return private(make_response("", 202 if pending else 204))


@blueprint.get("/thankyou")
@buyer
def thankyou() -> Response | BaseResponse:
    """What was paid, to keep or print; without an id, the last payment of this browser."""
    transaction = _found(request.args.get("transaction") or buyers.last_transaction_id() or "")
    if transaction.state != State.COMPLETE:
        return redirect(_url(transaction), 303)
    page = render_template(
        "checkout/thankyou.html",
        **_shown(transaction),
        **_bought(transaction),
        seller=sold_by(db.session(), transaction.id) if buyers.is_mine(transaction) else None,
        paid_at=local_time(transaction.ended_at or transaction.updated_at, transaction.zone),
        statement=transaction.statement_descriptor,
        returning="returning" in request.args,
        way_back=_way_back(transaction),
    )
    return _unlisted(make_response(page))


def _way_back(transaction: StatusRow) -> str | None:
    """Where its own buyer goes on, now that it is paid."""
    mine = buyers.is_mine(transaction)
    return way_back(db.session(), transaction, paid=True) if mine else None


def _ask_for_check(transaction: StatusRow, *, back: bool) -> None:
    """Have Stripe asked soon, unless this network has asked too often: the page shows what is known
    then, and the look-ups that are scheduled anyway go on."""
    with suppress(ProblemError):
        limiter().check("checks", _CHECKS, f"address:{visitor_network()}")
        request_check(transaction.id, back=back)


def _found(transaction_id: str) -> StatusRow:
    """Raises NotFound, the same for every kind of miss."""
    transaction = read(current_app, transaction_id, StatusRow)
    if transaction is None:
        raise NotFound
    return transaction


def _as_json(transaction: StatusRow) -> Response:
    if request.if_none_match.contains_weak(str(transaction.version)):
        response, wait_ms = Response(status=304), next_poll_ms(transaction)
    else:
        shown = _shown(transaction)
        status = shown["status"]
        if request.args.get("partial"):
            status["html"] = render_template("checkout/_status.html", **shown)
        response, wait_ms = jsonify(status), status["next_poll_ms"]
    response.headers.update(headers_of(transaction, wait_ms))
    return response


def _as_page(transaction: StatusRow) -> Response:
    refreshed = request.args.get("n", 0, type=int)
    page = render_template(
        "checkout/status.html",
        **_shown(transaction),
        **_bought(transaction),
        age=seconds_since(transaction.created_at),
        refreshes=min(max(refreshed, 0), _REFRESHES),
        most_refreshes=_REFRESHES,
        first_poll_ms=FIRST_POLL_MS,
        account=transaction.account,
    )
    return _unlisted(make_response(page))


def _shown(transaction: StatusRow) -> dict[str, Any]:
    """What the page and the partial say alike."""
    status = _status(transaction)
    failure = failure_of(db.session(), transaction, status.get("try_again_url"))
    return {"status": status, "back": _back(transaction), "failure": failure}


def _bought(transaction: StatusRow) -> dict[str, Any]:
    """What it is for, to its own buyer."""
    if not buyers.is_mine(transaction):
        return {"bought": None, "described": transaction.description}
    bought = purchased(db.session(), transaction.id)
    return {"bought": bought, "described": described(db.session(), transaction)}


def _status(transaction: StatusRow) -> dict[str, Any]:
    if buyers.is_mine(transaction):
        return own_status_of(db.session(), transaction, _url(transaction))
    return status_of(transaction, _url(transaction))


def _back(transaction: StatusRow) -> MoneyBack | None:
    """What went back of a payment that is complete."""
    if transaction.state != State.COMPLETE:
        return None
    return money_back(db.session(), transaction.id, transaction.money_paid)


def _url(transaction: StatusRow) -> str:
    return url_for("checkout.show", transaction_id=transaction.id)


def _unlisted(response: Response) -> Response:
    response.headers["X-Robots-Tag"] = "noindex"
    response.vary.add("Accept")
    return private(response)
