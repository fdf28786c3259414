"""`POST /transactions`: a wish to pay, from a form or as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from flask import Response, current_app, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.wrappers import Response as BaseResponse

from payments_app.checkout import buyers, challenge
from payments_app.checkout.answers import accepted, already_live, answers_json, see_payment
from payments_app.checkout.blueprint import blueprint
from payments_app.checkout.form_again import form_again, form_left
from payments_app.checkout.forms import Purchase, fingerprint_of_sent, parse
from payments_app.checkout.keys import is_used
from payments_app.checkout.pages import sent_here, status_url
from payments_app.checkout.start import start
from payments_app.core.extensions import csrf, db
from payments_app.core.language import Words
from payments_app.core.web.access import buyer
from payments_app.core.web.headers import takes_cards
from payments_app.core.web.http import ProblemError, wants_json
from payments_app.core.web.idempotency import app_store, idempotent
from payments_app.core.web.limits import Rate, limiter
from payments_app.core.web.page_before import posted_from
from payments_app.core.web.visitor import visitor_network
from payments_app.customers.recognise import name_left, recognised
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
            return form_again(problem)
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
                return form_again(problem)
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


@blueprint.post("/transactions")
@posted_from(form_left)
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
        _refuse_one_of_before(purchase)
        challenge.check(purchase)
        buyer, known = buyers.browser(), recognised()
        fingerprints = challenge.fingerprints_to_store(purchase.email)
        started = start(purchase, buyer, known, fingerprints, caller, visitor_network())
    except ActivePaymentError as live:
        return already_live(live)
    except ProblemError as problem:
        return form_again(problem)
    if buyers.is_mine(started.transaction):
        buyers.remember(started.transaction)
    response = accepted(started) if answers_json() else see_payment(started)
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


def _refuse_one_of_before(purchase: Purchase) -> None:
    """What this browser sent before it was signed out is not its own any more: it is neither shown
    nor made again."""
    left = name_left()
    if left and is_used(db.session(), purchase.key, left):
        raise ProblemError(
            400,
            "form_expired",
            Words(
                "You were signed out since you sent this, so nothing was sent and no payment was "
                "made this time. Look whether you have paid before you pay again."
            ),
        )


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
        below=Words(
            "Nothing was sent and no payment was made this time. If you have not paid yet, open it "
            "again. Your browser must accept cookies."
        ),
        url=url_for("checkout.form", item=request.form.get("item") or "-"),
    )
