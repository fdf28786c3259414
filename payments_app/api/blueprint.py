"""The blueprint of the API, and what its answers share."""

from __future__ import annotations

import hashlib
import json

from flask import Blueprint, Response, current_app, g, request
from pydantic import BaseModel
from werkzeug.exceptions import BadRequest

from payments_app.api.gate import caller
from payments_app.core.extensions import csrf
from payments_app.core.web.headers import private
from payments_app.core.web.http import ProblemError
from payments_app.core.web.idempotency_keys import fingerprint_of_parameters

MAX_BODY_BYTES = 64 * 1024
_NOTHING = (b"", b"{}", b"null")  # as clients send it that have a body for each call

blueprint = Blueprint("api", __name__)
csrf.exempt(blueprint)  # whoever calls shows a key, and no browser sends one by itself


@blueprint.before_request
def _json_only() -> None:
    """Raises ProblemError: 415 for a body that is no JSON, 400 for one that can't be read, and for
    one beside what is only read: a filter in it would be left out, and everything listed."""
    request.max_content_length = MAX_BODY_BYTES
    if request.method == "GET" and request.get_data().strip() not in _NOTHING:
        raise ProblemError(
            400, "bad_request", "A body is not read here. Send filters in the address: ?name=value."
        )
    if request.method != "POST" or not request.get_data():
        return
    if not request.is_json:
        raise ProblemError(
            415, "unsupported_media_type", "Send JSON: Content-Type: application/json."
        )
    try:
        sent = request.get_json()
    except (BadRequest, RecursionError):
        sent = None
    if not isinstance(sent, dict):
        raise ProblemError(400, "invalid_json", "The body is not a JSON object.")


def whose_key() -> str:
    """In whose name an idempotency key counts; the same after the API key is rotated."""
    return caller().id


def stored_key() -> str | None:
    """What a row keeps of this request's idempotency key and whose it is: a hash."""
    key = g.get("idempotency_key")
    if key is None:
        return None
    scoped = json.dumps(["api", request.endpoint, caller().id, key])
    return hashlib.sha256(scoped.encode()).hexdigest()


def fingerprint() -> str:
    """SHA-256 of what was asked for."""
    return fingerprint_of_parameters()


def actor() -> str:
    """Who did it, as the history says."""
    return caller().id


def answer(shape: BaseModel, status: int = 200) -> Response:
    """A shape as private JSON."""
    response: Response = current_app.response_class(
        shape.model_dump_json() + "\n", status, mimetype="application/json"
    )
    return private(response)
