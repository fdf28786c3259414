"""The API's own documentation: the OpenAPI document, a page of it, and a text for programs."""

from __future__ import annotations

from flask import Response, current_app, jsonify, make_response, render_template

from payments_app.api.blueprint import blueprint
from payments_app.api.document import document_of
from payments_app.core.web import headers
from payments_app.core.web.access import public
from payments_app.core.web.links import absolute

ERRORS = {
    "unauthorized": "No good key was sent. Send one: Authorization: Bearer pay_...",
    "wrong_mode": "The key is of test mode and this service is live, or the other way round.",
    "scope_missing": "The key may not do this. Its scopes are set when it is made.",
    "rate_limited": "Too many calls. Wait for Retry-After seconds, and send the same again.",
    "bad_request": "The request can't be read. Check it and send it again.",
    "invalid_json": "The body is not a JSON object, or has a name twice.",
    "unsupported_media_type": "The body must be JSON: Content-Type: application/json.",
    "body_too_large": "The body is over 64 KB.",
    "invalid": "A field is wrong: `param` names it, `fields` says what is wrong with each.",
    "card_number": "A field holds what looks like a card number. It was not stored.",
    "idempotency_key_missing": "Send a unique key in the Idempotency-Key header: a UUID will do.",
    "idempotency_key_invalid": "The key has 1 to 255 printable ASCII characters.",
    "idempotency_key_reuse": "The key was used for another request. Send a new one.",
    "idempotency_conflict": "The same request is under way. Send it again in a moment.",
    "not_found": "There is nothing by this id.",
    "misdirected": "Nothing is served under this host's name. Use the address that you were given.",
    "method_not_allowed": "This address does not take this method. `Allow` says which it takes.",
    "consent_ended": "The customer's consent to charge this card ended; the message says why. They "
    "agree anew by paying at the next_url of a payment with save_card.",
    "already_paid": "It is paid: refund it instead.",
    "payment_in_progress": "A buyer is paying it just now. Read it again in a moment.",
    "not_paid": "It is not paid, so there is nothing to refund.",
    "refund_refused": "It can't be refunded so; the message says why.",
    "restoring": "A backup is being restored, and nothing was done. Send the same again later.",
    "unavailable": "Something that we need is away. Send the same again, with the same key.",
    "internal_error": "Our fault. Send the same again with the same key, and tell us request_id.",
}


@blueprint.get("/api/v1/openapi.json")
@public
def openapi() -> Response:
    """The OpenAPI document."""
    return headers.public(jsonify(document_of(current_app)), "api-document")


@blueprint.get("/docs")
@public
def docs() -> Response:
    """The same to read."""
    page = render_template(
        "api/docs.html", document=document_of(current_app), base=absolute(""), errors=ERRORS
    )
    return headers.public(make_response(page), "api-document")


@blueprint.get("/llms.txt")
@public
def llms() -> Response:
    """The same in short, for programs that read text."""
    text = render_template(
        "api/llms.txt", document=document_of(current_app), base=absolute(""), errors=ERRORS
    )
    response = make_response(text)
    response.mimetype = "text/plain"
    return headers.public(response, "api-document")
