"""Asking for a retry: a page that says what it would be, and the form that asks.

Nothing here calls Stripe: a service function stores the request with its message, and a job carries
it out.
"""

from __future__ import annotations

from flask import Response
from sqlalchemy.exc import NoResultFound
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from payments_app.accounts.gate import signed_in
from payments_app.core.web.access import staff
from payments_app.payments.retries.request import RetryRefusedError, preview_retry, request_retry
from payments_app.staff.blueprint import back_to_payment, blueprint, page
from payments_app.staff.payments.pages import find


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
    return back_to_payment(transaction_id)


def _retry_page(
    transaction_id: str,
    status: int = 200,
    *,
    problem: str | None = None,
    link_given: bool = False,
) -> Response:
    payment = find(transaction_id)
    try:
        verdict = preview_retry(transaction_id)
    except NoResultFound:
        raise NotFound from None
    return page(
        "payments/retry.html",
        status,
        payment=payment,
        verdict=verdict,
        problem=problem,
        link_given=link_given,
    )
