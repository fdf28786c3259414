"""`POST /transactions`: a wish to pay, from a form or as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from flask import (
    Response,
    current_app,
    jsonify,
    make_response,
    redirect,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.wrappers import Response as BaseResponse

from payments_app.checkout import buyers, challenge
from payments_app.checkout.blueprint import blueprint
from payments_app.checkout.forms import Purchase, fingerprint_of_sent, parse
from payments_app.checkout.offers import offer_of
from payments_app.checkout.pages import form_page, sent_here, status_url
from payments_app.checkout.start import Started, start
from payments_app.checkout.status import FIRST_POLL_MS
from payments_app.core.extensions import csrf, db
from payments_app.core.language import Words
from payments_app.core.web.access import buyer
from payments_app.core.web.headers import private, takes_cards
from payments_app.core.web.http import ProblemError, wants_json
from payments_app.core.web.idempotency import app_store, idempotent
from payments_app.core.web.limits import Rate, limiter
from payments_app.core.web.page_before import posted_from
from payments_app.core.web.visitor import visitor_network
from payments_app.customers.recognise import recognised
from payments_app.payments.phases import State
from payments_app.payments.transactions.open import ActivePaymentError

MAX_BODY_BYTES = 16 * 1024
# Longer than this view takes; short, because a web process that dies leaves its lock behind.
LOCK_SECONDS = 15
_FORM_TYPES = {"application/x-www-form-urlencoded", "multipart/form-data"}


def _limited(view: Callable[[], ResponseReturnValue]) -> Callable[[], ResponseReturnValue]:
    """Count the call before anything is read of it."""

    @wraps(view)
    def run() -> ResponseReturnValue:
        request.max_content_length = MAX_BODY_BYTES
        rate = Rate.parse(current_app.config["CONFIG"].checkout_rate_limit)
        known = buyers.known_browser()
        address, browser = f"address:{visitor_network()}", f"session:{known}" if known else ""
        try:
            limiter().check("checkout", rate, address, browser)
        except ProblemError as problem:
            return _form_again(problem)
        return view()

    return run


def _genuine(view: Callable[[], ResponseReturnValue]) -> Callable[[], ResponseReturnValue]:
    """A form needs its CSRF token before its key is looked at; a browser sends JSON across sites
    only with leave, which nobody has, so that JSON needs none."""

    @wraps(view)
    def run() -> ResponseReturnValue:
        if request.mimetype in _FORM_TYPES:
            try:
                csrf.protect()
            except CSRFError:
                raise _expired() from None
            except ProblemError as problem:  # a text that can't be stored
                return _form_again(problem)
        return view()

    return run


def _fingerprint() -> str:
    values = _json() if request.is_json else request.form
    return fingerprint_of_sent(values if isinstance(values, Mapping) else {})


def _json() -> Any:
    """The body's JSON; None where it is none, or nested so deeply that it is no purchase."""
    try:
        return request.get_json(silent=True)
    except RecursionError:
        return None


def _form_left() -> str | None:
    """The form that this browser was last shown again, under the address that it was sent to."""
    item = session.get("form")
    return url_for("checkout.form", item=item) if item else None


@blueprint.post("/transactions")
@posted_from(_form_left)
@buyer
@takes_cards
@csrf.exempt  # type: ignore[untyped-decorator]
@_limited
@_genuine
@idempotent(
    store=app_store,
    fingerprint=_fingerprint,
    caller=buyers.known_browser,
    caller_is_new=True,
    lock_ttl=LOCK_SECONDS,
)
def create() -> Response | BaseResponse:
    """Store a pending transaction: 303 to its status for a form, 202 and Location for JSON.

    A form carries its key in a field: its double click is answered by the row's own key, with 303.
    """
    caller = buyers.known_browser()  # before browser(), which names who has no name yet
    try:
        purchase = _purchase()
        challenge.check(purchase)
        buyer, known = buyers.browser(), recognised()
        fingerprints = challenge.fingerprints_to_store(purchase.email)
        started = start(purchase, buyer, known, fingerprints, caller, visitor_network())
    except ActivePaymentError as live:
        return _already_live(live)
    except ProblemError as problem:
        return _form_again(problem)
    if buyers.is_mine(started.transaction):
        buyers.remember(started.transaction)
    response = _accepted(started) if _answers_json() else _see(started)
    response.headers["X-Idempotency-Key"] = purchase.key
    response.headers["X-Idempotency-Replayed"] = str(started.replayed).lower()
    return response


def _purchase() -> Purchase:
    """What was sent, with the key of a program's header or of a form's own field."""
    header = request.headers.get("Idempotency-Key")
    if request.is_json:
        values = _json()
        if not isinstance(values, dict):
            raise ProblemError(400, "invalid_json", "The body is not a JSON object.")
        return parse(values, header)
    if request.mimetype not in _FORM_TYPES:
        raise ProblemError(415, "unsupported_media_type", Words("Send a form or JSON."))
    key = header if header is not None else request.form.get("key")
    if key is None and not wants_json():
        words = Words(
            "The form was incomplete, so no payment was made. Please check it and pay again."
        )
        raise ProblemError(400, "idempotency_key_missing", words)
    return parse(request.form, key)


def _expired() -> ProblemError:
    """A form too old to be trusted. It names the payment that this browser made with it; what
    another made, also this one under a name that it lost, is not known here."""
    sent = sent_here(request.form.get("key"))
    if sent is not None:
        return ProblemError(
            400,
            "form_expired",
            Words("You already submitted this form. See its payment."),
            url=status_url(sent),
        )
    return ProblemError(
        400,
        "form_expired",
        Words(
            "This form has expired, so nothing was sent and no payment was made this time. "
            "If you have not paid yet, open it again. Your browser must accept cookies."
        ),
        url=url_for("checkout.form", item=request.form.get("item") or "-"),
    )


def _answers_json() -> bool:
    """JSON for JSON, and for a script that sends a form but asks for JSON by name."""
    accepted = request.accept_mimetypes
    return request.is_json or accepted["application/json"] > accepted["text/html"]


def _see(started: Started) -> Response:
    return private(make_response(redirect(status_url(started.transaction), 303)))


def _accepted(started: Started) -> Response:
    """Made of what never changes, so that a replay has the same bytes."""
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


def _already_live(live: ActivePaymentError) -> Response | BaseResponse:
    """Nothing new is charged beside a payment that is made or may be: show that one."""
    url = url_for("checkout.show", transaction_id=live.transaction_id)
    if not _answers_json():
        return redirect(url, 303)
    code = "payment_in_progress"
    words = Words("A payment for this is under way. Wait for its result.")
    if live.state == State.COMPLETE:
        code, words = "already_paid", Words("This is already paid.")
    raise ProblemError(409, code, words, transaction=live.transaction_id, url=url)


def _form_again(problem: ProblemError) -> Response:
    """The form with what was typed, what is wrong and a new key. Whoever wants JSON, and a form
    that expired or names nothing, gets the problem alone."""
    away = problem.status in {413, 415, 503} and problem.code != "busy"
    if wants_json() or problem.code == "form_expired" or away:
        raise problem
    if problem.code == "challenge_required" and "url" in problem.more:
        return private(make_response(redirect(problem.more["url"], 303)))
    offer = offer_of(db.session(), request.form.get("item", ""))
    if offer is None:
        raise problem
    session["form"] = offer.item
    response = form_page(offer, _typed_here(), problem)
    response.status_code = problem.status
    response.headers.extend(problem.headers)
    return private(response)


def _typed_here() -> Mapping[str, str]:
    """What was typed on a page of ours. Any site may send a form here, and fills in none of ours:
    a card would be charged under the address that it chose."""
    try:
        csrf.protect()
    except CSRFError:
        return {}
    return request.form
